/** A client of an app-server elsewhere: from the handshake to the goodbye. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import { errorResponse, notification, request, response } from "../../protocol/Envelope.js"
import { initialized } from "../../protocol/notifications.js"
import type { AppServerClientService } from "../AppServerClient.js"
import { type IoError, ioError } from "../TypedRequestError.js"
import { eventStream } from "./events.js"
import { capacityOf, type ClientOptions, initializeParams, serverInfo } from "./initialize.js"
import { inTime, shutdownLimit } from "./inTime.js"
import { type Link, serverAt } from "./Link.js"
import { makeRequests } from "./requests.js"
import { initializeId, makeWire } from "./wire.js"

const initializeLimit = "10 seconds"

const make = (link: Link, options: ClientOptions, scope: Scope.CloseableScope) =>
  Effect.gen(function* () {
    const wire = yield* makeWire(link, capacityOf(options))
    const writing = yield* Effect.forkIn(Effect.interruptible(wire.writing), scope)
    yield* Effect.forkIn(Effect.interruptible(wire.refusing), scope)
    yield* Effect.forkIn(Effect.interruptible(wire.reading), scope)
    yield* Scope.addFinalizer(
      scope,
      wire.finish.pipe(
        Effect.zipRight(inTime(shutdownLimit)(Fiber.await(writing))),
        Effect.zipRight(wire.giveUp),
        Effect.zipRight(inTime(shutdownLimit)(link.close))
      )
    )
    const at = serverAt(link.endpoint)
    const invalid = (detail: string) => ioError("InvalidData", `${at} sent invalid initialize response: ${detail}`)
    const result = yield* wire.call(request(initializeId, "initialize", initializeParams(options))).pipe(
      Effect.catchTag("RpcError", ({ message }) => ioError("Other", `${at} rejected initialize: ${message}`)),
      Effect.timeoutFail({
        duration: initializeLimit,
        onTimeout: () => ioError("TimedOut", `timed out waiting for initialize response from \`${link.endpoint}\``)
      })
    )
    const server = yield* Either.mapLeft(serverInfo(result), invalid)
    yield* wire.say("notify", notification(initialized))
    const requestHandle = makeRequests(wire.call)
    return {
      ...requestHandle,
      requestHandle,
      notify: (method, params) => wire.say("notify", notification(method, params)),
      resolveServerRequest: (id, result) => wire.say("resolve", response(id, result)),
      rejectServerRequest: (id, error) => wire.say("reject", errorResponse(id, error)),
      events: eventStream(wire.take),
      closeEvents: wire.closeEvents,
      server,
      shutdown: yield* Effect.cached(Effect.uninterruptible(Scope.close(scope, Exit.void)))
    } satisfies AppServerClientService
  })

/** Connects, with the handshake done. The client ends with the scope; a failure leaves nothing behind. */
export const linked = <R>(
  open: Effect.Effect<Link, IoError, R>,
  options: ClientOptions
): Effect.Effect<AppServerClientService, IoError, Exclude<R, Scope.Scope> | Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.acquireRelease(Scope.make(), Scope.close)
    return yield* Scope.extend(open, scope).pipe(
      Effect.flatMap((link) => make(link, options, scope)),
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
    )
  })
