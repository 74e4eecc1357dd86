/** The platform's keyring, as the store of auth records needs it. */
import * as Data from "effect/Data"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { CredentialStoreError } from "../../domain/CredentialStoreError.js"

/** `detail` says what is wrong and what to do, and holds no value of an entry. */
export class KeyringError extends Data.TaggedError("KeyringError")<{
  readonly reason: Extract<CredentialStoreError["reason"], "Unavailable" | "PermissionDenied" | "Io">
  readonly detail: string
}> {}

/** One text for each service and account. Every call ends within a bounded time. */
export interface Keyring {
  readonly get: (entry: KeyringEntry) => Effect.Effect<Option.Option<string>, KeyringError>
  readonly set: (entry: KeyringEntry, text: string) => Effect.Effect<void, KeyringError>
  /** Whether there was an entry. */
  readonly remove: (entry: KeyringEntry) => Effect.Effect<boolean, KeyringError>
}

export interface KeyringEntry {
  readonly service: string
  readonly account: string
}
