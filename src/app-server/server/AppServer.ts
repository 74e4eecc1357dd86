/**
 * The app-server, whatever its messages travel on.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Message } from "../protocol/Envelope.js"

/**
 * How a client is reached. A `socket` that does not read is cut off; `stdio` and `inProcess` are waited for.
 *
 * @since 0.1.0
 * @category models
 */
export type ConnectionKind = "stdio" | "socket" | "inProcess"

/**
 * `capacity` is how many requests may wait, and how many notifications: 128 by default, at least 1.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConnectOptions {
  readonly kind: ConnectionKind
  readonly capacity?: number | undefined
}

/**
 * One client, as its transport sees it. Messages are values: text is the transport's own affair.
 *
 * @since 0.1.0
 * @category models
 */
export interface Connection {
  /**
   * Takes a message of the client. It returns as soon as the message has its place, and does not wait for a handler: a
   * request without a place is answered with an overload. Suspends where the client has to be slowed down.
   */
  readonly receive: (message: Message) => Effect.Effect<void>
  /**
   * The next message for the client, in order; none when the connection is closed and all that was owed was taken.
   */
  readonly take: Effect.Effect<Option.Option<Message>>
  /**
   * All that is ready for the client now, at least one message; empty when the connection is closed and all that was
   * owed was taken.
   */
  readonly takeAll: Effect.Effect<ReadonlyArray<Message>>
  /**
   * The client will say no more. What was accepted is still answered; then there is nothing more to take.
   */
  readonly end: Effect.Effect<void>
  /** Done when the server has given the connection up: a client that did not read, or a shutdown. */
  readonly closed: Effect.Effect<void>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class AppServer extends Context.Tag("effect-codex-account/app-server/server/AppServer")<
  AppServer,
  {
    /**
     * A new client, until the scope closes: then its waiting requests are skipped, what runs for it is cancelled, and what
     * was asked of it fails.
     */
    readonly connect: (options: ConnectOptions) => Effect.Effect<Connection, never, Scope.Scope>
    /**
     * Takes no more requests, waits up to `drain` for those that were accepted, cancels the rest, each still answered, and
     * closes every connection. Bounded, whatever clients and handlers do.
     */
    readonly shutdown: (options: { readonly drain: Duration.DurationInput }) => Effect.Effect<void>
  }
>() {}
