/** The picture of token activity. */
import { activityCalendar, ActivityView } from "../../domain/ActivityCalendar.js"
import type { TokenActivity } from "../../domain/TokenActivity.js"
import { compact } from "./amount.js"
import { calendarLines } from "./calendar.js"
import type { Canvas } from "./limits.js"
import { wrap, wrapItems } from "./text.js"
import { ageOf, lengthOf } from "./time.js"
import { weekLines } from "./weeks.js"

const titles: Readonly<Record<ActivityView, string>> = {
  daily: "by day",
  weekly: "by week",
  cumulative: "running total"
}

/** Below this a picture of weeks says nothing. */
const narrowest = 30

/** The totals that the backend told, such as `Lifetime 21.4B` and `Longest task 3h 52m`. */
export const totalTexts = (activity: TokenActivity): ReadonlyArray<string> => [
  ...told("Lifetime", activity.lifetimeTokens, compact),
  ...told("Peak", activity.peakDailyTokens, (tokens) => `${compact(tokens)} a day`),
  ...told("Streak", activity.currentStreakDays, days),
  ...told("Longest streak", activity.longestStreakDays, days),
  ...told("Longest task", activity.longestRunningTurnSeconds, (seconds) => lengthOf(seconds * 1000))
]

const told = (name: string, value: number | null, text: (value: number) => string): ReadonlyArray<string> =>
  value === null ? [] : [`${name} ${text(value)}`]

const days = (count: number): string => `${Math.max(0, Math.round(count))}d`

const graph = (activity: TokenActivity, view: ActivityView, canvas: Canvas): ReadonlyArray<string> => {
  const { columns, now } = canvas
  if (activity.daily === null) return wrap("The backend tells of no single days.", columns, "  ")
  if (columns < narrowest) return wrap(`Too narrow for a picture: make it ${narrowest} columns wide.`, columns, "  ")
  const calendar = activityCalendar(activity.daily, now)
  switch (view) {
    case "daily":
      return calendarLines(calendar, canvas)
    case "weekly":
    case "cumulative":
      return weekLines(calendar, view, canvas)
  }
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
    ...(totals.length === 0 ? wrap("The backend tells of no totals.", columns) : wrapItems(totals, columns)),
    ...wrapItems(views, columns)
  ]
}
