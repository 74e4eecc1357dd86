/** The server's end of a client's connection, driven by a test. */
import * as Effect from "effect/Effect"
import * as Mailbox from "effect/Mailbox"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import { type WebSocket, WebSocketServer } from "ws"
import { PeerError, type Transport } from "../../../src/rpc/Transport.js"
import { decode, encode, type Message } from "../../../src/rpc/Envelope.js"
import { listening } from "../../layers/support/sockets.js"
import { answerInitialize } from "./scripted.js"

/** One connection as the server has it. */
export interface Peer {
  readonly headers: Http.IncomingHttpHeaders
  readonly url: string
  readonly heard: Effect.Effect<Message>
  readonly heardSoFar: Effect.Effect<ReadonlyArray<Message>>
  readonly say: (...messages: ReadonlyArray<Message>) => Effect.Effect<void>
  readonly sayText: (...texts: ReadonlyArray<string>) => Effect.Effect<void>
  /** In a binary frame, where there are any. */
  readonly sayBytes: (text: string) => Effect.Effect<void>
  readonly close: (code?: number, reason?: string) => Effect.Effect<void>
  readonly cut: Effect.Effect<void>
}

type Answer = (message: Message) => ReadonlyArray<Message>

const decoded = (text: string): Message => {
  const message = decode(text)
  if (message === null) throw new Error(`no message: ${text}`)
  return message
}

/** A websocket server on a port, or on the unix socket `at`. */
export const webSocketPeers = (options: { readonly at?: string; readonly answer?: Answer } = {}) =>
  Effect.gen(function* () {
    const answer = options.answer ?? answerInitialize
    const peers = yield* Queue.unbounded<Peer>()
    const server = Http.createServer()
    const sockets = new WebSocketServer({
      noServer: true,
      clientTracking: false,
      perMessageDeflate: false,
      maxPayload: 256 * 1024 * 1024
    })
    const open: Array<WebSocket> = []
    server.on("upgrade", (request, socket, head) => {
      sockets.handleUpgrade(request, socket, head, (client) => {
        open.push(client)
        const heard = Effect.runSync(Queue.unbounded<Message>())
        const sayText = (...texts: ReadonlyArray<string>) =>
          Effect.sync(() => texts.forEach((text) => client.send(text)))
        const say = (...messages: ReadonlyArray<Message>) => sayText(...messages.map(encode))
        client.on("error", () => {})
        client.on("message", (data) => {
          const message = decoded(Buffer.isBuffer(data) ? data.toString("utf8") : "")
          Effect.runSync(Queue.offer(heard, message))
          Effect.runSync(say(...answer(message)))
        })
        const peer: Peer = {
          headers: request.headers,
          url: request.url ?? "",
          heard: Queue.take(heard),
          heardSoFar: Effect.map(Queue.takeAll(heard), (all) => [...all]),
          say,
          sayText,
          sayBytes: (text) => Effect.sync(() => client.send(Buffer.from(text))),
          close: (code, reason) => Effect.sync(() => client.close(code, reason)),
          cut: Effect.sync(() => client.terminate())
        }
        Effect.runSync(Queue.offer(peers, peer))
      })
    })
    const { port } = yield* listening(() => server, options.at)
    yield* Effect.addFinalizer(() => Effect.sync(() => open.forEach((client) => client.terminate())))
    return { url: `ws://127.0.0.1:${port}`, next: Queue.take(peers), count: Queue.size(peers) }
  })

/** A transport in memory, with a peer that hears what it sends. */
export const memoryTransport = (
  options: { readonly answer?: Answer } = {}
): Effect.Effect<{ readonly transport: Transport<string>; readonly peer: Peer }, never, Scope.Scope> =>
  Effect.gen(function* () {
    const answer = options.answer ?? answerInitialize
    const texts = yield* Mailbox.make<string, PeerError>()
    const heard = yield* Queue.unbounded<Message>()
    const sayText = (...all: ReadonlyArray<string>) => Effect.asVoid(texts.offerAll(all))
    const say = (...messages: ReadonlyArray<Message>) => sayText(...messages.map(encode))
    const end = (reason: PeerError["reason"], detail = "") =>
      Effect.asVoid(texts.fail(new PeerError({ reason, detail })))
    const receive: Transport<string>["receive"] = Effect.flatMap(texts.takeAll, ([all]) =>
      [...all].length > 0 ? Effect.succeed([...all].map(decode)) : receive
    )
    const transport: Transport<string> = {
      endpoint: "memory",
      pack: encode,
      receive,
      send: (all) =>
        Effect.forEach(
          all,
          (text) => Effect.zipRight(Queue.offer(heard, decoded(text)), say(...answer(decoded(text)))),
          { discard: true }
        ),
      close: end("Closed", "connection closed"),
      abort: end("Ended")
    }
    const peer: Peer = {
      headers: {},
      url: "",
      heard: Queue.take(heard),
      heardSoFar: Effect.map(Queue.takeAll(heard), (all) => [...all]),
      say,
      sayText,
      sayBytes: () => Effect.void,
      close: (_code, reason) => end("Closed", reason),
      cut: end("Ended")
    }
    return { transport, peer }
  })
