/** What a failure of the file system means for the auth record. */
import type * as PlatformError from "@effect/platform/Error"
import * as Predicate from "effect/Predicate"
import type { CredentialStoreError } from "../../domain/CredentialStoreError.js"

const byCode: Readonly<Record<string, CredentialStoreError["reason"]>> = {
  EISDIR: "NotAFile",
  // Node's own, for the removal of a folder.
  ERR_FS_EISDIR: "NotAFile",
  // A file stands where a folder has to be made.
  EEXIST: "NotAFile",
  ENOTDIR: "NotAFile",
  EACCES: "PermissionDenied",
  EPERM: "PermissionDenied",
  EROFS: "PermissionDenied",
  ENOSPC: "NoSpace",
  EDQUOT: "NoSpace"
}

export const storeErrorReason = (error: PlatformError.PlatformError): CredentialStoreError["reason"] => {
  const code =
    Predicate.hasProperty(error.cause, "code") && Predicate.isString(error.cause.code) ? error.cause.code : ""
  const known = byCode[code]
  if (known !== undefined) return known
  return error._tag === "SystemError" && error.reason === "PermissionDenied" ? "PermissionDenied" : "Io"
}
