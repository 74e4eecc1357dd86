/** What is shown of a watch: a picture or printed lines for `usage --watch`, one line for `guard --wait`. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { plainLine } from "../domain/PlainText.js"
import type { UsageTransition } from "../domain/UsageTransition.js"
import { type Verdict, verdict } from "../domain/Verdict.js"
import type { UsageView } from "../programs/usage.js"
import { isHopeless } from "../programs/waitUntilUsable.js"
import { type Reading, type WatchEvent, type WatchOptions, watchUsage } from "../programs/watchUsage.js"
import { ExitCode } from "./exitCodes.js"
import { failureIn } from "./Failure.js"
import { type HookCommands, type Hooks, makeHooks } from "./hooks.js"
import { answerLine, errorLine } from "./json/envelope.js"
import { usageFields, usageValue } from "./json/outputs.js"
import type { Canvas } from "./render/limits.js"
import { paintFor } from "./render/paint.js"
import { fit } from "./render/text.js"
import { relative, timeAndDistance } from "./render/time.js"
import { usageLines } from "./render/usage.js"
import { Report } from "./Report.js"
import { ownScreen } from "./terminal/frame.js"
import { make as makeTerminal } from "./terminal/Terminal.js"
import { view } from "./terminal/View.js"

type ReadFailed = Extract<WatchEvent, { readonly _tag: "ReadFailed" }>

/** Shows every event. Fails when the first reading does for a reason that another reading would not change. */
const follow = (options: WatchOptions, hooks: Hooks, show: (event: WatchEvent) => Effect.Effect<void>) =>
  Effect.flatMap(Ref.make(false), (hasRead) =>
    Stream.runForEach(watchUsage(options), (event) =>
      Effect.gen(function* () {
        if (event._tag === "Reading") yield* Ref.set(hasRead, true)
        else if (event._tag === "ReadFailed" && !(yield* Ref.get(hasRead)) && isHopeless(event.error, false)) {
          return yield* Effect.fail(event.error)
        }
        yield* show(event)
        if (event._tag === "Reading") yield* Effect.forEach(event.transitions, hooks.run, { discard: true })
      })
    )
  )

/** A failure and the next try, in one sentence each. */
const failureText = ({ error, nextAt }: ReadFailed, now: DateTime.Zoned): string => {
  const [first = "The usage could not be read."] = failureIn("usage", error).lines
  return `${plainLine(first, 200)} Next try ${timeAndDistance(nextAt, now)}.`
}

const transitionText = ({ _tag, until, windows }: UsageTransition, now: DateTime.Zoned): string => {
  const named = `the ${windows.join(" and ")} ${windows.length === 1 ? "window" : "windows"}`
  if (_tag === "Reset") return windows.length === 0 ? "Usable again." : `Started over: ${named}.`
  const what = windows.length === 0 ? "Blocked" : `Used up: ${named}`
  return until === null ? `${what}.` : `${what}, until ${timeAndDistance(until, now)}.`
}

/** `last` is the latest change, and when it was seen. */
interface State {
  readonly event: WatchEvent | null
  readonly reading: Reading | null
  readonly last: { readonly transition: UsageTransition; readonly at: DateTime.Utc } | null
  readonly warning: string | null
}

const nothing: State = { event: null, reading: null, last: null, warning: null }

const after = (state: State, event: WatchEvent): State => {
  if (event._tag === "Boundary") return { ...nothing, event }
  if (event._tag === "ReadFailed") return { ...state, event }
  const transition = event.transitions.at(-1)
  const last = transition === undefined ? state.last : { transition, at: event.view.snapshot.fetchedAt }
  return { ...state, event, reading: event, last }
}

/** What was read, judged as of now, for time goes on. */
const picture = ({ reading }: State, canvas: Canvas): ReadonlyArray<string> => {
  if (reading === null) return []
  const { role, snapshot } = reading.view
  return usageLines({ snapshot, verdict: verdict(snapshot, { now: DateTime.toUtc(canvas.now), role }) }, canvas)
}

const isFirstReading = ({ event, reading }: State): boolean => reading === null && event?._tag !== "ReadFailed"

const stateLines = (state: State, { now, paint }: Canvas): ReadonlyArray<string> => {
  const { event, last, warning } = state
  const failed = event?._tag === "ReadFailed" ? event : null
  return [
    ...(isFirstReading(state) ? ["Reading usage…"] : []),
    ...(failed === null ? [] : [paint("yellow", failureText(failed, now))]),
    ...(event === null || failed !== null ? [] : [paint("dim", `Next reading ${relative(event.nextAt, now)}.`)]),
    ...(last === null ? [] : [`${timeAndDistance(last.at, now)}: ${transitionText(last.transition, now)}`]),
    ...(warning === null ? [] : [paint("yellow", plainLine(warning, 200))])
  ]
}

/**
 * One picture that follows the readings until the person leaves: with `q` or Escape, which ends it, or with Ctrl-C, which
 * interrupts it. The last picture is left behind on stdout.
 */
export const liveUsage = (options: WatchOptions, commands: HookCommands) =>
  Effect.gen(function* () {
    const report = yield* Report
    let state = nothing
    const onOwnScreen = Effect.gen(function* () {
      const terminal = yield* makeTerminal(ownScreen)
      const set = (next: State) =>
        Effect.zipRight(
          Effect.sync(() => (state = next)),
          terminal.redraw
        )
      // What hooks print would be drawn over.
      const hooks = yield* makeHooks(commands, {
        warn: (warning) => set({ ...state, warning }),
        print: () => Effect.void
      })
      const watching = follow(options, hooks, (event) => set(after(state, event)))
      const shown = terminal.ask<never>((canvas) =>
        view({
          title: "Watching usage",
          lines: stateLines(state, canvas),
          wide: picture(state, canvas),
          keys: { q: Effect.succeed(false) },
          busy: isFirstReading(state)
        })
      )
      yield* Effect.raceFirst(shown, Effect.zipRight(watching, Effect.never))
    })
    const byCtrlC = yield* Effect.scoped(onOwnScreen).pipe(
      Effect.as(false),
      Effect.catchTag("Left", (left) => Effect.succeed(left.byCtrlC))
    )
    yield* report.print("stdout", picture(state, yield* report.canvas))
    return byCtrlC ? ExitCode.interrupted : ExitCode.done
  })

