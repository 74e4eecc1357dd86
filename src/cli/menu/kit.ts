/** What keys do to a view: pure, without a terminal. */
import { type Input, type Key, oneLine } from "./kitInput.js"
import { edit, insert, type Typed } from "./kitText.js"
import type { ListView, PromptView, Row, View } from "./View.js"

/**
 * Where a person is in the view of that `id`: the selected row, -1 where none can be selected; how many lines above the
 * rows are scrolled away; and the text typed so far.
 */
export interface KitState {
  readonly id: string
  readonly selected: number
  readonly scroll: number
  readonly typed: Typed
}

/** What fits the screen: how many rows, how many lines above them, and how far these can be scrolled. */
export interface Page {
  readonly rows: number
  readonly lines: number
  readonly furthest: number
}

/**
 * What came of a key. `byCtrlC` says that it was Ctrl-C that cancelled; `Quit` leaves where nothing can be cancelled.
 */
export type Outcome<Event> =
  | { readonly _tag: "None" }
  | { readonly _tag: "Event"; readonly event: Event; readonly byCtrlC: boolean }
  | { readonly _tag: "Quit" }

type Step<Event> = readonly [KitState, Outcome<Event>]

const none = { _tag: "None" } as const
const quit = { _tag: "Quit" } as const
const happened = <Event>(event: Event, byCtrlC = false): Outcome<Event> => ({ _tag: "Event", event, byCtrlC })

const isEnabled = <Event>(rows: ReadonlyArray<Row<Event>>, index: number): boolean => rows[index]?.enabled === true

/** The first row that can be accepted from there on, going on at the other end. */
const enabledFrom = <Event>(rows: ReadonlyArray<Row<Event>>, index: number, step: 1 | -1): number => {
  for (let moves = 0; moves < rows.length; moves++) {
    const candidate = (index + moves * step + (moves + 1) * rows.length) % rows.length
    if (isEnabled(rows, candidate)) return candidate
  }
  return -1
}

const selectedAtFirst = <Event>({ initial, rows }: ListView<Event>): number =>
  isEnabled(rows, initial) ? initial : enabledFrom(rows, 0, 1)

/** The state of a view that has just been opened: the row or text that it begins with. */
export const open = <Event>(view: View<Event>): KitState =>
  view._tag === "List"
    ? { id: view.id, selected: selectedAtFirst(view), scroll: 0, typed: { before: "", after: "" } }
    : { id: view.id, selected: -1, scroll: 0, typed: { before: oneLine(view.initial), after: "" } }

/**
 * The state for what is shown now. As long as it is the same view the cursor and the text stay where they are; a row that
 * can't be accepted any more is left.
 */
export const keep = <Event>(state: KitState, view: View<Event>): KitState => {
  if (state.id !== view.id) return open(view)
  if (view._tag === "Prompt" || isEnabled(view.rows, state.selected)) return state
  return { ...state, selected: selectedAtFirst(view) }
}

/** The numbers of the rows: 1 to 9 for those that can be accepted, null for the others. */
export const numbers = <Event>(rows: ReadonlyArray<Row<Event>>): ReadonlyArray<number | null> => {
  let count = 0
  return rows.map(({ enabled }) => (enabled && count < 9 ? ++count : null))
}

const isCtrlC = (key: Key): boolean => key.ctrl && key.name === "c"
// Alone it is reported as held with Alt.
const isEscape = (key: Key): boolean => key.name === "escape"
const isEnter = (key: Key): boolean => (key.name === "return" || key.name === "enter") && !key.meta

/** The key by its name: Ctrl-P and `k` go up, Ctrl-N and `j` down. */
const moveOf = (key: Key): string => {
  if (key.meta) return ""
  if (key.ctrl) return key.name === "p" ? "up" : key.name === "n" ? "down" : ""
  return key.text === "k" ? "up" : key.text === "j" ? "down" : key.name
}

const scrolled = (state: KitState, by: number, page: Page): KitState => ({
  ...state,
  scroll: Math.min(page.furthest, Math.max(0, Math.min(state.scroll, page.furthest) + by))
})

