/** Websockets over HTTP: which requests become one, how the others are answered, and how a client is served. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FiberSet from "effect/FiberSet"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import type { Duplex } from "node:stream"
import { type WebSocket, WebSocketServer } from "ws"
import { maxMessageBytes, type Transport } from "../../rpc/Transport.js"
import { accepted } from "../../rpc/webSocketTransport.js"
import { AppServer } from "../server/AppServer.js"
import { lastReads, readAll, writeAll } from "./serve.js"
import { refusal, type WsAuth } from "./wsAuth.js"

interface Reply {
  readonly status: 200 | 401 | 403 | 426
  readonly text: string
  readonly headers?: Readonly<Record<string, string>>
}

const healthy: Reply = { status: 200, text: "ok" }
const foreign: Reply = { status: 403, text: "requests with an Origin header are not accepted" }
const upgradeRequired: Reply = {
  status: 426,
  text: "this is a websocket",
  headers: { upgrade: "websocket", connection: "Upgrade" }
}

const isHealthPath = ({ url = "" }: Http.IncomingMessage): boolean => /^\/(?:readyz|healthz)(?:\?|$)/.test(url)

const isRead = ({ method }: Http.IncomingMessage): boolean => method === "GET" || method === "HEAD"

/** The answer to a request that may not become a websocket; null when it may. */
const answerTo = (request: Http.IncomingMessage, auth: WsAuth, nowSeconds: number, upgrade: boolean): Reply | null => {
  if (request.headers.origin !== undefined) return foreign
  if (isHealthPath(request) && isRead(request)) return healthy
  if (!upgrade) return upgradeRequired
  const refused = refusal(auth, request.headers.authorization, nowSeconds)
  return refused === null ? null : { status: 401, text: refused, headers: { "www-authenticate": "Bearer" } }
}

const headersOf = ({ headers = {}, text }: Reply) => ({
  "content-type": "text/plain; charset=utf-8",
  "content-length": String(Buffer.byteLength(text)),
  ...headers
})

const turnAway = (request: Http.IncomingMessage, socket: Duplex, reply: Reply): void => {
  const head = Object.entries({ connection: "close", ...headersOf(reply) }).map(([name, value]) => `${name}: ${value}`)
  const status = `HTTP/1.1 ${reply.status} ${Http.STATUS_CODES[reply.status] ?? ""}`
  socket.end([status, ...head, "", request.method === "HEAD" ? "" : reply.text].join("\r\n"))
}

/** A client that has taken nothing of what was sent in this time is cut off. */
const stallLimit = Duration.seconds(5)

/** The transport, with a watch that is done when a write has made no progress. */
const watched = (transport: Transport<string>) => {
  let sent = 0
  let sending = false
  let before = -1
  const isStalled = Effect.sync(() => {
    const stalled = sending && sent === before
    before = sent
    return stalled
  })
  const send: typeof transport.send = (texts) =>
    Effect.suspend(() => {
      sending = true
      return Effect.map(transport.send(texts), () => {
        sent += 1
        sending = false
      })
    })
  const stalled = Effect.delay(isStalled, stallLimit).pipe(
    Effect.repeat({ until: (stalled) => stalled }),
    Effect.zipRight(Effect.logWarning("A websocket was closed: its client does not read."))
  )
  return { transport: { ...transport, send }, stalled }
}

/** Serves the client until it leaves or the server has given it up; then the socket is closed. */
const serveClient = (socket: WebSocket): Effect.Effect<void, never, AppServer> =>
  Effect.gen(function* () {
    const { stalled, transport } = watched(accepted(socket))
    const server = yield* AppServer
    yield* Effect.addFinalizer(() =>
      transport.close.pipe(Effect.interruptible, Effect.timeoutOption(lastReads), Effect.zipRight(transport.abort))
    )
    const connection = yield* server.connect({ kind: "socket" })
    yield* Effect.raceAll([
      readAll(connection, transport),
      Effect.ignore(writeAll(connection, transport)),
      stalled,
      Effect.zipRight(connection.closed, Effect.sleep(lastReads))
    ])
  }).pipe(Effect.scoped)

/**
 * Serves the clients of `server`, which is listening already, until `stop`; then it accepts no more, and is done when the
 * last one has left.
 */
export const serveWebSockets = (
  server: Http.Server,
  options: { readonly auth: WsAuth; readonly stop: Effect.Effect<void> }
): Effect.Effect<void, never, AppServer | Scope.Scope> =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const clients = yield* FiberSet.make<void>()
    const run = yield* FiberSet.runtime(clients)<AppServer>()
    const sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: maxMessageBytes
    })
    const nowSeconds = () => Math.floor(clock.unsafeCurrentTimeMillis() / 1000)
    let stopping = false

    const onRequest = (request: Http.IncomingMessage, response: Http.ServerResponse) => {
      const reply = answerTo(request, options.auth, nowSeconds(), false) ?? upgradeRequired
      response.writeHead(reply.status, headersOf(reply))
      response.end(request.method === "HEAD" ? "" : reply.text)
    }
    const onUpgrade = (request: Http.IncomingMessage, socket: Duplex, head: Buffer) => {
      socket.on("error", () => {})
      const reply = answerTo(request, options.auth, nowSeconds(), true)
      if (reply !== null) return turnAway(request, socket, reply)
      if (stopping) return socket.destroy()
      sockets.handleUpgrade(request, socket, head, (client) => {
        run(serveClient(client))
      })
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => server.on("request", onRequest).on("upgrade", onUpgrade)),
      () => Effect.sync(() => server.off("request", onRequest).off("upgrade", onUpgrade))
    )
    yield* options.stop
    stopping = true
    server.close()
    server.closeIdleConnections()
    yield* FiberSet.awaitEmpty(clients)
  })
