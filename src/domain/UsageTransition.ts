/** What has really changed between two readings of usage. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import type { RateLimitWindow } from "./RateLimitWindow.js"
import type { UsageSnapshot } from "./UsageSnapshot.js"
import type { Verdict } from "./Verdict.js"

const { fields } = Schema.Struct({
  windows: Schema.Array(Schema.String),
  until: Schema.NullOr(Schema.DateTimeUtc),
  remainingPercent: Schema.NullOr(Schema.Number)
})

/**
 * - `Blocked`: the account could be used and can't any more. `windows` are those that are used up, none where something
 *   else stops it; `until` is when that ends.
 * - `Reset`: the account can be used again, or a window has begun anew. `windows` are those that have; `until` is when
 *   the tightest one resets next.
 *
 * `remainingPercent` is what is left of the tightest window.
 * @since 0.1.0
 * @category schemas
 */
export const UsageTransition = Schema.Union(
  Schema.TaggedStruct("Blocked", fields),
  Schema.TaggedStruct("Reset", fields)
)

/**
 * @since 0.1.0
 * @category models
 */
export type UsageTransition = typeof UsageTransition.Type

/** A snapshot with the verdict on it. */
export interface Judged {
  readonly snapshot: UsageSnapshot
  readonly verdict: Verdict
}

/**
 * How long a reading that looks older than the one before it is not believed: a backend may serve the usage of before a
 * reset for about eighteen minutes, under fresh timestamps.
 */
const disbelief = Duration.minutes(20)

/** Reset times move by some seconds from answer to answer. */
const tolerance = Duration.toMillis(Duration.minutes(1))

type Pair = readonly [before: RateLimitWindow, after: RateLimitWindow]

/** The windows of the same length. */
const pairs = (before: UsageSnapshot, after: UsageSnapshot): ReadonlyArray<Pair> =>
  after.main.windows.flatMap((window): ReadonlyArray<Pair> => {
    const same = before.main.windows.find(({ durationMinutes }) => durationMinutes === window.durationMinutes)
    return same === undefined ? [] : [[same, window]]
  })

/** Where a time is missing nothing is known to have moved. */
const movedBy = ([before, after]: Pair): number =>
  before.resetsAt === null || after.resetsAt === null ? 0 : after.resetsAt.epochMillis - before.resetsAt.epochMillis

/** Less is used, and the end has moved on: by more than the time that has passed, or because it has passed itself. */
const hasBegunAnew = (pair: Pair, elapsed: number, now: DateTime.Utc): boolean => {
  const [before, after] = pair
  const moved = movedBy(pair)
  return (
    after.usedPercent < before.usedPercent &&
    moved > tolerance &&
    (moved > elapsed + tolerance || (before.resetsAt !== null && DateTime.lessThanOrEqualTo(before.resetsAt, now)))
  )
}

/** Whether anything but the windows themselves explains that less is used. */
const isExplained = (before: UsageSnapshot, after: UsageSnapshot): boolean =>
  before.plan !== after.plan ||
  before.credits?.usable !== after.credits?.usable ||
  before.spendControl?.reached !== after.spendControl?.reached

/**
 * Whether a snapshot looks as if it were of an earlier time than the known one, whatever its own time says: it was taken
 * no later, a window ends sooner than known, or less of it is used although it is the same window still.
 */
export const looksOlder = (known: UsageSnapshot, next: UsageSnapshot): boolean =>
  DateTime.lessThanOrEqualTo(next.fetchedAt, known.fetchedAt) ||
  pairs(known, next).some((pair) => {
    const [before, after] = pair
    const moved = movedBy(pair)
    if (moved < -tolerance) return true
    return (
      moved <= tolerance &&
      after.usedPercent < before.usedPercent &&
      before.resetsAt !== null &&
      after.resetsAt !== null &&
      DateTime.greaterThan(before.resetsAt, next.fetchedAt) &&
      !isExplained(known, next)
    )
  })

/**
 * Whether a snapshot is to be taken for the present state after the known one.
 * @since 0.1.0
 * @category predicates
 */
export const isBelievable = (known: UsageSnapshot, next: UsageSnapshot): boolean =>
  !looksOlder(known, next) || DateTime.distance(known.fetchedAt, next.fetchedAt) >= Duration.toMillis(disbelief)

/**
 * The block that a verdict tells of.
 * @since 0.1.0
 * @category constructors
 */
export const blockOf = ({ binding, blockers, until }: Verdict): UsageTransition => ({
  _tag: "Blocked",
  windows: blockers.flatMap((blocker) => (blocker._tag === "WindowExhausted" ? [blocker.name] : [])),
  until,
  remainingPercent: binding?.remainingPercent ?? null
})

/**
 * The transitions from one believable reading to the next, of the same identity: at most one reset, then at most one
 * block. A window that begins anew while the account gets usable is one transition.
 * @since 0.1.0
 * @category constructors
 */
export const transitionsBetween = (before: Judged, after: Judged): ReadonlyArray<UsageTransition> => {
  const [was, is] = [before.verdict, after.verdict]
  const now = after.snapshot.fetchedAt
  const elapsed = DateTime.distance(before.snapshot.fetchedAt, now)
  const begun = pairs(before.snapshot, after.snapshot)
    .filter((pair) => hasBegunAnew(pair, elapsed, now))
    .map(([, window]) => window.name)

  const found: Array<UsageTransition> = []
  if (begun.length > 0 || (!was.isUsable && is.isUsable)) {
    const [until, remainingPercent] = [is.binding?.resetsAt ?? null, is.binding?.remainingPercent ?? null]
    found.push({ _tag: "Reset", windows: begun, until, remainingPercent })
  }
  if (was.isUsable && !is.isUsable) found.push(blockOf(is))
  return found
}
