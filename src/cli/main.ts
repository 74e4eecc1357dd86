/** The command from its arguments to its exit code. */
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as NodeFileSystem from "@effect/platform-node/NodeFileSystem"
import * as NodePath from "@effect/platform-node/NodePath"
import * as NodeRuntime from "@effect/platform-node/NodeRuntime"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { readArgv, readGlobals } from "./argv.js"
import { badUsage, readFlags, Globals } from "./Command.js"
import { commands, globalFlags, withoutCommand } from "./commands.js"
import { completionScript } from "./completions.js"
import { ExitCode } from "./exitCodes.js"
import { helpLines } from "./help.js"
import { type Circumstances, type CommandError, failureOf, interruption, unexpected } from "./Failure.js"
import { loggerFor } from "./logger.js"
import * as Report from "./Report.js"

const proxies = ["HTTPS_PROXY", "HTTP_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()])
const networkVariables = [...proxies, "CODEX_CA_CERTIFICATE", "SSL_CERT_FILE"]

/** Reports why a command failed, unless it has reported something itself. */
const conclude = (cause: Cause.Cause<CommandError>, at: Circumstances) =>
  Effect.gen(function* () {
    const report = yield* Report.Report
    const failure = Cause.failureOption(cause)
    if (Option.isSome(failure)) return yield* report.fail(at.command, failureOf(failure.value, at))
    if (Cause.isInterruptedOnly(cause)) {
      const reported = Option.isSome(yield* Ref.get(report.exitCode))
      return reported ? undefined : yield* report.fail(at.command, interruption(at))
    }
    yield* Effect.logDebug("A bug.", cause)
    return yield* report.fail(at.command, unexpected())
  })

type Started = Effect.Effect<void, CommandError, FileSystem.FileSystem | Globals | Path.Path | Report.Report>

/** Runs the command line and ends the process with its exit code. */
export const main = (argv: ReadonlyArray<string>): void => {
  const parsed = readArgv(argv)
  const { command, globals } = Either.merge(parsed)
  const flags = readGlobals(globals)
  const screen = Report.screenOf(process, globals["--no-color"] === undefined)
  const write = Report.writeTo({ stdout: process.stdout, stderr: process.stderr })
  const at: Circumstances = {
    command: Either.isRight(parsed) ? (command ?? "status") : command,
    networkVariables: networkVariables.filter((name) => (process.env[name] ?? "") !== ""),
    homeGiven: globals["--codex-home"] !== undefined
  }
  // That a part of a library is experimental is nothing to the person at the terminal.
  const [show] = process.listeners("warning")
  process.removeAllListeners("warning").on("warning", (warning) => {
    if (warning.name !== "ExperimentalWarning") show?.(warning)
  })
  // A reader that leaves early, such as `head`, is no error.
  process.stdout.on("error", () => {})
  process.stderr.on("error", () => {})

  const commandLine = Effect.gen(function* () {
    const invocation = yield* Either.mapLeft(parsed, ({ message }) => badUsage(message))
    const given = yield* Either.mapLeft(flags, (message) => badUsage(message))
    const { "--completions": shell, "--help": help } = yield* Either.mapLeft(readFlags(globalFlags, globals), badUsage)
    if (help) return yield* write("stdout", `${helpLines(command, screen).join("\n")}\n`)
    if (shell !== undefined) return yield* write("stdout", `${completionScript(shell)}\n`)
    const started: Either.Either<Started, string> =
      command === null
        ? Either.right(withoutCommand)
        : commands[command].start(invocation.flags, invocation.positionals)
    const run = yield* Either.mapLeft(started, (message) => badUsage(message))
    yield* Effect.provideService(run, Globals, given)
  })

  // The exit of an interrupted fiber says only that, so the exit code is kept here.
  let ended: ExitCode = ExitCode.unexpected
  // Ctrl-C ends only the command line: what there is to report about it is still reported.
  const program = Effect.gen(function* () {
    const { exitCode } = yield* Report.Report
    const exit = yield* Effect.exit(Effect.interruptible(commandLine))
    if (Exit.isFailure(exit)) yield* conclude(exit.cause, at)
    ended = Option.getOrElse(yield* Ref.get(exitCode), () => ExitCode.done)
  }).pipe(
    // A fiber's error reaches the fiber that waits for it, and is reported there.
    Effect.withUnhandledErrorLogLevel(Option.none()),
    Logger.withMinimumLogLevel(
      Either.match(flags, { onLeft: () => LogLevel.Warning, onRight: ({ logLevel }) => logLevel })
    ),
    Effect.provide(
      Layer.mergeAll(
        Report.layer({ at, screen, write, json: globals["--json"] !== undefined }),
        NodeFileSystem.layer,
        NodePath.layer,
        Logger.replace(Logger.defaultLogger, loggerFor(process.stderr, screen))
      )
    ),
    Effect.uninterruptible
  )

  NodeRuntime.runMain(program, {
    disableErrorReporting: true,
    disablePrettyLogger: true,
    // Everything is written and closed by now, so there is nothing to wait for.
    teardown: () => process.exit(ended)
  })
}
