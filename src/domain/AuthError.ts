/** Why there is no session to act as. */
import * as Schema from "effect/Schema"
import { BackendError } from "./BackendError.js"
import { joined } from "./PlainText.js"
import { namesOf, type Words } from "./words.js"

/** What happened, and what to do about it. */
const words = {
  NotSignedIn: ["Not signed in.", "Sign in first."],
  WrongAuth: ["Signed in without ChatGPT, which this needs.", "Sign in with ChatGPT."],
  Malformed: ["The stored sign-in can't be understood. It was left as it is.", "Check it, or sign in again."],
  UnknownMode: [
    "The stored sign-in is of a kind that this version does not know. It was left as it is.",
    "A newer version may know it."
  ],
  Unreadable: ["The stored sign-in can't be read.", "Check that it is a file and that you may read it."],
  NotWritable: ["The stored sign-in can't be written, so it was left as it is.", "Check the folder's permissions."],
  Expired: ["The session could not be renewed: its refresh token has expired.", "Sign in again."],
  Reused: ["The session could not be renewed: its refresh token was used before.", "Sign in again."],
  Revoked: ["The session could not be renewed: its refresh token was revoked.", "Sign in again."],
  Refused: ["The session could not be renewed: the server refused.", "Sign in again."],
  AccountMismatch: ["Another account has signed in, or this one signed out.", "Start again as the present account."],
  Unavailable: ["The session could not be renewed for now.", "Try again later."],
  NotRefreshable: ["The backend refused the session, and this kind of sign-in can't be renewed.", "Sign in again."],
  Forbidden: ["The configuration does not allow this sign-in.", null]
} as const satisfies Words

/**
 * - `NotSignedIn`: there is no record. `WrongAuth`: signed in, but not with ChatGPT.
 * - `Malformed`: the record can't be understood. `UnknownMode`: a newer program may have written it. `Unreadable`: it can't be read. `NotWritable`: it can't be written.
 * - `Expired`, `Reused`, `Revoked`, `Refused`: the server will not renew this session; sign in again.
 * - `AccountMismatch`: the stored record belongs to another account now. `Unavailable`: the renewal failed for now.
 * - `NotRefreshable`: this kind of session has no refresh token. `Forbidden`: the configuration forces another sign-in.
 * @since 0.1.0
 * @category schemas
 */
export const AuthErrorReason = namesOf(words)

/**
 * @since 0.1.0
 * @category models
 */
export type AuthErrorReason = typeof AuthErrorReason.Type

/**
 * `detail` says where, or which rule: a path, never a secret. `failure` is why the OAuth server gave no usable answer.
 * @since 0.1.0
 * @category errors
 */
export class AuthError extends Schema.TaggedError<AuthError>()("AuthError", {
  reason: AuthErrorReason,
  detail: Schema.NullOr(Schema.String),
  failure: Schema.NullOr(BackendError).pipe(
    Schema.propertySignature,
    Schema.withConstructorDefault(() => null)
  )
}) {
  static of(reason: AuthErrorReason, detail: string | null = null): AuthError {
    return new AuthError({ reason, detail })
  }

  /** No renewal for now, for what the request met with. */
  static unanswered(failure: BackendError): AuthError {
    return new AuthError({ reason: "Unavailable", detail: null, failure })
  }

  /** Whether nothing but a new sign-in helps. */
  get isPermanent(): boolean {
    return this.reason !== "Unavailable" && this.reason !== "NotWritable" && this.reason !== "Unreadable"
  }

  get summary(): string {
    return words[this.reason][0]
  }

  get advice(): string | null {
    return words[this.reason][1]
  }

  override get message(): string {
    const detail = this.failure?.description ?? this.detail
    return joined([this.summary, this.advice, detail === null ? null : `(${detail})`])
  }
}
