/**
 * The app-server over the account's services.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Runtime from "effect/Runtime"
import type { AccountConfig } from "../../services/AccountConfig.js"
import type { AuthSession } from "../../services/AuthSession.js"
import type { CredentialStore } from "../../services/CredentialStore.js"
import type { Lease } from "../../services/Lease.js"
import type { OperationJournal } from "../../services/OperationJournal.js"
import type { RateLimits } from "../../services/RateLimits.js"
import type { SignIn } from "../../services/SignIn.js"
import type { TokenUsage } from "../../services/TokenUsage.js"
import type { WorkspaceMessages } from "../../services/WorkspaceMessages.js"
import type { WorkspaceRole } from "../../services/WorkspaceRole.js"
import * as AccountEvents from "./AccountEvents.js"
import * as AccountQueue from "./AccountQueue.js"
import { AppServer } from "./AppServer.js"
import * as Background from "./Background.js"
import type { ClientRequests } from "./ClientRequests.js"
import * as Connections from "./Connections.js"
import * as CurrentSession from "./CurrentSession.js"
import { type DispatchOptions, makeDispatch } from "./dispatch.js"
import * as Logins from "./Logins.js"
import type { HandlerServices } from "./routes.js"
import { makeServerConnection, type ServerConnection } from "./ServerConnection.js"
import * as UsageEvents from "./UsageEvents.js"

/**
 * What the server asks of. Where `ExternalSession` is there too, clients can supply the session: then it has to be given
 * the same `ClientRequests`.
 *
 * @since 0.1.0
 * @category models
 */
export type ServerServices =
  | AccountConfig
  | AuthSession
  | ClientRequests
  | CredentialStore
  | Lease
  | OperationJournal
  | RateLimits
  | SignIn
  | TokenUsage
  | WorkspaceMessages
  | WorkspaceRole

/** How long what is owed may wait to be taken when the server shuts down. */
const timeToTake = "5 seconds"

const make = <R>(options: DispatchOptions<R>) =>
  Effect.gen(function* () {
    const connections = yield* Connections.Connections
    const dispatch = yield* makeDispatch(options)
    const run = Runtime.runFork(yield* Effect.runtime<HandlerServices | R>())
    let nextId = 0
    let stopping = false

    const each = (work: (connection: ServerConnection) => Effect.Effect<void>) =>
      Effect.forEach(connections.all(), work, { concurrency: "unbounded", discard: true })

    /** No clock but the caller's bounds `drain` and the taking of what is owed. */
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
        // Whoever has closed a connection meanwhile may still take what it is owed.
        for (const connection of connections.all()) connection.close("dropped")
        yield* Background.withinClosingTime(each(({ unwound }) => unwound))
      })

    yield* Effect.addFinalizer(() => Background.onTheWallClock(shutdown(Duration.zero)))

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
              return Background.withinClosingTime(connection.unwound)
            })
        ).pipe(Effect.map(({ connection }) => connection)),
      shutdown: ({ drain }) => shutdown(drain)
    })
  })

/**
 * The account's methods, and others as the options say.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = <R = never>(options: DispatchOptions<R> = {}): Layer.Layer<AppServer, never, ServerServices | R> =>
  Layer.scoped(AppServer, make(options)).pipe(
    Layer.provide(Layer.merge(Logins.layer, UsageEvents.layer)),
    Layer.provide(AccountEvents.layer),
    Layer.provide(Layer.mergeAll(AccountQueue.layer, Connections.layer, CurrentSession.layer)),
    Layer.provide(Background.layer)
  )
