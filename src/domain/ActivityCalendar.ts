/** Token activity by days and weeks: the last 52 weeks, each from its Sunday on, up to the present one. */
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import type { DailyTokens } from "./TokenActivity.js"

/** How activity is looked at: day by day, week by week, or as a running total. */
export const ActivityView = Schema.Literal("daily", "weekly", "cumulative")

export type ActivityView = typeof ActivityView.Type

const isView = Schema.is(ActivityView)

/** The view that a word names, in any case, also as `day` and `week`; null when it names none. */
export const activityViewOf = (word: string): ActivityView | null => {
  const name = word.toLowerCase()
  return name === "day" ? "daily" : name === "week" ? "weekly" : isView(name) ? name : null
}

/** How much a day has of the day with the most tokens: nothing, up to a quarter, a half, three quarters, or more. */
export const ActivityLevel = Schema.Literal(0, 1, 2, 3, 4)

export type ActivityLevel = typeof ActivityLevel.Type

/** `date` is `YYYY-MM-DD`. */
export const ActivityDay = Schema.Struct({
  date: Schema.String,
  tokens: Schema.NonNegativeInt,
  level: ActivityLevel
})

export type ActivityDay = typeof ActivityDay.Type

/** `start` is the date of its Sunday; `total` are the tokens from the first week up to and with this one. */
export const ActivityWeek = Schema.Struct({
  start: Schema.String,
  tokens: Schema.NonNegativeInt,
  total: Schema.NonNegativeInt
})

export type ActivityWeek = typeof ActivityWeek.Type

/**
 * `weeks` are 52, oldest first; `days` begin with the first week's Sunday and end today, so that the last week may have
 * fewer than seven.
 */
export class ActivityCalendar extends Schema.Class<ActivityCalendar>("ActivityCalendar")({
  days: Schema.Array(ActivityDay),
  weeks: Schema.Array(ActivityWeek)
}) {}

export const activityWeeks = 52

/**
 * The sum of two counts of tokens, each taken as a whole number that is not negative. Past the greatest exact one it
 * stays there, so that the order of adding never matters.
 */
export const addTokens = (a: number, b: number): number => Math.min(Number.MAX_SAFE_INTEGER, whole(a) + whole(b))

const whole = (tokens: number): number => (tokens > 0 ? Math.min(Number.MAX_SAFE_INTEGER, Math.floor(tokens)) : 0)

const levelOf = (tokens: number, most: number): ActivityLevel =>
  tokens === 0 ? 0 : (ActivityLevel.literals[Math.ceil((tokens / most) * 4)] ?? 4)

/**
 * The calendar that ends on the day of `now`, in UTC as the backend counts its days. What was given twice for a day is
 * added up; negative amounts count as none. Texts that are no date of these weeks are left out, and so is the future.
 */
export const activityCalendar = (
  daily: ReadonlyArray<Pick<DailyTokens, "startDate" | "tokens">>,
  now: DateTime.DateTime
): ActivityCalendar => {
  const given = new Map<string, number>()
  for (const { startDate, tokens } of daily) given.set(startDate, addTokens(given.get(startDate) ?? 0, tokens))

  const today = DateTime.toUtc(now)
  const first = DateTime.startOf(DateTime.subtract(today, { weeks: activityWeeks - 1 }), "week", { weekStartsOn: 0 })
  const past = (activityWeeks - 1) * 7 + DateTime.toPartsUtc(today).weekDay
  const dates = Arr.makeBy(past + 1, (days) => DateTime.formatIsoDateUtc(DateTime.add(first, { days })))
  const most = dates.reduce((most, date) => Math.max(most, given.get(date) ?? 0), 0)
  const days = dates.map((date) => {
    const tokens = given.get(date) ?? 0
    return { date, tokens, level: levelOf(tokens, most) }
  })

  let total = 0
  const weeks = Arr.chunksOf(days, 7).map((week) => {
    const tokens = week.reduce((sum, day) => addTokens(sum, day.tokens), 0)
    total = addTokens(total, tokens)
    return { start: week[0].date, tokens, total }
  })
  return new ActivityCalendar({ days, weeks })
}
