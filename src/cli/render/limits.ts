/**
 * Windows as bars.
 *
 * @since 0.1.0
 */
import type * as DateTime from "effect/DateTime"
import { plainLine } from "../../domain/PlainText.js"
import { windowName } from "../../domain/RateLimitWindow.js"
import type { RateLimit, UsageSnapshot } from "../../domain/UsageSnapshot.js"
import type { Verdict } from "../../domain/Verdict.js"
import { bar, percentLeft } from "./bar.js"
import type { Paint } from "./paint.js"
import { columnsOf, padEnd, wrap } from "./text.js"
import { timeAndDistance } from "./time.js"

/**
 * What every picture needs: how wide, in which colours, and when.
 *
 * @since 0.1.0
 * @category models
 */
export interface Canvas {
  readonly columns: number
  readonly paint: Paint
  readonly now: DateTime.Zoned
}

interface Row {
  readonly name: string
  readonly remaining: number
  readonly note: string
  readonly marked: boolean
}

/** One line a row where the width allows it, else the note below the bar. */
const rows = (all: ReadonlyArray<Row>, canvas: Canvas): ReadonlyArray<string> => {
  const { columns, paint } = canvas
  const names = Math.max(...all.map((row) => columnsOf(row.name)))
  const notes = Math.max(...all.map((row) => columnsOf(row.note)))
  const fixed = 2 + names + 2 + 10
  const oneLine = fixed + 2 + notes + 10 <= columns
  const cells = Math.min(24, Math.max(6, columns - fixed - (oneLine ? 2 + notes : 0)))
  return all.flatMap((row) => {
    const name = padEnd(row.name, names)
    const head = row.marked ? paint("bold", `▸ ${name}`) : `  ${name}`
    const picture = `${head}  ${bar(row.remaining, cells, paint)} ${percentLeft(row.remaining, paint)}`
    if (row.note === "") return [picture]
    return oneLine
      ? [`${picture}  ${paint("dim", row.note)}`]
      : [picture, ...wrap(row.note, columns, "    ").map((line) => paint("dim", line))]
  })
}

const windowRows = (limit: RateLimit, verdict: Verdict | null, canvas: Canvas): ReadonlyArray<Row> => {
  const binding = verdict?.binding ?? null
  const tightest = limit.windows.find(
    (window) => binding !== null && windowName(binding.durationMinutes) === window.name
  )
  return limit.windows.map((window) => {
    const passed = window.resetsAt.epochMillis <= canvas.now.epochMillis
    return {
      name: window.name,
      remaining: window.remainingPercent,
      note: passed ? "was to be reset by now" : `resets ${timeAndDistance(window.resetsAt, canvas.now)}`,
      marked: window === tightest
    }
  })
}

/**
 * All limits of the snapshot: Codex's own with the tightest window marked, then the others under their names.
 *
 * @since 0.1.0
 * @category rendering
 */
export const limitLines = (snapshot: UsageSnapshot, verdict: Verdict, canvas: Canvas): ReadonlyArray<string> => {
  const main = windowRows(snapshot.main, verdict, canvas)
  const others = snapshot.additional
    .filter((limit) => limit.windows.length > 0)
    .flatMap((limit) => [
      "",
      canvas.paint("bold", plainLine(limit.name ?? limit.id, canvas.columns)),
      ...rows(windowRows(limit, null, canvas), canvas)
    ])
  return [
    ...(main.length === 0 ? ["  The backend tells of no window for this account."] : rows(main, canvas)),
    ...others
  ]
}

/**
 * A single bar, such as a monthly allowance.
 *
 * @since 0.1.0
 * @category rendering
 */
export const singleBar = (name: string, remaining: number, note: string, canvas: Canvas): ReadonlyArray<string> =>
  rows([{ name, remaining, note, marked: false }], canvas)
