/** Token activity over the backend's HTTP API. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { ProfileResponse } from "../contracts/BackendEndpoints.js"
import type { Identity } from "../domain/Identity.js"
import { DailyTokens, TokenActivity } from "../domain/TokenActivity.js"
import { BackendHttp } from "../services/BackendHttp.js"
import { TokenUsage } from "../services/TokenUsage.js"
import { logUnread, trusted } from "./internal/usageFromWire.js"
import { perAccount } from "./internal/perAccount.js"

/** Values and order as they came; null where the backend gave none. */
export const tokenActivityFromWire = (
  { stats }: typeof ProfileResponse.Type,
  read: { readonly identity: Identity; readonly fetchedAt: DateTime.Utc }
): TokenActivity =>
  new TokenActivity(
    {
      identity: read.identity,
      fetchedAt: read.fetchedAt,
      lifetimeTokens: stats?.lifetime_tokens ?? null,
      peakDailyTokens: stats?.peak_daily_tokens ?? null,
      longestRunningTurnSeconds: stats?.longest_running_turn_sec ?? null,
      currentStreakDays: stats?.current_streak_days ?? null,
      longestStreakDays: stats?.longest_streak_days ?? null,
      daily:
        stats?.daily_usage_buckets?.map(
          (bucket) => new DailyTokens({ startDate: bucket.start_date, tokens: bucket.tokens }, trusted)
        ) ?? null
    },
    trusted
  )

export const layer = perAccount(
  Layer.effect(
    TokenUsage,
    Effect.map(BackendHttp, (backend) =>
      TokenUsage.of({
        read: backend.read("profile.me", (client, { session }) =>
          Effect.zipWith(
            Effect.tap(client.profile.me(), logUnread("profile.me")),
            DateTime.now,
            (response, fetchedAt) => tokenActivityFromWire(response, { identity: session.identity, fetchedAt })
          )
        )
      })
    )
  ),
  BackendHttp
)
