/** The one address that an invite goes to. */
import * as Schema from "effect/Schema"
import { hasUnsafe } from "./PlainText.js"

/**
 * One address: trimmed, not empty, without spaces, separators or control characters, with something on both sides of
 * its `@`. The backend has the last word. The address never occurs in the error.
 * @since 0.1.0
 * @category schemas
 */
export const InviteEmail = Schema.String.pipe(
  Schema.filter(
    (text) => {
      if (text.trim() === "") return "An invite needs an e-mail address."
      if (text.length > 254) return "An e-mail address has at most 254 characters."
      if (hasUnsafe(text)) {
        return "The e-mail address holds control or invisible characters."
      }
      if (/[\s,;<>"()]/.test(text) || text.split("@").length > 2) {
        return "Give exactly one e-mail address, such as name@example.com."
      }
      return /^[^@]+@[^@]+$/.test(text) ? undefined : "An e-mail address looks like name@example.com."
    },
    { identifier: "InviteEmail", arbitrary: () => (fc) => fc.emailAddress() }
  ),
  Schema.brand("InviteEmail")
)

/**
 * @since 0.1.0
 * @category models
 */
export type InviteEmail = typeof InviteEmail.Type
