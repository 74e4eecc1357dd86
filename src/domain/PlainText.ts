/**
 * Text from the backend or a file on its way to a terminal.
 *
 * @since 0.1.0
 */

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

const bidiAndInvisible = /[\u061c\u200b-\u200f\u202a-\u202e\u2060-\u2069\ufeff\ufff9-\ufffb\u{e0000}-\u{e007f}]/gu

// eslint-disable-next-line no-control-regex
const controls = /[\u0000-\u0008\u000e-\u001f\u007f-\u009f]/g

/**
 * One line without control characters, escape sequences, bidirectional overrides and invisible marks; at most
 * `maxLength` characters, with an ellipsis where it was cut. White space is folded.
 *
 * @since 0.1.0
 * @category combinators
 */
export const plainLine = (text: string, maxLength = 500): string => {
  // Bounded before the patterns run, so that hostile text costs little.
  const line = text
    .slice(0, maxLength * 8 + 4096)
    .replace(escapeSequences, "")
    .replace(bidiAndInvisible, "")
    .replace(controls, "")
    // Last, so that nothing taken out leaves two spaces behind; it takes the controls that are white space.
    .replace(/\s+/g, " ")
    .trim()
  const characters = Array.from(line)
  return characters.length <= maxLength ? line : `${characters.slice(0, maxLength - 1).join("")}…`
}

const unseen = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/gu

/**
 * The text without control characters and invisible marks. White space of one line and escape sequences' letters stay: it
 * is for text that a person types.
 *
 * @since 0.1.0
 * @category combinators
 */
export const visible = (text: string): string => text.replace(unseen, "")
