/** What is written to the terminal to get from one frame to the next. */
import type { Frame } from "./render.js"

const escape = "\u001b"
/** A terminal that knows these marks shows what is between them at once. */
const together = { begin: `${escape}[?2026h`, end: `${escape}[?2026l` } as const
const cursor = { hide: `${escape}[?25l`, show: `${escape}[?25h` } as const
const at = (row: number, column: number) => `${escape}[${row + 1};${column + 1}H`
const eraseLine = `${escape}[2K`
const eraseAll = `${escape}[2J`

/**
 * A screen of our own: what was on the terminal comes back when it is closed, whatever size the terminal has by then. A
 * paste is marked as one, and a line that the terminal takes for longer than we do is cut off rather than broken.
 */
export const ownScreen = {
  open: `${escape}[?1049h${escape}[?2004h${escape}[?7l${cursor.hide}${eraseAll}`,
  close: `${together.end}${escape}[?2004l${escape}[?7h${escape}[0m${cursor.show}${escape}[?1049l`
} as const

const sameCursor = (a: Frame["cursor"], b: Frame["cursor"]): boolean => a?.row === b?.row && a?.column === b?.column

/**
 * The lines that are different, each at its place, in one piece; empty when nothing is. Without a previous frame the
 * whole screen is drawn.
 */
export const paintFrame = (previous: Frame | null, next: Frame): string => {
  const before = previous?.lines ?? []
  const count = Math.max(before.length, next.lines.length)
  const changed: Array<string> = []
  for (let row = 0; row < count; row++) {
    const line = next.lines[row] ?? ""
    if (line !== (before[row] ?? "")) changed.push(`${at(row, 0)}${eraseLine}${line}`)
  }
  const first = previous === null ? eraseAll : ""
  if (first === "" && changed.length === 0 && sameCursor(previous?.cursor ?? null, next.cursor)) return ""
  const rest = next.cursor === null ? "" : `${at(next.cursor.row, next.cursor.column)}${cursor.show}`
  return `${together.begin}${cursor.hide}${first}${changed.join("")}${rest}${together.end}`
}
