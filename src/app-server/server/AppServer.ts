/** The app-server, independent of how its messages travel. */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type { Message } from "../../rpc/Envelope.js"

/** How much each queue of a connection holds by default. */
export const defaultCapacity = 128

export const capacityOf = (given: number = defaultCapacity): number => Math.max(1, Math.floor(given))

/**
 * How a client is reached. A `socket` that does not read is closed; `stdio` and `inProcess` are waited for.
 * @since 0.1.0
 * @category models
 */
export type ConnectionKind = "stdio" | "socket" | "inProcess"

/**
 * `capacity` is how many requests may wait, and how many notifications: 128 by default, at least 1. `isOpen` where other
 * users of the machine can connect as well: such a client gets no token.
 * @since 0.1.0
 * @category models
 */
export interface ConnectOptions {
  readonly kind: ConnectionKind
  readonly capacity?: number | undefined
  readonly isOpen?: boolean | undefined
}

/**
 * One client, as its transport sees it. Messages are values; only the transport knows their text.
 * @since 0.1.0
 * @category models
 */
export interface Connection {
  /**
   * Takes a message of the client. Returns as soon as the message is queued, without waiting for a handler: a request
   * that finds no room is answered with an overload. Suspends where the client has to be slowed down.
   */
  readonly receive: (message: Message) => Effect.Effect<void>
  /** Everything that is queued for the client, in order: at least one message, or none when the connection is closed. */
  readonly takeAll: Effect.Effect<ReadonlyArray<Message>>
  /** The client sends no more. What was accepted is still answered; then there is nothing more to take. */
  readonly end: Effect.Effect<void>
  /** Done when the server has given the connection up: the client did not read, or the server shuts down. */
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
     * A new client, until the scope closes: then its waiting requests are dropped, its running ones interrupted, and what
     * the server has asked it fails.
     */
    readonly connect: (options: ConnectOptions) => Effect.Effect<Connection, never, Scope.Scope>
    /**
     * Accepts no more requests, waits up to `drain` for those that were accepted, interrupts the rest, each still
     * answered, and closes every connection. Bounded, whatever clients and handlers do.
     */
    readonly shutdown: (options: { readonly drain: Duration.DurationInput }) => Effect.Effect<void>
  }
>() {}
