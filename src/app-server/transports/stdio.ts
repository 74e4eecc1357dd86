/** One client on two byte streams: one line of JSON per message. */
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import type * as Scope from "effect/Scope"
import type { Readable, Writable } from "node:stream"
import { decode, encode, type Message } from "../../rpc/Envelope.js"
import { makeLineSplitter } from "../../rpc/lines.js"
import { PeerError, type Transport } from "../../rpc/Transport.js"
import { AppServer } from "../server/AppServer.js"
import { lastReads, readAll, writeAll } from "./serve.js"

/**
 * `drain` is how long accepted requests may take once the input has ended; `maxLineBytes` is the longest line that is
 * read.
 * @since 0.1.0
 * @category models
 */
export interface StdioOptions {
  readonly input: Readable
  readonly output: Writable
  readonly drain: Duration.DurationInput
  readonly maxLineBytes: number
}

/** The next piece of the input; null when it has ended, in whatever way. */
const makePieces = (input: Readable): Effect.Effect<Effect.Effect<Buffer | null>, never, Scope.Scope> =>
  Effect.gen(function* () {
    const changed = Effect.unsafeMakeLatch(false)
    let ended = input.readableEnded || input.destroyed
    const onReadable = () => void changed.unsafeOpen()
    const onEnd = () => {
      ended = true
      changed.unsafeOpen()
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        input.on("readable", onReadable)
        for (const event of ["end", "close", "error"]) input.on(event, onEnd)
      }),
      () =>
        Effect.sync(() => {
          input.off("readable", onReadable)
          // The listener for errors stays: a late error would otherwise be thrown.
          for (const event of ["end", "close"]) input.off(event, onEnd)
        })
    )
    const next: Effect.Effect<Buffer | null> = Effect.suspend(() => {
      const piece: unknown = ended ? null : input.read()
      if (Buffer.isBuffer(piece)) return Effect.succeed(piece)
      if (ended) return Effect.succeed(null)
      changed.unsafeClose()
      return Effect.zipRight(changed.await, next)
    })
    return next
  })

/** Ends with the input. Blank lines are no messages, and not worth a warning either. */
const makeReceive = ({ input, maxLineBytes }: StdioOptions) =>
  Effect.map(makePieces(input), (next) => {
    const splitter = makeLineSplitter({ maxBytes: maxLineBytes })
    let skipped = 0
    let ended = false
    const receive: Transport<string>["receive"] = Effect.suspend(() => {
      if (ended) return Effect.fail(PeerError.of("Ended"))
      return Effect.flatMap(next, (piece) => {
        ended = piece === null
        const lines = piece === null ? splitter.end() : splitter.push(piece)
        const messages: Array<Message | null> = lines.filter((line) => line.trim() !== "").map(decode)
        for (; skipped < splitter.skipped(); skipped++) messages.push(null)
        return messages.length > 0 ? Effect.succeed(messages) : receive
      })
    })
    return receive
  })

const write = (output: Writable, text: string): Effect.Effect<void, PeerError> =>
  Effect.async((resume) => {
    output.write(text, (error) =>
      resume(error == null ? Effect.void : Effect.fail(PeerError.of("WriteFailed", error.message)))
    )
  })

/** Done when the output can't be written any more. */
const outputGone = (output: Writable): Effect.Effect<void> =>
  Effect.async((resume) => {
    const onGone = () => resume(Effect.void)
    if (output.destroyed) return onGone()
    output.once("close", onGone)
    output.on("error", onGone)
    return Effect.sync(() => {
      output.off("close", onGone)
    })
  })

/**
 * Serves the client until the input has ended and every accepted request is answered, the output is closed, or the
 * server has given the connection up.
 * @since 0.1.0
 * @category constructors
 */
export const serveStdio = (options: StdioOptions): Effect.Effect<void, never, AppServer> =>
  Effect.gen(function* () {
    const { drain, output } = options
    const server = yield* AppServer
    const connection = yield* server.connect({ kind: "stdio" })
    const transport: Pick<Transport<string>, "pack" | "receive" | "send"> = {
      pack: encode,
      receive: yield* makeReceive(options),
      send: (lines) => write(output, `${lines.join("\n")}\n`)
    }
    const reading = yield* Effect.fork(readAll(connection, transport))
    yield* Effect.fork(
      Fiber.await(reading).pipe(Effect.zipRight(connection.end), Effect.zipRight(server.shutdown({ drain })))
    )
    yield* Effect.raceAll([
      Effect.ignore(writeAll(connection, transport)),
      outputGone(output),
      Effect.zipRight(connection.closed, Effect.sleep(lastReads))
    ])
  }).pipe(Effect.scoped)
