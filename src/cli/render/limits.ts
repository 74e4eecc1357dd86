/** Limits as bars. */
import * as DateTime from "effect/DateTime"
import { plainLine } from "../../domain/PlainText.js"
import type { RateLimitWindow } from "../../domain/RateLimitWindow.js"
import type { RateLimit, UsageSnapshot } from "../../domain/UsageSnapshot.js"
import { futureReset, type Verdict } from "../../domain/Verdict.js"
import type { Hue, Paint } from "./paint.js"
import { columnsOf, fit, padEnd, wrap } from "./text.js"
import { timeAndDistance } from "./time.js"

/** What every picture needs: how wide, in which colors, and when. */
export interface Canvas {
  readonly columns: number
  readonly paint: Paint
  readonly now: DateTime.Zoned
}

const hueOf = (percent: number): Hue => (percent <= 10 ? "red" : percent <= 25 ? "yellow" : "green")

/** `remaining` percent of `cells`: something left always shows, and so does something used. */
export const bar = (remaining: number, cells: number, paint: Paint): string => {
  const share = Math.min(100, Math.max(0, remaining)) / 100
  const rounded = Math.round(share * cells)
  const filled = share > 0 && rounded === 0 ? 1 : share < 1 && rounded === cells ? cells - 1 : rounded
  return paint(hueOf(remaining), "█".repeat(filled)) + paint("dim", "░".repeat(cells - filled))
}

/** Such as `39% left`. Less than one percent is not nothing, and less than all is not all. */
export const percentLeft = (remaining: number, paint: Paint): string => {
  const rounded = Math.round(remaining)
  const shown = remaining > 0 && rounded === 0 ? "<1" : remaining < 100 && rounded === 100 ? "99" : String(rounded)
  return paint(hueOf(remaining), `${shown.padStart(3)}% left`)
}

interface Row {
  readonly name: string
  readonly remaining: number
  readonly note: string
  readonly marked: boolean
}

/** The narrowest bar, and what stands around it: the space before it and such as `100% left` behind. */
const narrowest = 6
const around = 2 + 10

/** One line a row where the width allows it, else the note below the bar, and else the name above it. */
const rows = (all: ReadonlyArray<Row>, canvas: Canvas): ReadonlyArray<string> => {
  const { columns, paint } = canvas
  const names = Math.max(...all.map((row) => columnsOf(row.name)))
  const notes = Math.max(...all.map((row) => columnsOf(row.note)))
  const stacked = 2 + names + around + narrowest > columns
  const fixed = (stacked ? 2 : 2 + names) + around
  const oneLine = !stacked && fixed + 2 + notes + 10 <= columns
  const cells = Math.min(24, Math.max(narrowest, columns - fixed - (oneLine ? 2 + notes : 0)))
  return all.flatMap(({ marked, name, note, remaining }) => {
    const named = `${marked ? "▸" : " "} ${stacked ? fit(name, columns - 2) : padEnd(name, names)}`
    const head = marked ? paint("bold", named) : named
    const picture = `  ${bar(remaining, cells, paint)} ${percentLeft(remaining, paint)}`
    const below = note === "" || oneLine ? [] : wrap(note, columns, "    ").map((line) => paint("dim", line))
    if (stacked) return [head, `  ${picture}`, ...below]
    return [`${head}${picture}${oneLine && note !== "" ? `  ${paint("dim", note)}` : ""}`, ...below]
  })
}

/** The window that the verdict means; of two of one length, the one with its reset time. */
const bindingOf = (windows: ReadonlyArray<RateLimitWindow>, verdict: Verdict, now: DateTime.Utc) => {
  const { binding } = verdict
  if (binding === null) return undefined
  const alike = windows.filter((window) => window.durationMinutes === binding.durationMinutes)
  const resetsAt = binding.resetsAt?.epochMillis
  return alike.find((window) => futureReset(window.resetsAt, now)?.epochMillis === resetsAt) ?? alike[0]
}

/** When a window or an allowance is full again; empty where that is not known. */
export const resetText = (at: DateTime.Utc | null, now: DateTime.Zoned): string =>
  at === null
    ? ""
    : at.epochMillis <= now.epochMillis
      ? "should have reset by now"
      : `resets ${timeAndDistance(at, now)}`

const windowRow = (window: RateLimitWindow, name: string, marked: boolean, now: DateTime.Zoned): Row => ({
  name,
  remaining: window.remainingPercent,
  note: resetText(window.resetsAt, now),
  marked
})

/** A further limit: in one row with its only window, else its windows below its name. */
const furtherLines = ({ id, name, windows }: RateLimit, canvas: Canvas): ReadonlyArray<string> => {
  const { columns, now, paint } = canvas
  const known = plainLine(name ?? id, 100) || "another limit"
  const [first, ...others] = windows
  if (first === undefined) return []
  if (others.length === 0) {
    const short = fit(known, columns - 3 - columnsOf(first.name))
    return rows([windowRow(first, `${short} ${first.name}`, false, now)], canvas)
  }
  const all = windows.map((window) => windowRow(window, window.name, false, now))
  return [paint("bold", fit(known, columns)), ...rows(all, canvas)]
}

/** All limits of the snapshot: Codex's own with the tightest window marked, then the others under their names. */
export const limitLines = (snapshot: UsageSnapshot, verdict: Verdict, canvas: Canvas): ReadonlyArray<string> => {
  const { windows } = snapshot.main
  const binding = bindingOf(windows, verdict, DateTime.toUtc(canvas.now))
  const main = windows.map((window) => windowRow(window, window.name, window === binding, canvas.now))
  const allowance = snapshot.spendControl?.individualLimit ?? null
  const none = "The backend reports no limits for this account."
  const further = snapshot.limits.slice(1).map((limit) => furtherLines(limit, canvas))
  return [
    ...(main.length > 0 ? rows(main, canvas) : allowance === null ? wrap(none, canvas.columns, "  ") : []),
    ...further.flatMap((lines) => (lines.length === 0 ? [] : ["", ...lines]))
  ]
}

/** A single bar, such as a monthly allowance. */
export const singleBar = (name: string, remaining: number, note: string, canvas: Canvas) =>
  rows([{ name, remaining, note, marked: false }], canvas)
