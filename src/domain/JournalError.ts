/**
 * Why an act could not be recorded.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const advice = {
  Unavailable: "The journal of acts can't be used, so nothing was sent. Check the folder it lives in.",
  InUse: "This key is already in the journal for another act or account. Nothing was sent; use a new key.",
  Transition: "The journal holds a later state of this act. Look at it before you go on."
}

/**
 * `key` is the operation's. An act whose intent can't be recorded is not sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class JournalError extends Schema.TaggedError<JournalError>()("JournalError", {
  reason: Schema.Literal("Unavailable", "InUse", "Transition"),
  key: Schema.NullOr(Schema.String)
}) {
  override get message(): string {
    return this.key === null ? advice[this.reason] : `${advice[this.reason]} (operation ${this.key})`
  }
}
