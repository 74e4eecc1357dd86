/** A client over any transport, from the handshake to the goodbye. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Scope from "effect/Scope"
import {
  errorResponse,
  type Message,
  notification,
  request as makeRequest,
  type Request,
  response
} from "../../rpc/Envelope.js"
import { makePeer, type Peer } from "../../rpc/Peer.js"
import { codes, echoed, type RpcError, rpcError } from "../../rpc/RpcError.js"
import { PeerError, type Transport } from "../../rpc/Transport.js"
import type { Method } from "../protocol/Method.js"
import { eventQueueFull, eventsClosed } from "../protocol/errors.js"
import { methods, type Result, serverRequestNames } from "../protocol/methods.js"
import { initialized } from "../protocol/notifications.js"
import { legacyExtension } from "../protocol/schemas/Initialize.js"
import { capacityOf, defaultCapacity } from "../server/AppServer.js"
import type {
  ServerInfo,
  AppServerClientService,
  ClientMethod,
  ClientOptions,
  ParamsArgument,
  RawRequest,
  RequestHandle
} from "./AppServerClient.js"
import { makeEventQueue, eventStream } from "./EventQueue.js"
import {
  DecodeError,
  DeserializeError,
  type IoError,
  ioError,
  ServerError,
  TransportError
} from "./TypedRequestError.js"

/** `extensions` are this project's own; other servers do not know them. */
export const initializeParams = (
  options: ClientOptions,
  extensions: Readonly<Record<string, unknown>> = {}
): typeof methods.initialize.params.Encoded => {
  const { clientName, clientVersion, optOutNotificationMethods: optOut = [] } = options
  const all = options.legacyNotifications === true ? { ...extensions, [legacyExtension]: true } : extensions
  return {
    clientInfo: { name: clientName, title: null, version: clientVersion },
    capabilities: {
      experimentalApi: options.experimentalApi ?? false,
      requestAttestation: false,
      optOutNotificationMethods: optOut.length === 0 ? null : optOut,
      mcpServerOpenaiFormElicitation: options.mcpServerOpenaiFormElicitation ?? false,
      ...(Object.keys(all).length > 0 ? { extensions: all } : {})
    }
  }
}

const orNull = (text: string): string | null => (text === "" ? null : text)

/** The version in `name/1.2.3 (...)`. */
const versionIn = (userAgent: string): string | null => /^[^/]*\/(\S+)/.exec(userAgent)?.[1] ?? null

/** What the answer says; on the left what is wrong with it. */
export const serverInfo = (result: unknown): Either.Either<ServerInfo, string> =>
  Either.map(methods.initialize.decodeResult(result), ({ codexHome, userAgent }) => ({
    userAgent: orNull(userAgent),
    version: versionIn(userAgent),
    codexHome: orNull(codexHome)
  }))

const initializeLimit = "10 seconds"

/** What the reason is for a caller, and what it says of the app-server or of the message. */
const reasons: Record<PeerError["reason"], readonly [IoError["reason"], (server: string, detail: string) => string]> = {
  Closed: ["ConnectionAborted", (server, detail) => `${server} disconnected: ${detail}`],
  Ended: ["UnexpectedEof", (server) => `${server} closed the connection`],
  Failed: ["InvalidData", (server, detail) => `the connection to ${server} failed: ${detail}`],
  WriteFailed: ["BrokenPipe", (server, detail) => `can't write to ${server}: ${detail}`],
  Invalid: ["InvalidData", (server, detail) => `${server} sent invalid JSON-RPC: ${detail}`],
  Unreachable: ["Other", (server, detail) => `can't connect to ${server}: ${detail}`],
  TimedOut: ["TimedOut", (server) => `${server} did not answer in time`],
  Gone: ["BrokenPipe", () => "the app-server client is closed"],
  Refused: ["InvalidInput", (_server, detail) => `not sent: ${detail}`]
}

const nameOf = (endpoint: string): string => `the app-server at \`${endpoint}\``

const ioErrorOf =
  (endpoint: string) =>
  ({ detail, reason }: PeerError): IoError => {
    const [why, text] = reasons[reason]
    return ioError(why, text(nameOf(endpoint), detail))
  }

const table: {
  readonly [M in ClientMethod]: Pick<Method<never, never, Result<M>, never>, "presence" | "decodeResult">
} = methods

