/** The methods of this server, and in which order they run. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { codes, type RpcError, rpcError } from "../../rpc/RpcError.js"
import { experimentalRequired, notInitialized, notSupported } from "../protocol/errors.js"
import type { Method } from "../protocol/Method.js"
import { type MethodName, methods } from "../protocol/methods.js"
import type { InitializeParams } from "../protocol/schemas/Initialize.js"
import type { AccountEvents } from "./AccountEvents.js"
import type { Change } from "./AccountQueue.js"
import type { CurrentSession } from "./CurrentSession.js"
import type { Handlers, RequestContext, ServerServices, ThreadMethod } from "./Handler.js"
import { accountHandlers } from "./handlers/account.js"
import { actHandlers } from "./handlers/acts.js"
import { loginHandlers } from "./handlers/login.js"
import { usageHandlers } from "./handlers/usage.js"
import type { Logins } from "./Logins.js"
import type { AcceptedRequest } from "./RequestQueue.js"
import type { ServerConnection } from "./ServerConnection.js"
import type { UsageEvents } from "./UsageEvents.js"

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
