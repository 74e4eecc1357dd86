/**
 * Why the auth record could not be read or written.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"

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
 *
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
