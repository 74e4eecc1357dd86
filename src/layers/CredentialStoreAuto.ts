/** The auth record in the keyring if there is one, else in `auth.json`. Using the file is logged. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { AccountConfig } from "../services/AccountConfig.js"
import { CredentialStore, CredentialStoreError, type StoredRecord } from "../services/CredentialStore.js"
import { perAccount } from "./internal/perAccount.js"
import * as CredentialStoreFile from "./CredentialStoreFile.js"
import * as CredentialStoreKeyring from "./CredentialStoreKeyring.js"

type Store = CredentialStore["Type"]

/** A revision names the store of the record, and its revision there. */
const from = (place: "keyring" | "file") => (stored: StoredRecord) => ({
  ...stored,
  revision: `${place}:${stored.revision}`
})
const within = (place: "keyring" | "file", revision: string): Option.Option<string> =>
  revision.startsWith(`${place}:`) ? Option.some(revision.slice(place.length + 1)) : Option.none()

/**
 * Reads the keyring, and the file if the keyring is empty or fails. Writes the keyring, and the file if that fails. A
 * record that was read from the keyring is never written to the file, where the older one in the keyring would hide it.
 * @since 0.1.0
 * @category constructors
 */
export const make = (stores: { readonly keyring: Store; readonly file: Store }): Effect.Effect<Store> =>
  Effect.gen(function* () {
    const { file, keyring } = stores
    const location = `${keyring.location} or ${file.location}`
    const warned = yield* Ref.make(false)

    /** Logs once for a store, which is read again and again. */
    const warnOnce = (why: string) =>
      Effect.flatMap(Ref.getAndSet(warned, true), (before) => (before ? Effect.void : Effect.logWarning(why)))
    const warnFailed = (error: CredentialStoreError) =>
      warnOnce(`The keyring can't be used, so the sign-in is kept in ${file.location}. ${error.message}`)

    const readFile = Effect.map(file.read, Option.map(from("file")))
    const read = Effect.matchEffect(keyring.read, {
      onSuccess: (found) =>
        Option.isSome(found)
          ? Effect.succeedSome(from("keyring")(found.value))
          : Effect.tap(
              readFile,
              Option.match({
                onNone: () => Effect.void,
                onSome: () => warnOnce(`The keyring holds no sign-in, so the one in ${file.location} is used.`)
              })
            ),
      onFailure: (error) => Effect.zipRight(warnFailed(error), readFile)
    })

    const conflict = new CredentialStoreError({ operation: "write", reason: "Conflict", location, detail: null })

    const inKeyring: Store["write"] = (record, options) => Effect.map(keyring.write(record, options), from("keyring"))
    const elseInFile = (record: StoredRecord["record"], expected: Option.Option<Option.Option<string>>) => {
      const options = Option.match(expected, { onNone: () => ({}), onSome: (expected) => ({ expected }) })
      return (error: CredentialStoreError): Effect.Effect<StoredRecord, CredentialStoreError> =>
        error.reason === "Conflict"
          ? Effect.fail(conflict)
          : Effect.zipRight(warnFailed(error), Effect.map(file.write(record, options), from("file")))
    }

    const write: Store["write"] = (record, options) =>
      Effect.gen(function* () {
        const expected = options?.expected
        if (expected === undefined) {
          return yield* Effect.catchAll(inKeyring(record), elseInFile(record, Option.none()))
        }
        const keyringRevision = Option.flatMap(expected, (revision) => within("keyring", revision))
        if (Option.isSome(keyringRevision)) return yield* inKeyring(record, { expected: keyringRevision })
        // The record is the file's, or there was none. It moves into the keyring if that has not changed.
        const fileRevision = Option.flatMap(expected, (revision) => within("file", revision))
        const present = Option.map(yield* file.read, ({ revision }) => revision)
        if (Option.getOrNull(present) !== Option.getOrNull(fileRevision)) return yield* conflict
        return yield* Effect.catchAll(
          inKeyring(record, { expected: Option.none() }),
          elseInFile(record, Option.some(fileRevision))
        )
      }).pipe(Effect.uninterruptible)

    const remove = Effect.gen(function* () {
      const inFile = yield* Effect.either(file.remove)
      const inKeyring = yield* Effect.catchAll(keyring.remove, (error) =>
        Effect.as(Effect.logWarning(`If the keyring holds a sign-in, it is still there. ${error.message}`), false)
      )
      return (yield* inFile) || inKeyring
    })

    return CredentialStore.of({
      kind: "keyring",
      location,
      read,
      write,
      remove,
      stamp: Effect.zipWith(keyring.stamp, file.stamp, (a, b) => `${a} ${b}`),
      isInPlace: file.isInPlace,
      checkWritable: Effect.catchAll(keyring.checkWritable, () => file.checkWritable),
      readMark: file.readMark,
      writeMark: file.writeMark
    })
  })

/**
 * The keyring of the operating system, and `auth.json`.
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<CredentialStore, never, AccountConfig | FileSystem.FileSystem | Path.Path> = perAccount(
  Layer.scoped(
    CredentialStore,
    Effect.gen(function* () {
      const keyring = Context.get(yield* Layer.build(CredentialStoreKeyring.layer), CredentialStore)
      const file = Context.get(yield* Layer.build(CredentialStoreFile.layer), CredentialStore)
      return yield* make({ keyring, file })
    })
  ),
  AccountConfig,
  FileSystem.FileSystem,
  Path.Path
)
