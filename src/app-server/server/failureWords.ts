/** Failures as errors for a client. */
import type { ActError } from "../../domain/ActError.js"
import type { AuthError } from "../../domain/AuthError.js"
import type { BackendError } from "../../domain/BackendError.js"
import type { JournalError } from "../../services/OperationJournal.js"
import type { RpcError } from "../../rpc/RpcError.js"
import {
  accountAuthRequired,
  type AuthPurpose,
  backendFailed,
  type BackendPrefix,
  chatgptAuthRequired
} from "../protocol/errors.js"

export type Failure = ActError | AuthError | BackendError | JournalError

/** The message of the error, without the ids and keys of the backend or the client. */
export const messageOf = (error: Failure): string => {
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

/** A request to sign in, or what failed. */
export const failureOf = (error: Failure, prefix: BackendPrefix, purpose: AuthPurpose): RpcError => {
  if (error._tag === "AuthError" && error.reason === "NotSignedIn") return accountAuthRequired(purpose)
  if (error._tag === "AuthError" && error.reason === "WrongAuth") return chatgptAuthRequired(purpose)
  return backendFailed(prefix, messageOf(error))
}
