/** A client of the app-server in this process. Messages are never turned into text on the way. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import type { SessionSource } from "../../domain/Thread.js"
import type { Message } from "../../rpc/Envelope.js"
import { codes, rpcError } from "../../rpc/RpcError.js"
import { PeerError, shutdownLimit, type Transport, withHardLimit } from "../../rpc/Transport.js"
import { refreshTokens } from "../protocol/methods.js"
import { sessionSourceExtension } from "../protocol/schemas/Initialize.js"
import { AppServer, capacityOf } from "../server/AppServer.js"
import { AppServerClient, type AppServerClientService, type ClientOptions } from "./AppServerClient.js"
import { makeClient } from "./makeClient.js"
import type { IoError } from "./TypedRequestError.js"

/**
 * With `handleTokenRefresh` the server's requests for new tokens become events; otherwise they are refused, as the server
 * itself holds the session.
 *
 * `sessionSource` says what kind of program the client is, for the threads that it starts; by default the server's kind.
 * @since 0.1.0
 * @category models
 */
export interface InProcessOptions extends ClientOptions {
  readonly handleTokenRefresh?: boolean | undefined
  readonly sessionSource?: SessionSource | undefined
}

const noTokenRefresh = rpcError(codes.generic, "this client does not refresh tokens")

/** A connection to the server in memory. Closing it is bounded, even where the server does not let go. */
const open = (capacity: number): Effect.Effect<Transport<Message>, never, AppServer | Scope.Scope> =>
  Effect.gen(function* () {
    const server = yield* AppServer
    const scope = yield* Scope.make()
    const close = yield* Effect.cached(withHardLimit(shutdownLimit)(Scope.close(scope, Exit.void)))
    yield* Effect.addFinalizer(() => close)
    const connection = yield* Scope.extend(server.connect({ kind: "inProcess", capacity }), scope)
    return {
      endpoint: "this process",
      pack: (message) => message,
      receive: Effect.flatMap(connection.takeAll, (messages) =>
        messages.length === 0 ? Effect.fail(PeerError.of("Gone")) : Effect.succeed(messages)
      ),
      send: Effect.forEach(connection.receive, { discard: true }),
      close,
      abort: close
    }
  })

/**
 * Connects and makes the handshake. The client ends with the scope.
 * @since 0.1.0
 * @category constructors
 */
export const start = (
  options: InProcessOptions
): Effect.Effect<AppServerClientService, IoError, AppServer | Scope.Scope> => {
  const { channelCapacity, handleTokenRefresh = false, sessionSource } = options
  return makeClient(open(capacityOf(channelCapacity)), "this process", {
    ...options,
    refusal: ({ method }) => (method === refreshTokens.method && !handleTokenRefresh ? noTokenRefresh : null),
    extensions: sessionSource === undefined ? {} : { [sessionSourceExtension]: sessionSource }
  })
}

/**
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: InProcessOptions): Layer.Layer<AppServerClient, IoError, AppServer> =>
  Layer.scoped(AppServerClient, start(options))
