/** Token activity as calendars and bars. */
import * as Arr from "effect/Array"
import {
  type ActivityCalendar,
  activityCalendar,
  type ActivityLevel,
  ActivityView,
  type ActivityWeek,
  activityWeeks
} from "../../domain/ActivityCalendar.js"
import { months } from "../../domain/LimitMessage.js"
import type { TokenActivity } from "../../domain/TokenActivity.js"
import type { Canvas } from "./limits.js"
import type { Paint } from "./paint.js"
import { compact, padStart, wrap, wrapItems } from "./text.js"
import { ageOf, lengthOf } from "./time.js"

/** The latest weeks that fit, with what stands between two columns: nothing, or a space where there is room for all. */
interface WeekColumns {
  readonly weeks: ReadonlyArray<ActivityWeek>
  readonly gap: string
  readonly room: number
}

const weeksThatFit = (weeks: ReadonlyArray<ActivityWeek>, room: number): WeekColumns => ({
  weeks: weeks.slice(-Math.max(1, room)),
  gap: weeks.length * 2 - 1 <= room ? " " : "",
  room
})

const monthOf = (week: ActivityWeek | undefined): string => week?.start.slice(5, 7) ?? ""

/** The names of the months, each where the first week begins that begins in it. One without room is left out. */
const monthLine = ({ gap, room, weeks }: WeekColumns): string =>
  weeks
    .map((week, index) => ({ month: monthOf(week), before: monthOf(weeks[index - 1]), at: index * (1 + gap.length) }))
    .filter(({ before, month }) => before !== month)
    .reduce((line, { at, month }, index, starts) => {
      const name = months[Number(month) - 1] ?? ""
      const next = starts[index + 1]
      const end = next === undefined ? room : next.at - 1
      return at + name.length > end ? line : line.padEnd(at) + name
    }, "")

/** Says so when not all weeks are shown. */
const olderLines = ({ weeks }: WeekColumns, { columns, paint }: Canvas, indent: string): ReadonlyArray<string> => {
  if (weeks.length === activityWeeks) return []
  const text = `The last ${weeks.length} of ${activityWeeks} weeks: more on a wider screen.`
  return wrap(text, columns, indent).map((line) => paint("dim", line))
}

const weekdays = ["Sun", "Mon", "Tue", "Wed", "Thu", "Fri", "Sat"] as const

/** Distinct without colors, too. */
const levelGlyphs: Readonly<Record<ActivityLevel, string>> = { 0: "·", 1: "░", 2: "▒", 3: "▓", 4: "█" }

/** Cells in a row, those with tokens and those without painted run by run. */
const cells = (row: ReadonlyArray<ActivityLevel>, gap: string, paint: Paint): string =>
  Arr.isNonEmptyReadonlyArray(row)
    ? Arr.groupWith(row, (a, b) => (a === 0) === (b === 0))
        .map((run) => paint(run[0] === 0 ? "dim" : "green", run.map((level) => levelGlyphs[level]).join(gap)))
        .join(gap)
    : ""

/** A row for each weekday and a column for each week, as many of the latest as fit; what the cells mean below it. */
const calendarLines = ({ days, weeks }: ActivityCalendar, canvas: Canvas): ReadonlyArray<string> => {
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
const weekLines = ({ weeks }: ActivityCalendar, view: "weekly" | "cumulative", canvas: Canvas) => {
  const { columns, paint } = canvas
  const valueOf = (week: ActivityWeek) => (view === "weekly" ? week.tokens : week.total)
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

const titles: Readonly<Record<ActivityView, string>> = {
  daily: "by day",
  weekly: "by week",
  cumulative: "running total"
}

/** Below this a picture of weeks says nothing. */
const narrowest = 30

const days = (count: number): string => `${Math.max(0, Math.round(count))}d`

/** The totals that the backend reports, such as `Lifetime 21.4B` and `Longest task 3h 52m`. */
export const totalTexts = (activity: TokenActivity): ReadonlyArray<string> => {
  const totals: ReadonlyArray<readonly [name: string, value: number | null, text: (value: number) => string]> = [
    ["Lifetime", activity.lifetimeTokens, compact],
    ["Peak", activity.peakDailyTokens, (tokens) => `${compact(tokens)} a day`],
    ["Streak", activity.currentStreakDays, days],
    ["Longest streak", activity.longestStreakDays, days],
    ["Longest task", activity.longestRunningTurnSeconds, (seconds) => lengthOf(seconds * 1000)]
  ]
  return totals.flatMap(([name, value, text]) => (value === null ? [] : [`${name} ${text(value)}`]))
}

const graph = (activity: TokenActivity, view: ActivityView, canvas: Canvas): ReadonlyArray<string> => {
  const { columns, now } = canvas
  if (activity.daily === null) return wrap("The backend reports no daily numbers.", columns, "  ")
  if (columns < narrowest) return wrap(`Too narrow for a chart: it needs ${narrowest} columns.`, columns, "  ")
  const calendar = activityCalendar(activity.daily, now)
  return view === "daily" ? calendarLines(calendar, canvas) : weekLines(calendar, view, canvas)
}

/**
 * One view of token activity: a calendar of days, bars of weeks, or a running total; below it the totals, and which
 * views there are. What does not fit are the older weeks, and then the picture as a whole.
 */
export const activityLines = (activity: TokenActivity, view: ActivityView, canvas: Canvas): ReadonlyArray<string> => {
  const { columns, now, paint } = canvas
  const age = ageOf(Math.max(0, now.epochMillis - activity.fetchedAt.epochMillis))
  const totals = totalTexts(activity)
  const views = ActivityView.literals.map((name) => (name === view ? paint("bold", `▸ ${name}`) : name))
  return [
    ...wrap(`${paint("bold", "Token activity")} · ${titles[view]} · read ${age}`, columns),
    "",
    ...graph(activity, view, canvas),
    "",
    ...(totals.length === 0 ? wrap("The backend reports no totals.", columns) : wrapItems(totals, columns)),
    ...wrapItems(views, columns)
  ]
}
