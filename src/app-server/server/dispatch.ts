/** The methods of this server: their handlers, and the order in which they run. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Tracer from "effect/Tracer"
import type { Request } from "../../rpc/Envelope.js"
import { codes, type RpcError, rpcError } from "../../rpc/RpcError.js"
import type { Method } from "../protocol/Method.js"
import {
  experimentalRequired,
  notInitialized,
  notSupported,
  alreadyInitialized,
  invalidClientName
} from "../protocol/errors.js"
import { type MethodName, methods, isMethodName, unknownMethod } from "../protocol/methods.js"
import { type InitializeParams, type ClientInfo, isHeaderValue } from "../protocol/schemas/Initialize.js"
import { AccountEvents } from "./AccountEvents.js"
import { type Change, AccountQueue } from "./AccountQueue.js"
import { Background } from "./Background.js"
import type { CurrentSession } from "./CurrentSession.js"
import type { Handlers, RequestContext, ServerServices, ThreadMethod, Forward } from "./Handler.js"
import type { Logins } from "./Logins.js"
import type { AcceptedRequest } from "./RequestQueue.js"
import type { ServerConnection } from "./ServerConnection.js"
import type { UsageEvents } from "./UsageEvents.js"
import { accountHandlers } from "./handlers/account.js"
import { actHandlers } from "./handlers/acts.js"
import { makeServerInfo } from "./handlers/initialize.js"
import { loginHandlers } from "./handlers/login.js"
import { usageHandlers } from "./handlers/usage.js"

/**
 * When a request may run: immediately, after the changes of session before it, or in turn with everything that changes
 * the account, over all connections.
 */
export type Ordering = "immediate" | "afterSessionChanges" | Change

export interface Route<R> {
  readonly ordering: Ordering
  /** Decodes the params first, and only then checks that the client is initialized. */
  readonly prepare: (
    params: unknown,
    client: InitializeParams | null
  ) => Either.Either<
    (request: AcceptedRequest, connection: ServerConnection) => Effect.Effect<unknown, RpcError, R>,
    RpcError
  >
}

const route = <Name extends string, P, PI, A, AI, R>(
  ordering: Ordering,
  method: Method<Name, P, PI, A, AI>,
  handler: (params: P, context: RequestContext) => Effect.Effect<A, RpcError, R>
): Route<R> => ({
  ordering,
  prepare: (given, client) =>
    Either.flatMap(method.decodeParams(given), (params) => {
      if (client === null) return Either.left(notInitialized())
      const experiment = method.experimental(params)
      return experiment !== null && client.capabilities?.experimentalApi !== true
        ? Either.left(experimentalRequired(experiment))
        : Either.right((request, connection) => handler(params, connection.contextOf(request, client)))
    })
})

/** What the handlers need: the server's services, and what the server builds on them. */
export type HandlerServices = ServerServices | AccountEvents | CurrentSession | Logins | UsageEvents

/** The handlers of a server without threads. */
export const noThreads: Handlers<ThreadMethod> = {
  "thread/start": () => Effect.fail(notSupported("thread/start")),
  "thread/resume": () => Effect.fail(notSupported("thread/resume")),
  "thread/list": () => Effect.fail(notSupported("thread/list")),
  "thread/read": () => Effect.fail(notSupported("thread/read"))
}

const noTurns = Effect.suspend(() =>
  Effect.fail(rpcError(codes.invalidRequest, "turn/start is not supported: this server runs no model turns"))
)

/** Without `initialize`, which changes the connection itself. */
export type Routes<R> = Readonly<Record<Exclude<MethodName, "initialize">, Route<HandlerServices | R>>>

export const routes = <R>(threads: Handlers<ThreadMethod, R>): Routes<R> => ({
  "account/read": route("afterSessionChanges", methods["account/read"], accountHandlers["account/read"]),
  getAuthStatus: route("afterSessionChanges", methods.getAuthStatus, accountHandlers.getAuthStatus),
  "account/securitySetup/read": route(
    "immediate",
    methods["account/securitySetup/read"],
    accountHandlers["account/securitySetup/read"]
  ),
  "account/rateLimits/read": route(
    "immediate",
    methods["account/rateLimits/read"],
    usageHandlers["account/rateLimits/read"]
  ),
  "account/usage/read": route("immediate", methods["account/usage/read"], usageHandlers["account/usage/read"]),
  "account/workspaceMessages/read": route(
    "immediate",
    methods["account/workspaceMessages/read"],
    usageHandlers["account/workspaceMessages/read"]
  ),
  "account/rateLimitResetCredit/consume": route(
    "operation",
    methods["account/rateLimitResetCredit/consume"],
    actHandlers["account/rateLimitResetCredit/consume"]
  ),
  "account/sendAddCreditsNudgeEmail": route(
    "operation",
    methods["account/sendAddCreditsNudgeEmail"],
    actHandlers["account/sendAddCreditsNudgeEmail"]
  ),
  "account/login/start": route("session", methods["account/login/start"], loginHandlers["account/login/start"]),
  "account/login/cancel": route("session", methods["account/login/cancel"], loginHandlers["account/login/cancel"]),
  "account/logout": route("session", methods["account/logout"], loginHandlers["account/logout"]),
  "thread/start": route("immediate", methods["thread/start"], threads["thread/start"]),
  "thread/resume": route("immediate", methods["thread/resume"], threads["thread/resume"]),
  "thread/list": route("immediate", methods["thread/list"], threads["thread/list"]),
  "thread/read": route("immediate", methods["thread/read"], threads["thread/read"]),
  "turn/start": route("immediate", methods["turn/start"], () => noTurns)
})

