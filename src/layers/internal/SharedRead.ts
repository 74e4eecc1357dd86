/**
 * One request for all who ask at the same time. `RcMap` would do, but `RcMap.get` of effect 3.22 looks before it takes its
 * lock, so that readers who start together can acquire twice.
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"

interface Flight<A, E> {
  readonly result: Deferred.Deferred<A, E>
  readonly fiber: Fiber.RuntimeFiber<void>
  waiting: number
}

/**
 * Runs the work of a key once at a time: callers who come while it runs wait for its result. The work stops when the last
 * of them has left.
 */
export const makeSharedRead = <A, E>(): Effect.Effect<
  (key: string, work: Effect.Effect<A, E>) => Effect.Effect<A, E>,
  never,
  Scope.Scope
> =>
  Effect.map(Effect.scope, (scope) => {
    const flights = new Map<string, Flight<A, E>>()

    const start = (key: string, work: Effect.Effect<A, E>): Effect.Effect<Flight<A, E>> =>
      Effect.gen(function* () {
        const result = yield* Deferred.make<A, E>()
        const fiber = yield* work.pipe(
          Effect.onExit((exit) =>
            Effect.suspend(() => {
              if (flights.get(key)?.result === result) flights.delete(key)
              return Deferred.done(result, exit)
            })
          ),
          Effect.ignore,
          Effect.interruptible,
          Effect.forkIn(scope)
        )
        const flight: Flight<A, E> = { result, fiber, waiting: 0 }
        flights.set(key, flight)
        return flight
      })

    const leave = (key: string, flight: Flight<A, E>) =>
      Effect.suspend(() => {
        flight.waiting -= 1
        if (flight.waiting > 0 || flights.get(key) !== flight) return Effect.void
        flights.delete(key)
        return Fiber.interruptFork(flight.fiber)
      })

    return (key, work) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(
          Effect.suspend(() => {
            const flight = flights.get(key)
            return flight === undefined ? start(key, work) : Effect.succeed(flight)
          }),
          (flight) => {
            flight.waiting += 1
            return Effect.ensuring(restore(Deferred.await(flight.result)), leave(key, flight))
          }
        )
      )
  })
