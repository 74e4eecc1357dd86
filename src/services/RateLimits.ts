/** Usage, limits and reset credits. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { Identity } from "../domain/Identity.js"
import type { ConsumeOutcome, RedeemKey, ResetCreditId } from "../domain/ResetCredit.js"
import type { UsageSnapshot } from "../domain/UsageSnapshot.js"

/**
 * `fresh` ignores what was read before; with `"join"` the read takes part in one that is under way, if there is one.
 * `details: false` leaves out the list of credits.
 * @since 0.1.0
 * @category models
 */
export interface ReadUsage {
  readonly fresh?: boolean | "join"
  readonly details?: boolean
}

/**
 * @since 0.1.0
 * @category tags
 */
export class RateLimits extends Context.Tag("effect-codex-account/services/RateLimits")<
  RateLimits,
  {
    /**
     * The present usage. Reads at the same time, or within the configured interval, share one request, and while the
     * backend has asked to wait nothing is sent. Whatever becomes of the list of credits, the count remains.
     */
    readonly read: (options?: ReadUsage) => Effect.Effect<UsageSnapshot, AuthError | BackendError>
    /**
     * Spends a credit, as `as` only. The same `key` spends at most one, however often it is sent. Without `creditId`
     * the backend takes the next one available.
     */
    readonly consume: (options: {
      readonly as: Identity
      readonly key: RedeemKey
      readonly creditId?: ResetCreditId | undefined
    }) => Effect.Effect<ConsumeOutcome, AuthError | BackendError>
  }
>() {}
