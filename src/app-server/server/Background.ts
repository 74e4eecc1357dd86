/** What goes on beside the requests, for as long as the server lives. */
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Layer from "effect/Layer"

/** How long a closing server waits for its work to end. */
export const closingTime = "5 seconds"

/** A server is closed in real time, also where a test has stopped the clock. */
export const onTheWallClock = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.withClock(Effect.interruptible(effect), Clock.make())

/** Waits for the effect no longer than that, and can be interrupted meanwhile. */
export const withinClosingTime = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<void, E, R> =>
  Effect.asVoid(onTheWallClock(Effect.timeoutOption(effect, closingTime)))

export class Background extends Context.Tag("effect-codex-account/app-server/server/Background")<
  Background,
  {
    /** Runs the work until it ends or the server closes, whatever becomes of the fiber that starts it. */
    readonly fork: <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<Fiber.RuntimeFiber<A, E>, never, R>
  }
>() {}

export const layer: Layer.Layer<Background> = Layer.scoped(
  Background,
  Effect.gen(function* () {
    const working = new Set<Fiber.RuntimeFiber<unknown, unknown>>()
    let closed = false
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        closed = true
        for (const fiber of working) fiber.unsafeInterruptAsFork(FiberId.none)
        return withinClosingTime(Fiber.awaitAll(Array.from(working)))
      })
    )
    return {
      fork: (work) =>
        Effect.map(Effect.forkDaemon(work), (fiber) => {
          working.add(fiber)
          fiber.addObserver(() => working.delete(fiber))
          if (closed) fiber.unsafeInterruptAsFork(FiberId.none)
          return fiber
        })
    }
  })
)
