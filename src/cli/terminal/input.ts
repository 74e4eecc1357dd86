/** What a person does at the keyboard: single keys, pasted text, and the line that they type. */
import type * as PlatformTerminal from "@effect/platform/Terminal"
import * as Option from "effect/Option"
import { replaceUnsafe } from "../../domain/PlainText.js"

/** `name` is Node's name of the key; `text` what it writes, null where it writes nothing. */
export interface Key {
  readonly _tag: "Key"
  readonly name: string
  readonly ctrl: boolean
  readonly meta: boolean
  readonly text: string | null
}

/** One line of text, however many were pasted. */
export interface Paste {
  readonly _tag: "Paste"
  readonly text: string
}

export type Input = Key | Paste

/** The longest text that can be typed or pasted, in characters. */
export const longestText = 1000

/** The visible text as one line. */
export const oneLine = (text: string): string => replaceUnsafe(text.replace(/\s+/gu, " ")).trim()

/** A paste that has begun: its text so far, and when the last of it came. */
export interface Pasting {
  readonly text: string
  readonly at: number
}

/** Milliseconds after which the end of a paste counts as lost: what comes then is typed. */
const lostAfter = 1000

const keyOf = ({ input, key }: PlatformTerminal.UserInput): Key => {
  const text = replaceUnsafe(Option.getOrElse(input, () => ""))
  return {
    _tag: "Key",
    name: key.name,
    ctrl: key.ctrl,
    meta: key.meta,
    text: text === "" || key.ctrl || key.meta ? null : text
  }
}

/** Gathers what lies between the marks that a terminal puts around a paste, so that none of it counts as a key. */
export const readInput = (
  pasting: Pasting | null,
  keys: Iterable<PlatformTerminal.UserInput>,
  now: number
): readonly [pasting: Pasting | null, inputs: ReadonlyArray<Input>] => {
  const inputs: Array<Input> = []
  let open = pasting
  const close = () => {
    if (open !== null) inputs.push({ _tag: "Paste", text: oneLine(open.text) })
    open = null
  }
  if (open !== null && now - open.at > lostAfter) close()
  for (const key of keys) {
    if (key.key.name === "paste-start") {
      open = { text: open?.text ?? "", at: now }
    } else if (key.key.name === "paste-end") {
      close()
    } else if (open === null) {
      inputs.push(keyOf(key))
    } else {
      // Twice the longest, since white space is folded later.
      const text = Option.getOrElse(key.input, () => "")
      open = { text: open.text.length + text.length > 2 * longestText ? open.text : open.text + text, at: now }
    }
  }
  return [open, inputs]
}

/** A line of text: what stands before and behind the cursor. */
export interface Typed {
  readonly before: string
  readonly after: string
}

// By grapheme: what a person takes for one character.
const segmenter = new Intl.Segmenter()
const graphemes = (text: string): ReadonlyArray<string> => Array.from(segmenter.segment(text), ({ segment }) => segment)
const lastOf = (text: string): string => graphemes(text).at(-1) ?? ""
const firstOf = (text: string): string => graphemes(text)[0] ?? ""
const without = (text: string, last: string): string => text.slice(0, text.length - last.length)

/** Inserts the visible part of the text at the cursor, as far as there is room. */
export const insert = ({ after, before }: Typed, text: string): Typed => {
  const room = longestText - Array.from(before + after).length
  return { before: before + Array.from(replaceUnsafe(text)).slice(0, Math.max(0, room)).join(""), after }
}

const start = ({ after, before }: Typed): Typed => ({ before: "", after: before + after })
const end = ({ after, before }: Typed): Typed => ({ before: before + after, after: "" })

const plainKeys: Readonly<Record<string, (typed: Typed) => Typed>> = {
  left: ({ after, before }) => ({ before: without(before, lastOf(before)), after: lastOf(before) + after }),
  right: ({ after, before }) => ({ before: before + firstOf(after), after: after.slice(firstOf(after).length) }),
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

export const edit = (typed: Typed, key: Key): Typed => {
  const table = key.ctrl ? controlKeys : plainKeys
  if (Object.hasOwn(table, key.name) && !key.meta) return table[key.name]?.(typed) ?? typed
  return key.text === null ? typed : insert(typed, key.text)
}
