/** A view as lines that fit the terminal. */
import type { Paint } from "../render/paint.js"
import { columnsOf, wrap } from "../render/text.js"
import { cut, legible } from "./ink.js"
import { keep, type KitState, numbers, type Page } from "./kit.js"
import type { ListView, PromptView, Row, View } from "./View.js"

/** How much there is to draw on. `sign` turns behind the title while something is waited for; empty for none. */
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

const isBullet = /^[\u2022\u00b7-] /

/** The text in lines, indented as its first line is. */
const flow = (text: string, columns: number, first = "", rest = first): ReadonlyArray<string> => {
  const clean = legible(text)
  const space = " ".repeat(Math.min(clean.length - clean.trimStart().length, Math.floor(columns / 3)))
  const body = clean.trim()
  const hang = isBullet.test(body) ? "  " : ""
  return wrap(body, columns, first + space, rest + space + hang)
}

/** The lines of a row: its label, and below it what it brings about. */
const rowLines = <Event>(
  row: Row<Event>,
  place: { readonly selected: boolean; readonly number: number | null; readonly numbered: boolean },
  { columns, paint }: Surface
): ReadonlyArray<string> => {
  const { number, numbered, selected } = place
  const count = numbered ? (number === null ? "   " : `${number}. `) : ""
  const shortcut = row.shortcut === undefined || !row.enabled ? "" : ` (${row.shortcut})`
  const indent = " ".repeat(2 + count.length)
  const detail = row.detail === undefined || row.detail === "" ? "" : `  ${legible(row.detail)}`
  // It is cut where the line is too narrow even for a part of it.
  const head = flow(`${row.label}${shortcut}${detail}`, columns, `${selected ? "›" : " "} ${count}`, indent)
  const below =
    row.description === undefined || row.description === "" ? [] : flow(row.description, columns, indent, indent)
  if (!row.enabled) return [...head, ...below].map((line) => paint("dim", line))
  return [
    ...head.map((line) => (selected ? paint("cyan", paint("bold", line)) : line)),
    ...below.map((line) => paint("dim", line))
  ]
}

/** What lies in the window of so many lines, and how far it can be moved. */
interface Window {
  readonly lines: ReadonlyArray<string>
  readonly room: number
  readonly furthest: number
}

/** The lines above the rows. Where they don't fit, the last line of the window tells where it is. */
const bodyWindow = (lines: ReadonlyArray<string>, room: number, scroll: number, { paint }: Surface): Window => {
  if (lines.length <= room) return { lines, room, furthest: 0 }
  if (room <= 1) {
    const furthest = room === 0 ? 0 : lines.length - 1
    const at = Math.min(scroll, furthest)
    return { lines: lines.slice(at, at + room), room, furthest }
  }
  const text = room - 1
  const furthest = lines.length - text
  const at = Math.min(scroll, furthest)
  const told = paint("dim", `… lines ${at + 1}-${at + text} of ${lines.length}: page up, page down`)
  return { lines: [...lines.slice(at, at + text), told], room: text, furthest }
}

/** The rows around the selected one, which is shown whole where it can be. */
const rowsWindow = (
  blocks: ReadonlyArray<ReadonlyArray<string>>,
  selected: number,
  room: number
): ReadonlyArray<string> => {
  const all = blocks.flat()
  if (all.length <= room) return all
  const before = blocks.slice(0, Math.max(0, selected)).flat().length
  const own = blocks[selected]?.length ?? 0
  const middle = before - Math.max(0, Math.floor((room - own) / 2))
  const start = Math.min(Math.max(0, middle), all.length - room)
  return all.slice(start, start + room)
}

interface Layout {
  readonly title: ReadonlyArray<string>
  readonly body: ReadonlyArray<string>
  readonly gap: boolean
  readonly footer: ReadonlyArray<string>
  readonly bodyRoom: number
  readonly blockRoom: number
}

/** Shares the height: everything with empty lines between; without these; at last with windows that are scrolled. */
const share = (
  { body, footer, title }: Pick<Layout, "title" | "body" | "footer">,
  block: { readonly lines: number; readonly least: number },
  rows: number
): Layout => {
  const gaps = (body.length === 0 ? 1 : 2) + (footer.length === 0 ? 0 : 1)
  const whole = title.length + body.length + block.lines + footer.length
  const all = { title, body, footer, bodyRoom: body.length, blockRoom: block.lines }
  if (whole + gaps <= rows) return { ...all, gap: true }
  if (whole <= rows) return { ...all, gap: false }
  const head = title.slice(0, 1)
  const foot = rows >= 6 ? footer.slice(0, 1) : []
  const room = Math.max(0, rows - head.length - foot.length)
  const least = Math.min(room, Math.max(block.least, Math.ceil(room / 2), room - body.length))
  const blockRoom = Math.min(block.lines, least)
  return { title: head, body, footer: foot, gap: false, blockRoom, bodyRoom: room - blockRoom }
}

