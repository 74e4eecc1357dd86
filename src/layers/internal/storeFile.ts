/** The files of a credential store in the Codex home, and what their errors mean. */
import type * as PlatformError from "@effect/platform/Error"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import { type CredentialStore, CredentialStoreError, RenewalMark } from "../../services/CredentialStore.js"

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

const MarkText = Schema.parseJson(RenewalMark)
const decodeMark = Schema.decode(MarkText)

/** The mark of a renewal in a file of its own, mode 0600. */
export const makeMarkFile = (
  fs: FileSystem.FileSystem,
  path: Path.Path,
  codexHome: string
): Pick<CredentialStore["Type"], "readMark" | "writeMark"> => {
  const file = path.join(codexHome, ".codex-account-renewal.json")
  return {
    readMark: Effect.option(Effect.flatMap(fs.readFileString(file), decodeMark)),
    writeMark: (mark) =>
      Effect.gen(function* () {
        if (Option.isNone(mark)) return yield* fs.remove(file, { force: true })
        yield* fs.makeDirectory(codexHome, { recursive: true, mode: 0o700 })
        const handle = yield* fs.open(file, { flag: "w", mode: 0o600 })
        yield* handle.writeAll(new TextEncoder().encode(JSON.stringify(mark.value)))
        yield* handle.sync
      }).pipe(Effect.scoped, Effect.mapError(storeErrorFrom("write", file)))
  }
}
