/** An invitation that may be sent. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import type * as Equivalence from "effect/Equivalence"
import * as Schema from "effect/Schema"
import { Identity } from "./Identity.js"

/**
 * The offer as a person confirms it: for whom, on what terms. `description` and `rules` are untrusted text;
 * `grantAction` and `grantAmount` are the backend's own words as JSON text.
 * @since 0.1.0
 * @category models
 */
export class ReferralOffer extends Schema.Class<ReferralOffer>("ReferralOffer")({
  identity: Identity,
  description: Schema.NullOr(Schema.String),
  rules: Schema.Array(Schema.String),
  grantAction: Schema.String,
  grantAmount: Schema.String,
  requiresExplicitConfirmation: Schema.Boolean,
  loadedAt: Schema.DateTimeUtc
}) {}

const Terms = ReferralOffer.pipe(
  Schema.typeSchema,
  Schema.pick("identity", "description", "rules", "grantAction", "grantAmount", "requiresExplicitConfirmation")
)

/** Whether two offers are the same in every term, whenever they were loaded. */
export const sameOffer: Equivalence.Equivalence<ReferralOffer> = Schema.equivalence(Terms)

/** How long an offer may be shown and acted on: ten minutes. */
const offerMaxAge = Duration.minutes(10)

export const isExpiredOffer = (offer: ReferralOffer, now: DateTime.Utc): boolean =>
  DateTime.greaterThanOrEqualTo(now, DateTime.addDuration(offer.loadedAt, offerMaxAge))

/**
 * Whether the invitee's reward was confirmed with the invite: `unknown` when the backend did not say.
 * @since 0.1.0
 * @category schemas
 */
export const InviteReward = Schema.Literal("included", "notIncluded", "unknown")

/**
 * @since 0.1.0
 * @category models
 */
export type InviteReward = typeof InviteReward.Type