/** Requests with their ids and typed results. */
const makeRequests = (peer: Peer, asIoError: (error: PeerError) => IoError): RequestHandle => {
  let last = 0

  const nextId = (): number => {
    do last += 1
    while (peer.isPending(last))
    return last
  }

  const requestRaw = ({ id, method, params }: RawRequest): Effect.Effect<unknown, TransportError | ServerError> =>
    Effect.suspend(() => peer.request(makeRequest(id ?? nextId(), method, params))).pipe(
      Effect.mapError((error) =>
        error._tag === "PeerError"
          ? new TransportError({ method, cause: asIoError(error) })
          : ServerError.of(method, error)
      )
    )

  const request = <M extends ClientMethod>(method: M, ...[params]: ParamsArgument<M>) => {
    const { decodeResult, presence } = table[method]
    const written = params ?? (presence === "required" ? {} : undefined)
    return Effect.flatMap(requestRaw({ method, params: written }), (result) =>
      Either.mapLeft(
        decodeResult(result),
        (problem) => new DeserializeError({ method, cause: new DecodeError({ message: problem }) })
      )
    )
  }

  return { request, requestRaw }
}

/** A request that only other clients answer. */
export const refuseUnknown = ({ method }: Request): RpcError | null =>
  serverRequestNames.has(method)
    ? null
    : rpcError(codes.methodNotFound, `unsupported app-server request \`${echoed(method)}\``)

/**
 * `refusal` says with which error a request of the server is answered at once, instead of becoming an event.
 * `extensions` go into the capabilities.
 */
export interface MakeClientOptions extends ClientOptions {
  readonly refusal: (request: Request) => RpcError | null
  readonly extensions?: Readonly<Record<string, unknown>> | undefined
}

const make = <Packet>(transport: Transport<Packet>, options: MakeClientOptions, scope: Scope.CloseableScope) =>
  Effect.gen(function* () {
    const capacity = capacityOf(options.channelCapacity)
    const queue = yield* makeEventQueue(capacity, defaultCapacity)
    const asIoError = ioErrorOf(transport.endpoint)

    const peer = yield* makePeer(transport, {
      capacity,
      onMessage: (message, { refuse }) => {
        if (message._tag === "Notification") return queue.put(message)
        const refusal = options.refusal(message)
        if (refusal !== null) return refuse(message, refusal)
        return Effect.flatMap(queue.put(message), (outcome) =>
          outcome === "delivered"
            ? Effect.void
            : refuse(message, outcome === "dropped" ? eventQueueFull() : eventsClosed())
        )
      },
      onEnd: (error) =>
        Effect.zipRight(
          error.reason === "Gone"
            ? Effect.void
            : queue.put({ _tag: "Disconnected", message: asIoError(error).message }),
          queue.end
        )
    }).pipe(Scope.extend(scope))
    // First of all: an event that waits for room would hold up everything else.
    yield* Scope.addFinalizer(scope, queue.close)

    const at = nameOf(transport.endpoint)
    const result = yield* peer
      .request(makeRequest("initialize", "initialize", initializeParams(options, options.extensions)))
      .pipe(
        Effect.timeoutFail({ duration: initializeLimit, onTimeout: () => PeerError.of("TimedOut") }),
        Effect.catchTags({
          PeerError: (error) => Effect.fail(asIoError(error)),
          RpcError: ({ message }) => Effect.fail(ioError("Other", `${at} rejected initialize: ${message}`))
        })
      )
    const server = yield* Either.mapLeft(serverInfo(result), (problem) =>
      ioError("InvalidData", `${at} sent an invalid answer to initialize: ${problem}`)
    )
    yield* queue.settle
    const send = (message: Message) => Effect.mapError(peer.send(message), asIoError)
    yield* send(notification(initialized))

    const requestHandle = makeRequests(peer, asIoError)
    return {
      ...requestHandle,
      requestHandle,
      notify: (method, params) => send(notification(method, params)),
      resolveServerRequest: (id, result) => send(response(id, result)),
      rejectServerRequest: (id, error) => send(errorResponse(id, error)),
      events: eventStream(queue.take),
      closeEvents: Effect.flatMap(
        queue.close,
        Effect.forEach((event) => (event._tag === "Request" ? peer.refuse(event, eventsClosed()) : Effect.void), {
          discard: true
        })
      ),
      server,
      shutdown: yield* Effect.cached(Effect.uninterruptible(Scope.close(scope, Exit.void)))
    } satisfies AppServerClientService
  })

/** Connects and makes the handshake. The client ends with the scope; a failure leaves nothing behind. */
export const makeClient = <Packet, R>(
  open: Effect.Effect<Transport<Packet>, PeerError, R>,
  endpoint: string,
  options: MakeClientOptions
): Effect.Effect<AppServerClientService, IoError, Exclude<R, Scope.Scope> | Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.acquireRelease(Scope.make(), Scope.close)
    return yield* Scope.extend(open, scope).pipe(
      Effect.mapError(ioErrorOf(endpoint)),
      Effect.flatMap((transport) => make(transport, options, scope)),
      Effect.onError((cause) => Scope.close(scope, Exit.failCause(cause)))
    )
  })
