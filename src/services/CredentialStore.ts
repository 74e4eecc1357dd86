/** The auth record at rest. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { AuthJson } from "../contracts/AuthJson.js"

const advice = {
  Malformed: "it is not a sign-in record that this version understands",
  NotAFile: "it is not a file",
  PermissionDenied: "access was denied",
  NoSpace: "the disk is full",
  Conflict: "it was changed by somebody else meanwhile",
  Unavailable: "the store is not available here",
  Io: "the operation failed"
}

/**
 * `location` is the path or the name of the store. `detail` names what was wrong, never a value of the record.
 * @since 0.1.0
 * @category errors
 */
export class CredentialStoreError extends Schema.TaggedError<CredentialStoreError>()("CredentialStoreError", {
  operation: Schema.Literal("read", "write", "remove"),
  reason: Schema.Literal("Malformed", "NotAFile", "PermissionDenied", "NoSpace", "Conflict", "Unavailable", "Io"),
  location: Schema.String,
  detail: Schema.NullOr(Schema.String)
}) {
  override get message(): string {
    const detail = this.detail === null ? "" : ` (${this.detail})`
    return `Could not ${this.operation} ${this.location}: ${advice[this.reason]}${detail}.`
  }
}

/**
 * A record with the fingerprint of what was read, to write against.
 * @since 0.1.0
 * @category models
 */
export interface StoredRecord {
  readonly record: AuthJson
  readonly revision: string
}

/**
 * The mark of a refresh token's exchange, which outlives the process: the digest of the token, and when the exchange was
 * begun. With `pausedUntil` it was answered without tokens, and is not repeated before then; without, its outcome is not
 * known. With `isSpent` the server has said that somebody used the token before, who may store what they got until then:
 * it is never sent again. Times are in Unix milliseconds.
 * @since 0.1.0
 * @category schemas
 */
export const RenewalMark = Schema.Struct({
  token: Schema.String,
  at: Schema.Number,
  pausedUntil: Schema.NullOr(Schema.Number),
  isSpent: Schema.optionalWith(Schema.Boolean, { default: () => false })
})

/**
 * @since 0.1.0
 * @category models
 */
export type RenewalMark = typeof RenewalMark.Type

/**
 * @since 0.1.0
 * @category tags
 */
export class CredentialStore extends Context.Tag("effect-codex-account/services/CredentialStore")<
  CredentialStore,
  {
    readonly kind: "file" | "keyring" | "ephemeral" | "environment"
    /** A path or a name, for messages. */
    readonly location: string
    /** None when there is no record. A record that can't be understood is an error, and stays as it is. */
    readonly read: Effect.Effect<Option.Option<StoredRecord>, CredentialStoreError>
    /**
     * Replaces the record as a whole. With `expected`, only if the stored record still is that revision (none: only if
     * there is no record); otherwise it fails with `Conflict` and changes nothing.
     */
    readonly write: (
      record: AuthJson,
      options?: { readonly expected?: Option.Option<string> }
    ) => Effect.Effect<StoredRecord, CredentialStoreError>
    /** Whether there was a record to remove. */
    readonly remove: Effect.Effect<boolean, CredentialStoreError>
    /** Something cheap that changes whenever somebody writes or removes the record. Never fails. */
    readonly stamp: Effect.Effect<string>
    /** Fails where a write would fail for lack of permission or of room, and keeps the room until the next write. */
    readonly checkWritable: Effect.Effect<void, CredentialStoreError>
    /** Whether the record is overwritten where it is, as it has a second name or a mount of its own. */
    readonly isInPlace: Effect.Effect<boolean>
    /** None if there is no mark, or none that can be read. */
    readonly readMark: Effect.Effect<Option.Option<RenewalMark>>
    readonly writeMark: (mark: Option.Option<RenewalMark>) => Effect.Effect<void, CredentialStoreError>
  }
>() {}
