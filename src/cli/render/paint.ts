/**
 * Colours, where the screen shows them.
 *
 * @since 0.1.0
 */

/**
 * @since 0.1.0
 * @category models
 */
export type Hue = "bold" | "dim" | "red" | "green" | "yellow" | "cyan"

/**
 * @since 0.1.0
 * @category models
 */
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

/**
 * @since 0.1.0
 * @category constructors
 */
export const paintFor = (color: boolean): Paint => (color ? colored : (_, text) => text)

const escape = "\u001b"
const sequences = new RegExp(`${escape}\\[[0-9;]*m`, "g")

/**
 * The text without colours.
 *
 * @since 0.1.0
 * @category combinators
 */
export const withoutColor = (text: string): string => text.replace(sequences, "")
