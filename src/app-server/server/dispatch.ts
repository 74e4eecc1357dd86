/** The methods of this server: their handlers, and the order in which they run. */
import * as Headers from "@effect/platform/Headers"
import * as HttpTraceContext from "@effect/platform/HttpTraceContext"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Metrics from "../../services/Metrics.js"
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
import { type MethodName, methods, isMethodName, type Params, unknownMethod } from "../protocol/methods.js"
import { type ClientInfo, isHeaderValue } from "../protocol/schemas/Initialize.js"
import { AccountEvents } from "./AccountEvents.js"
import { type Change, AccountQueue } from "./AccountQueue.js"
import { Background } from "./Background.js"
import type { CurrentSession } from "./CurrentSession.js"
import type { Handlers, ServerServices, ThreadMethod, Forward } from "./Handler.js"
import type { Logins } from "./Logins.js"
import type { AcceptedRequest } from "./RequestQueue.js"
import type { ServerConnection } from "./ServerConnection.js"
import type { UsageEvents } from "./UsageEvents.js"
import { accountHandlers } from "./handlers/account.js"
import { makeServerInfo } from "./handlers/initialize.js"
import { startupHandlers } from "./handlers/startup.js"
import { usageHandlers } from "./handlers/usage.js"
import { workspaceHandlers } from "./handlers/workspaces.js"

/**
 * When a request may run: immediately, after the changes of session before it, or in turn with everything that changes
 * the account, over all connections.
 */
type Ordering = "afterSessionChanges" | Change | undefined

/** What the handlers need: the server's services, and what the server builds on them. */
export type HandlerServices = ServerServices | AccountEvents | CurrentSession | Logins | UsageEvents

/** The handlers of a server without threads. */
const noThreads: Handlers<ThreadMethod> = {
  "thread/start": () => Effect.fail(notSupported("thread/start")),
  "thread/resume": () => Effect.fail(notSupported("thread/resume")),
  "thread/list": () => Effect.fail(notSupported("thread/list")),
  "thread/read": () => Effect.fail(notSupported("thread/read"))
}

const noTurns = Effect.suspend(() =>
  Effect.fail(rpcError(codes.invalidRequest, "turn/start is not supported: this server runs no model turns"))
)

/** Without `initialize`, which changes the connection itself. */
type Routed = Exclude<MethodName, "initialize">

/** Every other method runs immediately. */
const orderings: { readonly [Name in Routed]?: Ordering } = {
  "account/read": "afterSessionChanges",
  getAuthStatus: "afterSessionChanges",
  "accountSession/list": "afterSessionChanges",
  "account/rateLimitResetCredit/consume": "operation",
  "account/sendAddCreditsNudgeEmail": "operation",
  "account/login/start": "session",
  "account/login/cancel": "session",
  "account/logout": "session",
  "accountSession/switch": "session"
}

const decoders: {
  readonly [Name in Routed]: Pick<Method<Params<Name>, never, unknown, unknown>, "decodeParams" | "experimental">
} = methods

/** The span that the client is in, from its W3C trace context. */
const parentOf = ({ trace }: Request) =>
  Option.getOrUndefined(HttpTraceContext.w3c(Headers.fromInput({ traceparent: trace?.traceparent ?? undefined })))

const answeredAs = (method: string, outcome: string) =>
  Effect.zipRight(
    Metric.increment(Metrics.appServerRequests(method, outcome)),
    Effect.annotateCurrentSpan("codex.outcome", outcome)
  )

/** Answers a failure. An interrupted request was answered by what interrupted it. */
const failed = (method: string, accepted: AcceptedRequest, cause: Cause.Cause<RpcError>): Effect.Effect<void> => {
  const error = Cause.failureOption(cause)
  if (Option.isSome(error)) {
    return Effect.zipRight(
      Effect.sync(() => accepted.fail(error.value)),
      answeredAs(method, String(error.value.code))
    )
  }
  if (Cause.isInterruptedOnly(cause)) return answeredAs(method, "interrupted")
  // A defect may hold anything, so its message is not even logged.
  return Effect.zipRight(
    Effect.zipRight(
      Effect.sync(() => accepted.fail(rpcError(codes.internal, "internal error"))),
      answeredAs(method, String(codes.internal))
    ),
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
    const handlers: Handlers<Routed, HandlerServices | R> = {
      ...accountHandlers,
      ...startupHandlers,
      ...usageHandlers,
      ...workspaceHandlers,
      ...(threads ?? noThreads),
      "turn/start": () => noTurns
    }

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

    const inOrder = <A, E, R2>(ordering: Ordering, work: Effect.Effect<A, E, R2>): Effect.Effect<A, E, R2> => {
      if (ordering === undefined) return work
      return ordering === "afterSessionChanges"
        ? Effect.zipRight(queue.afterSessionChanges, work)
        : queue.inTurn(ordering)(work)
    }

    /** Decodes the params first, and only then checks that the client is initialized. */
    const answered = <Name extends Routed>(name: Name, accepted: AcceptedRequest, connection: ServerConnection) =>
      Effect.flatMap(decoders[name].decodeParams(accepted.request.params), (params) => {
        const client = connection.client()
        if (client === null) return Effect.fail(notInitialized())
        const experiment = decoders[name].experimental(params)
        if (experiment !== null && client.capabilities?.experimentalApi !== true) {
          return Effect.fail(experimentalRequired(experiment))
        }
        const work = handlers[name](params, connection.contextOf(accepted, client))
        return inOrder(orderings[name], Effect.flatMap(work, accepted.succeed))
      })

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
        Effect.zipRight(answeredAs(name, "result")),
        Effect.catchAllCause((cause) => failed(name, accepted, cause)),
        Effect.withSpan(`codex.app-server.${name}`, {
          kind: "server",
          attributes: {
            "rpc.system": "jsonrpc",
            "rpc.method": name,
            "codex.client": connection.client()?.clientInfo.name
          },
          ...(parent === undefined ? { root: true } : { parent })
        })
      )
    }
  })
