/** Why an act that cannot be undone did not come to a success. */
import * as Either from "effect/Either"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"
import { Act } from "./Operation.js"
import { joined } from "./PlainText.js"
import { namesOf } from "./words.js"

const unsent = {
  InvalidInput: "Nothing was sent.",
  NotNeeded: "Nothing was sent.",
  NotOffered: "Nothing was sent: there is no offer for this account now.",
  Busy: "Nothing was sent: another process is doing the same right now.",
  TooSoon: "Nothing was sent: this account was reset a short while ago, and the usage shown may be older than that.",
  OfferChanged: "Nothing was sent: the offer changed after it was shown.",
  IdentityChanged: "Nothing was sent: another account has signed in since.",
  Unresolved: "Nothing was sent: the outcome of an earlier attempt is not known."
}

/**
 * - `InvalidInput`: an address, key or id that can't be used. `NotOffered`: the account has no such offer, or none any
 *   more. `TooSoon`: the same was done minutes ago, and what the backend shows may be from before. `OfferChanged`,
 *   `IdentityChanged`: not what was confirmed. `NotNeeded`: there is nothing to gain by it. `Unresolved`: an earlier act
 *   of the same kind has an open outcome. `Busy`: another process is at it. Nothing was sent for any of these.
 * - `Rejected`: the backend refused, definitely.
 * - `OutcomeUnknown`: a request left, and whether it took effect is not known.
 * @since 0.1.0
 * @category schemas
 */
export const ActErrorReason = Schema.Literal(...namesOf(unsent).literals, "Rejected", "OutcomeUnknown")

type Reason = typeof ActErrorReason.Type

const advices: Partial<Record<Reason, string>> = {
  Busy: "Try again when it has ended.",
  OfferChanged: "Look at it and confirm again.",
  IdentityChanged: "Start again as that account."
}

const nouns = { redeem: "The reset", invite: "The invite", nudge: "The message to the owner" }

const checks = {
  redeem: "Redeem again with the same key: it can't spend a second credit.",
  invite: "Ask the recipient before you send another one.",
  nudge: "Ask the owner before you send another one."
}

/**
 * `key` is the operation's key in the journal, once it has one. `status` is the HTTP status of a refusal.
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
  static of(act: Act, reason: Reason, detail: string | null = null): ActError {
    return new ActError({ act, reason, key: null, status: null, detail })
  }

  /** An earlier operation of this act has an outcome that is not known. */
  static unresolved(act: Act, key: string): ActError {
    return new ActError({ act, reason: "Unresolved", key, status: null, detail: null })
  }

  /** What happened, in one sentence. */
  get summary(): string {
    if (this.reason === "OutcomeUnknown") return `${nouns[this.act]} was sent, but whether it took effect is not known.`
    if (this.reason !== "Rejected") return unsent[this.reason]
    return `${nouns[this.act]} was refused${this.status === null ? "" : ` (HTTP ${this.status})`}.`
  }

  /** What to do next. */
  get advice(): string | null {
    return this.reason === "Unresolved" || this.reason === "OutcomeUnknown"
      ? checks[this.act]
      : (advices[this.reason] ?? null)
  }

  /** All but the summary. */
  get rest(): string {
    return joined([this.detail, this.advice, this.key === null ? null : `Operation ${this.key}.`])
  }

  override get message(): string {
    return `${this.summary} ${this.rest}`.trim()
  }
}

/**
 * What a person typed as the schema wants it, or `InvalidInput` with the schema's own message as its detail.
 * @since 0.1.0
 * @category constructors
 */
export const validInput = <A>(act: Act, schema: Schema.Schema<A, string>, text: string): Either.Either<A, ActError> =>
  Either.mapLeft(Schema.decodeEither(schema)(text), (error) =>
    // The schema's own message stands last, below what it belongs to.
    ActError.of(act, "InvalidInput", ParseResult.ArrayFormatter.formatErrorSync(error).at(-1)?.message ?? null)
  )
