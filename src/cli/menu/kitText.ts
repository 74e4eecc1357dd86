/** A line of text with a cursor in it. */
import { type Key, longestText, visible } from "./kitInput.js"

/** What stands before and behind the cursor. */
export interface Typed {
  readonly before: string
  readonly after: string
}

// What a person takes for one character.
const segmenter = new Intl.Segmenter()

const characters = (text: string): ReadonlyArray<string> =>
  Array.from(segmenter.segment(text), ({ segment }) => segment)

const lastOf = (text: string): string => characters(text).at(-1) ?? ""
const firstOf = (text: string): string => characters(text)[0] ?? ""
const without = (text: string, last: string): string => text.slice(0, text.length - last.length)

/** What is visible of the text is put in at the cursor, as far as there is room. */
export const insert = ({ after, before }: Typed, text: string): Typed => {
  const room = longestText - Array.from(before + after).length
  return { before: before + Array.from(visible(text)).slice(0, Math.max(0, room)).join(""), after }
}

const start = ({ after, before }: Typed): Typed => ({ before: "", after: before + after })
const end = ({ after, before }: Typed): Typed => ({ before: before + after, after: "" })

const plainKeys: Readonly<Record<string, (typed: Typed) => Typed>> = {
  left: ({ after, before }) => {
    const last = lastOf(before)
    return { before: without(before, last), after: last + after }
  },
  right: ({ after, before }) => {
    const first = firstOf(after)
    return { before: before + first, after: after.slice(first.length) }
  },
  home: start,
  end,
  backspace: ({ after, before }) => ({ before: without(before, lastOf(before)), after }),
  delete: ({ after, before }) => ({ before, after: after.slice(firstOf(after).length) })
}

const controlKeys: Readonly<Record<string, (typed: Typed) => Typed>> = {
  a: start,
  e: end,
  u: ({ after }) => ({ before: "", after }),
  k: ({ before }) => ({ before, after: "" }),
  w: ({ after, before }) => ({ before: before.replace(/[^ ]* *$/, ""), after })
}

/** What a key does to the text; a key that means nothing here leaves it as it is. */
export const edit = (typed: Typed, key: Key): Typed => {
  const table = key.ctrl ? controlKeys : plainKeys
  if (Object.hasOwn(table, key.name) && !key.meta) return table[key.name]?.(typed) ?? typed
  return key.text === null ? typed : insert(typed, key.text)
}
