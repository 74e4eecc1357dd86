/** The app-server over the account's services. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Runtime from "effect/Runtime"
import * as AccountEvents from "./AccountEvents.js"
import { AccountQueue } from "./AccountQueue.js"
import { AppServer } from "./AppServer.js"
import { Background, onTheWallClock, withinClosingTime } from "./Background.js"
import { Connections } from "./Connections.js"
import { CurrentSession } from "./CurrentSession.js"
import { type DispatchOptions, makeDispatch, type HandlerServices } from "./dispatch.js"
import type { ServerServices } from "./Handler.js"
import { Logins } from "./Logins.js"
import { makeServerConnection, type ServerConnection } from "./ServerConnection.js"
import { UsageEvents } from "./UsageEvents.js"

export type { DispatchOptions, Initialized } from "./dispatch.js"
export type { ServerServices } from "./Handler.js"

/** How long queued messages may wait to be taken when the server shuts down. */
const timeToTake = "5 seconds"

const make = <R>(options: DispatchOptions<R>) =>
  Effect.gen(function* () {
    const connections = yield* Connections
    const dispatch = yield* makeDispatch(options)
    const run = Runtime.runFork(yield* Effect.runtime<HandlerServices | R>())
    let nextId = 0
    let stopping = false

    const each = (work: (connection: ServerConnection) => Effect.Effect<void>) =>
      Effect.forEach(connections.all(), work, { concurrency: "unbounded", discard: true })

    /** `drain` and the time to take what is queued are measured by the caller's clock. */
    const shutdown = (drain: Duration.DurationInput): Effect.Effect<void> =>
      Effect.gen(function* () {
        stopping = true
        for (const connection of connections.all()) connection.stop()
        yield* Effect.timeoutOption(
          each(({ idle }) => idle),
          drain
        )
        for (const connection of connections.all()) connection.finish()
        yield* Effect.timeoutOption(
          each(({ drained }) => drained),
          timeToTake
        )
        // A connection that its client has closed meanwhile keeps what is queued.
        for (const connection of connections.all()) connection.close("dropped")
        yield* withinClosingTime(each(({ unwound }) => unwound))
      })

    yield* Effect.addFinalizer(() => onTheWallClock(shutdown(Duration.zero)))

    return AppServer.of({
      connect: (how) =>
        Effect.acquireRelease(
          Effect.map(Effect.scope, (scope) => {
            const connection = makeServerConnection({
              ...how,
              id: nextId++,
              scope,
              serve: dispatch,
              fork: (work) => run(work, { immediate: false })
            })
            if (stopping) connection.close("kept")
            else connections.add(connection)
            return connection
          }),
          (connection) =>
            Effect.suspend(() => {
              connections.remove(connection)
              connection.close("kept")
              return withinClosingTime(connection.unwound)
            })
        ).pipe(Effect.map(({ connection }) => connection)),
      shutdown: ({ drain }) => shutdown(drain)
    })
  })

/**
 * The methods of the account, and what the options add.
 * @since 0.1.0
 * @category layers
 */
export const layer = <R = never>(options: DispatchOptions<R> = {}): Layer.Layer<AppServer, never, ServerServices | R> =>
  Layer.scoped(AppServer, make(options)).pipe(
    Layer.provide(Layer.merge(Logins.Default, UsageEvents.Default)),
    Layer.provide(AccountEvents.layer),
    Layer.provide(Layer.mergeAll(AccountQueue.Default, Connections.Default, CurrentSession.Default)),
    Layer.provide(Background.Default)
  )
