/** Work that goes on beside the requests, for as long as the server lives. */
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import * as Scope from "effect/Scope"

/** How long a closing server waits for its work to end. */
export const closingTime = "5 seconds"

/** A server closes in real time, even where the clock of a program stands still. */
export const onTheWallClock = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withClock(Effect.interruptible(effect), Clock.make())

/** Waits for the effect no longer than the closing time, and can be interrupted meanwhile. */
export const withinClosingTime = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<void, E, R> =>
  Effect.asVoid(onTheWallClock(Effect.timeoutOption(effect, closingTime)))

export class Background extends Effect.Service<Background>()("effect-codex-account/app-server/server/Background", {
  scoped: Effect.gen(function* () {
    const scope = yield* Effect.acquireRelease(Scope.make(), (scope) =>
      withinClosingTime(Effect.disconnect(Scope.close(scope, Exit.void)))
    )
    const fibers = yield* Scope.extend(FiberSet.make<unknown, unknown>(), scope)
    return {
      /** Runs the work until it ends or the server closes, whatever happens to the fiber that started it. */
      fork: <A, E, R>(work: Effect.Effect<A, E, R>) => FiberSet.run(fibers, work)
    }
  })
}) {}
