/**
 * Leases within one process: whoever asks first has it first.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { LeaseError } from "../domain/LeaseError.js"
import { Lease } from "../services/Lease.js"

interface Entry {
  fence: number
  isHeld: boolean
  /** Who waits, in the order in which they came. */
  readonly waiting: Set<Deferred.Deferred<void>>
}

/**
 * A holder can't die here without giving its lease back, so that nothing expires; a lease is lost when its work ended.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Lease["Type"]> = Effect.sync(() => {
  const entries = new Map<string, Entry>()
  const entryOf = (name: string): Entry => {
    const entry = entries.get(name) ?? { fence: 0, isHeld: false, waiting: new Set() }
    entries.set(name, entry)
    return entry
  }

  // Handed over rather than put down: nobody can step in between.
  const release = (entry: Entry) =>
    Effect.suspend(() => {
      for (const next of entry.waiting) {
        entry.waiting.delete(next)
        return Deferred.succeed(next, undefined)
      }
      entry.isHeld = false
      return Effect.void
    })

  const acquire = (name: string, entry: Entry, wait: Duration.DurationInput) =>
    Effect.gen(function* () {
      if (!entry.isHeld) {
        entry.isHeld = true
        return
      }
      const turn = yield* Deferred.make<void>()
      entry.waiting.add(turn)
      yield* Deferred.await(turn).pipe(
        Effect.timeoutFail({ duration: wait, onTimeout: () => new LeaseError({ reason: "Busy", name }) }),
        Effect.interruptible,
        // The turn may have come in the same moment: then it is passed on.
        Effect.onError(() => (entry.waiting.delete(turn) ? Effect.void : release(entry)))
      )
    })

  return Lease.of({
    withLease: ({ name, wait }, work) =>
      Effect.suspend(() => {
        const entry = entryOf(name)
        let isOver = false
        return Effect.acquireUseRelease(
          acquire(name, entry, wait),
          () =>
            work({
              name,
              fence: ++entry.fence,
              assertHeld: Effect.suspend(() =>
                isOver ? Effect.fail(new LeaseError({ reason: "Lost", name })) : Effect.void
              )
            }),
          () => {
            isOver = true
            return release(entry)
          }
        )
      })
  })
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Lease> = Layer.effect(Lease, make)
