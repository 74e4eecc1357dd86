/** Colors, where the screen shows them. */

export type Hue = "bold" | "dim" | "red" | "green" | "yellow" | "cyan"

export type Paint = (hue: Hue, text: string) => string

const codes: Readonly<Record<Hue, readonly [on: number, off: number]>> = {
  bold: [1, 22],
  dim: [2, 22],
  red: [31, 39],
  green: [32, 39],
  yellow: [33, 39],
  cyan: [36, 39]
}

const colored: Paint = (hue, text) => {
  const [on, off] = codes[hue]
  return text === "" ? "" : `\u001b[${on}m${text}\u001b[${off}m`
}

export const paintFor = (color: boolean): Paint => (color ? colored : (_, text) => text)

const escape = "\u001b"
const sequences = new RegExp(`${escape}\\[([0-9;]*)m`, "g")

export const withoutColor = (text: string): string => text.replace(sequences, "")

const marks = new RegExp(`(?:${escape}\\[[0-9;]*m)*(?:${escape}\\[[0-9;]*m$|.)`, "gsu")

/** The characters of the text, each with the colors that change before it. */
export const charactersOf = (text: string): ReadonlyArray<string> => text.match(marks) ?? []

const sequence = (code: number): string => `${escape}[${code}m`
const offs: ReadonlyMap<number, number> = new Map(Object.values(codes))

/** Lines of one text: a color that continues past the end of a line is ended there, and begun again in the next. */
export const colorEachLine = (lines: ReadonlyArray<string>): ReadonlyArray<string> => {
  let open: ReadonlyArray<number> = []
  return lines.map((line) => {
    const begun = open.map(sequence).join("")
    for (const [, code] of line.matchAll(sequences)) {
      const hue = Number(code)
      open = offs.has(hue) ? [...open, hue] : open.filter((on) => offs.get(on) !== hue)
    }
    const ended = new Set(open.map((on) => offs.get(on) ?? 0).reverse())
    return `${begun}${line}${Array.from(ended, sequence).join("")}`
  })
}
