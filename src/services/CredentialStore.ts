/**
 * The auth record at rest.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { AuthJson } from "../contracts/AuthJson.js"
import type { CredentialStoreError } from "../domain/CredentialStoreError.js"

/**
 * A record with the fingerprint of what was read, to write against.
 *
 * @since 0.1.0
 * @category models
 */
export interface StoredRecord {
  readonly record: AuthJson
  readonly revision: string
}

/**
 * @since 0.1.0
 * @category tags
 */
export class CredentialStore extends Context.Tag("effect-codex-account/services/CredentialStore")<
  CredentialStore,
  {
    readonly kind: "file" | "keyring" | "ephemeral"
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
    /** Fails where a write would fail for lack of permission or of room. */
    readonly checkWritable: Effect.Effect<void, CredentialStoreError>
  }
>() {}
