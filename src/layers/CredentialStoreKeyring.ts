/**
 * The auth record in the operating system's keyring, under the names that the Codex CLI uses.
 *
 * @since 0.1.0
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import * as Crypto from "node:crypto"
import { AuthJson } from "../contracts/AuthJson.js"
import { AccountConfig } from "../services/AccountConfig.js"
import { CredentialStore, CredentialStoreError, type StoredRecord } from "../services/CredentialStore.js"
import { authFile, removeAuthFile } from "./internal/authFile.js"
import { type Keyring, type KeyringError, makeKeyringProcess } from "./internal/Keyring.js"

/** On one line, as the Codex CLI stores it. */
const KeyringText = Schema.parseJson(AuthJson)
const decode = Schema.decode(KeyringText)
const encode = Schema.encode(KeyringText)

const sha256 = (text: string): string => Crypto.createHash("sha256").update(text).digest("hex")

/**
 * The account of a Codex home: `cli|` and 16 hexadecimal digits of the SHA-256 of its path. The service is `Codex Auth`.
 *
 * @since 0.1.0
 * @category constructors
 */
export const accountOf = (canonicalHome: string): string => `cli|${sha256(canonicalHome).slice(0, 16)}`

const service = "Codex Auth"

/** A read costs a process, so the keyring is polled less often than a file, and seldom after a failure. */
const pollMillis = 5000
const pollAfterFailureMillis = 60_000

/**
 * A store over a keyring. After a write the fallback `auth.json` is removed, and `remove` removes both.
 *
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  keyring: Keyring
): Effect.Effect<CredentialStore["Type"], never, AccountConfig | FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { codexHome } = yield* AccountConfig
    const file = authFile(path, codexHome)
    const location = `the keyring entry "${service}"`
    const polled = yield* Ref.make<{ readonly stamp: string; readonly againAt: number }>({
      stamp: "unread",
      againAt: Number.POSITIVE_INFINITY
    })

    type Operation = CredentialStoreError["operation"]
    const failed = (operation: Operation, reason: CredentialStoreError["reason"], detail: string | null = null) =>
      new CredentialStoreError({ operation, reason, location, detail })
    const fromKeyring = (operation: Operation) => (error: KeyringError) => failed(operation, error.reason, error.detail)

    const entry = fs.realPath(codexHome).pipe(
      Effect.orElseSucceed(() => codexHome),
      Effect.map((home) => ({ service, account: accountOf(home) }))
    )

    const saw = (revision: Option.Option<string>) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        Ref.set(polled, { stamp: Option.getOrElse(revision, () => "none"), againAt: now + pollMillis })
      )

    const readText = (operation: Operation) =>
      Effect.flatMap(entry, keyring.get).pipe(
        Effect.mapError(fromKeyring(operation)),
        Effect.tap((text) => saw(Option.map(text, sha256)))
      )

    const read = Effect.flatMap(
      readText("read"),
      Option.match({
        onNone: () => Effect.succeedNone,
        onSome: (text) =>
          decode(text).pipe(
            Effect.map((record): Option.Option<StoredRecord> => Option.some({ record, revision: sha256(text) })),
            // The parse error would quote the record.
            Effect.mapError(() => failed("read", "Malformed"))
          )
      })
    )

    const removeFile = removeAuthFile(fs, file)

    const write: CredentialStore["Type"]["write"] = (record, options) =>
      Effect.gen(function* () {
        const text = yield* Effect.mapError(encode(record), () => failed("write", "Malformed"))
        if (options?.expected !== undefined) {
          const present = Option.map(yield* readText("write"), sha256)
          if (Option.getOrNull(present) !== Option.getOrNull(options.expected)) {
            return yield* failed("write", "Conflict")
          }
        }
        yield* Effect.mapError(keyring.set(yield* entry, text), fromKeyring("write"))
        yield* saw(Option.some(sha256(text)))
        yield* Effect.catchAll(removeFile, (error) =>
          Effect.logWarning(`The sign-in is in the keyring, and an older one may remain in a file. ${error.message}`)
        )
        return { record, revision: sha256(text) }
      }).pipe(Effect.uninterruptible)

    const remove = Effect.gen(function* () {
      const inKeyring = yield* Effect.flatMap(entry, keyring.remove).pipe(
        Effect.mapError(fromKeyring("remove")),
        Effect.tap(saw(Option.none())),
        Effect.either
      )
      // The file is removed even if the entry could not be.
      const inFile = yield* removeFile
      return (yield* inKeyring) || inFile
    })

    /** Never fails, and reads seldom. Before the first read it costs nothing. */
    const stamp = Effect.gen(function* () {
      const before = yield* Ref.get(polled)
      const now = yield* Clock.currentTimeMillis
      if (now < before.againAt) return before.stamp
      yield* Ref.set(polled, { ...before, againAt: now + pollAfterFailureMillis })
      yield* Effect.ignore(readText("read"))
      return (yield* Ref.get(polled)).stamp
    })

    return CredentialStore.of({
      kind: "keyring",
      location,
      read,
      write,
      remove,
      stamp,
      checkWritable: Effect.asVoid(readText("write"))
    })
  })

/**
 * The keyring of the operating system, through the optional package `@napi-rs/keyring`. A person has 15 seconds to unlock
 * it. Not on Windows, where the Codex CLI does not use it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<CredentialStore, never, AccountConfig | FileSystem.FileSystem | Path.Path> =
  Layer.effect(CredentialStore, make(makeKeyringProcess(15_000)))
