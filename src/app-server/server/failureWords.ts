/** Failures as errors for a client. */
import { ActError } from "../../domain/ActError.js"
import type { AuthError } from "../../domain/AuthError.js"
import { BackendError } from "../../domain/BackendError.js"
import { JournalError } from "../../domain/JournalError.js"
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
      return new BackendError({ ...error, requestId: null }).message.slice(error.operation.length + 2)
    case "ActError":
      return new ActError({ ...error, key: null, detail: null }).message
    case "JournalError":
      return new JournalError({ reason: error.reason, key: null, detail: null }).message
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
