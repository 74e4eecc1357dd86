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
import { prometheusContentType, prometheusText } from "../../services/prometheusText.js"
import { AppServer } from "../server/AppServer.js"
import { lastReads, readAll, writeAll } from "./serve.js"
import { refusal, type WsAuth } from "./wsAuth.js"

interface Reply {
  readonly status: 200 | 401 | 403 | 426 | 503
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

const full: Reply = { status: 503, text: "too many connections" }

/** How many clients may be connected at the same time. */
const mostClients = 256

/** How much of unfinished messages is kept, over all clients. */
const mostUnfinishedBytes = 2 * maxMessageBytes

/**
 * Bounds what clients have sent of messages that are not complete yet. Beyond that, the one with the most is cut off:
 * one message may be as long as half of it.
 */
const makeBudget = (limit: number) => {
  const open = new Map<WebSocket, { readonly socket: Duplex; received: number }>()
  const check = (): void => {
    const entries = Array.from(open)
    if (entries.reduce((sum, [, { received }]) => sum + received, 0) <= limit) return
    const [largest] = entries.toSorted(([, a], [, b]) => b.received - a.received)
    if (largest === undefined) return
    open.delete(largest[0])
    largest[1].socket.destroy()
  }
  return {
    clients: () => open.size,
    watch: (client: WebSocket, socket: Duplex): void => {
      const entry = { socket, received: 0 }
      open.set(client, entry)
      socket.on("data", (piece: Buffer) => {
        entry.received += piece.length
        check()
      })
      client.on("message", () => {
        entry.received = 0
      })
      client.once("close", () => open.delete(client))
    }
  }
}

const isHealthPath = ({ url = "" }: Http.IncomingMessage): boolean => /^\/(?:readyz|healthz)(?:\?|$)/.test(url)

const isMetricsPath = ({ url = "" }: Http.IncomingMessage): boolean => /^\/metrics(?:\?|$)/.test(url)

const isRead = ({ method }: Http.IncomingMessage): boolean => method === "GET" || method === "HEAD"

/** The answer to a request that may not become a websocket; null when it may. */
const answerTo = (request: Http.IncomingMessage, auth: WsAuth, nowSeconds: number, upgrade: boolean): Reply | null => {
  if (request.headers.origin !== undefined) return foreign
  if (isHealthPath(request) && isRead(request)) return healthy
  const isMetrics = !upgrade && isMetricsPath(request) && isRead(request)
  if (!upgrade && !isMetrics) return upgradeRequired
  const refused = refusal(auth, request.headers.authorization, nowSeconds)
  if (refused !== null) return { status: 401, text: refused, headers: { "www-authenticate": "Bearer" } }
  return isMetrics ? { status: 200, text: prometheusText(), headers: { "content-type": prometheusContentType } } : null
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
const serveClient = (socket: WebSocket, isOpen: boolean): Effect.Effect<void, never, AppServer> =>
  Effect.gen(function* () {
    const { stalled, transport } = watched(accepted(socket))
    const server = yield* AppServer
    yield* Effect.addFinalizer(() =>
      transport.close.pipe(Effect.interruptible, Effect.timeoutOption(lastReads), Effect.zipRight(transport.abort))
    )
    const connection = yield* server.connect({ kind: "socket", isOpen })
    yield* Effect.raceAll([
      readAll(connection, transport),
      Effect.ignore(writeAll(connection, transport)),
      stalled,
      Effect.zipRight(connection.closed, Effect.sleep(lastReads))
    ])
  }).pipe(Effect.scoped)

/**
 * Serves the clients of `server`, which is listening already, until `stop`; then it accepts no more, and is done when the
 * last one has left. `isOpen` where other users of the machine can connect without a secret.
 */
export const serveWebSockets = (
  server: Http.Server,
  options: {
    readonly auth: WsAuth
    readonly isOpen: boolean
    readonly stop: Effect.Effect<void>
    readonly limits?: { readonly clients: number; readonly unfinishedBytes: number }
  }
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
    const limits = options.limits ?? { clients: mostClients, unfinishedBytes: mostUnfinishedBytes }
    const budget = makeBudget(limits.unfinishedBytes)
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
      if (budget.clients() >= limits.clients) return turnAway(request, socket, full)
      sockets.handleUpgrade(request, socket, head, (client) => {
        budget.watch(client, socket)
        run(serveClient(client, options.isOpen))
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
