/** Serving until the process is asked to end. */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { AppServer } from "../server/AppServer.js"

/** `SIGTERM` asks for an orderly end, `SIGINT` for a quick one. */
export type Signal = "SIGINT" | "SIGTERM"

/**
 * `drained`: every accepted request was answered. `cancelled`: some of them with an error. `cut`: it did not wait for all.
 */
export type Ending = "drained" | "cancelled" | "cut"

/** How long what was accepted may take after an orderly end was asked for. */
export const drain: Duration.Duration = Duration.seconds(10)

/** How long the answers may take to get to the clients after that. */
const farewell = Duration.seconds(2)

/** How long a quick end may take. */
const quick = Duration.seconds(1)

/**
 * Runs the transport, which ends when its last client has left after `stop`. The first `SIGTERM` lets accepted requests
 * finish, and the second ends at once. `SIGINT` cancels accepted requests, which are still answered, and the next signal
 * ends at once.
 */
export const serveUntil = <E, R>(
  serve: (stop: Effect.Effect<void>) => Effect.Effect<void, E, R>,
  signal: Effect.Effect<Signal>
): Effect.Effect<Ending, E, AppServer | R> =>
  Effect.gen(function* () {
    const server = yield* AppServer
    const stopped = yield* Deferred.make<void>()
    const serving = yield* Effect.fork(serve(Deferred.await(stopped)))
    const end = (drain: Duration.DurationInput) =>
      Effect.fork(Effect.zipRight(Deferred.succeed(stopped, undefined), server.shutdown({ drain })))
    const served = Effect.as(Fiber.join(serving), null)
    const late = (after: Duration.DurationInput) => Effect.as(Effect.sleep(after), null)

    const next = Effect.raceFirst(served, signal)

    const first = yield* next
    if (first === null) return "drained" as const
    if (first === "SIGTERM") {
      yield* end(drain)
      const second = yield* Effect.raceFirst(next, late(Duration.sum(drain, farewell)))
      if (second === null) return "drained" as const
      if (second === "SIGTERM") return "cut" as const
    }
    yield* end(Duration.zero)
    const last = yield* Effect.raceFirst(next, late(quick))
    return last === null ? ("cancelled" as const) : ("cut" as const)
  })
