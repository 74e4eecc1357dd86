/** Leases within one process, granted in the order of the requests. */
import * as Deferred from "effect/Deferred"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { Lease, LeaseError } from "../services/Lease.js"

// Mutable: each step is synchronous, so that no other fiber sees it half done.
interface Entry {
  fence: number
  isHeld: boolean
  /** The waiting requests, in order. */
  readonly waiting: Set<Deferred.Deferred<void>>
}

/**
 * Nothing expires, as no holder can die without releasing its lease. A lease is lost when its work has ended.
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

  // Handed over directly, so that no later request can take it in between.
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
        // If the turn came in the same moment, it is passed on.
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
