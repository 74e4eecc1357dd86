/**
 * Leases within one process.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { LeaseError } from "../domain/LeaseError.js"
import { Lease } from "../services/Lease.js"

/**
 * A holder can't die without giving its lease back here, so that nothing expires and nothing is lost.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make: Effect.Effect<Lease["Type"]> = Effect.sync(() => {
  const names = new Map<string, { readonly semaphore: Effect.Semaphore; fence: number }>()
  const entry = (name: string) => {
    const known = names.get(name) ?? { semaphore: Effect.unsafeMakeSemaphore(1), fence: 0 }
    names.set(name, known)
    return known
  }

  return Lease.of({
    withLease: ({ name, wait }, work) =>
      Effect.suspend(() => {
        const { semaphore } = entry(name)
        const taken = semaphore.take(1).pipe(
          Effect.timeoutFail({
            duration: Duration.decode(wait),
            onTimeout: () => new LeaseError({ reason: "Busy", name })
          })
        )
        return Effect.acquireUseRelease(
          Effect.interruptible(taken),
          () => work({ name, fence: ++entry(name).fence, assertHeld: Effect.void }),
          () => semaphore.release(1)
        )
      })
  })
})

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Lease> = Layer.effect(Lease, make)
