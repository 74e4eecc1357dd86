/**
 * What stops an account, as far as one snapshot tells.
 *
 * @since 0.1.0
 */
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import { isWorkspacePlan } from "./Plan.js"
import { byDuration } from "./RateLimitWindow.js"
import type { ReachedType, UsageSnapshot } from "./UsageSnapshot.js"
import type { WorkspaceRole } from "./WorkspaceRole.js"

/**
 * Who the user is to whoever pays: the owner may act, a member may ask, `unknown` when nobody told.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Standing = Schema.Literal("owner", "member", "unknown")

/**
 * A window with nothing left. `resetsAt` is null when the time that the backend gave has already passed.
 *
 * @since 0.1.0
 * @category schemas
 */
export const WindowExhausted = Schema.TaggedStruct("WindowExhausted", {
  name: Schema.String,
  durationMinutes: Schema.NullOr(Schema.Int),
  resetsAt: Schema.NullOr(Schema.DateTimeUtc)
})

/**
 * The backend says that a rate limit is reached, and no window shows which.
 *
 * @since 0.1.0
 * @category schemas
 */
export const RateLimitReached = Schema.TaggedStruct("RateLimitReached", {})

/**
 * @since 0.1.0
 * @category schemas
 */
export const CreditsDepleted = Schema.TaggedStruct("CreditsDepleted", { standing: Standing })

/**
 * The cap on spending. `resetsAt` is the end of the member's own monthly allowance, where that is what is used up.
 *
 * @since 0.1.0
 * @category schemas
 */
export const SpendCapReached = Schema.TaggedStruct("SpendCapReached", {
  standing: Standing,
  resetsAt: Schema.NullOr(Schema.DateTimeUtc)
})

/**
 * The backend allows no requests and says nothing that explains it.
 *
 * @since 0.1.0
 * @category schemas
 */
export const NotAllowed = Schema.TaggedStruct("NotAllowed", {})

/**
 * @since 0.1.0
 * @category schemas
 */
export const Blocker = Schema.Union(WindowExhausted, RateLimitReached, CreditsDepleted, SpendCapReached, NotAllowed)

/**
 * @since 0.1.0
 * @category models
 */
export type Blocker = typeof Blocker.Type

/**
 * `presumedReset`: something that stopped the account has reset since the snapshot was taken. `contradictory`: the
 * snapshot says one thing and its opposite. `creditsCanPay`: credits are usable and nothing forbids to use them.
 *
 * @since 0.1.0
 * @category models
 */
export interface Findings {
  readonly blockers: ReadonlyArray<Blocker>
  readonly presumedReset: boolean
  readonly contradictory: boolean
  readonly creditsCanPay: boolean
}

/**
 * Whether a reset time has passed since the snapshot was taken. One that was past already then says nothing.
 *
 * @since 0.1.0
 * @category predicates
 */
export const hasResetSince = (resetsAt: DateTime.Utc, fetchedAt: DateTime.Utc, now: DateTime.Utc): boolean =>
  DateTime.greaterThan(resetsAt, fetchedAt) && DateTime.lessThanOrEqualTo(resetsAt, now)

/**
 * @since 0.1.0
 * @category accessors
 */
export const futureReset = (resetsAt: DateTime.Utc, now: DateTime.Utc): DateTime.Utc | null =>
  DateTime.greaterThan(resetsAt, now) ? resetsAt : null

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

/**
 * All that speaks against the account's use of Codex. Whether it is really stopped is for the verdict to say.
 *
 * @since 0.1.0
 * @category constructors
 */
export const findBlockers = (
  snapshot: UsageSnapshot,
  options: { readonly now: DateTime.Utc; readonly role?: WorkspaceRole | undefined }
): Findings => {
  const { now } = options
  const { credits, fetchedAt, main, reachedType, spendControl } = snapshot
  const standing = standingOf(snapshot, options.role)
  const hasReset = (of: { readonly resetsAt: DateTime.Utc }) => hasResetSince(of.resetsAt, fetchedAt, now)

  const full = main.windows.filter((window) => window.usedPercent >= 100)
  const exhausted = Arr.sort(
    full.filter((window) => !hasReset(window)),
    byDuration
  )
  const saysRateLimit = reachedType === "rate_limit_reached"
  // Credits are asked for once the plan's windows are used up: they stop nothing when those are back.
  const depleted = isDepleted(reachedType) && (full.length === 0 || exhausted.length > 0)
  const cap = spendControl?.reached === true || isCapped(reachedType)
  const own = spendControl?.individualLimit ?? null
  const allowance = cap && own !== null && own.remainingPercent <= 0 ? own : null
  const capLifted = allowance !== null && hasReset(allowance)
  const presumedReset = exhausted.length < full.length || capLifted

  const blockers: Array<Blocker> = exhausted.map((window) =>
    WindowExhausted.make({
      name: window.name,
      durationMinutes: window.durationMinutes,
      resetsAt: futureReset(window.resetsAt, now)
    })
  )
  if (saysRateLimit && full.length === 0) blockers.push(RateLimitReached.make({}))
  if (depleted) blockers.push(CreditsDepleted.make({ standing }))
  if (cap && !capLifted) {
    const resetsAt = allowance === null ? null : futureReset(allowance.resetsAt, now)
    blockers.push(SpendCapReached.make({ standing, resetsAt }))
  }
  if (blockers.length === 0 && main.allowed === false && !presumedReset) blockers.push(NotAllowed.make({}))

  return {
    blockers,
    presumedReset,
    contradictory:
      (main.allowed === true && (reachedType !== null || spendControl?.reached === true)) ||
      (isDepleted(reachedType) && credits?.usable === true) ||
      (isCapped(reachedType) && spendControl?.reached === false) ||
      (saysRateLimit && main.windows.length > 0 && full.length === 0),
    creditsCanPay: credits?.usable === true && !isDepleted(reachedType) && (!cap || capLifted)
  }
}
