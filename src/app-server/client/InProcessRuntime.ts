/**
 * An app-server in this process, one step below the client: typed messages in and out, and no waiting for room.
 *
 * @since 0.1.0
 */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import * as Mailbox from "effect/Mailbox"
import type * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import {
  errorResponse,
  type ErrorBody,
  type Message,
  type Notification,
  notification,
  request,
  type Request,
  response
} from "../protocol/Envelope.js"
import type { SessionSource } from "../../domain/Thread.js"
import * as errors from "../protocol/errors.js"
import { sessionSourceExtension } from "../protocol/extensions.js"
import { initialized } from "../protocol/notifications.js"
import { idLabel, type RequestId } from "../protocol/RequestId.js"
import { AppServer, type Connection } from "../server/AppServer.js"
import type { ServerInfo } from "./AppServerClient.js"
import type { Forwarded } from "./forward.js"
import { makeEventQueue } from "./internal/EventQueue.js"
import { capacityOf, type ClientOptions, initializeParams, serverInfo } from "./internal/initialize.js"
import { inTime, shutdownLimit } from "./internal/inTime.js"
import { type IoError, ioError } from "./TypedRequestError.js"

/**
 * What can be said to the server. A request's `IoError` means that it was not said, or never answered; an `RpcError` is
 * the answer.
 *
 * @since 0.1.0
 * @category models
 */
export interface RuntimeOperations {
  readonly request: (request: Request) => Effect.Effect<unknown, IoError | errors.RpcError>
  readonly notify: (notification: Notification) => Effect.Effect<void, IoError>
  readonly respond: (id: RequestId, result: unknown) => Effect.Effect<void, IoError>
  readonly fail: (id: RequestId, error: ErrorBody) => Effect.Effect<void, IoError>
}

/**
 * The operations themselves fail with `WouldBlock` where the queue to the server is full.
 *
 * @since 0.1.0
 * @category models
 */
export interface InProcessRuntime extends RuntimeOperations {
  readonly server: ServerInfo
  /** The same, waiting for room in the order of their callers. */
  readonly patient: RuntimeOperations
  /** The next event, for one consumer; none when the runtime has ended. */
  readonly next: Effect.Effect<Option.Option<Forwarded>>
  /** Waiting requests fail, and the server gives the connection up. In bounded time. */
  readonly shutdown: Effect.Effect<void>
}

/** Said, and not with the server yet. */
type Entry =
  | { readonly _tag: "Request"; readonly message: Request; readonly reply: Deferred.Deferred<unknown, errors.RpcError> }
  | { readonly _tag: "Other"; readonly message: Message }

const gone = ioError("BrokenPipe", "in-process app-server runtime is closed")
const full = ioError("WouldBlock", "in-process app-server client queue is full")

const makeOperations = (offer: (entry: Entry) => Effect.Effect<void, IoError>): RuntimeOperations => {
  const tell = (message: Message) => offer({ _tag: "Other", message })
  return {
    request: (message) =>
      Effect.flatMap(Deferred.make<unknown, errors.RpcError>(), (reply) =>
        Effect.zipRight(offer({ _tag: "Request", message, reply }), Deferred.await(reply))
      ),
    notify: tell,
    respond: (id, result) => tell(response(id, result)),
    fail: (id, error) => tell(errorResponse(id, error))
  }
}

/** What the server says of its queue is said of the runtime's own here. */
const asRuntime = ({ code, data, message }: ErrorBody): errors.RpcError =>
  code === errors.codes.overloaded && message === errors.overloaded().message
    ? errors.requestQueueFull()
    : new errors.RpcError(data === undefined ? { code, message } : { code, message, data })

