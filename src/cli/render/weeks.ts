/** Weeks as bars. */
import type { ActivityCalendar } from "../../domain/ActivityCalendar.js"
import { compact } from "./amount.js"
import type { Canvas } from "./limits.js"
import { padStart, wrap } from "./text.js"
import { monthLine, olderLines, weeksThatFit } from "./weekColumns.js"

const eighths = [" ", "▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"] as const

/** How many eighths of `rows` a value fills; something is never nothing. */
const filled = (value: number, most: number, rows: number): number =>
  value === 0 ? 0 : Math.max(1, Math.round((value / most) * rows * 8))

const glyph = (eighth: number): string => eighths[Math.min(8, Math.max(0, eighth))] ?? " "

/** The values in one line, the greatest as high as the line, and a dot for none. */
export const sparkline = (values: ReadonlyArray<number>): string => {
  const most = Math.max(...values)
  return values.map((value) => (value === 0 ? "·" : glyph(filled(value, most, 1)))).join("")
}

const height = 7

/** A bar for each week, as many of the latest as fit: its tokens, or all up to it. The top is named. */
export const weekLines = (
  { weeks }: ActivityCalendar,
  view: "weekly" | "cumulative",
  canvas: Canvas
): ReadonlyArray<string> => {
  const { columns, paint } = canvas
  const valueOf = (week: (typeof weeks)[number]) => (view === "weekly" ? week.tokens : week.total)
  // As wide as the widest label can be: which week is the top depends on how many fit.
  const margin = Math.max(4, ...weeks.map((week) => compact(valueOf(week)).length)) + 1
  const fitting = weeksThatFit(weeks, columns - margin)
  const values = fitting.weeks.map(valueOf)
  const most = Math.max(...values)
  if (most === 0) return wrap(`No tokens in ${values.length} weeks.`, columns, "  ")
  const indent = " ".repeat(margin)
  const bars = values.map((value) => filled(value, most, height))
  const top = fitting.weeks[values.lastIndexOf(most)]
  const said =
    view === "weekly"
      ? `Tallest: ${compact(most)}, in the week from ${top?.start}`
      : `Top: ${compact(most)}, since ${weeks[0]?.start}`
  return [
    ...Array.from({ length: height }, (_, index) => {
      const below = height - 1 - index
      const label = index === 0 ? compact(most) : below === 0 ? "0" : ""
      const row = bars.map((bar) => glyph(bar - below * 8)).join(fitting.gap)
      return `${padStart(label, margin - 1)} ${paint("green", row.trimEnd())}`.trimEnd()
    }),
    `${indent}${monthLine(fitting)}`,
    "",
    ...wrap(said, columns, indent),
    ...olderLines(fitting, canvas, indent)
  ]
}
