/** A websocket as a link: one text frame for each message. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import type * as Scope from "effect/Scope"
import * as Net from "node:net"
import { WebSocket } from "ws"
import { makeSocketInbox } from "../../internal/socketInbox.js"
import { maxMessageBytes } from "../../protocol/maxMessageBytes.js"
import { type IoError, ioError } from "../TypedRequestError.js"
import { type Link, LinkEnd, serverAt } from "./Link.js"

const connectLimit = "10 seconds"

const normalClosure = 1000

/** What `ws` reports when a connection ended without a word. */
const withoutWord = 1006

/** `endpoint` is how people read it. With `socketPath` the connection is made to that unix socket. */
export interface WebSocketTarget {
  readonly endpoint: string
  readonly url: string
  readonly headers: Readonly<Record<string, string>>
  readonly socketPath?: string | undefined
}

const describe = (error: Error): string =>
  error.message !== "" ? error.message : "code" in error ? String(error.code) : error.name

const connect = ({ headers, socketPath, url }: WebSocketTarget): WebSocket => {
  const options = { headers, maxPayload: maxMessageBytes, perMessageDeflate: false, followRedirects: false }
  if (socketPath === undefined) return new WebSocket(url, options)
  const local = { ...options, createConnection: () => Net.connect(socketPath) }
  return new WebSocket(url, local)
}

interface Opened {
  readonly socket: WebSocket
  readonly receive: Effect.Effect<ReadonlyArray<string>, LinkEnd>
  readonly closed: Deferred.Deferred<void>
}

/** Listens from the first moment: frames may come together with the answer to the upgrade. */
const listen = (socket: WebSocket, closed: Deferred.Deferred<void>): Opened => {
  const inbox = makeSocketInbox<string, LinkEnd>(socket)
  const stop = (reason: LinkEnd["reason"], detail: string) => inbox.end(new LinkEnd({ reason, detail }))
  socket.on("message", (data, isBinary) => {
    if (!isBinary && Buffer.isBuffer(data)) inbox.put(data.toString("utf8"), data.length)
  })
  socket.on("error", (error) => stop("Failed", describe(error)))
  socket.on("close", (code, reason) => {
    if (code === withoutWord) stop("Ended", "")
    else stop("Closed", reason.length > 0 ? reason.toString("utf8") : "connection closed")
    Deferred.unsafeDone(closed, Effect.void)
  })
  return { socket, receive: inbox.take, closed }
}

const opened = (target: WebSocketTarget): Effect.Effect<Opened, IoError> => {
  const failed = (detail: string) => ioError("Other", `failed to connect to ${serverAt(target.endpoint)}: ${detail}`)
  return Effect.flatMap(Deferred.make<void>(), (closed) =>
    Effect.async<Opened, IoError>((resume) => {
      const link = listen(connect(target), closed)
      const { socket } = link
      socket.on("open", () => resume(Effect.succeed(link)))
      socket.on("error", (error) => resume(failed(describe(error))))
      socket.on("unexpected-response", (_request, response) => {
        resume(failed(`HTTP error: ${response.statusCode ?? "no status"}`))
        socket.terminate()
      })
      return Effect.sync(() => socket.terminate())
    })
  )
}

const tooLate = ({ endpoint }: WebSocketTarget): IoError =>
  ioError("TimedOut", `timed out connecting to ${serverAt(endpoint)}`)

const send = (socket: WebSocket, texts: ReadonlyArray<string>): Effect.Effect<void, LinkEnd> =>
  Effect.async((resume) => {
    const last = texts.length - 1
    texts.forEach((text, index) =>
      socket.send(text, (error) => {
        if (error != null) resume(new LinkEnd({ reason: "WriteFailed", detail: describe(error) }))
        else if (index === last) resume(Effect.void)
      })
    )
  })

/** Connects within ten seconds. The socket is closed with the scope, at the latest. */
export const open = (target: WebSocketTarget): Effect.Effect<Link, IoError, Scope.Scope> =>
  Effect.gen(function* () {
    const { closed, receive, socket } = yield* Effect.uninterruptibleMask((restore) =>
      restore(Effect.timeoutFail(opened(target), { duration: connectLimit, onTimeout: () => tooLate(target) })).pipe(
        Effect.tap(({ socket }) => Effect.addFinalizer(() => Effect.sync(() => socket.terminate())))
      )
    )
    return {
      endpoint: target.endpoint,
      receive,
      send: (texts) => send(socket, texts),
      close: Effect.suspend(() => {
        socket.resume()
        socket.close(normalClosure)
        return Deferred.await(closed)
      }),
      abort: Effect.sync(() => socket.terminate())
    }
  })
