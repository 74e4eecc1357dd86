/** Token usage, and the workspace's messages. */
import * as Schema from "effect/Schema"
import { Int64, nullable, openEnum, opt } from "../../../contracts/Tolerant.js"

export const GetAccountTokenUsageParams = Schema.Struct({ threadId: opt(Schema.String) }).annotations({
  identifier: "GetAccountTokenUsageParams"
})

/** Tokens, seconds and days; `threadUsage` is the original's and always null here. */
export const GetAccountTokenUsageResponse = Schema.Struct({
  summary: Schema.Struct({
    lifetimeTokens: nullable(Int64),
    peakDailyTokens: nullable(Int64),
    longestRunningTurnSec: nullable(Int64),
    currentStreakDays: nullable(Int64),
    longestStreakDays: nullable(Int64)
  }),
  dailyUsageBuckets: nullable(Schema.Array(Schema.Struct({ startDate: Schema.String, tokens: Int64 }))),
  threadUsage: Schema.optionalWith(Schema.Unknown, { exact: true, default: () => null })
}).annotations({ identifier: "GetAccountTokenUsageResponse" })

export type GetAccountTokenUsageResponse = typeof GetAccountTokenUsageResponse.Type

/** Times are in Unix seconds; `messageBody` is untrusted text. */
export const WorkspaceMessage = Schema.Struct({
  messageId: Schema.String,
  messageType: openEnum("headline", "announcement"),
  messageBody: Schema.String,
  createdAt: nullable(Int64),
  archivedAt: nullable(Int64)
}).annotations({ identifier: "WorkspaceMessage" })

export const GetWorkspaceMessagesResponse = Schema.Struct({
  featureEnabled: Schema.Boolean,
  messages: Schema.Array(WorkspaceMessage)
}).annotations({ identifier: "GetWorkspaceMessagesResponse" })

export type GetWorkspaceMessagesResponse = typeof GetWorkspaceMessagesResponse.Type
