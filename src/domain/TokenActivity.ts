/** How many tokens the user has used, in all and by day. */
import * as Schema from "effect/Schema"
import { Identity } from "./Identity.js"

/**
 * `startDate` is the backend's text, normally `YYYY-MM-DD`.
 * @since 0.1.0
 * @category models
 */
export class DailyTokens extends Schema.Class<DailyTokens>("DailyTokens")({
  startDate: Schema.String,
  tokens: Schema.Number
}) {}

/**
 * Totals in tokens, seconds and days; null where the backend gave none.
 * @since 0.1.0
 * @category models
 */
export class TokenActivity extends Schema.Class<TokenActivity>("TokenActivity")({
  identity: Identity,
  fetchedAt: Schema.DateTimeUtc,
  lifetimeTokens: Schema.NullOr(Schema.Number),
  peakDailyTokens: Schema.NullOr(Schema.Number),
  longestRunningTurnSeconds: Schema.NullOr(Schema.Number),
  currentStreakDays: Schema.NullOr(Schema.Number),
  longestStreakDays: Schema.NullOr(Schema.Number),
  daily: Schema.NullOr(Schema.Array(DailyTokens))
}) {}
