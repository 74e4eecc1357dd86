/**
 * Why an act that cannot be undone did not come to a success.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { Act } from "./Operation.js"

/**
 * - `InvalidInput`: an address, key or id that can't be used. `NotOffered`: the account has no such offer, or none any
 *   more. `TooSoon`: the same was done minutes ago, and what the backend shows may be from before. `OfferChanged`,
 *   `IdentityChanged`: not what was confirmed. `NotNeeded`: there is nothing to gain by it. `Unresolved`: an earlier act
 *   of the same kind has an open outcome. `Busy`: another process is at it. Nothing was sent for any of these.
 * - `Rejected`: the backend refused, definitely.
 * - `OutcomeUnknown`: a request left, and whether it took effect is not known.
 *
 * @since 0.1.0
 * @category schemas
 */
export const ActErrorReason = Schema.Literal(
  "InvalidInput",
  "NotOffered",
  "TooSoon",
  "OfferChanged",
  "IdentityChanged",
  "NotNeeded",
  "Unresolved",
  "Busy",
  "Rejected",
  "OutcomeUnknown"
)

const nouns = { redeem: "The reset", invite: "The invite", nudge: "The message to the owner" }

const checks = {
  redeem: "Redeem again with the same key: it can't spend a second credit.",
  invite: "Ask the recipient before you send another one.",
  nudge: "Ask the owner before you send another one."
}

/**
 * `key` is the operation's key in the journal, once it has one. `status` is the HTTP status of a refusal.
 *
 * @since 0.1.0
 * @category errors
 */
export class ActError extends Schema.TaggedError<ActError>()("ActError", {
  act: Act,
  reason: ActErrorReason,
  key: Schema.NullOr(Schema.String),
  status: Schema.NullOr(Schema.Int),
  detail: Schema.NullOr(Schema.String)
}) {
  static of(act: Act, reason: typeof ActErrorReason.Type, detail: string | null = null): ActError {
    return new ActError({ act, reason, key: null, status: null, detail })
  }

  /**
   * Whether it is certain that no request left.
   */
  get nothingSent(): boolean {
    return this.reason !== "Rejected" && this.reason !== "OutcomeUnknown"
  }

  /** What happened, in one sentence. */
  get summary(): string {
    switch (this.reason) {
      case "InvalidInput":
      case "NotNeeded":
        return "Nothing was sent."
      case "NotOffered":
        return "Nothing was sent: there is no offer for this account now."
      case "Busy":
        return "Nothing was sent: another process is doing the same right now."
      case "TooSoon":
        return "Nothing was sent: this account was reset a short while ago, and the usage shown may be older than that."
      case "OfferChanged":
        return "Nothing was sent: the offer changed after it was shown."
      case "IdentityChanged":
        return "Nothing was sent: another account has signed in since."
      case "Unresolved":
        return "Nothing was sent: the outcome of an earlier attempt is not known."
      case "Rejected":
        return `${nouns[this.act]} was refused${this.status === null ? "" : ` (HTTP ${this.status})`}.`
      case "OutcomeUnknown":
        return `${nouns[this.act]} was sent, but whether it took effect is not known.`
    }
  }

  /** What to do next. */
  get advice(): string | null {
    switch (this.reason) {
      case "Busy":
        return "Try again when it has ended."
      case "OfferChanged":
        return "Look at it and confirm again."
      case "IdentityChanged":
        return "Start again as that account."
      case "Unresolved":
      case "OutcomeUnknown":
        return checks[this.act]
      default:
        return null
    }
  }

  /** All but the summary. */
  get rest(): string {
    const key = this.key === null ? null : `Operation ${this.key}.`
    return [this.detail, this.advice, key].filter((fact) => fact !== null).join(" ")
  }

  override get message(): string {
    return `${this.summary} ${this.rest}`.trim()
  }
}
