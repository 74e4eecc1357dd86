/** What a request of the menu can end with instead of an answer. */
import type { ActError } from "../../domain/ActError.js"
import type { AuthError } from "../../domain/AuthError.js"
import { BackendError } from "../../domain/BackendError.js"
import type { JournalError } from "../../domain/JournalError.js"

/** Kept as data, in events and in states. Whoever shows its `message` passes it through `plainLine`. */
export type Failure = ActError | AuthError | BackendError | JournalError

/** Whether it failed because somebody else is signed in by now. Nothing was sent then. */
export const isAnotherAccount = (error: Failure): boolean =>
  error.reason === "IdentityChanged" || error.reason === "AccountMismatch"

/** What a read of usage without a word on reset credits is, where they were asked for. */
export const withoutSummary: Failure = BackendError.of("usage.read", "Malformed")
