/** One snapshot, judged: can Codex be used, what stops it, until when, and what helps. */
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Order from "effect/Order"
import * as Schema from "effect/Schema"
import { sameIdentity } from "./Identity.js"
import { isWorkspacePlan, type Plan } from "./Plan.js"
import { byDuration } from "./RateLimitWindow.js"
import { isExpiredOffer, type ReferralOffer } from "./ReferralOffer.js"
import type { ResetCredits } from "./ResetCredit.js"
import type { ReachedType, UsageSnapshot } from "./UsageSnapshot.js"
import { CreditType, type WorkspaceRole } from "./WorkspaceRole.js"

const NullableTime = Schema.NullOr(Schema.DateTimeUtc)

/** The user's relation to the one who pays: the owner may act, a member may ask. */
const Standing = Schema.Literal("owner", "member", "unknown")

/**
 * What stops an account, as far as one snapshot shows.
 * - `WindowExhausted`: a window with nothing left. `resetsAt` is null when the time that the backend gave has passed.
 * - `RateLimitReached`: the backend says that a rate limit is reached, and no window shows which.
 * - `CreditsDepleted`. `SpendCapReached`: `resetsAt` is the end of the member's own monthly allowance, where that is used up.
 * - `NotAllowed`: the backend allows no requests and gives no reason.
 * @since 0.1.0
 * @category schemas
 */
export const Blocker = Schema.Union(
  Schema.TaggedStruct("WindowExhausted", {
    name: Schema.String,
    durationMinutes: Schema.NullOr(Schema.Int),
    resetsAt: NullableTime
  }),
  Schema.TaggedStruct("RateLimitReached", {}),
  Schema.TaggedStruct("CreditsDepleted", { standing: Standing }),
  Schema.TaggedStruct("SpendCapReached", { standing: Standing, resetsAt: NullableTime }),
  Schema.TaggedStruct("NotAllowed", {})
)

/**
 * @since 0.1.0
 * @category models
 */
export type Blocker = typeof Blocker.Type

/**
 * What helps an account that is stopped.
 * - `Wait`: until then; null when the backend gave no time. `Redeem`: spend a reset credit; `soonestExpiry` is null when
 *   none expires or only the count is known.
 * - `NudgeOwner`: ask the owner, for what. `Invite`: send the referral invite on offer.
 * - `AddCredits`, `RaiseLimit`: for the one who pays.
 * @since 0.1.0
 * @category schemas
 */
export const Remedy = Schema.Union(
  Schema.TaggedStruct("Wait", { until: NullableTime }),
  Schema.TaggedStruct("Redeem", { available: Schema.Number, soonestExpiry: NullableTime }),
  Schema.TaggedStruct("NudgeOwner", { creditType: CreditType }),
  Schema.TaggedStruct("Invite", {}),
  Schema.TaggedStruct("AddCredits", {}),
  Schema.TaggedStruct("RaiseLimit", {})
)

/**
 * @since 0.1.0
 * @category models
 */
export type Remedy = typeof Remedy.Type

/**
 * The window with the least left; the allowance where there is no window. One that has reset since the snapshot was taken counts as full; `resetsAt` is null when
 * the time that the backend gave has passed.
 */
const BindingWindow = Schema.Struct({
  name: Schema.String,
  durationMinutes: Schema.NullOr(Schema.Int),
  remainingPercent: Schema.Number,
  resetsAt: NullableTime
})

/**
 * Why a verdict may be wrong.
 * - `stale`: the snapshot is older than fifteen minutes, or from the future. `nothingKnown`: it shows no limit.
 * - `allowedUnknown`: it has windows, but not the backend's word. `noReason`: refused without a reason.
 * - `presumedReset`: judged on a reset that was not seen. `contradictory`: the backend said one thing and its opposite.
 * - `unread`: parts of the answer could not be understood. `resetPassed`: a window's reset had passed when it was read.
 * - `allowanceLeft`: the windows are used up, but not the allowance.
 * @since 0.1.0
 * @category schemas
 */
export const Doubt = Schema.Literal(
  "stale",
  "nothingKnown",
  "allowedUnknown",
  "noReason",
  "presumedReset",
  "contradictory",
  "unread",
  "resetPassed",
  "allowanceLeft"
)

/**
 * @since 0.1.0
 * @category models
 */
export type Doubt = typeof Doubt.Type

const staleAfter = Duration.toMillis(Duration.minutes(15))

