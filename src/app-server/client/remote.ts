/**
 * A client of an app-server behind a websocket, on the network or on a unix socket.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { AppServerClient, type AppServerClientService } from "./AppServerClient.js"
import { webSocketTarget } from "./internal/endpoint.js"
import type { ClientOptions } from "./internal/initialize.js"
import { linked } from "./internal/linked.js"
import * as WebSocketLink from "./internal/webSocketLink.js"
import type { IoError } from "./TypedRequestError.js"

/**
 * `authToken` is sent as a bearer token, and only over `wss` or to this machine.
 *
 * @since 0.1.0
 * @category models
 */
export type Endpoint =
  | { readonly _tag: "WebSocket"; readonly url: string; readonly authToken?: Redacted.Redacted | undefined }
  | { readonly _tag: "UnixSocket"; readonly path: string }

/**
 * @since 0.1.0
 * @category models
 */
export interface RemoteOptions extends ClientOptions {
  readonly endpoint: Endpoint
}

/** What the handshake over a unix socket names, as the original does. */
const unixUrl = "ws://localhost/rpc"

const targetOf = (endpoint: Endpoint): Effect.Effect<WebSocketLink.WebSocketTarget, IoError> =>
  endpoint._tag === "WebSocket"
    ? webSocketTarget(endpoint.url, endpoint.authToken)
    : Effect.succeed({ endpoint: `unix://${endpoint.path}`, url: unixUrl, headers: {}, socketPath: endpoint.path })

/**
 * Connects within ten seconds, and makes the handshake within ten more. A connection that was lost is not made again:
 * `Disconnected` is its last event. The client ends with the scope.
 *
 * @since 0.1.0
 * @category constructors
 */
export const connect = (options: RemoteOptions): Effect.Effect<AppServerClientService, IoError, Scope.Scope> =>
  linked(Effect.flatMap(targetOf(options.endpoint), WebSocketLink.open), options)

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: RemoteOptions): Layer.Layer<AppServerClient, IoError> =>
  Layer.scoped(AppServerClient, connect(options))
