/** A view as lines that fit the terminal, and what is written to get from one picture to the next. */
import { replaceUnsafe } from "../../domain/PlainText.js"
import type { Paint } from "../render/paint.js"
import { columnsOf, fit, wrap } from "../render/text.js"
import { keep, numbers, type Page, type Place, type Row, type TextField, type View } from "./View.js"

/** How much there is to draw on. `sign` is the spinner behind the title; empty for none. */
export interface Surface {
  readonly columns: number
  readonly rows: number
  readonly paint: Paint
  readonly sign: string
}

/** What the terminal is to show: lines, and the place of the cursor where text is typed. `page` is what fits. */
export interface Frame {
  readonly lines: ReadonlyArray<string>
  readonly cursor: { readonly row: number; readonly column: number } | null
  readonly page: Page
}

const escape = "\u001b"
const color = new RegExp(`(${escape}\\[(?:1|2|22|31|32|33|36|39)m)`)

/** The text with nothing but what can be read and our own colours. White space is one kind of space. */
const legible = (text: string): string =>
  text
    .split(color)
    .map((part, index) => (index % 2 === 1 ? part : replaceUnsafe(part.replace(/\s/gu, " "))))
    .join("")

const isBullet = /^[\u2022\u00b7-] /

/** The text in lines, indented as its first line is. */
const flow = (text: string, columns: number, first = "", rest = first): ReadonlyArray<string> => {
  const clean = legible(text)
  const space = " ".repeat(Math.min(clean.length - clean.trimStart().length, Math.floor(columns / 3)))
  const body = clean.trim()
  const hang = isBullet.test(body) ? "  " : ""
  return wrap(body, columns, first + space, rest + space + hang)
}

/** The lines of a row: its label, and below it its description. */
const rowLines = (
  row: Row<unknown>,
  count: string,
  selected: boolean,
  { columns, paint }: Surface
): ReadonlyArray<string> => {
  const shortcut = row.shortcut === undefined || !row.enabled ? "" : ` (${row.shortcut})`
  const indent = " ".repeat(2 + count.length)
  const detail = (row.detail ?? "") === "" ? "" : `  ${legible(row.detail ?? "")}`
  const head = flow(`${row.label}${shortcut}${detail}`, columns, `${selected ? "›" : " "} ${count}`, indent)
  const below = (row.description ?? "") === "" ? [] : flow(row.description ?? "", columns, indent)
  if (!row.enabled) return [...head, ...below].map((line) => paint("dim", line))
  return [
    ...head.map((line) => (selected ? paint("cyan", paint("bold", line)) : line)),
    ...below.map((line) => paint("dim", line))
  ]
}

/** The line to type in, around its cursor, cut at both ends as it has to be. */
const fieldLine = (
  { typed: { after, before } }: Place,
  { placeholder }: TextField<unknown>,
  { columns, paint }: Surface
) => {
  const prefix = "› "
  const room = Math.max(1, columns - columnsOf(prefix) - 1)
  if (before + after === "") {
    return { line: prefix + paint("dim", fit(legible(placeholder), room)), column: columnsOf(prefix) }
  }
  const left = Array.from(legible(before))
  let width = columnsOf(left.join(""))
  let cutOff = false
  while (width > room - (cutOff ? 1 : 0) && left.length > 0) {
    width -= columnsOf(left.shift() ?? "")
    cutOff = true
  }
  const shown = `${cutOff ? "…" : ""}${left.join("")}`
  const rest = fit(legible(after), room + 1 - columnsOf(shown))
  return { line: `${prefix}${shown}${rest}`, column: columnsOf(prefix) + columnsOf(shown) }
}

/** The lines above the rows. Where they don't fit, the last line says what is shown. */
const scrolledLines = (lines: ReadonlyArray<string>, room: number, scroll: number, { paint }: Surface) => {
  if (lines.length <= room) return { lines, room, furthest: 0 }
  const shown = room <= 1 ? room : room - 1
  const furthest = room === 0 ? 0 : lines.length - shown
  const at = Math.min(scroll, furthest)
  const where = paint("dim", `… lines ${at + 1}-${at + shown} of ${lines.length}: page up, page down`)
  return { lines: [...lines.slice(at, at + shown), ...(room <= 1 ? [] : [where])], room: shown, furthest }
}

/** The rows around the selected one, which is shown whole where it can be. */
const rowsAround = (blocks: ReadonlyArray<ReadonlyArray<string>>, selected: number, room: number) => {
  const all = blocks.flat()
  if (all.length <= room) return all
  const before = blocks.slice(0, Math.max(0, selected)).flat().length
  const middle = before - Math.max(0, Math.floor((room - (blocks[selected]?.length ?? 0)) / 2))
  const start = Math.min(Math.max(0, middle), all.length - room)
  return all.slice(start, start + room)
}

const footerOf = ({ canLeave, field, rows }: View<unknown>): string => {
  if (field !== null) return "Press enter to go on or esc to go back"
  const chooses = rows.some((row) => row.enabled)
  if (!canLeave) return chooses ? "Press enter to confirm" : "This can't be called back. Ctrl-C leaves at once."
  return chooses ? "Press enter to confirm or esc to go back" : "Press esc to go back"
}

/**
 * The view at this place. No line is wider than the surface, and there are no more lines than it has rows; the title and
 * the selected row are always among them. With room to spare, empty lines stand between the parts; without it, the lines
 * and the rows are scrolled.
 */
