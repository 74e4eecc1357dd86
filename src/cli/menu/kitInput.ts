/** What a person does at the keyboard: single keys, and text that is pasted as a whole. */
import type * as Terminal from "@effect/platform/Terminal"
import * as Option from "effect/Option"
import { replaceUnsafe } from "../../domain/PlainText.js"

/**
 * `name` is Node's name of the key. `text` is what the key writes, free of control characters; null where it writes
 * nothing.
 */
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

/** The text without control characters and invisible marks. */
export const visible = (text: string): string => replaceUnsafe(text)

/** The visible text as one line. */
export const oneLine = (text: string): string => visible(text.replace(/\s+/gu, " ")).trim()

/** A paste that has begun: what has come of it, and when the last of it did. */
export interface Pasting {
  readonly text: string
  readonly at: number
}

/** A paste comes in one go. After such a pause its end is lost, and what comes now is typed. */
const pause = 1000

const keyOf = ({ input, key }: Terminal.UserInput): Key => {
  const text = visible(Option.getOrElse(input, () => ""))
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
  keys: ReadonlyArray<Terminal.UserInput>,
  now: number
): readonly [pasting: Pasting | null, inputs: ReadonlyArray<Input>] => {
  const inputs: Array<Input> = []
  let open = pasting
  if (open !== null && now - open.at > pause) {
    inputs.push({ _tag: "Paste", text: oneLine(open.text) })
    open = null
  }
  for (const key of keys) {
    if (key.key.name === "paste-start") {
      open = { text: open?.text ?? "", at: now }
    } else if (open === null) {
      if (key.key.name !== "paste-end") inputs.push(keyOf(key))
    } else if (key.key.name === "paste-end") {
      inputs.push({ _tag: "Paste", text: oneLine(open.text) })
      open = null
    } else {
      // Twice the longest, since white space is folded later.
      const room = 2 * longestText - open.text.length
      const text = Option.getOrElse(key.input, () => "")
      open = { text: text.length > room ? open.text : open.text + text, at: now }
    }
  }
  return [open, inputs]
}
