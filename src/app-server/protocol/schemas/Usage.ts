/** Rate limits, reset credits, token usage, and messages of the workspace and to its owner. */
import * as Schema from "effect/Schema"
import { Int64, nullable, openEnum, opt, flag } from "../../../contracts/Tolerant.js"
import { ConsumeOutcome } from "../../../domain/ResetCredit.js"
import { ReachedType } from "../../../domain/UsageSnapshot.js"
import { CreditType } from "../../../domain/WorkspaceRole.js"
import { PlanType } from "./Account.js"

/** `excludeResetCreditDetails` saves the request for the list of credits. */
export const GetAccountRateLimitsParams = Schema.Struct({
  supportsLunaReserve: flag,
  excludeResetCreditDetails: flag
}).annotations({ identifier: "GetAccountRateLimitsParams" })

/** `resetsAt` is in Unix seconds. */
export const RateLimitWindow = Schema.Struct({
  usedPercent: Schema.Number,
  windowDurationMins: nullable(Int64),
  resetsAt: nullable(Int64)
}).annotations({ identifier: "RateLimitWindow" })

export const CreditsSnapshot = Schema.Struct({
  hasCredits: Schema.Boolean,
  unlimited: Schema.Boolean,
  balance: nullable(Schema.String)
}).annotations({ identifier: "CreditsSnapshot" })

/** A member's monthly allowance; amounts are decimal text, `resetsAt` is in Unix seconds. */
export const SpendControlLimit = Schema.Struct({
  limit: Schema.String,
  used: Schema.String,
  remainingPercent: Schema.Number,
  resetsAt: Int64
}).annotations({ identifier: "SpendControlLimit" })

/** A reason that a newer server tells reads as null. */
export const ReachedTypeOrNull = Schema.optionalWith(
  Schema.transform(Schema.NullOr(Schema.String), Schema.NullOr(ReachedType), {
    strict: true,
    decode: (word): ReachedType | null => (Schema.is(ReachedType)(word) ? word : null),
    encode: (word) => word
  }),
  { exact: true, default: () => null }
)

/** One limit. In `account/rateLimits/updated` a null clears nothing. */
export const RateLimitSnapshot = Schema.Struct({
  limitId: nullable(Schema.String),
  limitName: nullable(Schema.String),
  normalModelSlug: nullable(Schema.String),
  primary: nullable(RateLimitWindow),
  secondary: nullable(RateLimitWindow),
  credits: nullable(CreditsSnapshot),
  individualLimit: nullable(SpendControlLimit),
  spendControlReached: nullable(Schema.Boolean),
  planType: nullable(PlanType),
  rateLimitReachedType: ReachedTypeOrNull
}).annotations({ identifier: "RateLimitSnapshot" })

export type RateLimitSnapshot = typeof RateLimitSnapshot.Type

/** Times are in Unix seconds. */
export const RateLimitResetCredit = Schema.Struct({
  id: Schema.String,
  resetType: openEnum("codexRateLimits"),
  status: openEnum("available", "redeeming", "redeemed"),
  grantedAt: Int64,
  expiresAt: nullable(Int64),
  title: nullable(Schema.String),
  description: nullable(Schema.String)
}).annotations({ identifier: "RateLimitResetCredit" })

/** `credits` is null when only the count is known. The list may be shorter than the count, which is right. */
export const RateLimitResetCredits = Schema.Struct({
  availableCount: Int64,
  credits: nullable(Schema.Array(RateLimitResetCredit))
}).annotations({ identifier: "RateLimitResetCredits" })

export type RateLimitResetCredits = typeof RateLimitResetCredits.Type

/** `rateLimits` is Codex's own limit; `rateLimitUpsell` is the backend's, opaque. */
export const GetAccountRateLimitsResponse = Schema.Struct({
  ordinaryUsageAllowed: nullable(Schema.Boolean),
  rateLimits: RateLimitSnapshot,
  rateLimitsByLimitId: nullable(Schema.Record({ key: Schema.String, value: RateLimitSnapshot })),
  rateLimitResetCredits: nullable(RateLimitResetCredits),
  accountId: nullable(Schema.String),
  rateLimitUpsell: Schema.optionalWith(Schema.Unknown, { exact: true, default: () => null })
}).annotations({ identifier: "GetAccountRateLimitsResponse" })

export type GetAccountRateLimitsResponse = typeof GetAccountRateLimitsResponse.Type

export const AccountRateLimitsUpdatedNotification = Schema.Struct({ rateLimits: RateLimitSnapshot }).annotations({
  identifier: "AccountRateLimitsUpdatedNotification"
})

/** `idempotencyKey`: the same key spends at most one credit. Without `creditId` the backend takes the next one. */
export const ConsumeAccountRateLimitResetCreditParams = Schema.Struct({
  idempotencyKey: Schema.String,
  creditId: opt(Schema.String)
}).annotations({ identifier: "ConsumeAccountRateLimitResetCreditParams" })

/** An outcome other than these is an error, never a success. */
export const ConsumeAccountRateLimitResetCreditResponse = Schema.Struct({ outcome: ConsumeOutcome }).annotations({
  identifier: "ConsumeAccountRateLimitResetCreditResponse"
})

export type ConsumeAccountRateLimitResetCreditResponse = typeof ConsumeAccountRateLimitResetCreditResponse.Type

export const SendAddCreditsNudgeEmailParams = Schema.Struct({ creditType: CreditType }).annotations({
  identifier: "SendAddCreditsNudgeEmailParams"
})

export const SendAddCreditsNudgeEmailResponse = Schema.Struct({
  status: Schema.Literal("sent", "cooldown_active")
}).annotations({ identifier: "SendAddCreditsNudgeEmailResponse" })

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
