/**
 * A read of usage under its policies.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { UsageSnapshot } from "../domain/UsageSnapshot.js"
import { underPolicy } from "../services/Policies.js"
import { RateLimits } from "../services/RateLimits.js"

/**
 * The present usage with the list of reset credits, each request under its own policy.
 *
 * @since 0.1.0
 * @category programs
 */
export const readUsage = (
  options: { readonly fresh?: boolean } = {}
): Effect.Effect<UsageSnapshot, AuthError | BackendError, RateLimits> =>
  Effect.flatMap(RateLimits, (limits) => limits.read(options)).pipe(
    underPolicy("readUsage", "safe", "25 seconds"),
    underPolicy("readResetCredits", "safe", "8 seconds")
  )
