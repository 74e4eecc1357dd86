/** A child process as a link: a line on its standard streams for each message. */
import * as Command from "@effect/platform/Command"
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import type * as PlatformError from "@effect/platform/Error"
import * as Chunk from "effect/Chunk"
import * as Effect from "effect/Effect"
import * as Mailbox from "effect/Mailbox"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { maxMessageBytes } from "../../protocol/maxMessageBytes.js"
import { makeLineSplitter } from "../../transports/lines.js"
import { type IoError, ioError } from "../TypedRequestError.js"
import { inTime, shutdownLimit } from "./inTime.js"
import { type Link, LinkEnd, serverAt } from "./Link.js"

/** How long a child that was killed may take to be gone. */
const killLimit = "1 second"

/** What the platform says names the arguments, which may hold what is nobody's business. */
const reasonOf = (error: PlatformError.PlatformError): string =>
  error._tag === "SystemError" ? error.reason : "BadArgument"

const failed = (detail: string) => new LinkEnd({ reason: "Failed", detail })

/** Lines as they come, until the stream ends or can't be read. */
const makeReceive = (stdout: Stream.Stream<Uint8Array, PlatformError.PlatformError>) =>
  Effect.gen(function* () {
    const pull = yield* Stream.toPull(stdout)
    const splitter = makeLineSplitter({ maxBytes: maxMessageBytes })
    const receive: Effect.Effect<ReadonlyArray<string>, LinkEnd> = pull.pipe(
      Effect.mapError(
        Option.match({
          onNone: () => new LinkEnd({ reason: "Ended", detail: "" }),
          onSome: (error) => failed(reasonOf(error))
        })
      ),
      Effect.flatMap((pieces) => {
        const lines = Chunk.toReadonlyArray(pieces)
          .flatMap((piece) => splitter.push(piece))
          .filter((line) => line.trim() !== "")
        if (lines.length > 0) return Effect.succeed(lines)
        if (splitter.isBroken()) return failed("the output is not UTF-8")
        return splitter.tooLong() > 0 ? failed(`a line is longer than ${maxMessageBytes} bytes`) : receive
      })
    )
    return receive
  })

/**
 * Starts the command. With the scope its input ends; if that does not end it, it is told to, and at last killed. What it
 * logs is thrown away.
 */
export const open = (
  command: Command.Command,
  endpoint: string
): Effect.Effect<Link, IoError, CommandExecutor.CommandExecutor | Scope.Scope> =>
  Effect.gen(function* () {
    const process = yield* Effect.mapError(Command.start(command), (error) =>
      ioError("Other", `failed to connect to ${serverAt(endpoint)}: ${reasonOf(error)}`)
    )
    const input = yield* Mailbox.make<string>(1)
    const gone = Effect.ignore(process.exitCode)
    const close = yield* Effect.cached(inTime(shutdownLimit)(Effect.zipRight(input.end, gone)))
    const kill = (signal: "SIGTERM" | "SIGKILL") => Effect.ignore(process.kill(signal))
    const unless = (step: Effect.Effect<void>) =>
      Effect.flatMap(
        Effect.orElseSucceed(process.isRunning, () => false),
        (isRunning) => (isRunning ? step : Effect.void)
      )
    // These go on until it is gone: what nobody reads any more may end it before its time.
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
        Effect.zipRight(unless(inTime(shutdownLimit)(kill("SIGTERM")))),
        Effect.zipRight(unless(inTime(killLimit)(kill("SIGKILL"))))
      )
    )
    return {
      endpoint,
      receive: yield* makeReceive(process.stdout),
      send: (texts) =>
        Effect.flatMap(input.offer(`${texts.join("\n")}\n`), (taken) =>
          taken ? Effect.void : new LinkEnd({ reason: "WriteFailed", detail: "the input is closed" })
        ),
      close,
      abort: Effect.asVoid(Effect.forkDaemon(kill("SIGTERM")))
    }
  })
