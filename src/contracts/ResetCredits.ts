/** `wham/rate-limit-reset-credits`: the list of reset credits, and the consumption of one. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as Schema from "effect/Schema"
import { Int64, openEnum, opt, Rfc3339Seconds } from "./Tolerant.js"

/** One credit. Credits that are no longer available are listed too. */
export const WireResetCredit = Schema.Struct({
  id: Schema.String,
  reset_type: openEnum("codex_rate_limits"),
  status: openEnum("available", "redeeming", "redeemed"),
  granted_at: Rfc3339Seconds,
  expires_at: opt(Rfc3339Seconds),
  title: opt(Schema.String),
  description: opt(Schema.String)
}).annotations({ identifier: "WireResetCredit" })

/** The backend may cap the list: its length and `available_count` need not agree. */
export const ResetCreditsResponse = Schema.Struct({
  credits: Schema.Array(WireResetCredit),
  available_count: Int64
}).annotations({ identifier: "ResetCreditsResponse" })

/** `redeem_request_id` is the idempotency key; without `credit_id` the backend takes the next available credit. */
export const ConsumeRequest = Schema.Struct({
  redeem_request_id: Schema.String,
  credit_id: Schema.optionalWith(Schema.String, { exact: true })
}).annotations({ identifier: "ConsumeRequest" })

/** The outcome is in `code`; a code outside the four is a decoding error, never an outcome. */
export const ConsumeResponse = Schema.Struct({
  code: Schema.Literal("reset", "nothing_to_reset", "no_credit", "already_redeemed"),
  windows_reset: Schema.optionalWith(Int64, { default: () => 0 })
}).annotations({ identifier: "ConsumeResponse" })

export const ResetCreditsGroup = HttpApiGroup.make("resetCredits")
  .add(HttpApiEndpoint.get("list", "/wham/rate-limit-reset-credits").addSuccess(ResetCreditsResponse))
  .add(
    HttpApiEndpoint.post("consume", "/wham/rate-limit-reset-credits/consume")
      .setPayload(ConsumeRequest)
      .addSuccess(ConsumeResponse)
  )
