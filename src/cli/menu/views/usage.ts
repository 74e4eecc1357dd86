/** The usage and the token activity as a view. */
import type { Event, Part, State } from "../../../programs/menu/UsageFlow.js"
import { activityLines } from "../../render/activity.js"
import type { Canvas } from "../../render/limits.js"
import { wrap } from "../../render/text.js"
import { usageLines } from "../../render/usage.js"
import type { View } from "../View.js"
import { failureLines, list, row } from "./words.js"

const close: Event = { _tag: "Cancel" }

const partLines = <A>(
  part: Part<A>,
  words: { readonly reading: string; readonly unavailable: string },
  canvas: Canvas,
  draw: (value: A) => ReadonlyArray<string>
): ReadonlyArray<string> => {
  switch (part._tag) {
    case "Loading":
      return [canvas.paint("dim", words.reading)]
    case "Failed":
      return [words.unavailable, ...failureLines(part.error, "usage", canvas)].flatMap((line) =>
        wrap(line, canvas.columns)
      )
    case "Ready":
      return draw(part.value)
  }
}

/** Null once it is closed. */
export const usageView = (state: State, canvas: Canvas): View<Event> | null => {
  if (state._tag === "Closed") return null
  const { activity, usage, view } = state
  return list<Event>({
    id: "usage",
    title: "Usage",
    lines: [canvas.paint("dim", "Token activity: d daily, w weekly, c cumulative. r reads again.")],
    wide: [
      ...partLines(usage, { reading: "Reading the usage...", unavailable: "Usage unavailable" }, canvas, (value) =>
        usageLines(value, canvas)
      ),
      "",
      ...partLines(
        activity,
        { reading: "Reading the token activity...", unavailable: "Token activity unavailable" },
        canvas,
        (value) => activityLines(value, view, canvas)
      )
    ],
    rows: [row<Event>("Close", close)],
    cancel: close,
    keys: {
      d: { _tag: "View", view: "daily" },
      w: { _tag: "View", view: "weekly" },
      c: { _tag: "View", view: "cumulative" },
      r: { _tag: "Refresh" }
    },
    busy: usage._tag === "Loading" || activity._tag === "Loading"
  })
}
