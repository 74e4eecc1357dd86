/** Token activity, as `account/usage/read` answers it. */
import type { TokenActivity } from "../../../domain/TokenActivity.js"
import type { GetAccountTokenUsageResponse } from "../schemas/Usage.js"

/** Totals and days as they came; the usage of one thread is never known here. */
export const tokenUsageResult = (activity: TokenActivity): GetAccountTokenUsageResponse => ({
  summary: {
    lifetimeTokens: activity.lifetimeTokens,
    peakDailyTokens: activity.peakDailyTokens,
    longestRunningTurnSec: activity.longestRunningTurnSeconds,
    currentStreakDays: activity.currentStreakDays,
    longestStreakDays: activity.longestStreakDays
  },
  dailyUsageBuckets: activity.daily?.map(({ startDate, tokens }) => ({ startDate, tokens })) ?? null,
  threadUsage: null
})