export const render = (view: View<unknown>, before: Place, surface: Surface): Frame => {
  const { columns, paint, rows, sign } = surface
  const place = keep(before, view)
  const bold = flow(`${view.title} ${sign}`, columns).map((line) => paint("bold", line))
  const words = view.lines.flatMap((line) => flow(line, columns))
  const wide = view.wide.map((line) => fit(legible(line), columns))
  const body = [...words, ...(words.length === 0 || wide.length === 0 ? [] : [""]), ...wide]
  const foot = flow(footerOf(view), columns).map((line) => paint("dim", line))

  const field = view.field === null ? null : fieldLine(place, view.field, surface)
  const counts = numbers(view.rows)
  const numbered = counts.some((count) => count !== null)
  const countOf = (index: number) => (!numbered ? "" : counts[index] === null ? "   " : `${counts[index]}. `)
  const problem = (place.problem ?? "") === "" ? [] : flow(place.problem ?? "", columns)
  const blocks =
    field === null
      ? view.rows.map((row, index) => rowLines(row, countOf(index), index === place.selected, surface))
      : [[field.line], problem.map((line) => paint("yellow", line))]
  const selected = field === null ? place.selected : 0
  const height = blocks.flat().length
  const least = blocks[selected]?.length ?? 1

  const title = bold.slice(0, 3)
  const whole = title.length + body.length + height + foot.length
  const gaps = (body.length === 0 ? 1 : 2) + 1
  const fits = whole <= rows
  const gap = whole + gaps <= rows ? [""] : []
  const head = fits ? title : title.slice(0, 1)
  const footer = fits ? foot : rows >= 6 ? foot.slice(0, 1) : []
  const room = Math.max(0, rows - head.length - footer.length)
  const blockRoom = fits ? height : Math.min(height, room, Math.max(least, Math.ceil(room / 2), room - body.length))
  const above = scrolledLines(body, fits ? body.length : room - blockRoom, place.scroll, surface)

  const upper = [...head, ...(body.length === 0 ? [] : [...gap, ...above.lines]), ...gap]
  const lines = [...upper, ...rowsAround(blocks, selected, blockRoom), ...gap, ...footer]
  const at = upper.length
  return {
    lines: lines.slice(0, rows).map((line) => fit(line, columns)),
    cursor: field === null || at >= rows ? null : { row: at, column: Math.min(field.column, Math.max(0, columns - 1)) },
    page: {
      rows: field === null ? Math.max(1, Math.floor(blockRoom / Math.max(1, least))) : 1,
      lines: above.room,
      furthest: above.furthest
    }
  }
}

/** A terminal that knows these marks shows what is between them at once. */
const together = (text: string): string => `${escape}[?2026h${text}${escape}[?2026l`
const cursor = { hide: `${escape}[?25l`, show: `${escape}[?25h` } as const
/** A paste is marked as one, and a line that the terminal takes for longer than we do is cut off rather than broken. */
const modes = {
  begin: `${escape}[?2004h${escape}[?7l${cursor.hide}`,
  end: `${escape}[?2026l${escape}[?2004l${escape}[?7h${escape}[0m${cursor.show}`
} as const

/** How frames get onto the terminal. `paint` gives what is to be written; empty when nothing is different. */
export interface Painter {
  readonly begin: string
  readonly paint: (previous: Frame | null, next: Frame) => string
  /** Written at the end, with the last frame. */
  readonly end: (last: Frame | null) => string
}

const sameCursor = (a: Frame["cursor"], b: Frame["cursor"]): boolean => a?.row === b?.row && a?.column === b?.column

/**
 * A screen of its own: what was on the terminal comes back when it is closed. Only the lines that are different are
 * written, in one piece.
 */
export const ownScreen: Painter = {
  begin: `${escape}[?1049h${modes.begin}${escape}[2J`,
  end: () => `${modes.end}${escape}[?1049l`,
  paint: (previous, next) => {
    const before = previous?.lines ?? []
    const at = (row: number, column: number) => `${escape}[${row + 1};${column + 1}H`
    let changed = previous === null ? `${escape}[2J` : ""
    for (let row = 0; row < Math.max(before.length, next.lines.length); row++) {
      const line = next.lines[row] ?? ""
      if (line !== (before[row] ?? "")) changed += `${at(row, 0)}${escape}[2K${line}`
    }
    if (changed === "" && sameCursor(previous?.cursor ?? null, next.cursor)) return ""
    const rest = next.cursor === null ? "" : `${at(next.cursor.row, next.cursor.column)}${cursor.show}`
    return together(`${cursor.hide}${changed}${rest}`)
  }
}

/** Back to the first line of the frame, with nothing left of it. */
const eraseFrame = (frame: Frame | null): string => {
  if (frame === null) return ""
  const row = frame.cursor?.row ?? frame.lines.length - 1
  return `\r${row > 0 ? `${escape}[${row}A` : ""}${escape}[J`
}

/** Below what is on the terminal, and gone when it is closed. */
export const inline: Painter = {
  begin: modes.begin,
  end: (last) => `${eraseFrame(last)}${modes.end}`,
  paint: (previous, next) => {
    if (previous?.lines.join("\n") === next.lines.join("\n") && sameCursor(previous.cursor, next.cursor)) return ""
    const back = next.lines.length - 1 - (next.cursor?.row ?? 0)
    const up = back > 0 ? `${escape}[${back}A` : ""
    const right = next.cursor !== null && next.cursor.column > 0 ? `${escape}[${next.cursor.column}C` : ""
    const rest = next.cursor === null ? "" : `\r${up}${right}${cursor.show}`
    return together(`${cursor.hide}${eraseFrame(previous)}${next.lines.join("\n")}${rest}`)
  }
}
