/** The result of one read of the usage endpoint, with its time and identity. */
import * as Schema from "effect/Schema"
import { Identity } from "./Identity.js"
import { Plan } from "./Plan.js"
import { RateLimitWindow } from "./RateLimitWindow.js"
import { ResetCredits } from "./ResetCredit.js"

/**
 * A limit with its windows, shortest first. `allowed` is the backend's own word on whether requests may be made; null
 * when it gave none.
 * @since 0.1.0
 * @category models
 */
export class RateLimit extends Schema.Class<RateLimit>("RateLimit")({
  id: Schema.String,
  name: Schema.NullOr(Schema.String),
  allowed: Schema.NullOr(Schema.Boolean),
  windows: Schema.Array(RateLimitWindow),
  normalModelSlug: Schema.NullOr(Schema.String)
}) {}

/**
 * Purchased or workspace credits; `balance` is decimal text.
 * @since 0.1.0
 * @category models
 */
export class Credits extends Schema.Class<Credits>("Credits")({
  hasCredits: Schema.Boolean,
  unlimited: Schema.Boolean,
  balance: Schema.NullOr(Schema.String)
}) {
  /** Whether they can pay for requests now, as far as it is known. */
  get usable(): boolean {
    if (this.unlimited) return true
    return this.hasCredits && this.balance !== null && Number(this.balance) > 0
  }
}

/**
 * A member's monthly allowance; amounts are decimal text, null like `resetsAt` where the backend gave none.
 * @since 0.1.0
 * @category models
 */
export class IndividualLimit extends Schema.Class<IndividualLimit>("IndividualLimit")({
  limit: Schema.NullOr(Schema.String),
  used: Schema.NullOr(Schema.String),
  remainingPercent: Schema.Number,
  resetsAt: Schema.NullOr(Schema.DateTimeUtc)
}) {}

/**
 * A workspace's cap on spending. `reached` is null where the backend does not say.
 * @since 0.1.0
 * @category models
 */
export class SpendControl extends Schema.Class<SpendControl>("SpendControl")({
  reached: Schema.NullOr(Schema.Boolean),
  individualLimit: Schema.NullOr(IndividualLimit)
}) {}

/**
 * Which limit stopped the account. Member and owner, credits and spend cap are kept apart.
 * @since 0.1.0
 * @category schemas
 */
export const ReachedType = Schema.Literal(
  "rate_limit_reached",
  "workspace_owner_credits_depleted",
  "workspace_member_credits_depleted",
  "workspace_owner_usage_limit_reached",
  "workspace_member_usage_limit_reached"
)

/**
 * @since 0.1.0
 * @category models
 */
export type ReachedType = typeof ReachedType.Type

/**
 * `main` is the limit of Codex itself. `backendUserId` and `backendAccountId` are the ids in the answer, where it gave
 * them. `upsell` is the backend's own, opaque. `unread` names what of the answer could not be understood, and is left out:
 * dotted paths as on the wire, those of the list of credits below `rate_limit_reset_credits`.
 * @since 0.1.0
 * @category models
 */
export class UsageSnapshot extends Schema.Class<UsageSnapshot>("UsageSnapshot")({
  identity: Identity,
  fetchedAt: Schema.DateTimeUtc,
  plan: Plan,
  main: RateLimit,
  additional: Schema.Array(RateLimit),
  credits: Schema.NullOr(Credits),
  spendControl: Schema.NullOr(SpendControl),
  reachedType: Schema.NullOr(ReachedType),
  resetCredits: Schema.NullOr(ResetCredits),
  backendAccountId: Schema.NullOr(Schema.String),
  backendUserId: Schema.NullOr(Schema.String),
  upsell: Schema.Unknown,
  unread: Schema.Array(Schema.String)
}) {
  /** All limits, the main one first. */
  get limits(): ReadonlyArray<RateLimit> {
    return [this.main, ...this.additional]
  }
}
