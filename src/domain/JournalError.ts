/**
 * Why an act could not be recorded.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

/** What happened, and what to do about it. */
const words = {
  Unavailable: ["The journal can't be used, so nothing was sent.", null],
  InUse: ["This key is already in the journal for another act or account, so nothing was sent.", "Use a new key."],
  Transition: ["The journal holds a later state of this act.", "Look at it before you go on."]
} as const

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
  get summary(): string {
    return words[this.reason][0]
  }

  get advice(): string | null {
    return words[this.reason][1]
  }

  override get message(): string {
    const facts = [this.detail, this.key === null ? null : `operation ${this.key}`].filter((fact) => fact !== null)
    const said = [this.summary, this.advice, facts.length === 0 ? null : `(${facts.join("; ")})`]
    return said.filter((part) => part !== null).join(" ")
  }
}
