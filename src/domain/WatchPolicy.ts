/** How often a watch reads usage: a value that can be printed, checked and overridden. */
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { brokenRules } from "./CallPolicy.js"
import type { Verdict } from "./Verdict.js"

const Fields = Schema.Struct({
  minInterval: Schema.Duration,
  nearInterval: Schema.Duration,
  interval: Schema.Duration,
  farInterval: Schema.Duration,
  nearPercent: Schema.Number.pipe(Schema.between(0, 100)),
  farPercent: Schema.Number.pipe(Schema.between(0, 100)),
  afterReset: Schema.Duration,
  backoff: Schema.Struct({
    base: Schema.Duration,
    factor: Schema.Number.pipe(Schema.between(1, 10)),
    cap: Schema.Duration
  }),
  retryAfterCap: Schema.Duration,
  jitter: Schema.Number.pipe(Schema.between(0, 1))
})

const contradiction = (policy: typeof Fields.Type): string | undefined => {
  const { afterReset, backoff, farInterval, interval, minInterval, nearInterval, retryAfterCap } = policy
  const isAtLeast = Duration.greaterThanOrEqualTo
  return brokenRules("watch policy", [
    [isAtLeast(nearInterval, minInterval), "the near interval is at least the minimum"],
    [isAtLeast(interval, nearInterval), "the interval is at least the near one"],
    [isAtLeast(farInterval, interval), "the far interval is at least the interval"],
    [isAtLeast(backoff.base, minInterval), "the backoff base is at least the minimum interval"],
    [isAtLeast(backoff.cap, backoff.base), "the backoff cap is at least the backoff base"],
    [isAtLeast(retryAfterCap, minInterval), "the Retry-After cap is at least the minimum interval"],
    [Duration.isFinite(farInterval), "the far interval is finite"],
    [Duration.isFinite(afterReset), "the time after a reset is finite"],
    [Duration.isFinite(backoff.cap), "the backoff cap is finite"],
    [Duration.isFinite(retryAfterCap), "the Retry-After cap is finite"],
    [Duration.toMillis(minInterval) > 0, "the minimum interval is longer than nothing"],
    [policy.nearPercent < policy.farPercent, "near a limit less is left than far from it"]
  ])
}

/**
 * `interval` lies between two readings; `nearInterval` where at most `nearPercent` is left of the tightest window or a
 * block may end any moment; `farInterval` where more than `farPercent` is left. `afterReset` is how long after a known
 * reset the next reading is made. The n-th failure in a row is followed by `base * factor^(n-1)`, at most `cap`, and by
 * no less than the backend asked for, believed up to `retryAfterCap`. Nothing is read sooner than `minInterval`. Every
 * wait grows by a random share of up to `jitter`. A contradictory policy can't be made.
 * @since 0.1.0
 * @category models
 */
export class WatchPolicy extends Schema.Class<WatchPolicy>("WatchPolicy")(Fields.pipe(Schema.filter(contradiction))) {}

/**
 * @since 0.1.0
 * @category constants
 */
export const defaultWatchPolicy: WatchPolicy = new WatchPolicy({
  minInterval: Duration.seconds(10),
  nearInterval: Duration.seconds(20),
  interval: Duration.minutes(1),
  farInterval: Duration.minutes(5),
  nearPercent: 10,
  farPercent: 60,
  afterReset: Duration.seconds(3),
  backoff: { base: Duration.seconds(30), factor: 2, cap: Duration.minutes(15) },
  retryAfterCap: Duration.minutes(15),
  jitter: 0.1
})

/**
 * The policy with at most `interval` between two readings. One shorter than the minimum counts as the minimum.
 * @since 0.1.0
 * @category combinators
 */
export const withInterval = (policy: WatchPolicy, interval: Duration.Duration): WatchPolicy => {
  const wanted = Duration.max(interval, policy.minInterval)
  return new WatchPolicy({
    ...policy,
    interval: wanted,
    farInterval: wanted,
    nearInterval: Duration.min(policy.nearInterval, wanted)
  })
}

/**
 * What the last reading brought: a verdict, or a failure, and which one in a row.
 * @since 0.1.0
 * @category models
 */
export type LastReading =
  | { readonly _tag: "Read"; readonly verdict: Verdict }
  | { readonly _tag: "Failed"; readonly retryAfterMillis: number | null; readonly failuresInARow: number }

const usualInterval = (policy: WatchPolicy, verdict: Verdict, now: DateTime.Utc): Duration.Duration => {
  const { binding, until } = verdict
  if (!verdict.isUsable) {
    // Until a reset that is far away little can happen; the reading just after it is not missed.
    const isFar = until !== null && until.epochMillis - now.epochMillis > Duration.toMillis(policy.farInterval)
    return isFar ? policy.interval : policy.nearInterval
  }
  if (binding === null || verdict.paidBy === "credits") return policy.interval
  if (binding.remainingPercent <= policy.nearPercent) return policy.nearInterval
  return binding.remainingPercent > policy.farPercent ? policy.farInterval : policy.interval
}

/** The next reset of a window that stops the account, or that will be the first to. */
const nextReset = ({ binding, blockers }: Verdict, now: DateTime.Utc): number =>
  Math.min(
    ...[binding, ...blockers].flatMap((of) =>
      of !== null && "resetsAt" in of && of.resetsAt !== null && of.resetsAt.epochMillis > now.epochMillis
        ? [of.resetsAt.epochMillis]
        : []
    )
  )

/**
 * How long to wait before the next reading. `share`, from 0 to 1, is the draw for the jitter.
 * @since 0.1.0
 * @category accessors
 */
export const nextReading = (
  policy: WatchPolicy,
  last: LastReading,
  at: { readonly now: DateTime.Utc; readonly share?: number }
): Duration.Duration => {
  const { backoff, jitter } = policy
  const spread = 1 + jitter * (at.share ?? 0)
  const least = Duration.toMillis(policy.minInterval)
  if (last._tag === "Failed") {
    const full = Duration.toMillis(backoff.base) * backoff.factor ** (last.failuresInARow - 1)
    const asked = Math.min(last.retryAfterMillis ?? 0, Duration.toMillis(policy.retryAfterCap))
    return Duration.millis(Math.max(least, Math.min(full * spread, Duration.toMillis(backoff.cap)), asked * spread))
  }
  const usual = Duration.toMillis(usualInterval(policy, last.verdict, at.now)) * spread
  const toReset = nextReset(last.verdict, at.now) - at.now.epochMillis + Duration.toMillis(policy.afterReset) * spread
  // A reading shortly before a reset would only put off the one after it.
  return Duration.millis(toReset <= usual + least ? Math.max(least, toReset) : usual)
}
