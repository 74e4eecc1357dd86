/** The command from its arguments to its exit code. */
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
import { readArgv, toCommandLine } from "./argv.js"
import { BadUsage } from "./BadUsage.js"
import { completionScript, isShell } from "./completions.js"
import { consoleFor } from "./console.js"
import { ExitCode } from "./exitCodes.js"
import { helpLines } from "./help.js"
import { type Circumstances, failureOf, interruption, unexpected } from "./Failure.js"
import { Globals, readGlobals } from "./Globals.js"
import { loggerFor } from "./logger.js"
import * as Report from "./Report.js"
import { screenOf } from "./Screen.js"
import { writeTo } from "./write.js"

const networkVariables = [
  "HTTPS_PROXY",
  "https_proxy",
  "HTTP_PROXY",
  "http_proxy",
  "NO_PROXY",
  "no_proxy",
  "CODEX_CA_CERTIFICATE",
  "SSL_CERT_FILE"
]

/** Tells what a failed command has not told yet. */
const conclude = <E extends Parameters<typeof failureOf>[0]>(cause: Cause.Cause<E>, at: Circumstances) =>
  Effect.gen(function* () {
    const report = yield* Report.Report
    const failure = Cause.failureOption(cause)
    if (Option.isSome(failure)) return yield* report.fail(at.command, failureOf(failure.value, at))
    if (Cause.isInterruptedOnly(cause)) {
      const told = Option.isSome(yield* Ref.get(report.exitCode))
      return told ? undefined : yield* report.fail(at.command, interruption(at))
    }
    yield* Effect.logDebug("A bug.", cause)
    return yield* report.fail(at.command, unexpected())
  })

/** Runs the command line and ends the process with its exit code. */
export const main = (argv: ReadonlyArray<string>): void => {
  const parsed = readArgv(argv)
  const { command, globals } = Either.merge(parsed)
  const flags = readGlobals(globals)
  const color = globals["--no-color"] === undefined
  const screen = screenOf(process, color)
  const write = writeTo({ stdout: process.stdout, stderr: process.stderr })
  const at: Circumstances = {
    command: Either.isRight(parsed) ? (command ?? "status") : command,
    networkVariables: networkVariables.filter((name) => (process.env[name] ?? "") !== ""),
    homeGiven: globals["--codex-home"] !== undefined
  }
  // A reader who leaves early, such as `head`, is no error.
  process.stdout.on("error", () => {})
  process.stderr.on("error", () => {})

  const commandLine = Effect.gen(function* () {
    const invocation = yield* Either.mapLeft(parsed, ({ message }) => new BadUsage({ message, advice: null }))
    const given = yield* Either.mapLeft(flags, (message) => new BadUsage({ message, advice: null }))
    if (globals["--help"] !== undefined) {
      return yield* write("stdout", `${helpLines(command, screen).join("\n")}\n`)
    }
    const shell = globals["--completions"]
    if (shell !== undefined) {
      if (isShell(shell)) return yield* write("stdout", `${completionScript(shell)}\n`)
      return yield* new BadUsage({ message: "--completions is for bash, zsh, fish or sh.", advice: null })
    }
    const { run } = yield* Effect.promise(() => import("./app.js"))
    yield* Effect.provideService(run(toCommandLine(invocation), at), Globals, given)
  })

  // The exit of an interrupted fiber says only that; what to end with is noted here.
  let ended: ExitCode = ExitCode.unexpected
  // Ctrl-C ends the command alone: what there is to tell about it is told all the same.
  const program = Effect.gen(function* () {
    const { exitCode } = yield* Report.Report
    const exit = yield* Effect.exit(Effect.interruptible(commandLine))
    if (Exit.isFailure(exit)) yield* conclude(exit.cause, at)
    ended = Option.getOrElse(yield* Ref.get(exitCode), () => ExitCode.done)
  }).pipe(
    (whole) =>
      Effect.flatMap(Effect.console, (console) => Effect.withConsole(whole, consoleFor(console, write, screen))),
    // A fiber's error reaches whoever waits for it, and is told there.
    Effect.withUnhandledErrorLogLevel(Option.none()),
    Logger.withMinimumLogLevel(
      Either.match(flags, { onLeft: () => LogLevel.Warning, onRight: ({ logLevel }) => logLevel })
    ),
    Effect.provide(
      Layer.mergeAll(
        Report.layer({ screen, write, json: globals["--json"] !== undefined }),
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
    // Everything is written and closed by now, so nothing is worth waiting for.
    teardown: () => process.exit(ended)
  })
}
