/** `codex-account usage`, once or with `--watch`, and `codex-account guard`, at once or with `--wait`. */
import * as NodeCommandExecutor from "@effect/platform-node/NodeCommandExecutor"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { activityCalendar, type ActivityView } from "../../domain/ActivityCalendar.js"
import { plainLine } from "../../domain/PlainText.js"
import type { TokenActivity } from "../../domain/TokenActivity.js"
import { blockOf } from "../../domain/UsageTransition.js"
import { defaultWatchPolicy, withInterval } from "../../domain/WatchPolicy.js"
import { showActivity } from "../../programs/status.js"
import { guard as guardProgram, showUsage } from "../../programs/usage.js"
import { waitUntilUsable } from "../../programs/waitUntilUsable.js"
import type { WatchEvent } from "../../programs/watchUsage.js"
import { badUsage } from "../Command.js"
import { ExitCode } from "../exitCodes.js"
import { type HookCommands, type HookOutput, makeHooks } from "../hooks.js"
import { activityFields, guardFields, usageFields, usageValue } from "../json/outputs.js"
import { activityLines } from "../render/activity.js"
import { usageLines, verdictLines } from "../render/usage.js"
import { present, Report } from "../Report.js"
import { liveUsage, printUsage, withWaitingLine } from "../watch.js"

interface WatchFlags extends HookCommands {
  readonly "--watch": boolean
  readonly "--interval": Duration.Duration | undefined
}

interface GuardFlags extends HookCommands {
  readonly "--wait": boolean
  readonly "--for": Duration.Duration | undefined
}

/** Hooks whose warnings are logged, and whose lines go to stderr. */
const printedHooks = (commands: HookCommands, before: Effect.Effect<void> = Effect.void) =>
  Effect.flatMap(Report, ({ write }) => {
    const output: HookOutput = {
      warn: (problem) => Effect.zipRight(before, Effect.logWarning(plainLine(problem))),
      print: (line) => Effect.zipRight(before, write("stderr", `${line}\n`))
    }
    return Effect.provide(makeHooks(commands, output), NodeCommandExecutor.layer)
  })

const activityValue = (activity: TokenActivity, view: ActivityView) => {
  const { daily, fetchedAt, identity, ...totals } = activity
  const calendar = daily === null ? null : activityCalendar(daily, fetchedAt)
  return { view, identity, fetchedAt, totals, days: calendar?.days ?? null, weeks: calendar?.weeks ?? null }
}

const ofLimits = showUsage.pipe(present({ fields: usageFields, value: usageValue, lines: usageLines }))

const ofTokens = (view: ActivityView) =>
  showActivity.pipe(
    present({
      fields: activityFields,
      value: (activity) => activityValue(activity, view),
      lines: (activity, canvas) => activityLines(activity, view, canvas)
    })
  )

/**
 * Watches the usage until Ctrl-C, which ends it with 130. On a terminal `q` and Escape end it with 0; elsewhere it ends
 * with 0 when its reader leaves.
 */
const watch = (flags: WatchFlags) =>
  Effect.gen(function* () {
    const interval = flags["--interval"]
    const policy = interval === undefined ? defaultWatchPolicy : withInterval(defaultWatchPolicy, interval)
    const { exitCode, json, screen } = yield* Report
    // Ctrl-C is how a watch ends: there is nothing to report about it.
    yield* Ref.set(exitCode, Option.some(ExitCode.interrupted))
    const ended =
      !json && screen.interactive && screen.live && process.stdout.isTTY
        ? yield* Effect.provide(liveUsage({ policy }, flags), NodeCommandExecutor.layer)
        : yield* Effect.as(printUsage({ policy }, yield* printedHooks(flags)), ExitCode.done)
    yield* Ref.set(exitCode, Option.some(ended))
  }).pipe(Effect.scoped)

export const usage = (flags: WatchFlags, view: ActivityView | null) =>
  Effect.gen(function* () {
    if (!flags["--watch"]) return yield* view === null ? ofLimits : ofTokens(view)
    if (view !== null) return yield* badUsage("usage --watch shows the limits: leave out the view.")
    yield* watch(flags)
  })

/** Waits, with a line on a terminal that says what for. Hooks that were started are waited for. */
const waiting = (flags: GuardFlags) =>
  withWaitingLine((line) =>
    Effect.gen(function* () {
      const hooks = yield* printedHooks(flags, line.clear)
      const waits = yield* Ref.make(false)
      const onEvent = (event: WatchEvent) =>
        Effect.gen(function* () {
          yield* line.show(event)
          if (event._tag !== "Reading") return
          yield* Effect.forEach(event.transitions, hooks.run, { discard: true })
          const { verdict } = event.view
          // Blocked from the start is no transition, but the hook is for this too.
          const begins = !verdict.isUsable && !(yield* Ref.getAndSet(waits, true))
          if (begins && event.transitions.length === 0) yield* hooks.run(blockOf(verdict))
        })
      const idle = () => hooks.idle
      return yield* Effect.tapBoth(waitUntilUsable({ timeout: flags["--for"], onEvent }), {
        onFailure: idle,
        onSuccess: idle
      })
    })
  ).pipe(Effect.scoped)

export const guard = (flags: GuardFlags) =>
  Effect.gen(function* () {
    if (flags["--wait"]) return yield* waiting(flags)
    return { ...(yield* guardProgram), waitedMillis: null }
  }).pipe(
    present({
      fields: guardFields,
      value: (view) => ({ usable: view.usable, waitedMillis: view.waitedMillis, ...usageValue(view) }),
      lines: ({ snapshot, verdict }, canvas) => verdictLines(snapshot, verdict, canvas),
      exitCode: ({ usable }) => (usable ? ExitCode.done : ExitCode.blocked)
    })
  )
