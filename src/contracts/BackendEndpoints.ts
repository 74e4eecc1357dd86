/**
 * The backend's endpoints and their schemas.
 * Source: the backend client of `openai/codex`, and what codex-cli 0.169.0 accepts; for the referral invite, pull request
 * 30313 of `openai/codex`, which was closed unmerged: any of its endpoints may be absent.
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { switchWorkspacePath } from "./WorkspaceEndpoints.js"
import { Num, openEnum, opt, readAs, Rfc3339Seconds, Seconds, tolerant, UnixSeconds, Whole } from "./Tolerant.js"

/*
 * What is required here is what its object is worth nothing without; see `tolerant`. The backend sends more than that.
 */

/**
 * One limit window. `used_percent` may lie outside 0–100; `limit_window_seconds` is the window's length, and
 * `reset_after_seconds` what was left of it when the answer was made.
 */
export const WireWindow = Schema.Struct({
  used_percent: Num,
  limit_window_seconds: opt(Seconds),
  reset_after_seconds: opt(Seconds),
  reset_at: opt(UnixSeconds)
}).annotations({ identifier: "WireWindow" })

export const WireRateLimit = Schema.Struct({
  allowed: opt(Schema.Boolean),
  limit_reached: opt(Schema.Boolean),
  primary_window: opt(WireWindow),
  secondary_window: opt(WireWindow)
}).annotations({ identifier: "WireRateLimit" })

/** A further limit beside the main one, such as the one for code review. */
export const WireAdditionalRateLimit = Schema.Struct({
  limit_name: opt(Schema.String),
  metered_feature: opt(Schema.String),
  rate_limit: opt(WireRateLimit),
  normal_model_slug: opt(Schema.String)
}).annotations({ identifier: "WireAdditionalRateLimit" })

export const WireCredits = Schema.Struct({
  has_credits: opt(Schema.Boolean),
  unlimited: opt(Schema.Boolean),
  overage_limit_reached: opt(Schema.Boolean),
  balance: opt(Schema.String),
  approx_local_messages: Schema.optionalWith(Schema.Unknown, { exact: true }),
  approx_cloud_messages: Schema.optionalWith(Schema.Unknown, { exact: true })
}).annotations({ identifier: "WireCredits" })

/** A member's own monthly allowance of workspace credits; the amounts are decimal text. */
export const WireIndividualLimit = Schema.Struct({
  source: Schema.optionalWith(Schema.Unknown, { exact: true }),
  limit: opt(Schema.String),
  used: opt(Schema.String),
  remaining: opt(Schema.String),
  used_percent: opt(Num),
  remaining_percent: opt(Num),
  reset_after_seconds: opt(Seconds),
  reset_at: opt(UnixSeconds)
}).annotations({ identifier: "WireIndividualLimit" })

export const WireSpendControl = Schema.Struct({
  reached: opt(Schema.Boolean),
  individual_limit: opt(WireIndividualLimit)
}).annotations({ identifier: "WireSpendControl" })

/** Whether a model can be used, by its slug. */
const WireModelUsage = Schema.Struct({
  available: Schema.Boolean,
  available_at: opt(Rfc3339Seconds),
  credits_would_enable: opt(Schema.Boolean)
})

/** The word, with or without its object. */
const WireReachedType = readAs(Schema.Struct({ type: Schema.String }), (value) => {
  const type = Predicate.isRecord(value) ? value["type"] : value
  return typeof type === "string" ? { type } : undefined
})

/** The whole answer. */
export const UsageResponse = tolerant(
  Schema.Struct({
    plan_type: opt(Schema.String),
    rate_limit: opt(WireRateLimit),
    credits: opt(WireCredits),
    spend_control: opt(WireSpendControl),
    additional_rate_limits: opt(Schema.Array(WireAdditionalRateLimit)),
    rate_limit_reached_type: opt(WireReachedType),
    rate_limit_reset_credits: opt(
      Schema.Struct({ available_count: opt(Whole), applicable_available_count: opt(Whole) })
    ),
    code_review_rate_limit: opt(WireRateLimit),
    model_usage: opt(Schema.Record({ key: Schema.String, value: WireModelUsage })),
    account_id: opt(Schema.String),
    user_id: opt(Schema.String),
    rate_limit_upsell: Schema.optionalWith(Schema.Unknown, { exact: true })
  }).annotations({ identifier: "UsageResponse" })
)

