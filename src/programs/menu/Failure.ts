/**
 * What a request of the menu can end with instead of an answer.
 *
 * @since 0.1.0
 */
import type { ActError } from "../../domain/ActError.js"
import type { AuthError } from "../../domain/AuthError.js"
import { BackendError } from "../../domain/BackendError.js"
import type { JournalError } from "../../domain/JournalError.js"

/**
 * Kept as data, in events and in states. Whoever shows its `message` passes it through `plainLine`.
 *
 * @since 0.1.0
 * @category models
 */
export type Failure = ActError | AuthError | BackendError | JournalError

/**
 * Whether it failed because somebody else is signed in by now. Nothing was sent then.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isAnotherAccount = (error: Failure): boolean =>
  error.reason === "IdentityChanged" || error.reason === "AccountMismatch"

/**
 * What a read of usage without a word on reset credits is, where they were asked for.
 *
 * @since 0.1.0
 * @category constants
 */
export const withoutSummary: Failure = BackendError.of("usage.read", "Malformed")
