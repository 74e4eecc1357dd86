/** Usage that is watched on a terminal: one picture that follows the readings. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Queue from "effect/Queue"
import * as Stream from "effect/Stream"
import type { AuthError } from "../../domain/AuthError.js"
import type { BackendError } from "../../domain/BackendError.js"
import { plainLine } from "../../domain/PlainText.js"
import type { UsageTransition } from "../../domain/UsageTransition.js"
import { verdict } from "../../domain/Verdict.js"
import type { Reading, WatchEvent, WatchOptions } from "../../programs/watchUsage.js"
import { ExitCode } from "../exitCodes.js"
import { type HookCommands, makeHooks } from "../hooks.js"
import { type LiveProgram, runLive } from "../menu/live.js"
import * as tty from "../menu/tty.js"
import type { View } from "../menu/View.js"
import type { Canvas } from "../render/limits.js"
import { paintFor } from "../render/paint.js"
import { relative, timeAndDistance } from "../render/time.js"
import { usageLines } from "../render/usage.js"
import { Report } from "../Report.js"
import { failureText, followUsage, transitionText } from "./following.js"

type Failed = Extract<WatchEvent, { readonly _tag: "ReadFailed" }>

interface State {
  readonly reading: Reading | null
  readonly failed: Failed | null
  /** What has happened last, and when it was seen. */
  readonly last: { readonly transition: UsageTransition; readonly at: DateTime.Utc } | null
  readonly warning: string | null
  readonly nextAt: DateTime.Utc | null
  readonly over: { readonly error: AuthError | BackendError | null } | null
}

type Event =
  | WatchEvent
  | { readonly _tag: "Warned"; readonly warning: string }
  | { readonly _tag: "Hopeless"; readonly error: AuthError | BackendError }
  | { readonly _tag: "Left" }
  | { readonly _tag: "Queued" }

const nothing: State = { reading: null, failed: null, last: null, warning: null, nextAt: null, over: null }

const update = (state: State, event: Event): readonly [State, ReadonlyArray<UsageTransition>] => {
  switch (event._tag) {
    case "Boundary":
      return [{ ...nothing, nextAt: event.nextAt }, []]
    case "ReadFailed":
      return [{ ...state, failed: event, nextAt: event.nextAt }, []]
    case "Reading": {
      const transition = event.transitions.at(-1)
      const last = transition === undefined ? state.last : { transition, at: event.view.snapshot.fetchedAt }
      return [{ ...state, reading: event, failed: null, last, nextAt: event.nextAt }, event.transitions]
    }
    case "Warned":
      return [{ ...state, warning: event.warning }, []]
    case "Hopeless":
      return [{ ...state, over: { error: event.error } }, []]
    case "Left":
      return [{ ...state, over: { error: null } }, []]
    case "Queued":
      return [state, []]
  }
}

/** The picture as of now: what was read, judged anew, for time goes on. */
const picture = ({ reading }: State, canvas: Canvas): ReadonlyArray<string> => {
  if (reading === null) return []
  const { role, view } = reading
  const now = DateTime.toUtc(canvas.now)
  return usageLines({ snapshot: view.snapshot, verdict: verdict(view.snapshot, { now, role }) }, canvas)
}

const lines = (state: State, { now, paint }: Canvas): ReadonlyArray<string> => {
  const { failed, last, nextAt, reading, warning } = state
  const due = nextAt === null ? "" : `Next reading ${relative(nextAt, now)}.`
  return [
    ...(reading === null && failed === null ? ["Reading usage…"] : []),
    ...(failed === null ? [paint("dim", due)] : [paint("yellow", failureText(failed, now))]),
    ...(last === null ? [] : [`${timeAndDistance(last.at, now)}: ${transitionText(last.transition, now)}`]),
    ...(warning === null ? [] : [paint("yellow", plainLine(warning, 200))])
  ].filter((line) => line !== "")
}

const viewOf = (state: State, canvas: Canvas): View<Event> | null =>
  state.over !== null
    ? null
    : {
        _tag: "List",
        id: "usage.watch",
        title: "Watching usage",
        lines: lines(state, canvas),
        wide: picture(state, canvas),
        rows: [],
        initial: -1,
        cancel: { _tag: "Left" },
        keys: { q: { _tag: "Left" } },
        busy: state.reading === null && state.failed === null
      }

/**
 * Shows the usage until the person leaves: with `q` or Escape, which is the end of it, or with Ctrl-C, which interrupts
 * it. The last picture is left behind on stdout.
 */
export const liveUsage = (options: WatchOptions, commands: HookCommands) =>
  Effect.gen(function* () {
    const report = yield* Report
    const { screen } = report
    const zone = screen.zone()
    const warnings = yield* Queue.bounded<string>(16)
    // What hooks print would be drawn over.
    const hooks = yield* makeHooks(commands, {
      warn: (warning) => Queue.offer(warnings, warning),
      print: () => Effect.void
    })
    const readings: Stream.Stream<
      Event,
      never,
      Stream.Stream.Context<ReturnType<typeof followUsage>>
    > = Stream.catchAll(followUsage(options), (error) => Stream.succeed<Event>({ _tag: "Hopeless", error }))
    const warned = Stream.map(Stream.fromQueue(warnings), (warning): Event => ({ _tag: "Warned", warning }))
    const program: LiveProgram<State, Event, UsageTransition, Stream.Stream.Context<typeof readings>> = {
      init: [nothing, []],
      update,
      view: viewOf,
      perform: (transition) => Effect.as(hooks.run(transition), { _tag: "Queued" }),
      events: Stream.merge(readings, warned)
    }
    const { byCtrlC, state } = yield* runLive(program, {
      tty: Effect.provideService(tty.make, Report, report),
      paint: paintFor(screen.errorColor),
      zone
    })
    const error = state.over?.error ?? null
    if (error !== null) return yield* error
    const now = DateTime.setZone(yield* DateTime.now, zone)
    const left = picture(state, { columns: screen.columns, paint: paintFor(screen.color), now })
    if (left.length > 0) yield* report.write("stdout", `${left.join("\n")}\n`)
    return byCtrlC ? ExitCode.interrupted : ExitCode.done
  }).pipe(Effect.scoped)
