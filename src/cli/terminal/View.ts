/** What is shown as data, and what a person's keys do to it: pure, without a terminal. */
import type * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { edit, type Input, insert, type Key, oneLine, type Typed } from "./input.js"

/**
 * A line that can be chosen. `shortcut` is a letter that chooses it at once; `detail` stands behind the label,
 * `description` below it. A row that is not enabled is dim, has no number, and can't be chosen.
 */
export interface Row<A> {
  readonly label: string
  readonly detail?: string | undefined
  readonly description?: string | undefined
  readonly shortcut?: string | undefined
  readonly enabled: boolean
  readonly value: A
}

/** A line to type. `read` gives the answer, or why the text can't be taken. */
export interface TextField<A> {
  readonly placeholder: string
  readonly initial: string
  readonly read: (text: string) => Either.Either<A, string>
}

/**
 * Rows to choose from, or a line to type, below a few lines of text. `wide` lines are drawn for the width and are cut, not
 * wrapped. `initial` is the row that is selected at first: the safe one. `canLeave` says whether Escape and Ctrl-C go
 * back; where they don't, Ctrl-C ends everything. `keys` are further letters; a key that gives false goes back. `busy`
 * shows a spinner.
 */
export interface View<A> {
  readonly title: string
  readonly lines: ReadonlyArray<string>
  readonly wide: ReadonlyArray<string>
  readonly rows: ReadonlyArray<Row<A>>
  readonly initial: number
  readonly field: TextField<A> | null
  readonly canLeave: boolean
  readonly keys: Readonly<Record<string, Effect.Effect<boolean>>>
  readonly busy: boolean
}

/** A view, where only what differs from a plain list that can be left is given. */
export const view = <A>(given: Partial<View<A>> & Pick<View<A>, "title">): View<A> => ({
  lines: [],
  wide: [],
  rows: [],
  initial: 0,
  field: null,
  canLeave: true,
  keys: {},
  busy: false,
  ...given
})

/**
 * Where a person is in a view: the selected row, -1 where there is none; how many lines above the rows are scrolled away;
 * the text typed so far, and why the last one was not taken.
 */
export interface Place {
  readonly selected: number
  readonly scroll: number
  readonly typed: Typed
  readonly problem: string | null
}

/** What fits the screen: how many rows, how many lines above them, and how far these can be scrolled. */
export interface Page {
  readonly rows: number
  readonly lines: number
  readonly furthest: number
}

/** What a key leads to. `Unknown`: it means nothing here. `Left`: the person goes back; Ctrl-C may mean more than that. */
export type Outcome<A> =
  | { readonly _tag: "None" | "Unknown" }
  | { readonly _tag: "Chosen"; readonly value: A }
  | { readonly _tag: "Key"; readonly run: Effect.Effect<boolean> }
  | { readonly _tag: "Left"; readonly byCtrlC: boolean }

type Step<A> = readonly [Place, Outcome<A>]

const none = { _tag: "None" } as const
const unknown = { _tag: "Unknown" } as const
const back = { _tag: "Left", byCtrlC: false } as const
const chosen = <A>(value: A) => ({ _tag: "Chosen", value }) as const

type Rows = ReadonlyArray<Row<unknown>>

const isEnabled = (rows: Rows, index: number): boolean => rows[index]?.enabled === true

/** The first row that can be chosen from there on, going on at the other end. */
const enabledFrom = (rows: Rows, index: number, step: 1 | -1): number => {
  for (let moves = 0; moves < rows.length; moves++) {
    const candidate = (index + moves * step + (moves + 1) * rows.length) % rows.length
    if (isEnabled(rows, candidate)) return candidate
  }
  return -1
}

const selectedAtFirst = ({ field, initial, rows }: View<unknown>): number =>
  field === null ? enabledFrom(rows, isEnabled(rows, initial) ? initial : 0, 1) : -1

export const open = (view: View<unknown>): Place => ({
  selected: selectedAtFirst(view),
  scroll: 0,
  typed: { before: oneLine(view.field?.initial ?? ""), after: "" },
  problem: null
})

/** The place in the view as it is now: a row that can't be chosen any more is left. */
export const keep = (place: Place, view: View<unknown>): Place =>
  view.field !== null || isEnabled(view.rows, place.selected) ? place : { ...place, selected: selectedAtFirst(view) }

/** The numbers of the rows: 1 to 9 for those that can be chosen, null for the others. */
export const numbers = (rows: Rows): ReadonlyArray<number | null> => {
  let count = 0
  return rows.map(({ enabled }) => (enabled && count < 9 ? ++count : null))
}

