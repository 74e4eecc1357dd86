/** A client of an app-server, which may run in this process, as a child, or behind a socket. */
import * as Context from "effect/Context"
import type * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type * as Stream from "effect/Stream"
import type { ErrorBody, RequestId } from "../../rpc/Envelope.js"
import type { MethodName, Methods, Result } from "../protocol/methods.js"
import type { ServerNotificationName, ServerNotificationParams } from "../protocol/notifications.js"
import type { IoError, ServerError, TransportError, TypedRequestError } from "./TypedRequestError.js"

/**
 * The methods that can be called; the client makes the handshake itself.
 * @since 0.1.0
 * @category models
 */
export type ClientMethod = Exclude<MethodName, "initialize">

/**
 * The params of a method, as they are sent.
 * @since 0.1.0
 * @category models
 */
export type ClientParams<M extends ClientMethod> = Methods[M]["params"]["Encoded"]

/**
 * The params, which may be left out where none of their members is needed.
 * @since 0.1.0
 * @category models
 */
export type ParamsArgument<M extends ClientMethod> = [ClientParams<M>] extends [undefined]
  ? readonly []
  : Record<never, never> extends ClientParams<M>
    ? readonly [params?: ClientParams<M>]
    : readonly [params: ClientParams<M>]

/**
 * A request without types. Without an `id` it gets one; an `id` that is in flight is refused, and the first request keeps
 * its answer.
 * @since 0.1.0
 * @category models
 */
export interface RawRequest {
  readonly id?: RequestId
  readonly method: string
  readonly params?: unknown
}

/**
 * The notification of one method. `emittedAtMs` is null where the server does not say.
 * @since 0.1.0
 * @category models
 */
export interface NotificationOf<M extends ServerNotificationName> {
  readonly _tag: "ServerNotification"
  readonly method: M
  readonly params: ServerNotificationParams<M>
  readonly emittedAtMs: number | null
}

/**
 * A notification of the protocol; `method` is the discriminant.
 * @since 0.1.0
 * @category models
 */
export type ServerNotification<M extends ServerNotificationName = ServerNotificationName> = {
  readonly [P in M]: NotificationOf<P>
}[M]

/**
 * What the client learns without asking.
 * @since 0.1.0
 * @category models
 */
export type AppServerEvent =
  | ServerNotification
  | Data.TaggedEnum<{
      /** A request of the server, to be answered by `resolveServerRequest` or `rejectServerRequest` with its `id`. */
      ServerRequest: { readonly id: RequestId; readonly method: string; readonly params: unknown }
      /** A notification that this client does not know, or whose params it can't read. */
      OtherNotification: { readonly method: string; readonly params: unknown; readonly emittedAtMs: number | null }
      /** A notification of the older protocol, `codex/event/...`, from a server that was asked for them. */
      LegacyNotification: { readonly method: string; readonly params: unknown }
      /** This many events were dropped at this point because they were not read in time. */
      Lagged: { readonly skipped: number }
      /** A remote connection was lost; no event follows. */
      Disconnected: { readonly message: string }
    }>

/**
 * Whether the event is the notification of that method; a refinement for `Stream.filter`.
 * @since 0.1.0
 * @category refinements
 */
export const isNotification =
  <M extends ServerNotificationName>(method: M) =>
  (event: AppServerEvent): event is NotificationOf<M> & AppServerEvent =>
    event._tag === "ServerNotification" && event.method === method

/**
 * What the server said about itself; null where it did not.
 * @since 0.1.0
 * @category models
 */
export interface ServerInfo {
  readonly userAgent: string | null
  readonly version: string | null
  readonly codexHome: string | null
}

/**
 * Who the client is and what it wants. `optOutNotificationMethods` are exact names of notifications that the server is
 * not to send. `channelCapacity` is how much each queue holds: 128 by default, at least 1.
 *
 * `legacyNotifications` also asks for the notifications of the older protocol; servers that do not know it send none.
 * @since 0.1.0
 * @category models
 */
export interface ClientOptions {
  readonly clientName: string
  readonly clientVersion: string
  readonly experimentalApi?: boolean | undefined
  readonly mcpServerOpenaiFormElicitation?: boolean | undefined
  readonly optOutNotificationMethods?: ReadonlyArray<string> | undefined
  readonly legacyNotifications?: boolean | undefined
  readonly channelCapacity?: number | undefined
}

/**
 * The part of a client that only makes requests. After the client has ended, every request fails immediately.
 * @since 0.1.0
 * @category models
 */
export interface RequestHandle {
  /** Waits for room and for the answer. Interrupting it does not stop the server. */
  readonly request: <M extends ClientMethod>(
    method: M,
    ...params: ParamsArgument<M>
  ) => Effect.Effect<Result<M>, TypedRequestError>
  /** The same for any method, with the result as it came. */
  readonly requestRaw: (request: RawRequest) => Effect.Effect<unknown, TransportError | ServerError>
}

/**
 * @since 0.1.0
 * @category models
 */
export interface AppServerClientService extends RequestHandle {
  readonly notify: (method: string, params?: unknown) => Effect.Effect<void, IoError>
  readonly resolveServerRequest: (id: RequestId, result: unknown) => Effect.Effect<void, IoError>
  readonly rejectServerRequest: (id: RequestId, error: ErrorBody) => Effect.Effect<void, IoError>
  /**
   * Notifications and requests of the server, for one consumer. A stream that was stopped can be run again and continues.
   * Unread events wait in a bounded queue, and those that must not be lost hold up the answers behind them: a program that
   * reads no events calls `closeEvents`.
   */
  readonly events: Stream.Stream<AppServerEvent>
  /** Ends the stream of events; requests of the server are refused from now on. */
  readonly closeEvents: Effect.Effect<void>
  readonly requestHandle: RequestHandle
  readonly server: ServerInfo
  /** Ends the connection, in bounded time; waiting requests fail. The client's scope does the same when it closes. */
  readonly shutdown: Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class AppServerClient extends Context.Tag("effect-codex-account/app-server/client/AppServerClient")<
  AppServerClient,
  AppServerClientService
>() {}
