/** Listening on a port. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import type * as Net from "node:net"
import { isLoopback, type Listen, ListenError, socketAddress } from "./listenUrl.js"
import type { WsAuth } from "./wsAuth.js"

/** Listens until the scope closes, which breaks every connection. Fails with the code of the system error. */
export const listening = (listen: (server: Http.Server) => void): Effect.Effect<Http.Server, string, Scope.Scope> =>
  Effect.gen(function* () {
    const sockets = new Set<Net.Socket>()
    const server = yield* Effect.acquireRelease(
      Effect.sync(() => {
        const server = Http.createServer()
        server.on("connection", (socket) => {
          sockets.add(socket)
          socket.once("close", () => sockets.delete(socket))
        })
        return server
      }),
      (server) =>
        Effect.async<void>((resume) => {
          server.close(() => resume(Effect.void))
          for (const socket of sockets) socket.destroy()
        })
    )
    yield* Effect.async<void, string>((resume) => {
      server.once("error", (error: NodeJS.ErrnoException) => resume(Effect.fail(error.code ?? "UNKNOWN")))
      server.once("listening", () => resume(Effect.void))
      listen(server)
    })
    // An error of one connection must not end the others.
    server.on("error", () => {})
    return server
  })

const reasons: Readonly<Record<string, string>> = {
  EADDRINUSE: "it is already in use",
  EACCES: "it may not be used",
  EADDRNOTAVAIL: "this machine has no such address"
}

/**
 * Listens until the scope closes; returns the server and its URL, with the actual port where 0 was given. An address that
 * other machines reach needs authentication.
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
