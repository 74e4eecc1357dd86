/**
 * One client on two byte streams: a line of JSON for each message.
 *
 * @since 0.1.0
 */
import * as Data from "effect/Data"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { Readable, Writable } from "node:stream"
import { decodeLine } from "../protocol/decodeLine.js"
import { encode, type Message } from "../protocol/Envelope.js"
import { AppServer, type Connection } from "../server/AppServer.js"
import { makeLineSplitter } from "./lines.js"
import { makeIgnored } from "./reporting.js"

/**
 * `drain` is how long what was accepted may take once the input has ended; `maxLineBytes` is the longest line that is
 * read.
 *
 * @since 0.1.0
 * @category models
 */
export interface StdioOptions {
  readonly input: Readable
  readonly output: Writable
  readonly drain: Duration.DurationInput
  readonly maxLineBytes: number
}

class OutputGone extends Data.TaggedError("OutputGone") {}

/** How long the last words may take to be read, when the server is done with the client. */
const lastWords = Duration.seconds(1)

/** Pieces of the input as they come, each asked for; none when it has ended, in whatever way. */
const makePieces = (input: Readable): Effect.Effect<Effect.Effect<Option.Option<Buffer>>, never, Scope.Scope> =>
  Effect.gen(function* () {
    let ended = input.readableEnded || input.destroyed
    let wake = () => {}
    const onReadable = () => wake()
    const onEnd = () => {
      ended = true
      wake()
    }
    yield* Effect.acquireRelease(
      Effect.sync(() => {
        input.on("readable", onReadable)
        for (const event of ["end", "close", "error"]) input.on(event, onEnd)
      }),
      () =>
        Effect.sync(() => {
          input.off("readable", onReadable)
          // A late error is nobody's any more.
          for (const event of ["end", "close"]) input.off(event, onEnd)
        })
    )
    return Effect.async<Option.Option<Buffer>>((resume) => {
      const look = () => {
        const piece: unknown = ended ? null : input.read()
        if (Buffer.isBuffer(piece)) return resume(Effect.succeed(Option.some(piece)))
        if (ended) return resume(Effect.succeed(Option.none()))
        wake = () => {
          wake = () => {}
          look()
        }
      }
      look()
      return Effect.sync(() => {
        wake = () => {}
      })
    })
  })

/** Until the input ends, or holds what is not UTF-8. */
const readAll = (connection: Connection, { input, maxLineBytes }: StdioOptions) =>
  Effect.gen(function* () {
    const splitter = makeLineSplitter({ maxBytes: maxLineBytes })
    const ignored = makeIgnored("A line that is no message was ignored.")
    const next = yield* makePieces(input)
    const receive = (lines: ReadonlyArray<string>) =>
      Effect.forEach(
        lines,
        (line) =>
          Option.match(decodeLine(line), {
            onNone: () => (line.trim() === "" ? Effect.void : ignored),
            onSome: connection.receive
          }),
        { discard: true }
      )
    let tooLong = 0
    for (;;) {
      const piece = yield* next
      yield* receive(Option.match(piece, { onNone: splitter.end, onSome: splitter.push }))
      for (; tooLong < splitter.tooLong(); tooLong++) yield* ignored
      if (splitter.isBroken()) return yield* Effect.logWarning("The input is not UTF-8; it ends here.")
      if (Option.isNone(piece)) return
    }
  }).pipe(Effect.scoped)

const write = (output: Writable, messages: ReadonlyArray<Message>): Effect.Effect<void, OutputGone> =>
  Effect.async((resume) => {
    output.write(`${messages.map(encode).join("\n")}\n`, (error) =>
      resume(error == null ? Effect.void : Effect.fail(new OutputGone()))
    )
  })

/** Until nothing more is owed. What is queued while a write is under way goes out with the next one. */
const writeAll = (connection: Connection, output: Writable): Effect.Effect<void, OutputGone> =>
  Effect.flatMap(connection.takeAll, (messages) =>
    messages.length === 0
      ? Effect.void
      : Effect.zipRight(
          write(output, messages),
          Effect.suspend(() => writeAll(connection, output))
        )
  )

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
 * Serves the client until the input has ended and all that was accepted is answered, the output is closed, or the server
 * is done with it.
 *
 * @since 0.1.0
 * @category constructors
 */
export const serveStdio = (options: StdioOptions): Effect.Effect<void, never, AppServer> =>
  Effect.gen(function* () {
    const { drain, output } = options
    const server = yield* AppServer
    const connection = yield* server.connect({ kind: "stdio" })
    const reading = yield* Effect.fork(readAll(connection, options))
    yield* Effect.fork(
      Fiber.await(reading).pipe(Effect.zipRight(connection.end), Effect.zipRight(server.shutdown({ drain })))
    )
    yield* Effect.raceAll([
      Effect.ignore(writeAll(connection, output)),
      outputGone(output),
      Effect.zipRight(connection.closed, Effect.sleep(lastWords))
    ])
  }).pipe(Effect.scoped)