/** A page further; at the end the last row, without going on at the other one. */
const paged = <Event>(rows: ReadonlyArray<Row<Event>>, selected: number, by: number): number => {
  const target = Math.min(rows.length - 1, Math.max(0, selected + by))
  const step = by < 0 ? -1 : 1
  for (let index = target; index >= 0 && index < rows.length; index += step) if (isEnabled(rows, index)) return index
  return enabledFrom(rows, target, step === 1 ? -1 : 1)
}

const move = <Event>(view: ListView<Event>, state: KitState, key: Key, page: Page): KitState => {
  const { rows } = view
  const { selected } = state
  const select = (index: number): KitState => ({ ...state, selected: index })
  const by = Math.max(1, page.rows)
  const lines = Math.max(1, page.lines - 1)
  // With nothing to choose between, the keys move the lines above.
  const canSelect = rows.filter((row) => row.enabled).length > 1
  switch (moveOf(key)) {
    case "up":
      return canSelect ? select(enabledFrom(rows, selected - 1, -1)) : scrolled(state, -1, page)
    case "down":
      return canSelect ? select(enabledFrom(rows, selected + 1, 1)) : scrolled(state, 1, page)
    case "pageup":
      return page.furthest > 0 || !canSelect ? scrolled(state, -lines, page) : select(paged(rows, selected, -by))
    case "pagedown":
      return page.furthest > 0 || !canSelect ? scrolled(state, lines, page) : select(paged(rows, selected, by))
    case "home":
      return canSelect ? select(enabledFrom(rows, 0, 1)) : scrolled(state, -page.furthest, page)
    case "end":
      return canSelect ? select(enabledFrom(rows, rows.length - 1, -1)) : scrolled(state, page.furthest, page)
    default:
      return state
  }
}

const cancelled = <Event>(view: ListView<Event>, byCtrlC: boolean): Outcome<Event> =>
  view.cancel !== null ? happened(view.cancel, byCtrlC) : byCtrlC ? quit : none

/** The row that a letter or digit selects and accepts at once: shortcuts before numbers. */
const rowOf = <Event>(rows: ReadonlyArray<Row<Event>>, letter: string): number => {
  const byShortcut = rows.findIndex(
    ({ enabled, shortcut }) => enabled && shortcut !== undefined && shortcut.toLowerCase() === letter
  )
  if (byShortcut !== -1) return byShortcut
  return /^[1-9]$/.test(letter) ? numbers(rows).indexOf(Number(letter)) : -1
}

const pressInList = <Event>(view: ListView<Event>, state: KitState, key: Key, page: Page): Step<Event> => {
  if (isCtrlC(key)) return [state, cancelled(view, true)]
  if (isEscape(key)) return [state, cancelled(view, false)]
  if (isEnter(key)) {
    const row = view.rows[state.selected]
    return [state, row?.enabled === true ? happened(row.event) : state.selected === -1 ? cancelled(view, false) : none]
  }
  const letter = key.text?.toLowerCase() ?? ""
  const index = letter === "" ? -1 : rowOf(view.rows, letter)
  const row = view.rows[index]
  if (row !== undefined) return [{ ...state, selected: index }, happened(row.event)]
  const own = Object.hasOwn(view.keys, letter) ? view.keys[letter] : undefined
  if (own !== undefined) return [state, happened(own)]
  return [move(view, state, key, page), none]
}

const pressInPrompt = <Event>(view: PromptView<Event>, state: KitState, key: Key, page: Page): Step<Event> => {
  if (isCtrlC(key)) return [state, happened(view.cancel, true)]
  if (isEscape(key)) return [state, happened(view.cancel)]
  if (isEnter(key)) {
    const text = (state.typed.before + state.typed.after).trim()
    return [state, text === "" ? none : happened(view.submit(text))]
  }
  const lines = Math.max(1, page.lines - 1)
  if (key.name === "pageup") return [scrolled(state, -lines, page), none]
  if (key.name === "pagedown") return [scrolled(state, lines, page), none]
  return [{ ...state, typed: edit(state.typed, key) }, none]
}

/** What a person's input brings about in the view that is shown. In a list a paste means nothing. */
export const press = <Event>(view: View<Event>, state: KitState, input: Input, page: Page): Step<Event> => {
  const here = keep(state, view)
  if (input._tag === "Key") {
    return view._tag === "List" ? pressInList(view, here, input, page) : pressInPrompt(view, here, input, page)
  }
  return [view._tag === "List" ? here : { ...here, typed: insert(here.typed, oneLine(input.text)) }, none]
}
