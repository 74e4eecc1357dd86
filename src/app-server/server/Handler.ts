/** What answers a request, and what it knows of the client. */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
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
import type { Workspaces } from "../../services/Workspaces.js"
import type { Request } from "../../rpc/Envelope.js"
import type { RpcError } from "../../rpc/RpcError.js"
import type { MethodName, Params, Result } from "../protocol/methods.js"
import type { ServerNotificationName, ServerNotificationParams } from "../protocol/notifications.js"
import type { InitializeParams } from "../protocol/schemas/Initialize.js"
import type { ConnectionKind } from "./AppServer.js"
import type { ClientRequests } from "./ClientRequests.js"

/**
 * What the server needs. With `ExternalSession` in the context as well, clients can supply the session; it has to be
 * built on the same `ClientRequests`.
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
  | Workspaces

/** The connection that a request arrived on. `client` is what it sent with `initialize`. */
export interface RequestContext {
  /** Unique for as long as the server lives. */
  readonly connection: number
  readonly kind: ConnectionKind
  /** Whether anybody may be the client. */
  readonly isOpen: boolean
  readonly client: InitializeParams
  /** Closes with the connection. */
  readonly scope: Scope.Scope
  /** Runs the work once the answer is queued for the client; not at all when the handler fails. */
  readonly afterwards: (work: Effect.Effect<void>) => Effect.Effect<void>
  /** Notifies this client, if it wants the notification; waits for room where the client is waited for. */
  readonly notify: <Name extends ServerNotificationName>(
    method: Name,
    params: ServerNotificationParams<Name>
  ) => Effect.Effect<void>
  /** As `notify`, for notifications of another server. */
  readonly notifyRaw: (method: string, params: unknown) => Effect.Effect<void>
  /** Sends a request to this client. Fails with the client's error, or when the client is gone. */
  readonly ask: (method: string, params: unknown) => Effect.Effect<unknown, RpcError>
}

export type Handler<Name extends MethodName, R = never> = (
  params: Params<Name>,
  context: RequestContext
) => Effect.Effect<Result<Name>, RpcError, R>

export type Handlers<Names extends MethodName, R = never> = { readonly [Name in Names]: Handler<Name, R> }

/** The methods of threads, which a server may do without. */
export type ThreadMethod = "thread/start" | "thread/resume" | "thread/list" | "thread/read"

/**
 * Sees every request of an initialized connection first; undefined leaves it to this server. The result is sent as it
 * is.
 */
export type Forward<R = never> = (
  request: Request,
  context: RequestContext
) => Effect.Effect<unknown, RpcError, R> | undefined
