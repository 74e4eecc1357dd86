/** Rate limits, reset credits, token usage, and messages of the workspace and to its owner. */
import * as Schema from "effect/Schema"
import { Int64, nullable, openEnum, opt, flag } from "../../../contracts/Tolerant.js"
import { ConsumeOutcome } from "../../../domain/ResetCredit.js"
import { ReachedType } from "../../../domain/UsageSnapshot.js"
import { CreditType } from "../../../domain/WorkspaceRole.js"
import { PlanType } from "./Account.js"
import { struct } from "../Method.js"

/** `excludeResetCreditDetails` saves the request for the list of credits. */
export const GetAccountRateLimitsParams = struct("GetAccountRateLimitsParams", {
  supportsLunaReserve: flag,
  excludeResetCreditDetails: flag
})

/** `resetsAt` is in Unix seconds. */
export const RateLimitWindow = struct("RateLimitWindow", {
  usedPercent: Schema.Number,
  windowDurationMins: nullable(Int64),
  resetsAt: nullable(Int64)
})

export const CreditsSnapshot = struct("CreditsSnapshot", {
  hasCredits: Schema.Boolean,
  unlimited: Schema.Boolean,
  balance: nullable(Schema.String)
})

/** A member's monthly allowance; amounts are decimal text, `resetsAt` is in Unix seconds. */
export const SpendControlLimit = struct("SpendControlLimit", {
  limit: Schema.String,
  used: Schema.String,
  remainingPercent: Schema.Number,
  resetsAt: Int64
})

/** A reason that only a newer server knows reads as null. */
export const ReachedTypeOrNull = Schema.optionalWith(
  Schema.transform(Schema.NullOr(Schema.String), Schema.NullOr(ReachedType), {
    strict: true,
    decode: (word): ReachedType | null => (Schema.is(ReachedType)(word) ? word : null),
    encode: (word) => word
  }),
  { exact: true, default: () => null }
)

/** One limit. In `account/rateLimits/updated` a null clears nothing. */
export const RateLimitSnapshot = struct("RateLimitSnapshot", {
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
})

export type RateLimitSnapshot = typeof RateLimitSnapshot.Type

/** Times are in Unix seconds. */
export const RateLimitResetCredit = struct("RateLimitResetCredit", {
  id: Schema.String,
  resetType: openEnum("codexRateLimits"),
  status: openEnum("available", "redeeming", "redeemed"),
  grantedAt: Int64,
  expiresAt: nullable(Int64),
  title: nullable(Schema.String),
  description: nullable(Schema.String)
})

/** `credits` is null when only the count is known. The list may be shorter than the count, which is right. */
export const RateLimitResetCredits = struct("RateLimitResetCredits", {
  availableCount: Int64,
  credits: nullable(Schema.Array(RateLimitResetCredit))
})

/** `rateLimits` is Codex's own limit; `rateLimitUpsell` is the backend's, opaque. */
export const GetAccountRateLimitsResponse = struct("GetAccountRateLimitsResponse", {
  ordinaryUsageAllowed: nullable(Schema.Boolean),
  rateLimits: RateLimitSnapshot,
  rateLimitsByLimitId: nullable(Schema.Record({ key: Schema.String, value: RateLimitSnapshot })),
  rateLimitResetCredits: nullable(RateLimitResetCredits),
  accountId: nullable(Schema.String),
  rateLimitUpsell: Schema.optionalWith(Schema.Unknown, { exact: true, default: () => null })
})

export type GetAccountRateLimitsResponse = typeof GetAccountRateLimitsResponse.Type

export const AccountRateLimitsUpdatedNotification = struct("AccountRateLimitsUpdatedNotification", {
  rateLimits: RateLimitSnapshot
})

/** `idempotencyKey`: the same key spends at most one credit. Without `creditId` the backend takes the next one. */
export const ConsumeAccountRateLimitResetCreditParams = struct("ConsumeAccountRateLimitResetCreditParams", {
  idempotencyKey: Schema.String,
  creditId: opt(Schema.String)
})

/** An outcome other than these is an error, never a success. */
export const ConsumeAccountRateLimitResetCreditResponse = struct("ConsumeAccountRateLimitResetCreditResponse", {
  outcome: ConsumeOutcome
})

export const SendAddCreditsNudgeEmailParams = struct("SendAddCreditsNudgeEmailParams", { creditType: CreditType })

export const SendAddCreditsNudgeEmailResponse = struct("SendAddCreditsNudgeEmailResponse", {
  status: Schema.Literal("sent", "cooldown_active")
})

export const GetAccountTokenUsageParams = struct("GetAccountTokenUsageParams", { threadId: opt(Schema.String) })

/** Tokens, seconds and days; `threadUsage` is the original's and always null here. */
export const GetAccountTokenUsageResponse = struct("GetAccountTokenUsageResponse", {
  summary: Schema.Struct({
    lifetimeTokens: nullable(Int64),
    peakDailyTokens: nullable(Int64),
    longestRunningTurnSec: nullable(Int64),
    currentStreakDays: nullable(Int64),
    longestStreakDays: nullable(Int64)
  }),
  dailyUsageBuckets: nullable(Schema.Array(Schema.Struct({ startDate: Schema.String, tokens: Int64 }))),
  threadUsage: Schema.optionalWith(Schema.Unknown, { exact: true, default: () => null })
})

/** Times are in Unix seconds; `messageBody` is untrusted text. */
export const WorkspaceMessage = struct("WorkspaceMessage", {
  messageId: Schema.String,
  messageType: openEnum("headline", "announcement"),
  messageBody: Schema.String,
  createdAt: nullable(Int64),
  archivedAt: nullable(Int64)
})

export const GetWorkspaceMessagesResponse = struct("GetWorkspaceMessagesResponse", {
  featureEnabled: Schema.Boolean,
  messages: Schema.Array(WorkspaceMessage)
})
