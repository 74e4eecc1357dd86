/** One line on the terminal that says what is waited for. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import type * as Scope from "effect/Scope"
import type { Verdict } from "../../domain/Verdict.js"
import type { WatchEvent } from "../../programs/watchUsage.js"
import { paintFor } from "../render/paint.js"
import { fit } from "../render/text.js"
import { relative, timeAndDistance } from "../render/time.js"
import { Report } from "../Report.js"
import { failureText } from "./following.js"

/** `show` makes it that of the event; `clear` takes it off the terminal until it is drawn anew, within a second. */
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

/** What is waited for, in one line. */
export const waitingText = (event: WatchEvent, now: DateTime.Zoned): string => {
  const next = `next reading ${relative(event.nextAt, now)}`
  switch (event._tag) {
    case "Boundary":
      return `Another account: ${next}`
    case "ReadFailed":
      return failureText(event, now)
    case "Reading":
      return event.view.verdict.isUsable ? "" : `${blockText(event.view.verdict, now)}; ${next}`
  }
}

/** Runs the work beside the line, which is on stderr, only on a terminal, and is gone when the work ends. */
export const withWaitingLine = <A, E, R>(
  work: (line: WaitingLine) => Effect.Effect<A, E, R | Scope.Scope>
): Effect.Effect<A, E, R | Report | Scope.Scope> =>
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
