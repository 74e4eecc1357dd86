/** `GET wham/profiles/me`: token activity of the signed-in user. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as Schema from "effect/Schema"
import { Int64, opt } from "./Tolerant.js"

/** `start_date` is whatever text the backend sends, normally `YYYY-MM-DD`. */
export const ProfileResponse = Schema.Struct({
  stats: Schema.Struct({
    lifetime_tokens: opt(Int64),
    peak_daily_tokens: opt(Int64),
    longest_running_turn_sec: opt(Int64),
    current_streak_days: opt(Int64),
    longest_streak_days: opt(Int64),
    daily_usage_buckets: opt(Schema.Array(Schema.Struct({ start_date: Schema.String, tokens: Int64 })))
  })
}).annotations({ identifier: "ProfileResponse" })

export const ProfileGroup = HttpApiGroup.make("profile").add(
  HttpApiEndpoint.get("me", "/wham/profiles/me").addSuccess(ProfileResponse)
)
