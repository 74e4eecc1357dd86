/**
 * One snapshot, judged: can Codex be used, what stops it, until when, and what helps.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import type * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Order from "effect/Order"
import * as Schema from "effect/Schema"
import { Blocker, findBlockers, futureReset, hasResetSince } from "./Blocker.js"
import type { ReferralOffer } from "./ReferralOffer.js"
import { remediesFor, Remedy } from "./Remedy.js"
import type { UsageSnapshot } from "./UsageSnapshot.js"
import type { WorkspaceRole } from "./WorkspaceRole.js"

/**
 * The window with the least left. A window that has reset since the snapshot was taken counts as full; `resetsAt` is
 * null when the time that the backend gave has passed.
 *
 * @since 0.1.0
 * @category schemas
 */
export const BindingWindow = Schema.Struct({
  name: Schema.String,
  durationMinutes: Schema.NullOr(Schema.Int),
  remainingPercent: Schema.Number,
  resetsAt: Schema.NullOr(Schema.DateTimeUtc)
})

/**
 * Why a verdict may be wrong.
 * - `stale`: the snapshot is older than fifteen minutes, or from the future. `nothingKnown`: it tells of no limit.
 * - `allowedUnknown`: it has windows, but not the backend's word. `noReason`: refused without a reason.
 * - `presumedReset`: judged on a reset that nobody has seen. `contradictory`: the backend said it both ways.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Doubt = Schema.Literal(
  "stale",
  "nothingKnown",
  "allowedUnknown",
  "noReason",
  "presumedReset",
  "contradictory"
)

/**
 * @since 0.1.0
 * @category models
 */
export type Doubt = typeof Doubt.Type

/**
 * The age from which a snapshot is stale: fifteen minutes.
 *
 * @since 0.1.0
 * @category constants
 */
export const staleAfter = Duration.minutes(15)

/**
 * `until` is when the last blocker ends; null when usable, when waiting does not help, and when nobody told. `paidBy` is
 * null when blocked. `remedies` are in the order to try them. `ageMillis` is the snapshot's age, `doubts` what keeps
 * `confidence` from being high.
 *
 * @since 0.1.0
 * @category models
 */
export class Verdict extends Schema.Class<Verdict>("Verdict")({
  state: Schema.Literal("usable", "blocked"),
  blockers: Schema.Array(Blocker),
  until: Schema.NullOr(Schema.DateTimeUtc),
  binding: Schema.NullOr(BindingWindow),
  paidBy: Schema.NullOr(Schema.Literal("plan", "credits")),
  remedies: Schema.Array(Remedy),
  ageMillis: Schema.Number,
  confidence: Schema.Literal("high", "medium", "low"),
  doubts: Schema.Array(Doubt)
}) {
  get isUsable(): boolean {
    return this.state === "usable"
  }
}

// The least left first; at a tie, the one that takes longer to come back.
const tightest: Order.Order<typeof BindingWindow.Type> = Order.combineAll([
  Order.mapInput(Order.number, (window: typeof BindingWindow.Type) => window.remainingPercent),
  Order.mapInput(Order.number, (window: typeof BindingWindow.Type) => -(window.resetsAt?.epochMillis ?? 0)),
  Order.mapInput(
    Order.number,
    (window: typeof BindingWindow.Type) => -(window.durationMinutes ?? Number.POSITIVE_INFINITY)
  )
])

const bindingWindow = ({ fetchedAt, main }: UsageSnapshot, now: DateTime.Utc): typeof BindingWindow.Type | null =>
  Arr.sort(
    main.windows.map((window) => ({
      name: window.name,
      durationMinutes: window.durationMinutes,
      remainingPercent: hasResetSince(window.resetsAt, fetchedAt, now) ? 100 : window.remainingPercent,
      resetsAt: futureReset(window.resetsAt, now)
    })),
    tightest
  )[0] ?? null

const isRateLimit = (blocker: Blocker): boolean =>
  blocker._tag === "WindowExhausted" || blocker._tag === "RateLimitReached"

/**
 * The verdict on Codex's own limit; further limits do not enter.
 *
 * The backend's `allowed: true` outweighs everything, also a full window, a reached type and a spend cap (the last two
 * make it `contradictory`). Without it, full windows stop the account unless credits can pay; depleted credits and a
 * spend cap stop it even then. A role decides only where the reached type leaves open who the reader is.
 *
 * @since 0.1.0
 * @category constructors
 */
export const verdict = (
  snapshot: UsageSnapshot,
  options: {
    readonly now: DateTime.Utc
    readonly role?: WorkspaceRole | undefined
    readonly offer?: ReferralOffer | undefined
  }
): Verdict => {
  const { main, plan } = snapshot
  const found = findBlockers(snapshot, options)
  const windowsFull = found.blockers.some(isRateLimit)
  const ignored = (blocker: Blocker) => main.allowed === true || (found.creditsCanPay && isRateLimit(blocker))
  const blockers = found.blockers.filter((blocker) => !ignored(blocker))
  const blocked = blockers.length > 0

  const remedies = remediesFor(blockers, snapshot, options)
  const wait = remedies.find((remedy) => remedy._tag === "Wait")
  const usageBased = main.windows.length === 0 && plan.endsWith("_usage_based")
  const paidBy = found.creditsCanPay && (windowsFull || usageBased) ? "credits" : "plan"

  const age = options.now.epochMillis - snapshot.fetchedAt.epochMillis
  const untold = main.allowed === null && !blocked
  const doubts: Array<Doubt> = []
  if (Math.abs(age) > Duration.toMillis(staleAfter)) doubts.push("stale")
  if (untold && main.windows.length === 0 && !windowsFull) doubts.push("nothingKnown")
  else if (main.allowed === null) doubts.push("allowedUnknown")
  if (blockers.some(({ _tag }) => _tag === "NotAllowed")) doubts.push("noReason")
  if (found.presumedReset && !blocked && main.allowed !== true) doubts.push("presumedReset")
  if (found.contradictory) doubts.push("contradictory")

  return new Verdict({
    state: blocked ? "blocked" : "usable",
    blockers,
    until: wait?.until ?? null,
    binding: bindingWindow(snapshot, options.now),
    paidBy: blocked ? null : paidBy,
    remedies,
    ageMillis: Math.max(0, age),
    confidence:
      doubts.includes("stale") || doubts.includes("nothingKnown") ? "low" : doubts.length > 0 ? "medium" : "high",
    doubts
  })
}
