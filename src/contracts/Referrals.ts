/**
 * The referral invite: eligibility, rules, and the single `POST` that sends it.
 * Source: `openai/codex` pull request 30313, which was closed unmerged: treat the whole group as a capability that may
 * be absent.
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as Schema from "effect/Schema"
import { opt } from "./Tolerant.js"

/** The campaign that every referral call names. */
export const referralKey = "codex_referral_persistent_invite"

export const EligibilityParams = Schema.Struct({
  referral_key: Schema.String,
  requested_referrals: Schema.String,
  supports_rewardless_invites: Schema.String
})

/** `should_show` and `has_rewards` both have to be true for there to be an offer. */
export const EligibilityResponse = Schema.Struct({
  should_show: Schema.Boolean,
  has_rewards: Schema.optionalWith(Schema.Boolean, { default: () => false }),
  title: opt(Schema.String),
  description: opt(Schema.String),
  grant_action: Schema.optionalWith(Schema.Unknown, { exact: true }),
  grant_amount: Schema.optionalWith(Schema.Unknown, { exact: true }),
  ineligible_reason: Schema.optionalWith(Schema.Unknown, { exact: true })
}).annotations({ identifier: "EligibilityResponse" })

export const RulesResponse = Schema.Struct({
  rules: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] }),
  requires_explicit_confirmation: Schema.Boolean
}).annotations({ identifier: "RulesResponse" })

/** Exactly one address an invite. */
export const InviteRequest = Schema.Struct({
  referral_key: Schema.String,
  emails: Schema.Tuple(Schema.String)
}).annotations({ identifier: "InviteRequest" })

/** `has_rewards`: true, false, or not said. */
export const InviteResponse = Schema.Struct({
  has_rewards: opt(Schema.Boolean)
}).annotations({ identifier: "InviteResponse" })

export const ReferralsGroup = HttpApiGroup.make("referrals")
  .add(
    HttpApiEndpoint.get("eligibility", "/referrals/invite/eligibility")
      .setUrlParams(EligibilityParams)
      .addSuccess(EligibilityResponse)
  )
  .add(
    HttpApiEndpoint.get("rules", "/wham/referrals/eligibility_rules")
      .setUrlParams(Schema.Struct({ referral_key: Schema.String }))
      .addSuccess(RulesResponse)
  )
  .add(HttpApiEndpoint.post("invite", "/wham/referrals/invite").setPayload(InviteRequest).addSuccess(InviteResponse))
