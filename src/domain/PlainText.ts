/** Text from the backend or a file on its way to a terminal. */

const escapeSequences = new RegExp(
  [
    // OSC, DCS, SOS, PM and APC strings up to their terminator, or to the end when it is missing
    "(?:\\u001b[\\]PX^_]|[\\u009d\\u0090\\u0098\\u009e\\u009f])[\\s\\S]*?(?:\\u0007|\\u001b\\\\|\\u009c|$)",
    // CSI sequences
    "(?:\\u001b\\[|\\u009b)[\\u0030-\\u003f]*[\\u0020-\\u002f]*[\\u0040-\\u007e]?",
    // other escapes
    "\\u001b[\\u0020-\\u002f]*[\\u0030-\\u007e]?"
  ].join("|"),
  "g"
)

/**
 * What may move the cursor, reorder or hide text: controls, format characters (bidirectional marks, zero-width and tag
 * characters, the soft hyphen), half surrogate pairs, line and paragraph separators, and letters that show nothing.
 */
const unsafe = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u115f\u1160\u180e\u3164\uffa0\u{e0000}-\u{e007f}]/gu

const lineBreakOrTab = /[\t-\r\u2028\u2029]/

/**
 * The text with each unsafe character replaced, or taken out; white space and the letters of escape sequences stay. This is
 * the only list of them: everything that shows text to a person uses it.
 */
export const replaceUnsafe = (text: string, replacement: (character: string) => string = () => ""): string =>
  text.replace(unsafe, replacement)

export const hasUnsafe = (text: string): boolean => text.search(unsafe) !== -1

/**
 * One line without escape sequences and unsafe characters; at most `maxLength` characters, with an ellipsis where it was
 * cut. White space is folded.
 */
export const plainLine = (text: string, maxLength = 500): string => {
  // Bounded before the patterns run, so that hostile text costs little.
  const visible = text.slice(0, maxLength * 8 + 4096).replace(escapeSequences, "")
  const line = replaceUnsafe(visible, (character) => (lineBreakOrTab.test(character) ? " " : ""))
    // Last, so that nothing taken out leaves two spaces behind.
    .replace(/\s+/g, " ")
    .trim()
  const characters = Array.from(line)
  return characters.length <= maxLength ? line : `${characters.slice(0, maxLength - 1).join("")}…`
}

/** The parts that there are, in one text. */
export const joined = (parts: ReadonlyArray<string | null>, separator = " "): string =>
  parts.filter((part) => part !== null).join(separator)