/** The span that the client is in, from its W3C trace context. */
const parentOf = ({ trace }: Request): Tracer.ExternalSpan | undefined => {
  const match = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/.exec(trace?.traceparent ?? "")
  const [, traceId, spanId, flags] = match ?? []
  if (traceId === undefined || spanId === undefined || flags === undefined) return undefined
  return Tracer.externalSpan({ traceId, spanId, sampled: (Number.parseInt(flags, 16) & 1) === 1 })
}

/** Answers a failure. An interrupted request was answered by what interrupted it. */
const failed = (method: string, accepted: AcceptedRequest, cause: Cause.Cause<RpcError>): Effect.Effect<void> => {
  const error = Cause.failureOption(cause)
  if (Option.isSome(error)) return Effect.sync(() => accepted.fail(error.value))
  if (Cause.isInterruptedOnly(cause)) return Effect.void
  // A defect may hold anything, so its message is not even logged.
  return Effect.zipRight(
    Effect.sync(() => accepted.fail(rpcError(codes.internal, "internal error"))),
    Effect.logError(`${method} failed unexpectedly.`)
  )
}

/** What a client said of itself in `initialize`, and the user agent that the server answers it with. */
export interface Initialized {
  readonly client: typeof ClientInfo.Type
  readonly userAgent: string
}

/**
 * Without `threads` every thread method is answered as not supported. `forward` looks at every request of an initialized
 * connection first. `onInitialized` runs for each successful `initialize`, before its answer.
 */
export interface DispatchOptions<R> {
  readonly threads?: Handlers<ThreadMethod, R> | undefined
  readonly forward?: Forward<R> | undefined
  readonly onInitialized?: ((initialized: Initialized) => Effect.Effect<void, never, R>) | undefined
}

/** Answers requests, each within its span and in the order that its method asks for. */
export const makeDispatch = <R>({ forward, onInitialized = () => Effect.void, threads }: DispatchOptions<R>) =>
  Effect.gen(function* () {
    const background = yield* Background
    const events = yield* AccountEvents
    const queue = yield* AccountQueue
    const serverInfo = yield* makeServerInfo
    const table = routes<R>(threads ?? noThreads)

    const initialized = (
      accepted: AcceptedRequest,
      connection: ServerConnection
    ): Effect.Effect<unknown, RpcError, R> =>
      Effect.flatMap(methods.initialize.decodeParams(accepted.request.params), (params) => {
        if (connection.client() !== null) return Effect.fail(alreadyInitialized())
        const { clientInfo } = params
        if (!isHeaderValue(clientInfo.name)) return Effect.fail(invalidClientName(clientInfo.name))
        connection.initialize(params)
        accepted.afterwards(Effect.asVoid(background.fork(events.announceTo(connection))))
        const answer = serverInfo(clientInfo)
        return Effect.as(onInitialized({ client: clientInfo, userAgent: answer.userAgent }), answer)
      })

    const inOrder = (ordering: Ordering) => {
      switch (ordering) {
        case "immediate":
          return <A, E, R2>(work: Effect.Effect<A, E, R2>) => work
        case "afterSessionChanges":
          return <A, E, R2>(work: Effect.Effect<A, E, R2>) => Effect.zipRight(queue.afterSessionChanges, work)
        case "operation":
        case "session":
          return queue.inTurn(ordering)
      }
    }

    const answered = (
      name: Exclude<MethodName, "initialize">,
      accepted: AcceptedRequest,
      connection: ServerConnection
    ) => {
      const client = connection.client()
      const { ordering, prepare } = table[name]
      return Effect.flatMap(prepare(accepted.request.params, client), (run) =>
        inOrder(ordering)(Effect.flatMap(run(accepted, connection), accepted.succeed))
      )
    }

    const dispatched = (accepted: AcceptedRequest, connection: ServerConnection) => {
      const { method } = accepted.request
      const client = connection.client()
      const elsewhere =
        client === null || method === "initialize"
          ? undefined
          : forward?.(accepted.request, connection.contextOf(accepted, client))
      if (elsewhere !== undefined) return Effect.flatMap(elsewhere, accepted.succeed)
      if (!isMethodName(method)) return Effect.fail(unknownMethod(method))
      if (method === "initialize") return Effect.flatMap(initialized(accepted, connection), accepted.succeed)
      return answered(method, accepted, connection)
    }

    return (
      accepted: AcceptedRequest,
      connection: ServerConnection
    ): Effect.Effect<void, never, HandlerServices | R> => {
      const { method } = accepted.request
      // An unknown method may be any text.
      const name = isMethodName(method) ? method : "unknown method"
      const parent = parentOf(accepted.request)
      return Effect.suspend(() => dispatched(accepted, connection)).pipe(
        Effect.catchAllCause((cause) => failed(name, accepted, cause)),
        Effect.withSpan(`app-server ${name}`, {
          kind: "server",
          ...(parent === undefined ? { root: true } : { parent })
        })
      )
    }
  })
