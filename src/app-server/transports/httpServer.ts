/** HTTP servers that websockets come in over. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import type * as Net from "node:net"

/** Listens until the scope closes, which breaks every connection. Fails with the code of the system's error. */
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
    // What goes wrong with one connection concerns no other.
    server.on("error", () => {})
    return server
  })
