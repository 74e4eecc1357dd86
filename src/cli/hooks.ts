/** Commands that are run when something has happened to the account. */
import * as Command from "@effect/platform/Command"
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import { plainLine } from "../domain/PlainText.js"
import type { Words } from "../domain/shellWords.js"
import type { UsageTransition } from "../domain/UsageTransition.js"

/** How long a hook may run, how long it may take to end when asked, and how long its last lines are waited for. */
const hookLimit = Duration.seconds(30)
const grace = "2 seconds"
const lastLines = "200 millis"

export interface HookCommands {
  readonly "--on-blocked": Words | undefined
  readonly "--on-reset": Words | undefined
}

/** `warn` gets a sentence about a hook that failed, `print` every line that a hook prints. */
export interface HookOutput {
  readonly warn: (problem: string) => Effect.Effect<void>
  readonly print: (line: string) => Effect.Effect<void>
}

/** `run` queues the hook of an event, if there is one. `idle` is when all that were queued before have ended. */
export interface Hooks {
  readonly run: (transition: UsageTransition) => Effect.Effect<void>
  readonly idle: Effect.Effect<void>
}

/** The environment variables of a hook. What is not known is empty. */
const hookEnvironment = ({ _tag, remainingPercent, until, windows }: UsageTransition) => ({
  CODEX_ACCOUNT_EVENT: _tag === "Blocked" ? "blocked" : "reset",
  CODEX_ACCOUNT_WINDOW: windows.join(","),
  CODEX_ACCOUNT_UNTIL: until === null ? "" : DateTime.formatIso(until),
  CODEX_ACCOUNT_REMAINING_PERCENT: remainingPercent === null ? "" : String(remainingPercent)
})

/** Runs one to its end, and says what went wrong; null when nothing did. */
const runOne = (
  [program, ...args]: Words,
  facts: Readonly<Record<string, string>>,
  print: HookOutput["print"],
  limit: Duration.Duration
) =>
  Effect.gen(function* () {
    const command = Command.make(program, ...args).pipe(Command.env(facts), Command.stdin(Stream.empty))
    const started = yield* Effect.option(Command.start(command))
    if (Option.isNone(started)) return "could not be started"
    const child = started.value
    // In a fiber of its own: one that is interrupted can't wait for the first of two.
    const end = Effect.raceFirst(
      Effect.ignore(child.kill("SIGTERM")),
      Effect.zipRight(Effect.sleep(grace), Effect.ignore(child.kill("SIGKILL")))
    ).pipe(Effect.interruptible, Effect.forkDaemon, Effect.flatMap(Fiber.await))
    const printed = yield* Effect.forkScoped(
      Effect.forEach(
        [child.stdout, child.stderr],
        (output) =>
          output.pipe(
            Stream.decodeText(),
            Stream.splitLines,
            Stream.runForEach((line) => print(plainLine(line))),
            Effect.ignore
          ),
        { concurrency: 2, discard: true }
      )
    )
    const code = yield* child.exitCode.pipe(
      Effect.option,
      Effect.timeoutOption(limit),
      Effect.onInterrupt(() => end)
    )
    if (Option.isNone(code)) {
      yield* end
      return `took longer than ${Duration.format(limit)}, and was ended`
    }
    // A process that it leaves running may hold its output open.
    yield* Effect.timeoutOption(Fiber.join(printed), lastLines)
    return Option.match(code.value, {
      onNone: () => "was ended by a signal",
      onSome: (status) => (status === 0 ? null : `ended with exit code ${status}`)
    })
  }).pipe(Effect.scoped)

/**
 * Hooks that run one at a time, in the order of the events, without a shell, with the environment of this process and the
 * facts. One that fails is a warning. Those that still run or wait when the scope closes are ended.
 */
export const makeHooks = (commands: HookCommands, { print, warn }: HookOutput, limit: Duration.Duration = hookLimit) =>
  Effect.gen(function* () {
    const queue = yield* Queue.bounded<Effect.Effect<unknown, never, CommandExecutor.CommandExecutor>>(16)
    yield* Effect.forkScoped(Effect.forever(Effect.flatten(Queue.take(queue))))
    return {
      run: (transition) => {
        const name = transition._tag === "Blocked" ? "--on-blocked" : "--on-reset"
        const words = commands[name]
        if (words === undefined) return Effect.void
        const work = Effect.flatMap(runOne(words, hookEnvironment(transition), print, limit), (problem) =>
          problem === null ? Effect.void : warn(`The hook of ${name} ${problem}.`)
        )
        return Effect.asVoid(Queue.offer(queue, work))
      },
      idle: Effect.flatMap(Deferred.make<void>(), (done) =>
        Effect.zipRight(Queue.offer(queue, Deferred.succeed(done, undefined)), Deferred.await(done))
      )
    } satisfies Hooks
  })
