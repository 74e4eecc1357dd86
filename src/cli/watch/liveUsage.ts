/** Usage that is watched on a terminal: one picture that follows the readings. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { plainLine } from "../../domain/PlainText.js"
import type { UsageTransition } from "../../domain/UsageTransition.js"
import { verdict } from "../../domain/Verdict.js"
import type { Reading, WatchEvent, WatchOptions } from "../../programs/watchUsage.js"
import { ExitCode } from "../exitCodes.js"
import { type HookCommands, makeHooks } from "../hooks.js"
import type { Canvas } from "../render/limits.js"
import { paintFor } from "../render/paint.js"
import { relative, timeAndDistance } from "../render/time.js"
import { usageLines } from "../render/usage.js"
import { Report } from "../Report.js"
import { ownScreen } from "../terminal/frame.js"
import { make as makeTerminal } from "../terminal/Terminal.js"
import { view } from "../terminal/View.js"
import { failureText, followUsage, transitionText } from "./following.js"

type Failed = Extract<WatchEvent, { readonly _tag: "ReadFailed" }>

interface State {
  readonly reading: Reading | null
  readonly failed: Failed | null
  /** What has happened last, and when it was seen. */
  readonly last: { readonly transition: UsageTransition; readonly at: DateTime.Utc } | null
  readonly warning: string | null
  readonly nextAt: DateTime.Utc | null
}

const nothing: State = { reading: null, failed: null, last: null, warning: null, nextAt: null }

const after = (state: State, event: WatchEvent): State => {
  const { nextAt } = event
  switch (event._tag) {
    case "Boundary":
      return { ...nothing, nextAt }
    case "ReadFailed":
      return { ...state, failed: event, nextAt }
    case "Reading": {
      const transition = event.transitions.at(-1)
      const last = transition === undefined ? state.last : { transition, at: event.view.snapshot.fetchedAt }
      return { ...state, reading: event, failed: null, last, nextAt }
    }
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

/**
 * Shows the usage until the person leaves: with `q` or Escape, which is the end of it, or with Ctrl-C, which interrupts
 * it. The last picture is left behind on stdout.
 */
export const liveUsage = (options: WatchOptions, commands: HookCommands) =>
  Effect.gen(function* () {
    const { screen, write } = yield* Report
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
      const watching = Stream.runForEach(followUsage(options), (event) =>
        Effect.zipRight(
          set(after(state, event)),
          event._tag === "Reading" ? Effect.forEach(event.transitions, hooks.run, { discard: true }) : Effect.void
        )
      )
      const shown = terminal.ask<never>((canvas) =>
        view({
          title: "Watching usage",
          lines: lines(state, canvas),
          wide: picture(state, canvas),
          keys: { q: Effect.succeed(false) },
          busy: state.reading === null && state.failed === null
        })
      )
      yield* Effect.raceFirst(shown, Effect.zipRight(watching, Effect.never))
    })
    const byCtrlC = yield* Effect.scoped(onOwnScreen).pipe(
      Effect.as(false),
      Effect.catchTag("Left", (left) => Effect.succeed(left.byCtrlC))
    )
    const now = DateTime.setZone(yield* DateTime.now, screen.zone())
    const last = picture(state, { columns: screen.columns, paint: paintFor(screen.color), now })
    if (last.length > 0) yield* write("stdout", `${last.join("\n")}\n`)
    return byCtrlC ? ExitCode.interrupted : ExitCode.done
  })
