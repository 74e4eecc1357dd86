/** Usage that is watched without a terminal: lines where something has changed, or one JSON object a reading. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import type { UsageView } from "../../programs/usage.js"
import type { Reading, WatchEvent, WatchOptions } from "../../programs/watchUsage.js"
import { ExitCode } from "../exitCodes.js"
import type { Hooks } from "../hooks.js"
import { jsonLine, schemaVersion } from "../json/envelope.js"
import { usageFields, usageValue } from "../json/outputs.js"
import { paintFor } from "../render/paint.js"
import { usageLines } from "../render/usage.js"
import { Report } from "../Report.js"
import { failureText, followUsage, transitionText, watchFailure } from "./following.js"

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
    snapshot.resetCredits?.availableCount,
    verdict.state,
    verdict.paidBy,
    verdict.doubts,
    verdict.blockers.map(({ _tag }) => _tag)
  ])

const isNews = ({ previous, transitions, view }: Reading): boolean =>
  previous === null || transitions.length > 0 || factsOf(previous) !== factsOf(view)

const encodeReading = Schema.encode(Schema.Struct(usageFields))

/** A line as `usage --json` prints it, with what the watch knows besides. */
const readingLine = ({ nextAt, previous, transitions, view }: Reading) =>
  Effect.map(
    Effect.orDie(
      encodeReading({ ...usageValue(view), watch: { isFirst: previous === null, transitions, nextAt } })
    ),
    (encoded) => jsonLine({ schemaVersion, command: "usage", ok: true, exitCode: ExitCode.done, ...encoded })
  )

const failureLine = (event: Extract<WatchEvent, { readonly _tag: "ReadFailed" }>) => {
  const { body: error, exitCode } = watchFailure(event, "usage")
  return jsonLine({ schemaVersion, command: "usage", ok: false, exitCode, error })
}

/** Ends when the reader of the output has left. */
const readerLeft = Effect.async<void>((resume) => {
  const { stdout } = process
  const left = () => resume(Effect.void)
  stdout.once("error", left).once("close", left)
  return Effect.sync(() => stdout.off("error", left).off("close", left))
})

/** Prints until the reader leaves. */
export const printUsage = (options: WatchOptions, hooks: Hooks) =>
  Effect.gen(function* () {
    const { json, screen, write } = yield* Report
    const print = (lines: ReadonlyArray<string>) => write("stdout", lines.map((line) => `${line}\n`).join(""))
    const canvasNow = Effect.map(DateTime.now, (now) => ({
      columns: screen.columns,
      paint: paintFor(screen.color),
      now: DateTime.setZone(now, screen.zone())
    }))

    const tellJson = (event: WatchEvent): Effect.Effect<void> => {
      switch (event._tag) {
        case "Boundary":
          return Effect.void
        case "ReadFailed":
          return print([failureLine(event)])
        case "Reading":
          return Effect.flatMap(readingLine(event), (line) => print([line]))
      }
    }
    const tellLines = (event: WatchEvent): Effect.Effect<void> =>
      Effect.flatMap(canvasNow, (canvas) => {
        switch (event._tag) {
          case "Boundary":
            return write("stderr", "Another account has signed in, or this one has signed out.\n")
          case "ReadFailed":
            return event.failuresInARow === 1
              ? Effect.logWarning(failureText(event, canvas.now))
              : Effect.logDebug(failureText(event, canvas.now))
          case "Reading":
            return isNews(event)
              ? print([
                  ...event.transitions.map((transition) => transitionText(transition, canvas.now)),
                  ...usageLines(event.view, canvas),
                  ""
                ])
              : Effect.void
        }
      })
    const tell = json ? tellJson : tellLines

    yield* followUsage(options).pipe(
      Stream.runForEach((event) =>
        Effect.zipRight(
          tell(event),
          event._tag === "Reading" ? Effect.forEach(event.transitions, hooks.run, { discard: true }) : Effect.void
        )
      ),
      Effect.raceFirst(readerLeft)
    )
  })
