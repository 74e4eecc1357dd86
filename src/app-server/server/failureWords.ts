/** Why something failed, in words that may leave the server. */
import type { ActError } from "../../domain/ActError.js"
import type { AuthError } from "../../domain/AuthError.js"
import type { BackendError } from "../../domain/BackendError.js"
import type { JournalError } from "../../domain/JournalError.js"
import {
  accountAuthRequired,
  type AuthPurpose,
  backendFailed,
  type BackendPrefix,
  chatgptAuthRequired,
  type RpcError
} from "../protocol/errors.js"

export type Failure = ActError | AuthError | BackendError | JournalError

/** The error's own words, without the ids and keys in it: those are the backend's or the caller's. */
export const wordsOf = (error: Failure): string => {
  switch (error._tag) {
    case "BackendError":
      return error.description
    case "ActError":
    case "JournalError":
      return error.advice === null ? error.summary : `${error.summary} ${error.advice}`
    case "AuthError":
      return error.message
  }
}

/** What the client is told: that it has to sign in, or what failed. */
export const failureOf = (error: Failure, prefix: BackendPrefix, purpose: AuthPurpose): RpcError => {
  if (error._tag === "AuthError" && error.reason === "NotSignedIn") return accountAuthRequired(purpose)
  if (error._tag === "AuthError" && error.reason === "WrongAuth") return chatgptAuthRequired(purpose)
  return backendFailed(prefix, wordsOf(error))
}