/**
 * `until` is when the last blocker ends; null when usable, when waiting does not help, and when no time is known. `paidBy`
 * is null when blocked. `remedies` are in the order to try them. `ageMillis` is the snapshot's age, `doubts` what keeps
 * `confidence` from being high.
 * @since 0.1.0
 * @category models
 */
export class Verdict extends Schema.Class<Verdict>("Verdict")({
  state: Schema.Literal("usable", "blocked"),
  blockers: Schema.Array(Blocker),
  until: NullableTime,
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

/** Whether a reset time has passed since the snapshot was taken. One that was past already then says nothing. */
const hasResetSince = (resetsAt: DateTime.Utc | null, fetchedAt: DateTime.Utc, now: DateTime.Utc): boolean =>
  resetsAt !== null && DateTime.greaterThan(resetsAt, fetchedAt) && DateTime.lessThanOrEqualTo(resetsAt, now)

/** A reset time that is still to come; null for one that has passed or is not known. */
export const futureReset = (resetsAt: DateTime.Utc | null, now: DateTime.Utc): DateTime.Utc | null =>
  resetsAt !== null && DateTime.greaterThan(resetsAt, now) ? resetsAt : null

const isDepleted = (type: ReachedType | null): boolean =>
  type === "workspace_owner_credits_depleted" || type === "workspace_member_credits_depleted"

const isCapped = (type: ReachedType | null): boolean =>
  type === "workspace_owner_usage_limit_reached" || type === "workspace_member_usage_limit_reached"

// The reached type speaks of this very reader, so it goes before the role; a personal plan has no other owner.
const standingOf = (snapshot: UsageSnapshot, role: WorkspaceRole | undefined): typeof Standing.Type => {
  if (snapshot.reachedType?.startsWith("workspace_owner_")) return "owner"
  if (snapshot.reachedType?.startsWith("workspace_member_")) return "member"
  if (typeof role?.isOwner === "boolean") return role.isOwner ? "owner" : "member"
  return snapshot.plan === "unknown" || isWorkspacePlan(snapshot.plan) ? "unknown" : "owner"
}

interface Circumstances {
  readonly now: DateTime.Utc
  readonly role?: WorkspaceRole | undefined
  readonly offer?: ReferralOffer | undefined
}

/**
 * All that speaks against the account's use of Codex; the verdict weighs it. `presumedReset`: something that stopped the
 * account has reset since the snapshot was taken. `contradictory`: the snapshot says one thing and its opposite.
 * `creditsCanPay`: credits are usable and nothing forbids to use them.
 */
const findBlockers = (snapshot: UsageSnapshot, { now, role }: Circumstances) => {
  const { credits, fetchedAt, main, reachedType, spendControl } = snapshot
  const standing = standingOf(snapshot, role)
  const own = spendControl?.individualLimit ?? null
  const hasReset = (of: { readonly resetsAt: DateTime.Utc | null }) => hasResetSince(of.resetsAt, fetchedAt, now)

  const full = main.windows.filter((window) => window.usedPercent >= 100)
  const exhausted = Arr.sort(
    full.filter((window) => !hasReset(window)),
    byDuration
  )
  const saysRateLimit = reachedType === "rate_limit_reached"
  // Where nothing else tells of a limit, the allowance is the one.
  const empty = own !== null && own.remainingPercent <= 0 && !hasReset(own)
  // Credits are asked for once the plan's windows are used up: they stop nothing when those are back.
  const depleted = isDepleted(reachedType) && (full.length === 0 || exhausted.length > 0)
  const cap = spendControl?.reached === true || isCapped(reachedType)
  const counts = main.windows.length === 0 || (main.allowed === false && full.length === 0)
  const allowance = (cap || counts) && own !== null && own.remainingPercent <= 0 ? own : null
  const capLifted = allowance !== null && hasReset(allowance)
  const presumedReset = exhausted.length < full.length || capLifted

  const blockers = exhausted.map(({ durationMinutes, name, resetsAt }): Blocker => ({
    _tag: "WindowExhausted",
    name,
    durationMinutes,
    resetsAt: futureReset(resetsAt, now)
  }))
  if (saysRateLimit && full.length === 0) blockers.push({ _tag: "RateLimitReached" })
  if (depleted) blockers.push({ _tag: "CreditsDepleted", standing })
  if ((cap || allowance !== null) && !capLifted) {
    const resetsAt = allowance === null ? null : futureReset(allowance.resetsAt, now)
    blockers.push({ _tag: "SpendCapReached", standing, resetsAt })
  }
  if (blockers.length === 0 && main.allowed === false && !presumedReset) blockers.push({ _tag: "NotAllowed" })

  return {
    blockers,
    presumedReset,
    contradictory:
      (main.allowed === true && (reachedType !== null || spendControl?.reached === true)) ||
      (isDepleted(reachedType) && credits?.usable === true) ||
      (isCapped(reachedType) && spendControl?.reached === false) ||
      (saysRateLimit && main.windows.length > 0 && full.length === 0),
    // The plan's windows are used up, and yet something is left that could pay.
    allowanceLeft: !cap && own !== null && !empty && exhausted.length > 0,
    creditsCanPay: credits?.usable === true && !isDepleted(reachedType) && (!cap || capLifted) && !empty
  }
}

// Every blocker has to end. Depleted credits end with the windows beside them, whose plan then pays again.
const waiting = (blockers: ReadonlyArray<Blocker>): Array<Remedy> => {
  const windowBlocks = blockers.some((blocker) => blocker._tag === "WindowExhausted")
  const times: Array<DateTime.Utc | null> = []
  for (const blocker of blockers) {
    if (blocker._tag === "CreditsDepleted") {
      if (!windowBlocks) return []
    } else if (blocker._tag === "SpendCapReached") {
      if (blocker.resetsAt === null) return []
      times.push(blocker.resetsAt)
    } else {
      times.push(blocker._tag === "WindowExhausted" ? blocker.resetsAt : null)
    }
  }
  const latest = times.reduce((a, b) => (a === null || b === null ? null : DateTime.max(a, b)))
  return [{ _tag: "Wait", until: latest }]
}

const redeeming = (credits: ResetCredits | null, now: DateTime.Utc): Array<Remedy> => {
  if (credits === null) return []
  const count = credits.availableAt(now)
  const available = Math.min(count, credits.applicableCount ?? count)
  return available > 0
    ? [{ _tag: "Redeem", available, soonestExpiry: credits.redeemableAt(now)[0]?.expiresAt ?? null }]
    : []
}

const sellsCredits: ReadonlySet<Plan> = new Set<Plan>(["plus", "pro", "prolite", "promax"])

/**
 * The remedies for what blocks, in the order to try them: what costs nothing first, money last. No blocker, no remedy.
 * Under a spend cap neither resets nor credits help, so that none is offered.
 */
export const remediesFor = (
  blockers: ReadonlyArray<Blocker>,
  snapshot: UsageSnapshot,
  { now, offer, role }: Circumstances
): ReadonlyArray<Remedy> => {
  if (blockers.length === 0) return []
  const window = blockers.some(({ _tag }) => _tag === "WindowExhausted")
  const rateLimit = blockers.some(isRateLimit)
  const depleted = blockers.find((blocker) => blocker._tag === "CreditsDepleted")
  const cap = blockers.find((blocker) => blocker._tag === "SpendCapReached")
  const buys = sellsCredits.has(snapshot.plan) || (isWorkspacePlan(snapshot.plan) && role?.isOwner === true)

  const remedies = waiting(blockers)
  if (window && cap === undefined) remedies.push(...redeeming(snapshot.resetCredits, now))
  if (cap?.standing === "member") remedies.push({ _tag: "NudgeOwner", creditType: "usage_limit" })
  else if (cap === undefined && depleted?.standing === "member") {
    remedies.push({ _tag: "NudgeOwner", creditType: "credits" })
  }
  if (
    offer !== undefined &&
    cap === undefined &&
    (rateLimit || depleted !== undefined) &&
    !isExpiredOffer(offer, now) &&
    sameIdentity(offer.identity, snapshot.identity)
  ) {
    remedies.push({ _tag: "Invite" })
  }
  if (depleted === undefined ? rateLimit && cap === undefined && buys : depleted.standing === "owner") {
    remedies.push({ _tag: "AddCredits" })
  }
  if (cap?.standing === "owner") remedies.push({ _tag: "RaiseLimit" })
  return remedies
}

type Binding = typeof BindingWindow.Type

// The least left first; at a tie, the one that takes longer to come back.
const tightest = Order.combineAll([
  Order.mapInput(Order.number, (window: Binding) => window.remainingPercent),
  Order.mapInput(Order.number, (window: Binding) => -(window.resetsAt?.epochMillis ?? 0)),
  Order.mapInput(Order.number, (window: Binding) => -(window.durationMinutes ?? Number.POSITIVE_INFINITY))
])

/** A window whose reset had passed when it was read: its numbers are those of before. */
const isPast = ({ resetsAt }: { readonly resetsAt: DateTime.Utc | null }, { fetchedAt }: UsageSnapshot): boolean =>
  resetsAt !== null && DateTime.lessThanOrEqualTo(resetsAt, fetchedAt)

/** The tightest window, past ones only where there is no other; without windows the allowance. */
const bindingWindow = (snapshot: UsageSnapshot, now: DateTime.Utc): Binding | null => {
  const { fetchedAt, main, spendControl } = snapshot
  const own = spendControl?.individualLimit ?? null
  const present = main.windows.filter((window) => !isPast(window, snapshot))
  const windows = present.length > 0 ? present : main.windows
  const limits =
    windows.length > 0 || own === null
      ? windows
      : [{ ...own, name: allowanceName, durationMinutes: null, remainingPercent: percent(own.remainingPercent) }]
  return (
    Arr.sort(
      limits.map(({ durationMinutes, name, remainingPercent, resetsAt }) => ({
        name,
        durationMinutes,
        remainingPercent: hasResetSince(resetsAt, fetchedAt, now) ? 100 : remainingPercent,
        resetsAt: futureReset(resetsAt, now)
      })),
      tightest
    )[0] ?? null
  )
}

const percent = (value: number): number => Math.min(100, Math.max(0, value))

/** What the member's own allowance is called. */
export const allowanceName = "monthly credit limit"

const isRateLimit = ({ _tag }: Blocker): boolean => _tag === "WindowExhausted" || _tag === "RateLimitReached"

/**
 * The verdict on Codex's own limit; further limits do not enter.
 *
 * The backend's `allowed: true` outweighs everything, also a full window, a reached type and a spend cap (the last two
 * make it `contradictory`). Without it, full windows stop the account unless credits can pay; depleted credits and a
 * spend cap stop it even then. A role decides only where the reached type leaves open who the reader is.
 * @since 0.1.0
 * @category constructors
 */
export const verdict = (snapshot: UsageSnapshot, circumstances: Circumstances): Verdict => {
  const { main, plan } = snapshot
  const found = findBlockers(snapshot, circumstances)
  const windowsFull = found.blockers.some(isRateLimit)
  const ignored = (blocker: Blocker) => main.allowed === true || (found.creditsCanPay && isRateLimit(blocker))
  const blockers = found.blockers.filter((blocker) => !ignored(blocker))
  const blocked = blockers.length > 0

  const remedies = remediesFor(blockers, snapshot, circumstances)
  const wait = remedies.find((remedy) => remedy._tag === "Wait")
  const usageBased = main.windows.length === 0 && plan.endsWith("_usage_based")
  const paidBy = found.creditsCanPay && (windowsFull || usageBased) ? "credits" : "plan"

  const age = circumstances.now.epochMillis - snapshot.fetchedAt.epochMillis
  const doubts: Array<Doubt> = []
  if (Math.abs(age) > staleAfter) doubts.push("stale")
  const known = main.windows.length > 0 || windowsFull
  const allowance = snapshot.spendControl?.individualLimit ?? null
  if (main.allowed === null && (known || allowance === null)) {
    doubts.push(blocked || known ? "allowedUnknown" : "nothingKnown")
  }
  if (blockers.some(({ _tag }) => _tag === "NotAllowed")) doubts.push("noReason")
  if (found.presumedReset && !blocked && main.allowed !== true) doubts.push("presumedReset")
  if (main.windows.some((window) => isPast(window, snapshot))) doubts.push("resetPassed")
  if (found.allowanceLeft && blocked) doubts.push("allowanceLeft")
  if (found.contradictory) doubts.push("contradictory")
  if (snapshot.unread.length > 0) doubts.push("unread")

  return new Verdict({
    state: blocked ? "blocked" : "usable",
    blockers,
    until: wait?.until ?? null,
    binding: bindingWindow(snapshot, circumstances.now),
    paidBy: blocked ? null : paidBy,
    remedies,
    ageMillis: Math.max(0, age),
    confidence:
      doubts.includes("stale") || doubts.includes("nothingKnown") ? "low" : doubts.length > 0 ? "medium" : "high",
    doubts
  })
}
