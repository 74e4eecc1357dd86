/** A client of an app-server behind a websocket, on the network or on a unix socket. */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import type * as Scope from "effect/Scope"
import { echoed } from "../../rpc/RpcError.js"
import * as WebSocketTransport from "../../rpc/webSocketTransport.js"
import { isHeaderValue } from "../protocol/schemas/Initialize.js"
import { AppServerClient, type AppServerClientService, type ClientOptions } from "./AppServerClient.js"
import { makeClient, refuseUnknown } from "./makeClient.js"
import { type IoError, ioError } from "./TypedRequestError.js"

/**
 * `authToken` is sent as a bearer token, and only over `wss` or to this machine.
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

/** What the HTTP request over a unix socket names, as the original's does. */
const unixUrl = "ws://localhost/rpc"

const isLoopback = ({ hostname }: URL): boolean =>
  hostname === "localhost" || hostname === "[::1]" || /^127(?:\.\d{1,3}){3}$/.test(hostname)

/** A token goes over TLS, or stays on this machine. */
const mayCarryToken = (url: URL): boolean => url.protocol === "wss:" || (url.protocol === "ws:" && isLoopback(url))

const problemOf = (url: URL): string | null => {
  if (url.protocol !== "ws:" && url.protocol !== "wss:") return "the scheme is neither ws nor wss"
  if (url.username !== "" || url.password !== "") return "it holds credentials; use authToken"
  return url.hash === "" ? null : "it has a fragment"
}

/** The target, checked before anything is sent. */
export const targetOf = (endpoint: Endpoint): Either.Either<WebSocketTransport.WebSocketTarget, IoError> => {
  if (endpoint._tag === "UnixSocket") {
    return Either.right({ endpoint: `unix://${endpoint.path}`, url: unixUrl, headers: {}, socketPath: endpoint.path })
  }
  const { authToken, url: given } = endpoint
  const url = URL.canParse(given) ? new URL(given) : null
  const problem = url === null ? "it is no URL" : problemOf(url)
  const refused = (message: string) => Either.left(ioError("InvalidInput", message))
  if (url === null || problem !== null) return refused(`invalid websocket URL \`${echoed(given)}\`: ${problem}`)
  const target = { endpoint: given, url: given, headers: {} }
  if (authToken === undefined) return Either.right(target)
  if (!mayCarryToken(url)) return refused(`a token needs a \`wss://\` or loopback \`ws://\` URL, not \`${given}\``)
  const authorization = `Bearer ${Redacted.value(authToken)}`
  return isHeaderValue(authorization)
    ? Either.right({ ...target, headers: { authorization } })
    : refused("the token can't be sent as an HTTP header")
}

/**
 * Connects within ten seconds, and makes the handshake within ten more. There is no reconnect: `Disconnected` is the last
 * event of a lost connection. The client ends with the scope.
 * @since 0.1.0
 * @category constructors
 */
export const connect = (options: RemoteOptions): Effect.Effect<AppServerClientService, IoError, Scope.Scope> =>
  Effect.flatMap(targetOf(options.endpoint), (target) =>
    makeClient(WebSocketTransport.open(target), target.endpoint, { ...options, refusal: refuseUnknown })
  )

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: RemoteOptions): Layer.Layer<AppServerClient, IoError> =>
  Layer.scoped(AppServerClient, connect(options))
