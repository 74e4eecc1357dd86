/** Waiting for something that synchronous code makes true. */
import * as Effect from "effect/Effect"

/** `until` waits for a condition, which it checks now and after each `notify`. Any number of fibers may wait. */
export interface Condition {
  readonly notify: () => void
  readonly until: (condition: () => boolean) => Effect.Effect<void>
}

export const makeCondition = (): Condition => {
  const changed = Effect.unsafeMakeLatch(false)
  const until = (condition: () => boolean): Effect.Effect<void> =>
    Effect.suspend(() => {
      if (condition()) return Effect.void
      changed.unsafeClose()
      return Effect.zipRight(changed.await, until(condition))
    })
  return { notify: () => void changed.unsafeOpen(), until }
}
