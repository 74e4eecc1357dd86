/** What answers a request, and what it knows of who asks. */
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Request } from "../protocol/Envelope.js"
import type { RpcError } from "../protocol/errors.js"
import type { MethodName, Params, Result } from "../protocol/methods.js"
import type { ServerNotificationName, ServerNotificationParams } from "../protocol/notifications.js"
import type { InitializeParams } from "../protocol/schemas/Initialize.js"
import type { ConnectionKind } from "./AppServer.js"

/** The connection that a request came by. `client` is what it said of itself in `initialize`. */
export interface Caller {
  /** Unlike any other connection's for as long as the server lives. */
  readonly connection: number
  readonly kind: ConnectionKind
  readonly client: InitializeParams
  /** Closes with the connection. */
  readonly scope: Scope.Scope
  /** Runs the work when the answer has its place in the queue to the client; not at all when the handler fails. */
  readonly afterwards: (work: Effect.Effect<void>) => Effect.Effect<void>
  /** Tells this client, if it wants to know; waits for room where the client is waited for. */
  readonly notify: <Name extends ServerNotificationName>(
    method: Name,
    params: ServerNotificationParams<Name>
  ) => Effect.Effect<void>
  /** As `notify`, for whatever another server says. */
  readonly notifyRaw: (method: string, params: unknown) => Effect.Effect<void>
  /** Asks this client. Fails with what it answers, or when it is gone. */
  readonly ask: (method: string, params: unknown) => Effect.Effect<unknown, RpcError>
}

export type Handler<Name extends MethodName, R = never> = (
  params: Params<Name>,
  caller: Caller
) => Effect.Effect<Result<Name>, RpcError, R>

export type Handlers<Names extends MethodName, R = never> = { readonly [Name in Names]: Handler<Name, R> }

/** The methods of threads, which a server may do without. */
export type ThreadMethod = "thread/start" | "thread/resume" | "thread/list" | "thread/read"

/**
 * Looks at every request of an initialized connection before anybody else; undefined leaves it to this server. The
 * result is written as it is.
 */
export type Forward<R = never> = (request: Request, caller: Caller) => Effect.Effect<unknown, RpcError, R> | undefined