const run = (connection: Connection, connectionScope: Scope.CloseableScope, capacity: number) =>
  Effect.gen(function* () {
    const outbox = yield* Mailbox.make<Entry>(capacity)
    const events = yield* makeEventQueue(capacity)
    const pending = new Map<RequestId, Deferred.Deferred<unknown, errors.RpcError>>()
    const fibers = yield* Scope.make()
    const refuse = yield* Scope.extend(FiberSet.makeRuntime<never>(), fibers)

    const settle = (id: RequestId, answer: Exit.Exit<unknown, errors.RpcError>) =>
      Effect.suspend(() => {
        const reply = pending.get(id)
        pending.delete(id)
        return reply === undefined
          ? Effect.logWarning("An answer to no request was ignored.")
          : Deferred.done(reply, answer)
      })

    let ended: errors.RpcError | null = null

    const route = (entry: Entry, receive: Connection["receive"]): Effect.Effect<void> => {
      if (entry._tag === "Other") return receive(entry.message)
      const { message, reply } = entry
      if (ended !== null) return Effect.asVoid(Deferred.fail(reply, ended))
      if (pending.has(message.id)) {
        return Effect.asVoid(Deferred.fail(reply, errors.duplicateRequestId(idLabel(message.id))))
      }
      pending.set(message.id, reply)
      return receive(message)
    }

    // What was taken is not lost to an interruption.
    const toServer = Effect.forever(
      Effect.uninterruptibleMask((restore) =>
        Effect.flatMap(restore(outbox.take), (entry) => route(entry, (message) => restore(connection.receive(message))))
      )
    )

    /** On a fiber of its own: what the server sends must go on to be taken, or it may not be able to listen. */
    const put = (message: Request | Notification) =>
      Effect.map(events.put(message), (outcome) => {
        if (message._tag !== "Request" || outcome === "delivered") return
        const error = outcome === "dropped" ? errors.serverRequestQueueFull() : errors.serverRequestConsumerClosed()
        refuse(Effect.interruptible(connection.receive(errorResponse(message.id, error))))
      })

    const handle = (message: Message): Effect.Effect<unknown> => {
      switch (message._tag) {
        case "Response":
          return settle(message.id, Exit.succeed(message.result))
        case "ErrorResponse":
          return settle(message.id, Exit.fail(asRuntime(message.error)))
        default:
          return put(message)
      }
    }

    const fromServer: Effect.Effect<void> = Effect.flatMap(connection.takeAll, (messages) =>
      messages.length === 0
        ? Effect.void
        : Effect.zipRight(Effect.forEach(messages, handle, { discard: true }), fromServer)
    )

    /** Nothing is taken any more, and nobody waits in vain. */
    const stop = (why: errors.RpcError) =>
      Effect.gen(function* () {
        ended ??= why
        const replies = [...pending.values()]
        pending.clear()
        // What is taken out makes room for who waited for that.
        for (let unsaid = yield* outbox.clear; unsaid.length > 0; unsaid = yield* outbox.clear) {
          for (const entry of unsaid) if (entry._tag === "Request") replies.push(entry.reply)
        }
        yield* outbox.shutdown
        yield* Effect.forEach(replies, (reply) => Deferred.fail(reply, why), { discard: true })
        yield* events.end
      }).pipe(Effect.ignore, Effect.uninterruptible)

    const shutdown = yield* Effect.cached(
      Effect.gen(function* () {
        yield* stop(errors.shuttingDown())
        yield* inTime(shutdownLimit)(Scope.close(connectionScope, Exit.void))
        yield* inTime(shutdownLimit)(Scope.close(fibers, Exit.void))
      }).pipe(Effect.uninterruptible)
    )

    yield* Effect.forkIn(Effect.interruptible(Effect.ignore(toServer)), fibers)
    yield* Effect.forkIn(
      Effect.ensuring(Effect.interruptible(fromServer), stop(errors.requestProcessorClosed())),
      fibers
    )

    const now = (entry: Entry): Effect.Effect<void, IoError> =>
      Effect.suspend(() => {
        if (ended !== null) return gone
        return outbox.unsafeOffer(entry) ? Effect.void : full
      })

    const inTurn = (entry: Entry): Effect.Effect<void, IoError> =>
      Effect.suspend(() =>
        ended === null ? Effect.flatMap(outbox.offer(entry), (taken) => (taken ? Effect.void : gone)) : gone
      )

    return {
      ...makeOperations(now),
      patient: makeOperations(inTurn),
      next: events.take,
      shutdown
    }
  })

/**
 * With `sessionSource` a client says what kind of program it is, for the threads that it starts; without it they are the
 * server's own kind.
 *
 * @since 0.1.0
 * @category models
 */
export interface RuntimeOptions extends ClientOptions {
  readonly sessionSource?: SessionSource | undefined
}

/**
 * Connects to the app-server and makes the handshake. The runtime ends with the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const start = (options: RuntimeOptions): Effect.Effect<InProcessRuntime, IoError, AppServer | Scope.Scope> =>
  Effect.gen(function* () {
    const server = yield* AppServer
    const capacity = capacityOf(options)
    const { sessionSource } = options
    const own = sessionSource === undefined ? {} : { [sessionSourceExtension]: sessionSource }
    const runtime = yield* Effect.acquireRelease(
      Effect.gen(function* () {
        const scope = yield* Scope.make()
        const connection = yield* Scope.extend(server.connect({ kind: "inProcess", capacity }), scope)
        return yield* run(connection, scope, capacity)
      }),
      ({ shutdown }) => shutdown
    )
    const refused = (detail: string) =>
      Effect.zipRight(runtime.shutdown, ioError("InvalidData", `in-process initialize failed: ${detail}`))
    const result = yield* runtime
      .request(request(0, "initialize", initializeParams(options, own)))
      .pipe(Effect.catchTag("RpcError", ({ message }) => refused(message)))
    const info = yield* Either.match(serverInfo(result), { onLeft: refused, onRight: Effect.succeed })
    yield* runtime.patient.notify(notification(initialized))
    return { ...runtime, server: info }
  })