/** All that a person would take for a change; times alone are none. */
const factsOf = ({ snapshot, verdict }: UsageView): string =>
  JSON.stringify([
    snapshot.plan,
    snapshot.limits.map(({ allowed, id, windows }) => [
      id,
      allowed,
      windows.map(({ name, remainingPercent }) => [name, Math.round(remainingPercent)])
    ]),
    snapshot.credits,
    snapshot.spendControl,
    snapshot.reachedType,
    snapshot.resetCredits?.availableAt(snapshot.fetchedAt),
    verdict.state,
    verdict.paidBy,
    verdict.doubts,
    verdict.blockers.map(({ _tag }) => _tag)
  ])

const isNews = ({ previous, transitions, view }: Reading): boolean =>
  previous === null || transitions.length > 0 || factsOf(previous) !== factsOf(view)

const encodeReading = Schema.encode(Schema.Struct(usageFields))

/** Ends when the reader of the output has left. */
const readerLeft = Effect.async<void>((resume) => {
  const { stdout } = process
  const left = () => resume(Effect.void)
  stdout.once("error", left).once("close", left)
  return Effect.sync(() => stdout.off("error", left).off("close", left))
})

/** Prints lines where something has changed, or one JSON object a reading, until the reader leaves. */
export const printUsage = (options: WatchOptions, hooks: Hooks) =>
  Effect.gen(function* () {
    const { canvas: canvasNow, json, print, write } = yield* Report

    const showJson = (event: WatchEvent): Effect.Effect<void> => {
      if (event._tag === "Boundary") return Effect.void
      if (event._tag === "ReadFailed") return print("stdout", [errorLine("usage", failureIn("usage", event.error))])
      const { nextAt, previous, transitions, view } = event
      const watch = { isFirst: previous === null, transitions, nextAt }
      return Effect.flatMap(Effect.orDie(encodeReading({ ...usageValue(view), watch })), (encoded) =>
        print("stdout", [answerLine("usage", ExitCode.done, encoded)])
      )
    }
    const showLines = (event: WatchEvent): Effect.Effect<void> =>
      Effect.flatMap(canvasNow, (canvas) => {
        if (event._tag === "Boundary")
          return write("stderr", "Another account has signed in, or this one signed out.\n")
        if (event._tag === "ReadFailed") {
          const log = event.failuresInARow === 1 ? Effect.logWarning : Effect.logDebug
          return log(failureText(event, canvas.now))
        }
        if (!isNews(event)) return Effect.void
        const changes = event.transitions.map((transition) => transitionText(transition, canvas.now))
        return print("stdout", [...changes, ...usageLines(event.view, canvas), ""])
      })
    yield* Effect.raceFirst(follow(options, hooks, json ? showJson : showLines), readerLeft)
  })

/** `show` makes it that of the event; `clear` takes it off the terminal until it is drawn again, within a second. */
export interface WaitingLine {
  readonly show: (event: WatchEvent) => Effect.Effect<void>
  readonly clear: Effect.Effect<void>
}

const erase = "\r\u001b[2K"

const blockText = ({ blockers, until }: Verdict, now: DateTime.Zoned): string => {
  const windows = blockers.flatMap((blocker) => (blocker._tag === "WindowExhausted" ? [blocker.name] : []))
  const what = windows.length === 0 ? "Blocked" : `Blocked by ${windows.join(" and ")}`
  return until === null ? what : `${what} until ${timeAndDistance(until, now)}`
}

const waitingText = (event: WatchEvent, now: DateTime.Zoned): string => {
  if (event._tag === "ReadFailed") return failureText(event, now)
  const next = `next reading ${relative(event.nextAt, now)}`
  if (event._tag === "Boundary") return `Another account: ${next}`
  return event.view.verdict.isUsable ? "" : `${blockText(event.view.verdict, now)}; ${next}`
}

/** Runs the work beside a line that says what is waited for: on stderr, on a terminal only, and gone at the end. */
export const withWaitingLine = <A, E, R>(work: (line: WaitingLine) => Effect.Effect<A, E, R | Scope.Scope>) =>
  Effect.gen(function* () {
    const { screen, write } = yield* Report
    if (!screen.live) return yield* work({ show: () => Effect.void, clear: Effect.void })
    const paint = paintFor(screen.errorColor)
    const zone = screen.zone()
    const shown = yield* Ref.make<WatchEvent | null>(null)
    const draw = Effect.flatMap(Effect.all([Ref.get(shown), DateTime.now]), ([event, now]) => {
      const text = event === null ? "" : waitingText(event, DateTime.setZone(now, zone))
      return write("stderr", text === "" ? erase : `${erase}${paint("dim", fit(text, screen.errorColumns - 1))}`)
    })
    const clear = write("stderr", erase)
    yield* Effect.addFinalizer(() => clear)
    yield* Effect.forkScoped(Effect.repeat(draw, Schedule.spaced("1 second")))
    return yield* work({ show: (event) => Effect.zipRight(Ref.set(shown, event), draw), clear })
  })
