/**
 * One request for all callers at the same time.
 *
 * Why not `RcMap`: its `get`, in effect 3.22, looks before it takes its lock, so that readers which start together can make
 * two requests. Here looking and registering are one synchronous step.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import type * as Scope from "effect/Scope"

interface Flight<A, E> {
  readonly result: Deferred.Deferred<A, E>
  fiber: Fiber.RuntimeFiber<void> | undefined
  waiting: number
}

/**
 * Runs the work of a key once at a time. Callers that come while it runs wait for its result; it stops when the last of
 * them is interrupted.
 */
export const makeSharedRead = <A, E>(): Effect.Effect<
  (key: string, work: Effect.Effect<A, E>) => Effect.Effect<A, E>,
  never,
  Scope.Scope
> =>
  Effect.map(Effect.scope, (scope) => {
    const flights = new Map<string, Flight<A, E>>()

    const join = (key: string, work: Effect.Effect<A, E>): Effect.Effect<Flight<A, E>> =>
      Effect.suspend(() => {
        const present = flights.get(key)
        if (present !== undefined) {
          present.waiting += 1
          return Effect.succeed(present)
        }
        const flight: Flight<A, E> = { result: Deferred.unsafeMake(FiberId.none), fiber: undefined, waiting: 1 }
        flights.set(key, flight)
        return work.pipe(
          Effect.onExit((exit) =>
            Effect.suspend(() => {
              if (flights.get(key) === flight) flights.delete(key)
              return Deferred.done(flight.result, exit)
            })
          ),
          Effect.ignore,
          Effect.interruptible,
          Effect.forkIn(scope),
          Effect.map((fiber) => {
            flight.fiber = fiber
            return flight
          })
        )
      })

    const leave = (key: string, flight: Flight<A, E>) =>
      Effect.suspend(() => {
        flight.waiting -= 1
        if (flight.waiting > 0 || flights.get(key) !== flight) return Effect.void
        flights.delete(key)
        return flight.fiber === undefined ? Effect.void : Fiber.interruptFork(flight.fiber)
      })

    return (key, work) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(join(key, work), (flight) =>
          Effect.ensuring(restore(Deferred.await(flight.result)), leave(key, flight))
        )
      )
  })

/** Values by key, for as long as the session has not changed hands. */
export const makeEpochCache = <A>() => {
  const values = new Map<string, A>()
  let current = 0
  return {
    /** Drops everything kept under an earlier epoch. */
    enter: (epoch: number): void => {
      if (epoch !== current) values.clear()
      current = epoch
    },
    get: (key: string): A | undefined => values.get(key),
    /** Keeps a value that was read under the epoch, unless another one has begun. */
    set: (epoch: number, key: string, value: A): void => {
      if (epoch === current) values.set(key, value)
    },
    clear: (): void => values.clear()
  }
}
