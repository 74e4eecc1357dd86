/** The file `auth.json`, as the stores of file and keyring share it. */
import type * as PlatformError from "@effect/platform/Error"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Predicate from "effect/Predicate"
import { CredentialStoreError } from "../../services/CredentialStore.js"

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

const reasonOf = (error: PlatformError.PlatformError): CredentialStoreError["reason"] => {
  const code =
    Predicate.hasProperty(error.cause, "code") && Predicate.isString(error.cause.code) ? error.cause.code : ""
  const known = byCode[code]
  if (known !== undefined) return known
  return error._tag === "SystemError" && error.reason === "PermissionDenied" ? "PermissionDenied" : "Io"
}

export const authFile = (path: Path.Path, codexHome: string): string => path.join(codexHome, "auth.json")

export const storeErrorFrom =
  (operation: CredentialStoreError["operation"], location: string) =>
  (error: PlatformError.PlatformError): CredentialStoreError =>
    new CredentialStoreError({ operation, reason: reasonOf(error), location, detail: null })

/** Says whether there was a file. */
export const removeAuthFile = (fs: FileSystem.FileSystem, file: string): Effect.Effect<boolean, CredentialStoreError> =>
  fs.remove(file).pipe(
    Effect.as(true),
    Effect.catchTag("SystemError", (error) =>
      error.reason === "NotFound" ? Effect.succeed(false) : Effect.fail(error)
    ),
    Effect.mapError(storeErrorFrom("remove", file))
  )