/** The key by its name: Ctrl-P and `k` go up, Ctrl-N and `j` down. */
const moveOf = (key: Key): string => {
  if (key.meta) return ""
  if (key.ctrl) return key.name === "p" ? "up" : key.name === "n" ? "down" : ""
  return key.text === "k" ? "up" : key.text === "j" ? "down" : key.name
}

const scrolled = (place: Place, by: number, page: Page): Place => ({
  ...place,
  scroll: Math.min(page.furthest, Math.max(0, Math.min(place.scroll, page.furthest) + by))
})

/** A page further; at the end the last row, without going on at the other one. */
const paged = (rows: Rows, selected: number, by: number): number => {
  const target = Math.min(rows.length - 1, Math.max(0, selected + by))
  const step = by < 0 ? -1 : 1
  for (let index = target; index >= 0 && index < rows.length; index += step) if (isEnabled(rows, index)) return index
  return enabledFrom(rows, target, step === 1 ? -1 : 1)
}

/** Where the key moves to; null for a key that does not move. */
const move = ({ rows }: View<unknown>, place: Place, key: Key, page: Page): Place | null => {
  // With nothing to choose between, the keys scroll the lines above.
  const canSelect = rows.filter((row) => row.enabled).length > 1
  const to = (index: number, by: number): Place =>
    canSelect ? { ...place, selected: index } : scrolled(place, by, page)
  const byPage = (by: 1 | -1): Place =>
    page.furthest > 0
      ? scrolled(place, by * Math.max(1, page.lines - 1), page)
      : to(paged(rows, place.selected, by * Math.max(1, page.rows)), by)
  switch (moveOf(key)) {
    case "up":
      return to(enabledFrom(rows, place.selected - 1, -1), -1)
    case "down":
      return to(enabledFrom(rows, place.selected + 1, 1), 1)
    case "pageup":
      return byPage(-1)
    case "pagedown":
      return byPage(1)
    case "home":
      return to(enabledFrom(rows, 0, 1), -page.furthest)
    case "end":
      return to(enabledFrom(rows, rows.length - 1, -1), page.furthest)
    default:
      return null
  }
}

/** The row that a letter or digit chooses at once: shortcuts before numbers. */
const rowOf = (rows: Rows, letter: string): number => {
  const byShortcut = rows.findIndex(({ enabled, shortcut }) => enabled && shortcut?.toLowerCase() === letter)
  if (byShortcut !== -1) return byShortcut
  return /^[1-9]$/.test(letter) ? numbers(rows).indexOf(Number(letter)) : -1
}

const isEnter = (key: Key): boolean => (key.name === "return" || key.name === "enter") && !key.meta

const pressInRows = <A>(view: View<A>, place: Place, key: Key, page: Page): Step<A> => {
  if (isEnter(key)) {
    const row = view.rows[place.selected]
    if (row?.enabled === true) return [place, chosen(row.value)]
    return [place, place.selected === -1 && view.canLeave ? back : none]
  }
  const letter = key.text?.toLowerCase() ?? ""
  const index = letter === "" ? -1 : rowOf(view.rows, letter)
  const row = view.rows[index]
  if (row !== undefined) return [{ ...place, selected: index }, chosen(row.value)]
  const run = Object.hasOwn(view.keys, letter) ? view.keys[letter] : undefined
  if (run !== undefined) return [place, { _tag: "Key", run }]
  const moved = move(view, place, key, page)
  return moved === null ? [place, key.text === null ? none : unknown] : [moved, none]
}

const pressInField = <A>(field: TextField<A>, place: Place, key: Key, page: Page): Step<A> => {
  if (isEnter(key)) {
    const text = (place.typed.before + place.typed.after).trim()
    if (text === "") return [place, none]
    return Either.match(field.read(text), {
      onLeft: (problem): Step<A> => [{ ...place, problem }, none],
      onRight: (value): Step<A> => [place, chosen(value)]
    })
  }
  const lines = Math.max(1, page.lines - 1)
  if (key.name === "pageup") return [scrolled(place, -lines, page), none]
  if (key.name === "pagedown") return [scrolled(place, lines, page), none]
  return [{ ...place, typed: edit(place.typed, key), problem: null }, none]
}

/** What a person's input leads to in the view that is shown. Where nothing is typed, a paste means nothing. */
export const press = <A>(view: View<A>, before: Place, input: Input, page: Page): Step<A> => {
  const place = keep(before, view)
  const { canLeave, field } = view
  if (input._tag === "Paste") {
    return [field === null ? place : { ...place, typed: insert(place.typed, input.text) }, none]
  }
  if (input.ctrl && input.name === "c") return [place, { _tag: "Left", byCtrlC: true }]
  // Alone, Escape is reported as held with Alt.
  if (input.name === "escape") return [place, canLeave ? back : none]
  return field === null ? pressInRows(view, place, input, page) : pressInField(field, place, input, page)
}
