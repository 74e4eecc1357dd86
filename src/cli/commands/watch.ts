/** `codex-account usage --watch`, and what it shares with `guard --wait`. */
import * as Options from "@effect/cli/Options"
import * as NodeCommandExecutor from "@effect/platform-node/NodeCommandExecutor"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { plainLine } from "../../domain/PlainText.js"
import { defaultWatchPolicy, withInterval } from "../../domain/WatchPolicy.js"
import { BadUsage } from "../BadUsage.js"
import { ExitCode } from "../exitCodes.js"
import { readDuration } from "../Globals.js"
import { type HookCommands, type HookOutput, makeHooks } from "../hooks.js"
import { hookWords, type Words } from "../hookWords.js"
import { Report } from "../Report.js"

export const hookOptions = {
  onBlocked: Options.text("on-blocked").pipe(Options.optional),
  onReset: Options.text("on-reset").pipe(Options.optional)
}

export const watchOptions = {
  watch: Options.boolean("watch"),
  interval: Options.text("interval").pipe(Options.optional),
  ...hookOptions
}

interface HookGiven {
  readonly onBlocked: Option.Option<string>
  readonly onReset: Option.Option<string>
}

/** What was given for `watchOptions`. */
export interface WatchGiven extends HookGiven {
  readonly watch: boolean
  readonly interval: Option.Option<string>
}

const badUsage = (message: string) => new BadUsage({ message, advice: null })

const wordsOf = (flag: string, given: Option.Option<string>): Either.Either<Words | null, BadUsage> =>
  Option.match(given, {
    onNone: () => Either.right(null),
    onSome: (text) => Either.mapLeft(hookWords(text), (problem) => badUsage(`${flag} can't be understood: ${problem}.`))
  })

/** The hooks that were given, as words. */
export const hookCommands = ({ onBlocked, onReset }: HookGiven): Either.Either<HookCommands, BadUsage> =>
  Either.all({ blocked: wordsOf("--on-blocked", onBlocked), reset: wordsOf("--on-reset", onReset) })

/** A time given for a flag, of at least so many seconds; undefined where none was given. */
export const timeOf = (
  flag: string,
  given: Option.Option<string>,
  least: Duration.Duration
): Either.Either<Duration.Duration | undefined, BadUsage> =>
  Option.match(given, {
    onNone: () => Either.right(undefined),
    onSome: (text) =>
      Option.match(Option.filter(readDuration(text), Duration.greaterThanOrEqualTo(least)), {
        onNone: () => Either.left(badUsage(`${flag} needs a time of at least ${Duration.format(least)}, such as 5m.`)),
        onSome: Either.right
      })
  })

/** A flag that only means something beside another one. */
export const needs = (
  other: string,
  given: Readonly<Record<string, Option.Option<unknown>>>
): Either.Either<void, BadUsage> => {
  const flag = Object.keys(given).find((name) => given[name]?._tag === "Some")
  return flag === undefined ? Either.void : Either.left(badUsage(`${flag} belongs to ${other}.`))
}

/** Hooks whose warnings are logged, and whose lines go to stderr. */
export const printedHooks = (commands: HookCommands, before: Effect.Effect<void> = Effect.void) =>
  Effect.flatMap(Report, ({ write }) => {
    const output: HookOutput = {
      warn: (problem) => Effect.zipRight(before, Effect.logWarning(plainLine(problem))),
      tell: (line) => Effect.zipRight(before, write("stderr", `${line}\n`))
    }
    return Effect.provide(makeHooks(commands, output), NodeCommandExecutor.layer)
  })

/**
 * Watches the usage until Ctrl-C, which ends it with 130. On a terminal `q` and Escape end it with 0; elsewhere it ends
 * with 0 when its reader leaves. None where `--watch` was not given.
 */
export const watchedUsage = (given: WatchGiven) =>
  Effect.gen(function* () {
    const { interval, onBlocked, onReset, watch } = given
    if (!watch) {
      yield* needs("usage --watch", { "--interval": interval, "--on-blocked": onBlocked, "--on-reset": onReset })
      return false
    }
    const commands = yield* hookCommands(given)
    const wanted = yield* timeOf("--interval", interval, defaultWatchPolicy.minInterval)
    const policy = wanted === undefined ? defaultWatchPolicy : withInterval(defaultWatchPolicy, wanted)
    const { exitCode, json, screen } = yield* Report
    // Ctrl-C is how a watch ends: there is nothing to tell about it.
    yield* Ref.set(exitCode, Option.some(ExitCode.interrupted))
    const isLive = !json && screen.interactive && screen.live && process.stdout.isTTY === true
    if (isLive) {
      const { liveUsage } = yield* Effect.promise(() => import("../watch/liveUsage.js"))
      const ended = yield* Effect.provide(liveUsage({ policy }, commands), NodeCommandExecutor.layer)
      yield* Ref.set(exitCode, Option.some(ended))
    } else {
      const { printUsage } = yield* Effect.promise(() => import("../watch/printUsage.js"))
      yield* printUsage({ policy }, yield* printedHooks(commands))
      yield* Ref.set(exitCode, Option.some(ExitCode.done))
    }
    return true
  }).pipe(Effect.scoped)