export type UsageResponse = typeof UsageResponse.Type

export const UsageGroup = HttpApiGroup.make("usage").add(
  HttpApiEndpoint.get("read", "/wham/usage").addSuccess(UsageResponse)
)

/** One credit. Credits that are no longer available are listed too. */
export const WireResetCredit = Schema.Struct({
  id: Schema.String,
  reset_type: opt(openEnum("codex_rate_limits")),
  status: opt(openEnum("available", "redeeming", "redeemed")),
  granted_at: opt(Rfc3339Seconds),
  expires_at: opt(Rfc3339Seconds),
  title: opt(Schema.String),
  description: opt(Schema.String)
}).annotations({ identifier: "WireResetCredit" })

/** The backend may cap the list: its length and `available_count` need not agree. */
export const ResetCreditsResponse = tolerant(
  Schema.Struct({
    credits: opt(Schema.Array(WireResetCredit)),
    available_count: opt(Whole)
  }).annotations({ identifier: "ResetCreditsResponse" })
)

/** `redeem_request_id` is the idempotency key; without `credit_id` the backend takes the next available credit. */
export const ConsumeRequest = Schema.Struct({
  redeem_request_id: Schema.String,
  credit_id: Schema.optionalWith(Schema.String, { exact: true })
}).annotations({ identifier: "ConsumeRequest" })

/** The outcome is in `code`; a code outside the four is a decoding error, never an outcome. */
export const ConsumeResponse = tolerant(
  Schema.Struct({
    code: Schema.Literal("reset", "nothing_to_reset", "no_credit", "already_redeemed"),
    windows_reset: opt(Whole)
  }).annotations({ identifier: "ConsumeResponse" })
)

export const ResetCreditsGroup = HttpApiGroup.make("resetCredits")
  .add(HttpApiEndpoint.get("list", "/wham/rate-limit-reset-credits").addSuccess(ResetCreditsResponse))
  .add(
    HttpApiEndpoint.post("consume", "/wham/rate-limit-reset-credits/consume")
      .setPayload(ConsumeRequest)
      .addSuccess(ConsumeResponse)
  )

/** The campaign that every referral call names. */
export const referralKey = "codex_referral_persistent_invite"

export const EligibilityParams = Schema.Struct({
  referral_key: Schema.String,
  requested_referrals: Schema.String,
  supports_rewardless_invites: Schema.String
})

/** There is an offer if both `should_show` and `has_rewards` are true. */
export const EligibilityResponse = tolerant(
  Schema.Struct({
    should_show: Schema.Boolean,
    has_rewards: opt(Schema.Boolean),
    title: opt(Schema.String),
    description: opt(Schema.String),
    grant_action: Schema.optionalWith(Schema.Unknown, { exact: true }),
    grant_amount: Schema.optionalWith(Schema.Unknown, { exact: true }),
    ineligible_reason: Schema.optionalWith(Schema.Unknown, { exact: true })
  }).annotations({ identifier: "EligibilityResponse" })
)

export const RulesResponse = tolerant(
  Schema.Struct({
    rules: opt(Schema.Array(Schema.String)),
    requires_explicit_confirmation: Schema.Boolean
  }).annotations({ identifier: "RulesResponse" })
)

/** Exactly one address for each invite. */
export const InviteRequest = Schema.Struct({
  referral_key: Schema.String,
  emails: Schema.Tuple(Schema.String)
}).annotations({ identifier: "InviteRequest" })

/** `has_rewards` is true, false, or absent. */
export const InviteResponse = tolerant(
  Schema.Struct({ has_rewards: opt(Schema.Boolean) }).annotations({ identifier: "InviteResponse" })
)

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

