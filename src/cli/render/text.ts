/** Text that has to fit into a line. */
import { charactersOf, colorEachLine, type Paint, withoutColor } from "./paint.js"

const wide =
  /[\u1100-\u115f\u2e80-\u303e\u3041-\ua4cf\ua960-\ua97c\uac00-\ud7a3\uf900-\ufaff\ufe10-\ufe19\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{16fe0}-\u{18df2}\u{1aff0}-\u{1b2fb}\u{1f200}-\u{1f265}\u{20000}-\u{3fffd}]|\p{Emoji_Presentation}/u
const combining = /\p{Mark}/u

/** How many columns the text takes; colors take none. */
export const columnsOf = (text: string): number => {
  let columns = 0
  for (const character of withoutColor(text)) {
    columns += combining.test(character) ? 0 : wide.test(character) ? 2 : 1
  }
  return columns
}

/** The text with spaces behind it, up to the width. */
export const padEnd = (text: string, columns: number): string =>
  text + " ".repeat(Math.max(0, columns - columnsOf(text)))

/** The text with spaces before it, up to the width. */
export const padStart = (text: string, columns: number): string =>
  " ".repeat(Math.max(0, columns - columnsOf(text))) + text

/** The text, cut to at most `columns` with an ellipsis where it is longer. No color goes on behind it. */
export const fit = (text: string, columns: number): string => {
  if (columnsOf(text) <= columns) return colorEachLine([text]).join("")
  if (columns <= 0) return ""
  let room = columns - 1
  const all = charactersOf(text)
  const end = all.findIndex((character) => (room -= columnsOf(character)) < 0)
  return colorEachLine([`${all.slice(0, end).join("").trimEnd()}…`]).join("")
}

/** A word that is longer than a line, in pieces that are not. */
const pieces = (word: string, columns: number): ReadonlyArray<string> => {
  if (columnsOf(word) <= columns) return [word]
  const found: Array<string> = []
  let piece = ""
  let taken = 0
  for (const character of charactersOf(word)) {
    const width = columnsOf(character)
    if (taken > 0 && taken + width > columns) {
      found.push(piece)
      piece = ""
      taken = 0
    }
    piece += character
    taken += width
  }
  return [...found, piece]
}

/** The text in lines of at most `columns`, the first one indented by `first`, the others by `rest`. */
export const wrap = (text: string, columns: number, first = "", rest = first): ReadonlyArray<string> => {
  const room = Math.max(8, columns - Math.max(columnsOf(first), columnsOf(rest)))
  const lines: Array<string> = []
  let line = ""
  let taken = 0
  for (const word of text.split(" ").flatMap((word) => pieces(word, room))) {
    const width = columnsOf(word)
    if (taken > 0 && taken + 1 + width > room) {
      lines.push(line)
      line = word
      taken = width
    } else {
      // A color may stand before the first word.
      line = taken === 0 ? line + word : `${line} ${word}`
      taken += taken === 0 ? width : 1 + width
    }
  }
  return colorEachLine([...lines, line]).map((line, index) => `${index === 0 ? first : rest}${line}`)
}

/**
 * Items in lines of at most `columns`, with a dot between two. An item is broken only where it is longer than a line.
 */
export const wrapItems = (items: ReadonlyArray<string>, columns: number): ReadonlyArray<string> => {
  const lines: Array<string> = []
  const last = items.reduce((line, item, index) => {
    const longer = line === "" ? item : `${line} · ${item}`
    const dot = index < items.length - 1 ? 2 : 0
    if (line === "" || columnsOf(longer) + dot <= columns) return longer
    lines.push(`${line} ·`)
    return item
  }, "")
  return [...lines, last].flatMap((line) => wrap(line, columns))
}

/** Columns as wide as their widest cell. On a screen too narrow for that each row becomes a block of lines. */
export const table = (
  head: ReadonlyArray<string>,
  rows: ReadonlyArray<ReadonlyArray<string>>,
  { columns, paint }: { readonly columns: number; readonly paint: Paint }
): ReadonlyArray<string> => {
  const widths = head.map((name, index) => Math.max(columnsOf(name), ...rows.map((row) => columnsOf(row[index] ?? ""))))
  const whole = widths.reduce((sum, width) => sum + width + 2, -2)
  const line = (cells: ReadonlyArray<string>) =>
    cells.map((cell, index) => (index === cells.length - 1 ? cell : padEnd(cell, (widths[index] ?? 0) + 2))).join("")
  if (whole <= columns) return [paint("dim", line(head)), ...rows.map(line)]
  return rows.flatMap(([first = "", ...cells]) => [
    ...wrap(paint("bold", first), columns),
    ...cells.flatMap((cell, index) => wrap(`${head[index + 1] ?? ""}: ${cell}`, columns, "  ", "    "))
  ])
}

/** Such as `950`, `21.4B`, with the greatest unit that fits. Less than nothing is nothing. */
export const compact = (amount: number): string =>
  new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 }).format(Math.max(0, amount))

/** The amount in decimal text; null if it is none, or below zero. */
export const amountOf = (text: string): number | null => {
  const amount = Number(text)
  return text.trim() !== "" && Number.isFinite(amount) && amount >= 0 ? amount : null
}

/** Whole, with separators: `12,345`. Something is never shown as nothing: `less than 1`. */
export const grouped = (amount: number): string => {
  const rounded = Math.round(amount)
  return amount > 0 && rounded === 0 ? "less than 1" : rounded.toLocaleString("en-US")
}
