/** One client on a websocket: a text frame for each message. */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { RawData, WebSocket } from "ws"
import { makeSocketInbox } from "../internal/socketInbox.js"
import { decodeLine } from "../protocol/decodeLine.js"
import { encode, type Message } from "../protocol/Envelope.js"
import { AppServer, type Connection } from "../server/AppServer.js"
import { makeIgnored } from "./reporting.js"

/** How long a client that the server is done with may take to read its last words. */
const lastWords = Duration.seconds(1)

/** A client that has taken nothing of what was sent from one look to the next is cut off. */
const lookEvery = Duration.seconds(5)

/** The codes of RFC 6455. */
const goingAway = 1001

type Frame = { readonly _tag: "Text"; readonly text: string } | { readonly _tag: "Binary" }

/** It is a buffer, unless somebody sets `binaryType`. */
const bytesOf = (data: RawData): Buffer =>
  Buffer.isBuffer(data) ? data : Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)

/** Frames as they come, each time all that are there. */
const framesOf = (socket: WebSocket): Effect.Effect<ReadonlyArray<Frame>> => {
  const inbox = makeSocketInbox<Frame>(socket)
  socket.on("message", (given, isBinary) => {
    const data = bytesOf(given)
    inbox.put(isBinary ? { _tag: "Binary" } : { _tag: "Text", text: data.toString("utf8") }, data.length)
  })
  return inbox.take
}

const readAll = (connection: Connection, next: Effect.Effect<ReadonlyArray<Frame>>): Effect.Effect<never> => {
  const ignored = makeIgnored("A frame that is no message was ignored.")
  const binary = makeIgnored("A binary frame was dropped.")
  return Effect.forever(
    Effect.flatMap(
      next,
      Effect.forEach(
        (frame) =>
          frame._tag === "Binary"
            ? binary
            : Option.match(decodeLine(frame.text), { onNone: () => ignored, onSome: connection.receive }),
        { discard: true }
      )
    )
  )
}

/** What goes out. `sent` counts the batches that the network has taken; a client that is gone takes none. */
interface Outlet {
  readonly send: (messages: ReadonlyArray<Message>) => Effect.Effect<void>
  readonly sent: () => number
  readonly isSending: () => boolean
}

const makeOutlet = (socket: WebSocket): Outlet => {
  let sent = 0
  let sending = false
  return {
    send: (messages) =>
      Effect.async((resume) => {
        const last = messages.length - 1
        sending = true
        const done = () => {
          sent += 1
          sending = false
          resume(Effect.void)
        }
        messages.forEach((message, index) => {
          socket.send(encode(message), index === last ? done : undefined)
        })
      }),
    sent: () => sent,
    isSending: () => sending
  }
}

/** Until nothing more is owed. */
const writeAll = (connection: Connection, outlet: Outlet): Effect.Effect<void> =>
  Effect.flatMap(connection.takeAll, (messages) =>
    messages.length === 0
      ? Effect.void
      : Effect.zipRight(
          outlet.send(messages),
          Effect.suspend(() => writeAll(connection, outlet))
        )
  )

/** Done when the client does not read. */
const notReading = ({ isSending, sent }: Outlet): Effect.Effect<void> => {
  let before = -1
  const look = Effect.sync(() => {
    const stands = isSending() && sent() === before
    before = sent()
    return stands
  })
  return Effect.delay(look, lookEvery).pipe(
    Effect.repeat({ until: (stands) => stands }),
    Effect.zipRight(Effect.logWarning("A websocket was closed: its client does not read."))
  )
}

/** Serves the client until it leaves or the server is done with it; then the socket is closed. */
export const serveWsClient = (socket: WebSocket): Effect.Effect<void, never, AppServer> =>
  Effect.gen(function* () {
    const server = yield* AppServer
    const gone = yield* Deferred.make<void>()
    // What goes wrong on the socket is followed by its closing.
    socket.on("error", () => {})
    socket.on("close", () => Deferred.unsafeDone(gone, Effect.void))
    const next = framesOf(socket)
    yield* Effect.addFinalizer(() =>
      Effect.suspend(() => {
        socket.close(goingAway)
        return Deferred.await(gone)
      }).pipe(
        Effect.interruptible,
        Effect.timeoutOption(lastWords),
        Effect.zipRight(Effect.sync(() => socket.terminate()))
      )
    )
    const connection = yield* server.connect({ kind: "socket" })
    yield* Effect.fork(readAll(connection, next))
    const outlet = makeOutlet(socket)
    yield* Effect.raceAll([
      writeAll(connection, outlet),
      Deferred.await(gone),
      notReading(outlet),
      Effect.zipRight(connection.closed, Effect.sleep(lastWords))
    ])
  }).pipe(Effect.scoped)
