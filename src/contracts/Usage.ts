/**
 * `GET wham/usage`: windows, credits, spend control, and the number of reset credits.
 * Source: the backend client of `openai/codex`, and what codex-cli 0.169.0 accepts.
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as Schema from "effect/Schema"
import { Int32, Int64, opt } from "./Tolerant.js"

/** One limit window. `used_percent` may lie outside 0–100; `limit_window_seconds` is the window's length. */
export const WireWindow = Schema.Struct({
  used_percent: Int32,
  limit_window_seconds: Int32,
  reset_after_seconds: Int32,
  reset_at: Int32
}).annotations({ identifier: "WireWindow" })

export const WireRateLimit = Schema.Struct({
  allowed: Schema.Boolean,
  limit_reached: Schema.Boolean,
  primary_window: opt(WireWindow),
  secondary_window: opt(WireWindow)
}).annotations({ identifier: "WireRateLimit" })

/** A further limit beside the main one, such as the one for code review. */
export const WireAdditionalRateLimit = Schema.Struct({
  limit_name: Schema.String,
  metered_feature: Schema.String,
  rate_limit: opt(WireRateLimit),
  normal_model_slug: opt(Schema.String)
}).annotations({ identifier: "WireAdditionalRateLimit" })

export const WireCredits = Schema.Struct({
  has_credits: Schema.Boolean,
  unlimited: Schema.Boolean,
  balance: opt(Schema.String),
  approx_local_messages: opt(Schema.Array(Schema.Unknown)),
  approx_cloud_messages: opt(Schema.Array(Schema.Unknown))
}).annotations({ identifier: "WireCredits" })

/** A member's own monthly allowance of workspace credits; the amounts are decimal text. */
export const WireIndividualLimit = Schema.Struct({
  source: Schema.optionalWith(Schema.Unknown, { exact: true }),
  limit: Schema.String,
  used: Schema.String,
  remaining: Schema.String,
  used_percent: Int32,
  remaining_percent: Int32,
  reset_after_seconds: Int32,
  reset_at: Int32
}).annotations({ identifier: "WireIndividualLimit" })

export const WireSpendControl = Schema.Struct({
  reached: Schema.Boolean,
  individual_limit: opt(WireIndividualLimit)
}).annotations({ identifier: "WireSpendControl" })

/** The whole answer. `plan_type` alone is required. */
export const UsageResponse = Schema.Struct({
  plan_type: Schema.String,
  rate_limit: opt(WireRateLimit),
  credits: opt(WireCredits),
  spend_control: opt(WireSpendControl),
  additional_rate_limits: opt(Schema.Array(WireAdditionalRateLimit)),
  rate_limit_reached_type: opt(Schema.Struct({ type: Schema.String })),
  rate_limit_reset_credits: opt(Schema.Struct({ available_count: Int64 })),
  account_id: opt(Schema.String),
  user_id: opt(Schema.String),
  rate_limit_upsell: Schema.optionalWith(Schema.Unknown, { exact: true })
}).annotations({ identifier: "UsageResponse" })

export type UsageResponse = typeof UsageResponse.Type

export const UsageGroup = HttpApiGroup.make("usage").add(
  HttpApiEndpoint.get("read", "/wham/usage").addSuccess(UsageResponse)
)
