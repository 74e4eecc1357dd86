/** A child process: one line of JSON per message on its standard streams. */
import * as Command from "@effect/platform/Command"
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import type * as PlatformError from "@effect/platform/Error"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Mailbox from "effect/Mailbox"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { decode, encode, type Message } from "./Envelope.js"
import { makeLineSplitter } from "./lines.js"
import { maxMessageBytes, PeerError, shutdownLimit, type Transport, withHardLimit } from "./Transport.js"

/** How long a killed child may take to be gone. */
const killLimit = "1 second"

// The platform's message names the arguments, which may be private.
const reasonOf = (error: PlatformError.PlatformError): string =>
  error._tag === "SystemError" ? error.reason : "BadArgument"

const makeReceive = (stdout: Stream.Stream<Uint8Array, PlatformError.PlatformError>) =>
  Effect.gen(function* () {
    const pull = yield* Stream.toPull(stdout)
    const splitter = makeLineSplitter({ maxBytes: maxMessageBytes })
    const receive: Effect.Effect<ReadonlyArray<Message | null>, PeerError> = pull.pipe(
      Effect.mapError(
        Option.match({
          onNone: () => PeerError.of("Ended"),
          onSome: (error) => PeerError.of("Failed", reasonOf(error))
        })
      ),
      Effect.flatMap((pieces) => {
        const lines = Chunk.toReadonlyArray(pieces)
          .flatMap((piece) => splitter.push(piece))
          .filter((line) => line.trim() !== "")
        if (lines.length > 0) return Effect.succeed(lines.map(decode))
        return splitter.skipped() > 0
          ? Effect.fail(PeerError.of("Failed", `a line is not UTF-8, or longer than ${maxMessageBytes} bytes`))
          : receive
      })
    )
    return receive
  })

/**
 * Starts the command. When the scope closes its input ends; a child that does not exit then gets `SIGTERM`, and at last
 * `SIGKILL`. What it logs is discarded. `endpoint` is how errors name it.
 */
export const open = (
  command: Command.Command,
  endpoint: string
): Effect.Effect<Transport<string>, PeerError, CommandExecutor.CommandExecutor | Scope.Scope> =>
  Effect.gen(function* () {
    const process = yield* Effect.mapError(Command.start(command), (error) =>
      PeerError.of("Unreachable", reasonOf(error))
    )
    const input = yield* Mailbox.make<string>(1)
    const exited = Effect.ignore(process.exitCode)
    const close = yield* Effect.cached(withHardLimit(shutdownLimit)(Effect.zipRight(input.end, exited)))
    const kill = (signal: "SIGTERM" | "SIGKILL") => Effect.ignore(process.kill(signal))
    const unlessExited = (step: Effect.Effect<void>) =>
      Effect.flatMap(
        Effect.orElseSucceed(process.isRunning, () => false),
        (isRunning) => (isRunning ? step : Effect.void)
      )
    // Both go on until the child has exited: a pipe that is not drained may end it early.
    yield* Effect.forkScoped(Effect.interruptible(Effect.ignore(Stream.runDrain(process.stderr))))
    yield* Effect.forkScoped(
      Stream.run(Stream.encodeText(Mailbox.toStream(input)), process.stdin).pipe(
        Effect.interruptible,
        Effect.ignore,
        Effect.zipRight(input.shutdown)
      )
    )
    yield* Effect.addFinalizer(() =>
      close.pipe(
        Effect.zipRight(unlessExited(withHardLimit(shutdownLimit)(kill("SIGTERM")))),
        Effect.zipRight(unlessExited(withHardLimit(killLimit)(kill("SIGKILL"))))
      )
    )
    return {
      endpoint,
      pack: encode,
      receive: yield* makeReceive(process.stdout),
      send: (texts) =>
        Effect.flatMap(input.offer(`${texts.join("\n")}\n`), (taken) =>
          taken ? Effect.void : Effect.fail(PeerError.of("WriteFailed", "the input is closed"))
        ),
      close,
      abort: Effect.asVoid(Effect.forkDaemon(kill("SIGTERM")))
    }
  })
