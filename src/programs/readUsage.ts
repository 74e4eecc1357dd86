/**
 * A read of usage under its policies.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { UsageSnapshot } from "../domain/UsageSnapshot.js"
import { AuthSession } from "../services/AuthSession.js"
import { Policies } from "../services/Policies.js"
import { RateLimits } from "../services/RateLimits.js"
import { applyPolicy } from "./applyPolicy.js"

/**
 * The present usage with the list of reset credits, each request under its own policy.
 *
 * @since 0.1.0
 * @category programs
 */
export const readUsage = (
  options: { readonly fresh?: boolean } = {}
): Effect.Effect<UsageSnapshot, AuthError | BackendError, RateLimits | AuthSession> =>
  Effect.gen(function* () {
    const policies = yield* Policies
    const session = yield* AuthSession
    const limits = yield* RateLimits
    return yield* limits.read({
      ...options,
      usage: applyPolicy(policies.readUsage, session),
      resetCredits: applyPolicy(policies.readResetCredits, session)
    })
  })