const stack = (
  layout: Layout,
  body: ReadonlyArray<string>,
  block: ReadonlyArray<string>,
  { columns, rows }: Surface
): { readonly lines: ReadonlyArray<string>; readonly blockAt: number } => {
  const gap = layout.gap ? [""] : []
  const above = [...layout.title, ...(body.length === 0 ? [] : [...gap, ...body]), ...gap]
  const below = layout.footer.length === 0 ? [] : [...gap, ...layout.footer]
  const lines = [...above, ...block, ...below].slice(0, rows).map((line) => cut(line, columns))
  return { lines, blockAt: above.length }
}

const titleLines = (view: { readonly title: string }, { columns, paint, sign }: Surface): ReadonlyArray<string> =>
  flow(`${view.title} ${sign}`, columns)
    .slice(0, 3)
    .map((line) => paint("bold", line))

const dimly = (text: string, { columns, paint }: Surface): ReadonlyArray<string> =>
  flow(text, columns).map((line) => paint("dim", line))

const listFooter = <Event>({ cancel, rows }: ListView<Event>): string => {
  const chooses = rows.some((row) => row.enabled)
  if (cancel === null) return chooses ? "Press enter to confirm" : "This can't be called back. Ctrl-C leaves at once."
  return chooses ? "Press enter to confirm or esc to go back" : "Press esc to go back"
}

const renderList = <Event>(view: ListView<Event>, state: KitState, surface: Surface): Frame => {
  const { columns, rows } = surface
  const wide = view.wide.map((line) => cut(legible(line), columns))
  const words = view.lines.flatMap((line) => flow(line, columns))
  const body = [...words, ...(words.length === 0 || wide.length === 0 ? [] : [""]), ...wide]
  const counts = numbers(view.rows)
  const numbered = counts.some((count) => count !== null)
  const blocks = view.rows.map((row, index) =>
    rowLines(row, { selected: index === state.selected, number: counts[index] ?? null, numbered }, surface)
  )
  const least = blocks[state.selected]?.length ?? 1
  const layout = share(
    { title: titleLines(view, surface), body, footer: dimly(listFooter(view), surface) },
    { lines: blocks.flat().length, least },
    rows
  )
  const window = bodyWindow(layout.body, layout.bodyRoom, state.scroll, surface)
  const block = rowsWindow(blocks, state.selected, layout.blockRoom)
  const { lines } = stack(layout, window.lines, block, surface)
  const shown = Math.max(1, Math.floor(layout.blockRoom / Math.max(1, least)))
  return { lines, cursor: null, page: { rows: shown, lines: window.room, furthest: window.furthest } }
}

/** The line of text around its cursor, cut at both ends as it has to be. */
const field = (state: KitState, placeholder: string, { columns, paint }: Surface) => {
  const { after, before } = state.typed
  const prefix = "› "
  const room = Math.max(1, columns - columnsOf(prefix) - 1)
  if (before + after === "") {
    return { line: prefix + paint("dim", cut(legible(placeholder), room)), column: columnsOf(prefix) }
  }
  const left = Array.from(legible(before))
  let width = columnsOf(left.join(""))
  let cutOff = false
  while (width > room - (cutOff ? 1 : 0) && left.length > 0) {
    width -= columnsOf(left.shift() ?? "")
    cutOff = true
  }
  const shown = `${cutOff ? "…" : ""}${left.join("")}`
  const rest = cut(legible(after), room + 1 - columnsOf(shown))
  return { line: `${prefix}${shown}${rest}`, column: columnsOf(prefix) + columnsOf(shown) }
}

const renderPrompt = <Event>(view: PromptView<Event>, state: KitState, surface: Surface): Frame => {
  const { columns, paint, rows } = surface
  const words = view.lines.flatMap((line) => flow(line, columns))
  const problem = view.problem === null ? [] : flow(view.problem, columns).map((line) => paint("yellow", line))
  const { column, line } = field(state, view.placeholder, surface)
  const layout = share(
    {
      title: titleLines(view, surface),
      body: words,
      footer: dimly("Press enter to go on or esc to go back", surface)
    },
    { lines: 1 + problem.length, least: 1 },
    rows
  )
  const window = bodyWindow(layout.body, layout.bodyRoom, state.scroll, surface)
  const block = [line, ...problem].slice(0, Math.max(1, layout.blockRoom))
  const { blockAt, lines } = stack(layout, window.lines, block, surface)
  const cursor = blockAt < rows ? { row: blockAt, column: Math.min(column, Math.max(0, columns - 1)) } : null
  return { lines, cursor, page: { rows: 1, lines: window.room, furthest: window.furthest } }
}

/**
 * The view at this place of a person in it. No line is wider than the surface, and there are no more lines than it has
 * rows; the title and the selected row are always among them. Nothing but text and our own colours is in them.
 */
export const render = <Event>(view: View<Event>, state: KitState, surface: Surface): Frame => {
  const here = keep(state, view)
  return view._tag === "List" ? renderList(view, here, surface) : renderPrompt(view, here, surface)
}
