/** Websockets on a port. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import type * as Http from "node:http"
import { listening } from "./httpServer.js"
import { isLoopback, type Listen, ListenError, socketAddress } from "./listenUrl.js"
import type { WsAuth } from "./wsAuth.js"

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "it is already in use",
  EACCES: "it may not be used",
  EADDRNOTAVAIL: "this machine has no such address"
}

/**
 * Listens until the scope closes; gives the server and its URL, with the port that was found where 0 was given. Other
 * machines get in with a credential or not at all.
 */
export const listenOnPort = (
  { host, port }: Extract<Listen, { _tag: "WebSocket" }>,
  auth: WsAuth
): Effect.Effect<{ readonly server: Http.Server; readonly url: string }, ListenError, Scope.Scope> =>
  Effect.gen(function* () {
    const address = socketAddress(host, port)
    if (!isLoopback(host) && auth._tag === "Open") {
      return yield* new ListenError({
        message: `refusing to start non-loopback websocket listener ${address} without auth; configure \`--ws-auth capability-token\` or \`--ws-auth signed-bearer-token\``
      })
    }
    const server = yield* listening((server) => server.listen({ host, port, exclusive: true })).pipe(
      Effect.mapError(
        (code) => new ListenError({ message: `can't listen on ws://${address}: ${reasons[code] ?? code}` })
      )
    )
    const found = server.address()
    return {
      server,
      url: `ws://${socketAddress(host, typeof found === "object" && found !== null ? found.port : port)}`
    }
  })