/** `accounts/check/v4-2023-04-27`: the role of the signed-in user in each of their accounts. */
export const AccountsCheckResponse = tolerant(
  Schema.Struct({
    accounts: opt(
      Schema.Record({
        key: Schema.String,
        value: Schema.Struct({ account: opt(Schema.Struct({ account_user_role: opt(Schema.String) })) })
      })
    ),
    account_ordering: opt(Schema.Array(Schema.String))
  }).annotations({ identifier: "AccountsCheckResponse" })
)

/** What the workspace owner is asked for. */
export const NudgeRequest = Schema.Struct({
  credit_type: Schema.Literal("credits", "usage_limit")
}).annotations({ identifier: "NudgeRequest" })

export const WireWorkspaceMessage = Schema.Struct({
  message_id: opt(Schema.String),
  message_type: opt(openEnum("headline", "announcement")),
  message_body: Schema.String,
  created_at: opt(Rfc3339Seconds),
  archived_at: opt(Rfc3339Seconds)
}).annotations({ identifier: "WireWorkspaceMessage" })

export const WorkspaceMessagesResponse = tolerant(
  Schema.Struct({ messages: opt(Schema.Array(WireWorkspaceMessage)) }).annotations({
    identifier: "WorkspaceMessagesResponse"
  })
)

/** The nudge was sent if the status is 2xx, whatever the body. 429: the owner got one recently. */
export const WorkspaceGroup = HttpApiGroup.make("workspace")
  .add(HttpApiEndpoint.get("accountsCheck", "/accounts/check/v4-2023-04-27").addSuccess(AccountsCheckResponse))
  .add(
    HttpApiEndpoint.post("nudge", "/wham/accounts/send_add_credits_nudge_email")
      .setPayload(NudgeRequest)
      .addSuccess(HttpApiSchema.Empty(200))
  )
  .add(
    HttpApiEndpoint.get("messages", "/wham/workspace-messages")
      .setHeaders(Schema.Struct({ "cache-control": Schema.Literal("no-store") }))
      .addSuccess(WorkspaceMessagesResponse)
  )

/** `start_date` is whatever text the backend sends, normally `YYYY-MM-DD`. */
export const WireStats = Schema.Struct({
  lifetime_tokens: opt(Whole),
  peak_daily_tokens: opt(Whole),
  longest_running_turn_sec: opt(Whole),
  current_streak_days: opt(Whole),
  longest_streak_days: opt(Whole),
  daily_usage_buckets: opt(Schema.Array(Schema.Struct({ start_date: Schema.String, tokens: Whole })))
})

export const ProfileResponse = tolerant(
  Schema.Struct({ stats: opt(WireStats) }).annotations({ identifier: "ProfileResponse" })
)

export const ProfileGroup = HttpApiGroup.make("profile").add(
  HttpApiEndpoint.get("me", "/wham/profiles/me").addSuccess(ProfileResponse)
)

/**
 * Two spellings of the same paths. A base URL that contains `/backend-api` takes `/wham/...`; any other takes
 * `/api/codex/...`, where the referral and live-role endpoints do not exist.
 */
export type PathStyle = "chatgpt" | "codex"

/** Where requests go: a base URL without trailing slash, and the style its host speaks. */
export interface BackendBase {
  readonly url: string
  readonly style: PathStyle
}

/**
 * Reads `chatgpt_base_url` as the Codex CLI does: trailing slashes go, the two ChatGPT hosts get `/backend-api` if it
 * is missing, and the style follows from the text.
 */
export const backendBase = (baseUrl: string): BackendBase => {
  const trimmed = baseUrl.replace(/\/+$/, "")
  const isChatGpt = trimmed.startsWith("https://chatgpt.com") || trimmed.startsWith("https://chat.openai.com")
  const url = isChatGpt && !trimmed.includes("/backend-api") ? `${trimmed}/backend-api` : trimmed
  return { url, style: url.includes("/backend-api") ? "chatgpt" : "codex" }
}

/** The contract's path in the given style, or undefined where that style has no such endpoint. */
export const styledPath = (style: PathStyle, path: string): string | undefined => {
  if (style === "chatgpt" || path === switchWorkspacePath) return path
  if (!path.startsWith("/wham/") || path.startsWith("/wham/referrals/")) return undefined
  return `/api/codex/${path.slice("/wham/".length)}`
}
