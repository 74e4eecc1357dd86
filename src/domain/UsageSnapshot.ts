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
 * The number that an amount stands for, with or without the sign of a currency; null for one that is none.
 * @since 0.1.0
 * @category accessors
 */
export const amountOf = (text: string): number | null => {
  const plain = text.replace(/[\p{Sc}\s]|,(?=\d{3}(\D|$))/gu, "").replace(",", ".")
  return /^[+-]?(\d+\.?\d*|\.\d+)$/.test(plain) ? Number(plain) : null
}

/**
 * Purchased or workspace credits; `balance` is an amount as text. `overageLimitReached`: no more of them may be used; null
 * where the backend does not say.
 * @since 0.1.0
 * @category models
 */
export class Credits extends Schema.Class<Credits>("Credits")({
  hasCredits: Schema.Boolean,
  unlimited: Schema.Boolean,
  overageLimitReached: Schema.NullOr(Schema.Boolean),
  balance: Schema.NullOr(Schema.String)
}) {
  /** Whether they can pay for requests now, as far as it is known. */
  get usable(): boolean {
    if (this.overageLimitReached === true) return false
    return this.unlimited || (this.hasCredits && (amountOf(this.balance ?? "") ?? 0) > 0)
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
 * Whether a model can be used now, and when again; `creditsWouldEnable` is null where the backend does not say.
 * @since 0.1.0
 * @category models
 */
export class ModelUsage extends Schema.Class<ModelUsage>("ModelUsage")({
  slug: Schema.String,
  available: Schema.Boolean,
  availableAt: Schema.NullOr(Schema.DateTimeUtc),
  creditsWouldEnable: Schema.NullOr(Schema.Boolean)
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
 * `main` is the limit of Codex itself, `codeReview` that of its code reviews. `models` are those that the backend tells of.
 * `backendUserId` and `backendAccountId` are the ids in the answer, where it gave
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
  codeReview: Schema.NullOr(RateLimit),
  models: Schema.Array(ModelUsage),
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
    return [this.main, ...this.additional, ...(this.codeReview === null ? [] : [this.codeReview])]
  }
}
