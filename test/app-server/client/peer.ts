/** The other end of a client's link, in the hands of a test. */
import * as Effect from "effect/Effect"
import * as Mailbox from "effect/Mailbox"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import type * as Scope from "effect/Scope"
import * as Http from "node:http"
import type { AddressInfo } from "node:net"
import { type WebSocket, WebSocketServer } from "ws"
import { type Link, LinkEnd } from "../../../src/app-server/client/internal/Link.js"
import { decodeLine } from "../../../src/app-server/protocol/decodeLine.js"
import { encode, type Message } from "../../../src/app-server/protocol/Envelope.js"
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

const decoded = (text: string): Message => Option.getOrThrow(decodeLine(text))

const listening = (server: Http.Server, at: string | null) =>
  Effect.acquireRelease(
    Effect.async<void>((resume) => {
      const ready = () => resume(Effect.void)
      if (at === null) server.listen(0, "127.0.0.1", ready)
      else server.listen(at, ready)
    }),
    () =>
      Effect.async<void>((resume) => {
        server.close(() => resume(Effect.void))
        server.closeAllConnections()
      })
  )

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
    yield* listening(server, options.at ?? null)
    yield* Effect.addFinalizer(() => Effect.sync(() => open.forEach((client) => client.terminate())))
    const address = server.address()
    const port = address === null || typeof address === "string" ? 0 : (address satisfies AddressInfo).port
    return { url: `ws://127.0.0.1:${port}`, next: Queue.take(peers), count: Queue.size(peers) }
  })

/** A link in memory, with a peer that hears what `link` sends. */
export const memoryLink = (
  options: { readonly answer?: Answer } = {}
): Effect.Effect<{ readonly link: Link; readonly peer: Peer }, never, Scope.Scope> =>
  Effect.gen(function* () {
    const answer = options.answer ?? answerInitialize
    const texts = yield* Mailbox.make<string, LinkEnd>()
    const heard = yield* Queue.unbounded<Message>()
    const sayText = (...all: ReadonlyArray<string>) => Effect.asVoid(texts.offerAll(all))
    const say = (...messages: ReadonlyArray<Message>) => sayText(...messages.map(encode))
    const end = (reason: LinkEnd["reason"], detail = "") => Effect.asVoid(texts.fail(new LinkEnd({ reason, detail })))
    const receive: Link["receive"] = Effect.flatMap(texts.takeAll, ([all]) =>
      [...all].length > 0 ? Effect.succeed([...all]) : receive
    )
    const link: Link = {
      endpoint: "memory",
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
    return { link, peer }
  })
