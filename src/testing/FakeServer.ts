/** The real face: a `node:http` server whose resets, cuts, waits and silences are those of a socket. */
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import type { Exchange, Incoming } from "./FakeExchange.js"
import type { Answer, Reply } from "./FakeReply.js"

const readBody = (request: Http.IncomingMessage): Effect.Effect<Uint8Array, Error> =>
  Effect.async((resume) => {
    const chunks: Array<Buffer> = []
    request.on("data", (chunk: Buffer) => chunks.push(chunk))
    request.on("end", () => resume(Effect.succeed(Buffer.concat(chunks))))
    request.on("error", (error) => resume(Effect.fail(error)))
  })

const write = (response: Http.ServerResponse, bytes: Uint8Array): Effect.Effect<void> =>
  Effect.async((resume) => {
    response.write(bytes, () => resume(Effect.void))
  })

const send = (response: Http.ServerResponse, answer: Answer): Effect.Effect<void> =>
  Effect.gen(function* () {
    const { body, cut, headers, pace, status } = answer
    response.writeHead(status, { ...headers, ...(body.length > 0 ? { "content-length": body.length } : {}) })
    const sent = cut ? body.subarray(0, body.length >> 1) : body
    if (pace === null) {
      if (sent.length > 0) yield* write(response, sent)
    } else {
      response.flushHeaders()
      for (let offset = 0; offset < sent.length; offset += pace.chunkBytes) {
        yield* Effect.sleep(pace.gapMillis)
        yield* write(response, sent.subarray(offset, offset + pace.chunkBytes))
      }
    }
    if (cut) response.destroy()
    else response.end()
  })

const deliver = (response: Http.ServerResponse, reply: Reply): Effect.Effect<void> =>
  reply._tag === "Answer"
    ? send(response, reply)
    : Effect.sync(() => {
        // A reset rather than a close: the client is to see ECONNRESET.
        response.socket?.resetAndDestroy()
      })

const flatHeaders = (headers: Http.IncomingHttpHeaders): Readonly<Record<string, string>> =>
  Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) =>
      value === undefined ? [] : [[name, Array.isArray(value) ? value.join(", ") : value] as const]
    )
  )

/**
 * Serves until the scope closes, which breaks every connection and every call still under way. Gives the origin. Port 0
 * takes any free port.
 */
export const serveExchange = (
  exchange: Exchange,
  options: { readonly port: number; readonly host: string }
): Effect.Effect<string, HttpServerError.ServeError, Scope.Scope> =>
  Effect.gen(function* () {
    const run = yield* FiberSet.makeRuntime<never>()
    const connections = new WeakMap<object, number>()
    let opened = 0

    const handle = (request: Http.IncomingMessage, response: Http.ServerResponse) =>
      Effect.gen(function* () {
        const incoming: Incoming = {
          method: request.method ?? "GET",
          url: new URL(request.url ?? "/", `http://${request.headers.host ?? "localhost"}`),
          headers: flatHeaders(request.headers),
          body: yield* readBody(request),
          connection: connections.get(request.socket) ?? 0
        }
        yield* deliver(response, yield* exchange(incoming))
      })

    const server = yield* Effect.acquireRelease(
      Effect.sync(() => Http.createServer()),
      (server) =>
        Effect.async<void>((resume) => {
          if (!server.listening) return resume(Effect.void)
          server.close(() => resume(Effect.void))
          server.closeAllConnections()
        })
    )
    server.on("connection", (socket) => {
      opened += 1
      connections.set(socket, opened)
    })
    server.on("request", (request, response) => {
      const fiber = run(handle(request, response))
      response.on("close", () => {
        if (!response.writableEnded) fiber.unsafeInterruptAsFork(HttpServerError.clientAbortFiberId)
      })
      fiber.addObserver((exit) => {
        if (Exit.isFailure(exit) && !response.destroyed) response.destroy()
      })
    })
    yield* Effect.async<void, HttpServerError.ServeError>((resume) => {
      server.once("error", (cause) => resume(Effect.fail(new HttpServerError.ServeError({ cause }))))
      server.listen(options.port, options.host, () => resume(Effect.void))
    })
    const address = server.address()
    const port = typeof address === "object" && address !== null ? address.port : options.port
    return `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`
  })
