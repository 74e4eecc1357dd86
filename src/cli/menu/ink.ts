/** Text as it may reach the terminal: what can be read, in our own colours, and nothing that moves the cursor. */
import { colorEachLine } from "../render/paint.js"
import { columnsOf } from "../render/text.js"
import { visible } from "./kitInput.js"

const escape = "\u001b"
const color = new RegExp(`(${escape}\\[(?:1|2|22|31|32|33|36|39)m)`)

/** Text and our own colours in turn, beginning with text. */
const alternate = (text: string): ReadonlyArray<{ readonly part: string; readonly isColor: boolean }> =>
  text.split(color).map((part, index) => ({ part, isColor: index % 2 === 1 }))

/** The text without anything but what can be read and our own colours. White space is one kind of space. */
export const legible = (text: string): string =>
  alternate(text)
    .map(({ isColor, part }) => (isColor ? part : visible(part.replace(/\s/gu, " "))))
    .join("")

/**
 * The first `columns` columns of a legible line, with an ellipsis where it was cut. Colours take no room, and none goes
 * on behind the line.
 */
export const cut = (line: string, columns: number): string => colorEachLine([firstColumns(line, columns)]).join("")

const firstColumns = (line: string, columns: number): string => {
  if (columnsOf(line) <= columns) return line
  if (columns <= 0) return ""
  let room = columns - 1
  let found = ""
  for (const { isColor, part } of alternate(line)) {
    if (isColor) {
      found += part
      continue
    }
    for (const character of part) {
      room -= columnsOf(character)
      if (room < 0) return `${found}…`
      found += character
    }
  }
  return found
}
