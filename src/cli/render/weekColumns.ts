/** Weeks side by side, a column each. */
import { type ActivityWeek, activityWeeks } from "../../domain/ActivityCalendar.js"
import type { Canvas } from "./limits.js"
import { wrap } from "./text.js"

/** The latest weeks that fit, with what stands between two columns: nothing, or a space where there is room for all. */
export interface WeekColumns {
  readonly weeks: ReadonlyArray<ActivityWeek>
  readonly gap: string
  readonly room: number
}

export const weeksThatFit = (weeks: ReadonlyArray<ActivityWeek>, room: number): WeekColumns => ({
  weeks: weeks.slice(-Math.max(1, room)),
  gap: weeks.length * 2 - 1 <= room ? " " : "",
  room
})

const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

const monthOf = (week: ActivityWeek | undefined): string => week?.start.slice(5, 7) ?? ""

/** The names of the months, each where the first week begins that begins in it. One without room is left out. */
export const monthLine = ({ gap, room, weeks }: WeekColumns): string =>
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
export const olderLines = ({ weeks }: WeekColumns, { columns, paint }: Canvas, indent: string): ReadonlyArray<string> =>
  weeks.length === activityWeeks
    ? []
    : wrap(`The last ${weeks.length} of ${activityWeeks} weeks: more on a wider screen.`, columns, indent).map((line) =>
        paint("dim", line)
      )
