/** A websocket, of either side: one text frame per message. Binary frames are dropped. */
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Net from "node:net"
import { type RawData, WebSocket } from "ws"
import { makeCondition } from "./condition.js"
import { decode, encode, type Message } from "./Envelope.js"
import { maxMessageBytes, PeerError, type Transport } from "./Transport.js"

const connectLimit = "10 seconds"

/** The codes of RFC 6455; 1006 is what `ws` reports when a connection ended without a close frame. */
const normalClosure = 1000
const goingAway = 1001
const withoutCloseFrame = 1006

/** How many frames, and how many bytes, may wait here before no more are read from the socket. */
const highWater = { frames: 64, bytes: 1024 * 1024 }

const describe = (error: Error): string =>
  error.message !== "" ? error.message : "code" in error ? String(error.code) : error.name

// A buffer already, unless `binaryType` was set.
const bufferOf = (data: RawData): Buffer =>
  Buffer.isBuffer(data) ? data : Array.isArray(data) ? Buffer.concat(data) : Buffer.from(data)

/**
 * Everything that has arrived. The socket is paused while too much waits, and resumed when that was taken. Listens from
 * the first moment: frames may come together with the answer to the upgrade.
 */
const receiving = (socket: WebSocket): Effect.Effect<ReadonlyArray<Message | null>, PeerError> => {
  let frames: Array<Message | null> = []
  let bytes = 0
  let over: PeerError | null = null
  const changed = makeCondition()
  const end = (error: PeerError) => {
    over ??= error
    changed.notify()
  }
  socket.on("message", (data, isBinary) => {
    if (isBinary) return
    const frame = bufferOf(data)
    frames.push(decode(frame.toString("utf8")))
    bytes += frame.length
    if (frames.length >= highWater.frames || bytes >= highWater.bytes) socket.pause()
    changed.notify()
  })
  socket.on("error", (error) => end(PeerError.of("Failed", describe(error))))
  socket.on("close", (code, reason) => {
    if (code === withoutCloseFrame) end(PeerError.of("Ended"))
    else end(PeerError.of("Closed", reason.length > 0 ? reason.toString("utf8") : "connection closed"))
  })
  return Effect.flatMap(
    changed.until(() => frames.length > 0 || over !== null),
    () => {
      if (frames.length === 0 && over !== null) return Effect.fail(over)
      const taken = frames
      frames = []
      bytes = 0
      socket.resume()
      return Effect.succeed(taken)
    }
  )
}

const sending =
  (socket: WebSocket) =>
  (texts: ReadonlyArray<string>): Effect.Effect<void, PeerError> =>
    Effect.async((resume) => {
      const last = texts.length - 1
      texts.forEach((text, index) =>
        socket.send(text, (error) => {
          if (error != null) resume(Effect.fail(PeerError.of("WriteFailed", describe(error))))
          else if (index === last) resume(Effect.void)
        })
      )
    })

const makeTransport = (socket: WebSocket, endpoint: string, closeCode: number): Transport<string> => {
  const receive = receiving(socket)
  return {
    endpoint,
    pack: encode,
    receive,
    send: sending(socket),
    close: Effect.async((resume) => {
      if (socket.readyState === WebSocket.CLOSED) return resume(Effect.void)
      socket.once("close", () => resume(Effect.void))
      socket.resume()
      socket.close(closeCode)
    }),
    abort: Effect.sync(() => socket.terminate())
  }
}

/**
 * The server's side of a socket that was accepted.
 * @internal
 */
export const accepted = (socket: WebSocket): Transport<string> => makeTransport(socket, "client", goingAway)

/** `endpoint` is how errors name it. With `socketPath` the connection is made to that unix socket. */
export interface WebSocketTarget {
  readonly endpoint: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly socketPath?: string | undefined
}

const connect = ({ headers, socketPath, url }: WebSocketTarget): WebSocket => {
  const options = { headers, maxPayload: maxMessageBytes, perMessageDeflate: false, followRedirects: false }
  if (socketPath === undefined) return new WebSocket(url, options)
  return new WebSocket(url, { ...options, createConnection: () => Net.connect(socketPath) })
}

const connecting = (target: WebSocketTarget): Effect.Effect<Transport<string>, PeerError> =>
  Effect.async<Transport<string>, PeerError>((resume) => {
    const socket = connect(target)
    const transport = makeTransport(socket, target.endpoint, normalClosure)
    const failed = (detail: string) => resume(Effect.fail(PeerError.of("Unreachable", detail)))
    socket.on("open", () => resume(Effect.succeed(transport)))
    socket.on("error", (error) => failed(describe(error)))
    socket.on("unexpected-response", (_request, response) => {
      failed(`HTTP error: ${response.statusCode ?? "no status"}`)
      socket.terminate()
    })
    return transport.abort
  }).pipe(Effect.timeoutFail({ duration: connectLimit, onTimeout: () => PeerError.of("TimedOut") }))

/** The client's side: connects within ten seconds. The socket is closed with the scope at the latest. */
export const open = (target: WebSocketTarget): Effect.Effect<Transport<string>, PeerError, Scope.Scope> =>
  Effect.uninterruptibleMask((restore) =>
    Effect.tap(restore(connecting(target)), ({ abort }) => Effect.addFinalizer(() => abort))
  )
