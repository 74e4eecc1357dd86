/** The methods of this server, and when each may run. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
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
import {
  codes,
  experimentalRequired,
  notInitialized,
  notSupported,
  type RpcError,
  rpcError
} from "../protocol/errors.js"
import type { Method } from "../protocol/Method.js"
import { type MethodName, methods } from "../protocol/methods.js"
import type { InitializeParams } from "../protocol/schemas/Initialize.js"
import type { AccountEvents } from "./AccountEvents.js"
import type { Change } from "./AccountQueue.js"
import type { ClientRequests } from "./ClientRequests.js"
import type { CurrentSession } from "./CurrentSession.js"
import type { Caller, Handlers, ThreadMethod } from "./Handler.js"
import { accountHandlers } from "./handlers/account.js"
import { actHandlers } from "./handlers/acts.js"
import { loginHandlers } from "./handlers/login.js"
import { usageHandlers } from "./handlers/usage.js"
import type { Job } from "./Job.js"
import type { Logins } from "./Logins.js"
import type { ServerConnection } from "./ServerConnection.js"
import type { UsageEvents } from "./UsageEvents.js"

/** When a method may run: at once, after the changes of session before it, or in turn with what changes the account. */
export type Lane = "atOnce" | "afterSessionChanges" | Change

export interface Route<R> {
  readonly lane: Lane
  /** Decodes the params before it asks for a client that has introduced itself. */
  readonly prepare: (
    params: unknown,
    client: InitializeParams | null
  ) => Either.Either<(job: Job, connection: ServerConnection) => Effect.Effect<unknown, RpcError, R>, RpcError>
}

const route = <Name extends string, P, PI, A, AI, R>(
  lane: Lane,
  method: Method<Name, P, PI, A, AI>,
  handler: (params: P, caller: Caller) => Effect.Effect<A, RpcError, R>
): Route<R> => ({
  lane,
  prepare: (given, client) =>
    Either.flatMap(method.decodeParams(given), (params) => {
      if (client === null) return Either.left(notInitialized())
      const experiment = method.experimental(params)
      return experiment !== null && client.capabilities?.experimentalApi !== true
        ? Either.left(experimentalRequired(experiment))
        : Either.right((job, connection) => handler(params, connection.caller(job, client)))
    })
})

/** What the handlers of this server ask of. */
export type HandlerServices =
  | AccountConfig
  | AccountEvents
  | AuthSession
  | ClientRequests
  | CredentialStore
  | CurrentSession
  | Lease
  | Logins
  | OperationJournal
  | RateLimits
  | SignIn
  | TokenUsage
  | UsageEvents
  | WorkspaceMessages
  | WorkspaceRole

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

/** `initialize` is not among them: it is about the connection. */
export type Routes<R> = Readonly<Record<Exclude<MethodName, "initialize">, Route<HandlerServices | R>>>

/** The table, with the handlers of threads of the caller's choice. */
export const routes = <R>(threads: Handlers<ThreadMethod, R>): Routes<R> => ({
  "account/read": route("afterSessionChanges", methods["account/read"], accountHandlers["account/read"]),
  getAuthStatus: route("afterSessionChanges", methods.getAuthStatus, accountHandlers.getAuthStatus),
  "account/securitySetup/read": route(
    "atOnce",
    methods["account/securitySetup/read"],
    accountHandlers["account/securitySetup/read"]
  ),
  "account/rateLimits/read": route(
    "atOnce",
    methods["account/rateLimits/read"],
    usageHandlers["account/rateLimits/read"]
  ),
  "account/usage/read": route("atOnce", methods["account/usage/read"], usageHandlers["account/usage/read"]),
  "account/workspaceMessages/read": route(
    "atOnce",
    methods["account/workspaceMessages/read"],
    usageHandlers["account/workspaceMessages/read"]
  ),
  "account/rateLimitResetCredit/consume": route(
    "act",
    methods["account/rateLimitResetCredit/consume"],
    actHandlers["account/rateLimitResetCredit/consume"]
  ),
  "account/sendAddCreditsNudgeEmail": route(
    "act",
    methods["account/sendAddCreditsNudgeEmail"],
    actHandlers["account/sendAddCreditsNudgeEmail"]
  ),
  "account/login/start": route("session", methods["account/login/start"], loginHandlers["account/login/start"]),
  "account/login/cancel": route("session", methods["account/login/cancel"], loginHandlers["account/login/cancel"]),
  "account/logout": route("session", methods["account/logout"], loginHandlers["account/logout"]),
  "thread/start": route("atOnce", methods["thread/start"], threads["thread/start"]),
  "thread/resume": route("atOnce", methods["thread/resume"], threads["thread/resume"]),
  "thread/list": route("atOnce", methods["thread/list"], threads["thread/list"]),
  "thread/read": route("atOnce", methods["thread/read"], threads["thread/read"]),
  "turn/start": route("atOnce", methods["turn/start"], () => noTurns)
})
