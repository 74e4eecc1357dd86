/** Waiting for something to become true that plain code changes. */
import * as Effect from "effect/Effect"

/**
 * `until` goes on when the condition holds: now, or after a `fire` that finds it so. Many may wait; whoever waited longer
 * is asked first.
 */
export interface Signal {
  readonly fire: () => void
  readonly until: (condition: () => boolean) => Effect.Effect<void>
}

export const makeSignal = (): Signal => {
  const waiting = new Set<() => void>()
  return {
    fire: () => {
      for (const look of Array.from(waiting)) look()
    },
    until: (condition) =>
      Effect.async<void>((resume) => {
        if (condition()) return resume(Effect.void)
        const look = () => {
          if (!condition()) return
          waiting.delete(look)
          resume(Effect.void)
        }
        waiting.add(look)
        return Effect.sync(() => void waiting.delete(look))
      })
  }
}
