/**
 * Why an act could not be recorded.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

const advice = {
  Unavailable: "The journal of acts can't be used, so nothing was sent.",
  InUse: "This key is already in the journal for another act or account. Nothing was sent; use a new key.",
  Transition: "The journal holds a later state of this act. Look at it before you go on."
}

/**
 * `key` is the operation's; `detail` is what is wrong with the journal. An act whose intent can't be recorded is not sent.
 *
 * @since 0.1.0
 * @category errors
 */
export class JournalError extends Schema.TaggedError<JournalError>()("JournalError", {
  reason: Schema.Literal("Unavailable", "InUse", "Transition"),
  key: Schema.NullOr(Schema.String),
  detail: Schema.optionalWith(Schema.NullOr(Schema.String), { default: () => null })
}) {
  override get message(): string {
    const facts = [this.detail, this.key === null ? null : `operation ${this.key}`].filter((fact) => fact !== null)
    return facts.length === 0 ? advice[this.reason] : `${advice[this.reason]} (${facts.join("; ")})`
  }
}
