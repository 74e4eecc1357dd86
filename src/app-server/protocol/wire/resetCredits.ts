/** Reset credits, and what became of one. */
import type { ConsumeOutcome, ResetCredits } from "../../../domain/ResetCredit.js"
import type { ConsumeAccountRateLimitResetCreditResponse, RateLimitResetCredits } from "../schemas/RateLimits.js"
import { unixSeconds, unixSecondsOrNull } from "./seconds.js"

/** Count and list as they came: nothing is filtered, sorted or counted again. */
export const resetCreditsWire = (resetCredits: ResetCredits | null): RateLimitResetCredits | null =>
  resetCredits === null
    ? null
    : {
        availableCount: resetCredits.availableCount,
        credits:
          resetCredits.credits?.map(({ description, expiresAt, grantedAt, id, resetType, status, title }) => ({
            id,
            resetType: resetType === "codex_rate_limits" ? ("codexRateLimits" as const) : ("unknown" as const),
            status,
            grantedAt: unixSeconds(grantedAt),
            expiresAt: unixSecondsOrNull(expiresAt),
            title,
            description
          })) ?? null
      }

export const consumeResult = (outcome: ConsumeOutcome): ConsumeAccountRateLimitResetCreditResponse => ({ outcome })
