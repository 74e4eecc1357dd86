/**
 * A client of the app-server in this process. Nothing becomes text on the way.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberSet from "effect/FiberSet"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import { notification } from "../protocol/Envelope.js"
import * as errors from "../protocol/errors.js"
import { refreshTokens } from "../protocol/serverRequests.js"
import type { AppServer } from "../server/AppServer.js"
import { AppServerClient, type AppServerClientService } from "./AppServerClient.js"
import type { Forwarded } from "./forward.js"
import * as InProcessRuntime from "./InProcessRuntime.js"
import { eventStream } from "./internal/events.js"
import { makeEventQueue } from "./internal/EventQueue.js"
import { capacityOf } from "./internal/initialize.js"
import { inTime, shutdownLimit } from "./internal/inTime.js"
import { makeRequests } from "./internal/requests.js"
import { type IoError, ioError } from "./TypedRequestError.js"

/**
 * With `handleTokenRefresh` the server's requests for new tokens come as events; otherwise they are refused, as whoever
 * holds the session in this process is the server itself.
 *
 * @since 0.1.0
 * @category models
 */
export interface InProcessOptions extends InProcessRuntime.RuntimeOptions {
  readonly handleTokenRefresh?: boolean | undefined
}

const gone = ioError("BrokenPipe", "in-process app-server worker channel is closed")

/** The runtime and its worker end together. */
const asWorker = (error: IoError): IoError => (error.reason === "BrokenPipe" ? gone : error)

const make = (runtime: InProcessRuntime.InProcessRuntime, options: InProcessOptions) =>
  Effect.gen(function* () {
    const fibers = yield* Scope.make()
    const queue = yield* makeEventQueue(capacityOf(options))
    const detached = yield* Scope.extend(FiberSet.makeRuntime<never>(), fibers)
    const { fail, notify, request, respond } = runtime.patient

    const refuse = (event: Forwarded, error: errors.RpcError) =>
      Effect.sync(() => {
        if (event._tag === "Request") detached(Effect.interruptible(Effect.ignore(fail(event.id, error))))
      })

    const forward = (event: Forwarded): Effect.Effect<void> => {
      if (event._tag === "Request" && event.method === refreshTokens.method && options.handleTokenRefresh !== true) {
        return refuse(event, errors.tokenRefreshUnsupported())
      }
      return Effect.flatMap(queue.put(event), (outcome) => {
        if (outcome === "delivered") return Effect.void
        return refuse(event, outcome === "dropped" ? errors.eventQueueFull() : errors.serverRequestConsumerClosed())
      })
    }

    const work: Effect.Effect<void> = Effect.flatMap(
      runtime.next,
      Option.match({ onNone: () => queue.end, onSome: (event) => Effect.zipRight(forward(event), work) })
    )
    const worker = yield* Effect.forkIn(Effect.interruptible(work), fibers)

    const closeEvents = Effect.flatMap(queue.close, (left) =>
      Effect.forEach(left, (event) => refuse(event, errors.serverRequestConsumerClosed()), { discard: true })
    )

    const shutdown = yield* Effect.cached(
      Effect.gen(function* () {
        // First of all: who waits for room in it would hold up all the rest.
        yield* closeEvents
        yield* inTime(shutdownLimit)(runtime.shutdown)
        yield* inTime(shutdownLimit)(Fiber.await(worker))
        yield* inTime(shutdownLimit)(Scope.close(fibers, Exit.void))
      }).pipe(Effect.uninterruptible)
    )

    const requestHandle = makeRequests((message) =>
      Effect.mapError(request(message), (error) => (error._tag === "IoError" ? asWorker(error) : error))
    )
    const told = Effect.mapError(asWorker)
    return {
      ...requestHandle,
      requestHandle,
      notify: (method, params) => told(notify(notification(method, params))),
      resolveServerRequest: (id, result) => told(respond(id, result)),
      rejectServerRequest: (id, error) => told(fail(id, error)),
      events: eventStream(queue.take),
      closeEvents,
      server: runtime.server,
      shutdown
    } satisfies AppServerClientService
  })

/**
 * Connects, with the handshake done. The client ends with the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const start = (
  options: InProcessOptions
): Effect.Effect<AppServerClientService, IoError, AppServer | Scope.Scope> =>
  Effect.flatMap(InProcessRuntime.start(options), (runtime) =>
    Effect.acquireRelease(make(runtime, options), ({ shutdown }) => shutdown)
  )

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: InProcessOptions): Layer.Layer<AppServerClient, IoError, AppServer> =>
  Layer.scoped(AppServerClient, start(options))
