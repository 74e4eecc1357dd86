/**
 * Usage, limits and reset credits.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { Identity } from "../domain/Identity.js"
import type { ConsumeOutcome, RedeemKey, ResetCreditId } from "../domain/ResetCredit.js"
import type { UsageSnapshot } from "../domain/UsageSnapshot.js"

/**
 * What a program puts around one request of a read, such as its policy.
 *
 * @since 0.1.0
 * @category models
 */
export type Around = <A>(
  attempt: Effect.Effect<A, AuthError | BackendError>
) => Effect.Effect<A, AuthError | BackendError>

/**
 * `usage` and `resetCredits` go around the two requests, which run at the same time; without them each is tried once.
 * `fresh` reads anew whatever was read before; with `"join"` it takes part in a read that is under way, if there is one.
 * `details: false` leaves the list of credits out.
 *
 * @since 0.1.0
 * @category models
 */
export interface ReadUsage {
  readonly usage?: Around
  readonly resetCredits?: Around
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
     * One attempt to spend a credit, as `as` and nobody else. The same `key` spends at most one, however often it is
     * sent. Without `creditId` the backend takes the next one available.
     */
    readonly consume: (options: {
      readonly as: Identity
      readonly key: RedeemKey
      readonly creditId?: ResetCreditId | undefined
    }) => Effect.Effect<ConsumeOutcome, AuthError | BackendError>
  }
>() {}
