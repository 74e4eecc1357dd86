/** Days of many weeks as a calendar of cells. */
import * as Arr from "effect/Array"
import type { ActivityCalendar, ActivityLevel } from "../../domain/ActivityCalendar.js"
import type { Canvas } from "./limits.js"
import type { Paint } from "./paint.js"
import { wrap } from "./text.js"
import { monthLine, olderLines, weeksThatFit } from "./weekColumns.js"

const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const

/** Told apart without colours, too. */
const glyphs: Readonly<Record<ActivityLevel, string>> = { 0: "·", 1: "░", 2: "▒", 3: "▓", 4: "█" }

/** Cells in a row, those with tokens and those without painted run by run. */
const cells = (row: ReadonlyArray<ActivityLevel>, gap: string, paint: Paint): string =>
  Arr.isNonEmptyReadonlyArray(row)
    ? Arr.groupWith(row, (a, b) => (a === 0) === (b === 0))
        .map((run) => paint(run[0] === 0 ? "dim" : "green", run.map((level) => glyphs[level]).join(gap)))
        .join(gap)
    : ""

/** A row for each weekday and a column for each week, as many of the latest as fit; what the cells mean below it. */
export const calendarLines = ({ days, weeks }: ActivityCalendar, canvas: Canvas): ReadonlyArray<string> => {
  const { columns, paint } = canvas
  const margin = 4
  const fitting = weeksThatFit(weeks, columns - margin)
  const indent = " ".repeat(margin)
  const shown = days.slice((weeks.length - fitting.weeks.length) * 7)
  const row = (weekday: number) => shown.filter((_, index) => index % 7 === weekday).map(({ level }) => level)
  const nothing = shown.every(({ tokens }) => tokens === 0)
  return [
    `${indent}${monthLine(fitting)}`,
    ...weekdays.map((name, weekday) => `${name} ${cells(row(weekday), fitting.gap, paint)}`.trimEnd()),
    "",
    `${indent}Less ${cells([0, 1, 2, 3, 4], " ", paint)} More`,
    ...(nothing ? wrap(`No tokens in ${fitting.weeks.length} weeks.`, columns, indent) : []),
    ...olderLines(fitting, canvas, indent)
  ]
}
