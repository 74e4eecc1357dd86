/** An end that comes in any case. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"

/**
 * Waits for the effect as long as that; then it is interrupted, and nobody waits for that. Also works where the caller
 * can't be interrupted.
 */
export const inTime =
  (limit: Duration.DurationInput) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<void, never, R> =>
    effect.pipe(Effect.disconnect, Effect.interruptible, Effect.timeoutOption(limit), Effect.ignore)

/** How long each step of a shutdown may take. */
export const shutdownLimit: Duration.DurationInput = "5 seconds"
