/** The profile's statistics to token activity. */
import type * as DateTime from "effect/DateTime"
import type { ProfileResponse } from "../../contracts/BackendEndpoints.js"
import type { Identity } from "../../domain/Identity.js"
import { DailyTokens, TokenActivity } from "../../domain/TokenActivity.js"
import { decoded } from "./decoded.js"

/** Values and order as they came; null where the backend gave none. */
export const tokenActivityFromWire = (
  { stats }: typeof ProfileResponse.Type,
  read: { readonly identity: Identity; readonly fetchedAt: DateTime.Utc }
): TokenActivity =>
  new TokenActivity(
    {
      identity: read.identity,
      fetchedAt: read.fetchedAt,
      lifetimeTokens: stats.lifetime_tokens ?? null,
      peakDailyTokens: stats.peak_daily_tokens ?? null,
      longestRunningTurnSeconds: stats.longest_running_turn_sec ?? null,
      currentStreakDays: stats.current_streak_days ?? null,
      longestStreakDays: stats.longest_streak_days ?? null,
      daily:
        stats.daily_usage_buckets?.map(
          (bucket) => new DailyTokens({ startDate: bucket.start_date, tokens: bucket.tokens }, decoded)
        ) ?? null
    },
    decoded
  )
