/**
 * Text that has to fit into a line.
 *
 * @since 0.1.0
 */
import { withoutColor } from "./paint.js"

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6]|\p{Emoji_Presentation}/u
const combining = /\p{Mark}/u

/**
 * How many columns the text takes; colours take none.
 *
 * @since 0.1.0
 * @category accessors
 */
export const columnsOf = (text: string): number => {
  let columns = 0
  for (const character of withoutColor(text)) {
    columns += combining.test(character) ? 0 : wide.test(character) ? 2 : 1
  }
  return columns
}

/**
 * The text with spaces behind it, up to the width.
 *
 * @since 0.1.0
 * @category combinators
 */
export const padEnd = (text: string, columns: number): string =>
  text + " ".repeat(Math.max(0, columns - columnsOf(text)))

/** A word that is longer than a line, in pieces that are not. */
const pieces = (word: string, columns: number): ReadonlyArray<string> => {
  if (columnsOf(word) <= columns || withoutColor(word) !== word) return [word]
  const found: Array<string> = []
  let piece = ""
  for (const character of word) {
    if (piece !== "" && columnsOf(piece + character) > columns) {
      found.push(piece)
      piece = ""
    }
    piece += character
  }
  return [...found, piece]
}

/**
 * The text in lines of at most `columns`, the first one indented by `first`, the others by `rest`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const wrap = (text: string, columns: number, first = "", rest = first): ReadonlyArray<string> => {
  const room = Math.max(8, columns - Math.max(columnsOf(first), columnsOf(rest)))
  const lines: Array<string> = []
  let line = ""
  for (const word of text.split(" ").flatMap((word) => pieces(word, room))) {
    if (line !== "" && columnsOf(line) + 1 + columnsOf(word) > room) {
      lines.push(line)
      line = word
    } else {
      line = line === "" ? word : `${line} ${word}`
    }
  }
  return [...lines, line].map((line, index) => `${index === 0 ? first : rest}${line}`)
}
