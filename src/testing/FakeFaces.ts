/** The two faces of the fake backend: an `HttpClient` in the caller's own fiber, and a `node:http` server. */
import * as Headers from "@effect/platform/Headers"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import * as HttpServerError from "@effect/platform/HttpServerError"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import * as Http from "node:http"
import { buffer } from "node:stream/consumers"
import type { Exchange, Incoming } from "./FakeExchange.js"
import type { Answer, Reply } from "./FakeReply.js"

const socketError = (code: string, message: string) => Object.assign(new Error(message), { code })

/** The parts of the body that are sent; a cut answer has only the first half of them. */
const pieces = ({ body, cut, pace }: Answer): ReadonlyArray<Uint8Array> => {
  const sent = cut ? body.subarray(0, body.length >> 1) : body
  const size = pace?.chunkBytes ?? Math.max(1, sent.length)
  return Array.from({ length: Math.ceil(sent.length / size) }, (_, index) =>
    sent.subarray(index * size, (index + 1) * size)
  )
}

const bodyStream = (answer: Answer): Stream.Stream<Uint8Array, Error> => {
  const sent = Stream.rechunk(Stream.fromIterable(pieces(answer)), 1)
  const { cut, pace } = answer
  const paced = pace === null ? sent : Stream.tap(sent, () => Effect.sleep(pace.gapMillis))
  return cut ? Stream.concat(paced, Stream.fail(socketError("UND_ERR_SOCKET", "other side closed"))) : paced
}

const toWeb = (answer: Answer): Effect.Effect<Response> => {
  const { body, cut, headers, pace, status } = answer
  if (!cut && pace === null) {
    return Effect.succeed(new Response(body.length === 0 ? null : body.slice(), { status, headers }))
  }
  return Effect.map(
    Stream.toReadableStreamEffect(bodyStream(answer)),
    (body) => new Response(body, { status, headers })
  )
}

/** The contract's requests have bytes or nothing. */
const bodyBytes = (request: HttpClientRequest.HttpClientRequest) => {
  const { body } = request
  if (body._tag === "Empty") return Effect.succeed(new Uint8Array())
  return body._tag === "Uint8Array"
    ? Effect.succeed(body.body)
    : Effect.fail(new HttpClientError.RequestError({ request, reason: "Encode", description: `A ${body._tag} body.` }))
}

/**
 * The face in memory: `TestClock` moves its waits and interruption reaches them. It answers for every host; the call log
 * shows which one was meant. A reset fails with reason `Transport` and the code `ECONNRESET` in its cause, a refused
 * connection with `ECONNREFUSED`.
 */
export const makeClient = (exchange: Exchange): HttpClient.HttpClient =>
  HttpClient.make((request, url) =>
    Effect.gen(function* () {
      const reply = yield* exchange({
        method: request.method,
        url,
        headers: { host: url.host, ...request.headers },
        body: yield* bodyBytes(request),
        connection: 0
      })
      if (reply._tag === "Answer") return HttpClientResponse.fromWeb(request, yield* toWeb(reply))
      const cause =
        reply._tag === "Reset"
          ? socketError("ECONNRESET", "read ECONNRESET")
          : socketError("ECONNREFUSED", "connect ECONNREFUSED")
      return yield* new HttpClientError.RequestError({ request, reason: "Transport", cause })
    })
  )

const send = (response: Http.ServerResponse, reply: Reply): Effect.Effect<void> =>
  Effect.gen(function* () {
    // A reset rather than a close: the client is to see ECONNRESET.
    if (reply._tag !== "Answer") return void response.socket?.resetAndDestroy()
    const { body, cut, headers, pace, status } = reply
    response.writeHead(status, { ...headers, ...(body.length > 0 ? { "content-length": body.length } : {}) })
    if (pace !== null) response.flushHeaders()
    for (const piece of pieces(reply)) {
      if (pace !== null) yield* Effect.sleep(pace.gapMillis)
      yield* Effect.async<void>((resume) => void response.write(piece, () => resume(Effect.void)))
    }
    if (cut) response.destroy()
    else response.end()
  })

/**
 * The face on a socket, whose resets, cuts, waits and silences are real. Serves until the scope closes, which breaks
 * every connection and every call still under way. Returns the origin. Port 0 takes any free port.
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
          headers: Headers.fromInput(request.headers),
          body: yield* Effect.tryPromise(() => buffer(request)),
          connection: connections.get(request.socket) ?? 0
        }
        yield* send(response, yield* exchange(incoming))
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
