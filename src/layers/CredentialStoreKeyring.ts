/** The auth record in the operating system's keyring, under the names that the Codex CLI uses. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schema from "effect/Schema"
import * as ChildProcess from "node:child_process"
import * as Crypto from "node:crypto"
import { createRequire } from "node:module"
import { AuthJsonLine, authJsonProblem } from "../contracts/AuthJson.js"
import { CredentialStoreError, CredentialStore, type StoredRecord } from "../services/CredentialStore.js"
import { plainLine } from "../domain/PlainText.js"
import { AccountConfig } from "../services/AccountConfig.js"
import { authFile, makeMarkFile, removeAuthFile } from "./internal/storeFile.js"
import { perAccount } from "./internal/perAccount.js"

/**
 * `detail` says what is wrong and what to do, and holds no value of an entry.
 * @since 0.1.0
 * @category errors
 */
export class KeyringError extends Data.TaggedError("KeyringError")<{
  readonly reason: Extract<CredentialStoreError["reason"], "Unavailable" | "PermissionDenied" | "Io">
  readonly detail: string
}> {}

/**
 * One text for each service and account. Every call ends within a bounded time.
 * @since 0.1.0
 * @category models
 */
export interface Keyring {
  readonly get: (entry: KeyringEntry) => Effect.Effect<Option.Option<string>, KeyringError>
  readonly set: (entry: KeyringEntry, text: string) => Effect.Effect<void, KeyringError>
  /** Whether there was an entry. */
  readonly remove: (entry: KeyringEntry) => Effect.Effect<boolean, KeyringError>
}

/**
 * The names of an entry, as the operating system shows them.
 * @since 0.1.0
 * @category models
 */
export interface KeyringEntry {
  readonly service: string
  readonly account: string
}

const packageName = "@napi-rs/keyring"

// Without an explicit store the package falls back to the kernel's keyring, which a restart empties.
const helper = `
let text = ""
process.stdin.setEncoding("utf8").on("data", (more) => (text += more)).on("end", async () => {
  const answer = await (async () => {
    const { service, account, act, value } = JSON.parse(text)
    const { AsyncEntry } = require(process.argv[1])
    const entry = new AsyncEntry(service, account, { linux: { store: "secret-service" } })
    if (act === "get") return { value: (await entry.getPassword()) ?? null }
    if (act === "remove") return { removed: await entry.deletePassword() }
    await entry.setPassword(value)
    return {}
  })().catch((error) => ({ error: String(error && error.message) }))
  process.stdout.write(JSON.stringify(answer))
})
`

const decodeAnswer = Schema.decode(
  Schema.parseJson(
    Schema.Struct({
      value: Schema.optional(Schema.NullOr(Schema.String)),
      removed: Schema.optional(Schema.Boolean),
      error: Schema.optional(Schema.String)
    })
  )
)

const unavailable = (detail: string) => new KeyringError({ reason: "Unavailable", detail })

/** What a message of the package means. The message itself is shown only if it is the operating system's. */
const explain = (message: string): KeyringError => {
  if (/dismissed/i.test(message)) return unavailable("the keyring is locked: unlock it, and try again")
  if (/no result found|NoResult/i.test(message)) {
    return unavailable("there is no keyring that is set up and unlocked: make one, or unlock it")
  }
  if (/D-?Bus|NoStorage|autolaunch|ServiceUnknown/i.test(message)) {
    return unavailable("no Secret Service answers on D-Bus: start one, such as gnome-keyring or KWallet")
  }
  if (/AccessDenied|not allowed|denied/i.test(message)) {
    return new KeyringError({ reason: "PermissionDenied", detail: "the keyring refuses access" })
  }
  const system = /^(?:Platform failure|Couldn't access platform storage): (.*)/s.exec(message)?.[1]
  return new KeyringError({
    reason: "Io",
    detail: system === undefined ? "the keyring gave an error" : plainLine(system, 120)
  })
}

const locate = Effect.try({
  try: () => createRequire(import.meta.url).resolve(packageName),
  catch: () => unavailable(`the optional package ${packageName} is not installed`)
})

const run = (module: string, input: string, limitMillis: number): Effect.Effect<string, KeyringError> =>
  Effect.async<string, KeyringError>((resume) => {
    const child = ChildProcess.spawn(process.execPath, ["-e", helper, module], {
      env: { ...process.env, NODE_OPTIONS: "", ELECTRON_RUN_AS_NODE: "1" },
      stdio: ["pipe", "pipe", "ignore"],
      windowsHide: true,
      timeout: limitMillis,
      killSignal: "SIGKILL"
    })
    let output = ""
    child.stdout.setEncoding("utf8").on("data", (more: string) => (output += more))
    child.on("error", () => resume(Effect.fail(unavailable("its helper process could not be started"))))
    child.on("close", (_, signal) =>
      resume(
        signal === null
          ? Effect.succeed(output)
          : Effect.fail(unavailable(`no answer within ${limitMillis / 1000} seconds: is the keyring locked?`))
      )
    )
    // A helper that has ended does not read the rest of its input.
    child.stdin.on("error", () => undefined).end(input)
    return Effect.sync(() => child.kill("SIGKILL"))
  })

type Request = { readonly act: "get" | "remove" } | { readonly act: "set"; readonly value: string }

const ask = (entry: KeyringEntry, request: Request, limitMillis: number) =>
  Effect.gen(function* () {
    if (process.platform === "win32") {
      return yield* unavailable("on Windows the Codex CLI keeps its sign-in in an encrypted file, not in the keyring")
    }
    const output = yield* run(yield* locate, JSON.stringify({ ...entry, ...request }), limitMillis)
    const answer = yield* Effect.mapError(decodeAnswer(output), () => unavailable("its helper process failed"))
    return answer.error === undefined ? answer : yield* explain(answer.error)
  })

/**
 * Interrupting a call ends its process. So does `limitMillis` without an answer, which is how long a person has to unlock
 * the keyring.
 * @internal
 */
export const makeKeyringProcess = (limitMillis: number): Keyring => ({
  get: (entry) => Effect.map(ask(entry, { act: "get" }, limitMillis), ({ value }) => Option.fromNullable(value)),
  set: (entry, value) => Effect.asVoid(ask(entry, { act: "set", value }, limitMillis)),
  remove: (entry) => Effect.map(ask(entry, { act: "remove" }, limitMillis), ({ removed }) => removed === true)
})

/** On one line, as the Codex CLI stores it. */
const decode = Schema.decode(AuthJsonLine)
const encode = Schema.encode(AuthJsonLine)

const sha256 = (text: string): string => Crypto.createHash("sha256").update(text).digest("hex")

/**
 * The account of a Codex home: `cli|` and 16 hexadecimal digits of the SHA-256 of its path. The service is `Codex Auth`.
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
    const polled = yield* Ref.make({ stamp: "unread", againAt: Number.POSITIVE_INFINITY })

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
            Effect.mapError((error) => failed("read", "Malformed", authJsonProblem(text, error)))
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
      isInPlace: Effect.succeed(false),
      checkWritable: Effect.asVoid(readText("write")),
      ...makeMarkFile(fs, path, codexHome)
    })
  })

/**
 * The keyring of the operating system, through the optional package `@napi-rs/keyring`. A person has 15 seconds to unlock
 * it. Not on Windows, where the Codex CLI does not use it.
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<CredentialStore, never, AccountConfig | FileSystem.FileSystem | Path.Path> = perAccount(
  Layer.effect(CredentialStore, make(makeKeyringProcess(15_000))),
  AccountConfig,
  FileSystem.FileSystem,
  Path.Path
)
