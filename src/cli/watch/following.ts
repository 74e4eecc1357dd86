/** The events of a watch, and their words. */
import type * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Stream from "effect/Stream"
import { plainLine } from "../../domain/PlainText.js"
import type { UsageTransition } from "../../domain/UsageTransition.js"
import { isHopeless } from "../../programs/waitUntilUsable.js"
import { type WatchEvent, type WatchOptions, watchUsage } from "../../programs/watchUsage.js"
import { failureOf } from "../Failure.js"
import { timeAndDistance } from "../render/time.js"

/** The watch of a command. It fails when the first reading does for a reason that another reading would not change. */
export const followUsage = (options: WatchOptions) =>
  watchUsage(options).pipe(
    Stream.mapAccum(false, (hasRead, event): [boolean, readonly [boolean, WatchEvent]] => [
      hasRead || event._tag === "Reading",
      [hasRead, event]
    ]),
    Stream.mapEffect(([hasRead, event]) =>
      event._tag === "ReadFailed" && !hasRead && isHopeless(event.error, hasRead)
        ? Effect.fail(event.error)
        : Effect.succeed(event)
    )
  )

type Failed = Extract<WatchEvent, { readonly _tag: "ReadFailed" }>

/** A reading that failed while the watch goes on. */
export const watchFailure = ({ error }: Failed, command: string) =>
  failureOf(error, { command, networkVariables: [], homeGiven: false })

/** A failure and the next try in one sentence each. */
export const failureText = (failed: Failed, now: DateTime.Zoned): string => {
  const [first = "The usage could not be read."] = watchFailure(failed, "usage").lines
  return `${plainLine(first, 200)} Next try ${timeAndDistance(failed.nextAt, now)}.`
}

const named = (windows: ReadonlyArray<string>): string =>
  `${windows.length === 1 ? "the window" : "the windows"} ${windows.join(" and ")}`

/** A transition in one sentence. */
export const transitionText = ({ _tag, until, windows }: UsageTransition, now: DateTime.Zoned): string => {
  if (_tag === "Reset") {
    return windows.length === 0 ? "Usable again." : `Begun anew: ${named(windows)}.`
  }
  const what = windows.length === 0 ? "Blocked" : `Used up: ${named(windows)}`
  return until === null ? `${what}.` : `${what}, until ${timeAndDistance(until, now)}.`
}
