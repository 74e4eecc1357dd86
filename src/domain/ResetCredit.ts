/** A banked credit that resets the usage windows once. */
import * as DateTime from "effect/DateTime"
import * as Order from "effect/Order"
import * as Schema from "effect/Schema"

/**
 * @since 0.1.0
 * @category schemas
 */
export const ResetCreditId = Schema.NonEmptyString.pipe(Schema.brand("ResetCreditId"))

/**
 * @since 0.1.0
 * @category models
 */
export type ResetCreditId = typeof ResetCreditId.Type

/**
 * The idempotency key of one redemption: the caller's, and the same in every attempt.
 * @since 0.1.0
 * @category schemas
 */
export const RedeemKey = Schema.NonEmptyString.pipe(Schema.brand("RedeemKey"))

/**
 * @since 0.1.0
 * @category models
 */
export type RedeemKey = typeof RedeemKey.Type

/**
 * `id` is as the backend gave it. `title` and `description` are untrusted text. Without `expiresAt` the credit does not
 * expire; `grantedAt` is null where the backend does not say.
 * @since 0.1.0
 * @category models
 */
export class ResetCredit extends Schema.Class<ResetCredit>("ResetCredit")({
  id: Schema.String,
  resetType: Schema.Literal("codex_rate_limits", "unknown"),
  status: Schema.Literal("available", "redeeming", "redeemed", "unknown"),
  grantedAt: Schema.NullOr(Schema.DateTimeUtc),
  expiresAt: Schema.NullOr(Schema.DateTimeUtc),
  title: Schema.NullOr(Schema.String),
  description: Schema.NullOr(Schema.String)
}) {}

/**
 * How many credits are available, and which, where the backend says: `credits` is null when only the count is known.
 * `applicableCount` is how many of them apply to what is used up now; null where the backend does not say.
 * @since 0.1.0
 * @category models
 */
export class ResetCredits extends Schema.Class<ResetCredits>("ResetCredits")({
  availableCount: Schema.Number,
  applicableCount: Schema.NullOr(Schema.Number),
  credits: Schema.NullOr(Schema.Array(ResetCredit))
}) {
  /**
   * The credits that can be redeemed at a time: those of Codex that are available and have not expired. Soonest expiry
   * first, those that do not expire last, never more than the count.
   */
  redeemableAt(now: DateTime.DateTime): ReadonlyArray<ResetCredit> {
    return (this.credits ?? [])
      .filter((credit) => isRedeemable(credit, now))
      .sort(byExpiry)
      .slice(0, Math.max(0, this.availableCount))
  }

  /** How many there are at a time: the count, less those on the list that can't be redeemed then. */
  availableAt(now: DateTime.DateTime): number {
    const called = (this.credits ?? []).filter(({ status }) => status === "available")
    const live = called.filter((credit) => isRedeemable(credit, now)).length
    return Math.min(this.availableCount, Math.max(live, this.availableCount - (called.length - live)))
  }
}

const isRedeemable = ({ expiresAt, resetType, status }: ResetCredit, now: DateTime.DateTime): boolean =>
  status === "available" &&
  resetType === "codex_rate_limits" &&
  (expiresAt === null || DateTime.greaterThan(expiresAt, now))

const byExpiry: Order.Order<ResetCredit> = Order.combine(
  Order.mapInput(Order.number, (credit: ResetCredit) => credit.expiresAt?.epochMillis ?? Number.POSITIVE_INFINITY),
  Order.mapInput(Order.string, (credit: ResetCredit) => credit.id)
)

/**
 * What the backend said to a consumption. `alreadyRedeemed` means that this key was completed before.
 * @since 0.1.0
 * @category schemas
 */
export const ConsumeOutcome = Schema.Literal("reset", "nothingToReset", "noCredit", "alreadyRedeemed")

/**
 * @since 0.1.0
 * @category models
 */
export type ConsumeOutcome = typeof ConsumeOutcome.Type
