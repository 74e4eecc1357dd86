/** The auth record in `auth.json`: read whole, replaced whole, mode 0600. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import * as Schedule from "effect/Schedule"
import * as Schema from "effect/Schema"
import * as Crypto from "node:crypto"
import { authJsonProblem, AuthJsonText } from "../contracts/AuthJson.js"
import { AccountConfig } from "../services/AccountConfig.js"
import { CredentialStore, CredentialStoreError, type StoredRecord } from "../services/CredentialStore.js"
import { makeFileLocks } from "./internal/fileLocks.js"
import { authFile, makeMarkFile, removeAuthFile, storeErrorFrom } from "./internal/storeFile.js"
import { perAccount } from "./internal/perAccount.js"

const decode = Schema.decode(AuthJsonText)
const encode = Schema.encode(AuthJsonText)

const revisionOf = (text: string): string => Crypto.createHash("sha256").update(text).digest("hex")

/** How many bytes the next record may be longer than the present one. */
const growth = 8192

/** A program that writes in place leaves the file empty or half-written for a moment. */
const whileHalfWritten = Schedule.intersect(Schedule.spaced("100 millis"), Schedule.recurs(5))

const leftover = /^\.auth\.json\.[0-9a-f]{12}$/

/** No write takes this long. */
const leftoverAgeMillis = 60_000

/** The fifth field of a line of `mountinfo`, where spaces and the like are octal. */
const mountPoint = (line: string): string | undefined =>
  line.split(" ")[4]?.replace(/\\([0-7]{3})/g, (_, octal: string) => String.fromCharCode(Number.parseInt(octal, 8)))

const make = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const path = yield* Path.Path
  const { codexHome } = yield* AccountConfig
  const location = authFile(path, codexHome)

  type Operation = CredentialStoreError["operation"]
  const failed = (operation: Operation, reason: CredentialStoreError["reason"], detail: string | null = null) =>
    new CredentialStoreError({ operation, reason, location, detail })
  const fromPlatform = (operation: Operation) => storeErrorFrom(operation, location)

  const readText = fs.readFileString(location).pipe(
    Effect.asSome,
    Effect.catchTag("SystemError", (error) =>
      error.reason === "NotFound" ? Effect.succeed(Option.none<string>()) : Effect.fail(error)
    ),
    Effect.mapError(fromPlatform("read"))
  )

  const parse = (text: string): Effect.Effect<StoredRecord, CredentialStoreError> =>
    decode(text).pipe(
      Effect.map((record) => ({ record, revision: revisionOf(text) })),
      // The parse error would quote the file.
      Effect.mapError((error) => failed("read", "Malformed", authJsonProblem(text, error)))
    )

  /** The revision that stayed malformed for as long as a writer may take. It is not waited for again. */
  const hopeless = yield* Ref.make<string | null>(null)

  const read = Effect.gen(function* () {
    const known = yield* Ref.get(hopeless)
    const attempt = Effect.flatMap(
      readText,
      Option.match({
        onNone: () => Effect.succeedNone,
        onSome: (text) =>
          Effect.mapError(Effect.asSome(parse(text)), (error) => ({ error, revision: revisionOf(text) }))
      })
    )
    return yield* Effect.retry(attempt, {
      schedule: whileHalfWritten,
      while: (failure) => "revision" in failure && failure.revision !== known
    }).pipe(
      Effect.tapBoth({
        onFailure: (failure) => Ref.set(hopeless, "revision" in failure ? failure.revision : null),
        onSuccess: () => Ref.set(hopeless, null)
      }),
      Effect.mapError((failure) => ("revision" in failure ? failure.error : failure))
    )
  })

  const revision = Effect.map(readText, Option.map(revisionOf))

  /** The path of the new file. A link is followed. */
  const target = fs.realPath(location).pipe(
    Effect.orElse(() => fs.readLink(location).pipe(Effect.map((link) => path.resolve(codexHome, link)))),
    Effect.orElseSucceed(() => location)
  )

  const lock = yield* makeFileLocks(fs)
  const lockAll = (file: string) => lock([path.join(codexHome, "auth.lock"), 0o666], [`${file}.lock`, 0o600])

  /** With `r+` the file is there, and is overwritten from its start. */
  const writeWhole = (file: string, text: string, flag: "wx" | "r+" = "wx") =>
    Effect.scoped(
      Effect.gen(function* () {
        const handle = yield* fs.open(file, { flag, mode: 0o600 })
        const bytes = new TextEncoder().encode(text)
        yield* handle.writeAll(bytes)
        yield* handle.truncate(bytes.byteLength)
        yield* handle.sync
      })
    )

  /** A file with another name would lose it, and a mount can't be replaced. */
  const isInPlace = (file: string) =>
    Effect.gen(function* () {
      const info = yield* Effect.option(fs.stat(file))
      if (Option.isNone(info)) return false
      const folder = yield* fs.stat(path.dirname(file))
      const mounts = yield* Effect.orElseSucceed(fs.readFileString("/proc/self/mountinfo"), () => "")
      return (
        info.value.dev !== folder.dev ||
        Option.exists(info.value.nlink, (names) => names > 1) ||
        mounts.split("\n").some((line) => mountPoint(line) === file)
      )
    }).pipe(Effect.orElseSucceed(() => false))

  /** A name beside the file that no other writer has. */
  const freshName = (folder: string) =>
    Effect.sync(() => path.join(folder, `.auth.json.${Encoding.encodeHex(Crypto.randomBytes(6))}`))

  const syncFolder = (folder: string) =>
    Effect.scoped(Effect.flatMap(fs.open(folder, { flag: "r" }), (handle) => handle.sync)).pipe(Effect.ignore)

  /** A process that was killed while writing left a file with tokens in it. */
  const removeLeftovers = (folder: string) =>
    Effect.gen(function* () {
      const now = yield* Clock.currentTimeMillis
      const names = (yield* fs.readDirectory(folder)).filter((name) => leftover.test(name))
      yield* Effect.forEach(names, (name) =>
        Effect.gen(function* () {
          const { mtime } = yield* fs.stat(path.join(folder, name))
          const isOld = Option.exists(mtime, (time) => now - time.getTime() > leftoverAgeMillis)
          if (isOld) yield* fs.remove(path.join(folder, name))
        })
      )
    }).pipe(Effect.ignore)

  const unchanged = (expected: Option.Option<string>) =>
    Effect.flatMap(revision, (present) =>
      Option.getOrNull(present) === Option.getOrNull(expected) ? Effect.void : Effect.fail(failed("write", "Conflict"))
    )

  /** A file beside the record with room for the next one: the temporary file of the next write. */
  const reserved = yield* Ref.make<string | null>(null)
  const release = Effect.flatMap(Ref.getAndSet(reserved, null), (file) =>
    file === null ? Effect.void : Effect.ignore(fs.remove(file, { force: true }))
  )
  yield* Effect.addFinalizer(() => release)

  /** The text in a file beside the record, in the room that was kept for it if there is some. */
  const writeBeside = (folder: string, text: string) =>
    Effect.gen(function* () {
      const room = yield* Ref.getAndSet(reserved, null)
      if (room !== null && path.dirname(room) === folder) {
        const written = yield* Effect.isSuccess(writeWhole(room, text, "r+"))
        if (written) return room
        yield* Effect.ignore(fs.remove(room, { force: true }))
      }
      const fresh = yield* freshName(folder)
      yield* Effect.onError(writeWhole(fresh, text), () => Effect.ignore(fs.remove(fresh, { force: true })))
      return fresh
    })

  const write: CredentialStore["Type"]["write"] = (record, options) =>
    Effect.gen(function* () {
      const toStore = Effect.mapError(fromPlatform("write"))
      const text = `${yield* encode(record).pipe(Effect.mapError(() => failed("write", "Malformed")))}\n`
      const file = yield* target
      const folder = path.dirname(file)
      yield* toStore(fs.makeDirectory(folder, { recursive: true, mode: 0o700 }))
      const fresh = yield* toStore(writeBeside(folder, text))
      const replace = Effect.gen(function* () {
        yield* lockAll(file)
        if (options?.expected !== undefined) yield* unchanged(options.expected)
        const inPlace = yield* isInPlace(file)
        if (inPlace) return yield* toStore(writeWhole(file, text, "r+"))
        yield* toStore(fs.rename(fresh, file))
      })
      yield* Effect.scoped(replace).pipe(Effect.ensuring(Effect.ignore(fs.remove(fresh, { force: true }))))
      yield* syncFolder(folder)
      yield* removeLeftovers(folder)
      return { record, revision: revisionOf(text) }
    }).pipe(Effect.uninterruptible)

  const checkWritable = Effect.gen(function* () {
    const file = yield* target
    const folder = path.dirname(file)
    yield* fs.access(folder, { writable: true })
    const isThere = yield* fs.exists(file)
    if (isThere) yield* fs.access(file, { writable: true })
    // Only writing shows whether there is room.
    const length = isThere ? Number((yield* fs.stat(file)).size) : 0
    yield* release
    const trial = yield* freshName(folder)
    yield* Ref.set(reserved, trial)
    yield* Effect.onError(writeWhole(trial, " ".repeat(length + growth)), () => release)
  }).pipe(Effect.uninterruptible, Effect.mapError(fromPlatform("write")))

  const stamp = fs.stat(location).pipe(
    Effect.map((info) => {
      const inode = Option.getOrElse(info.ino, () => 0)
      const modified = Option.match(info.mtime, { onNone: () => 0, onSome: (time) => time.getTime() })
      return `${inode} ${info.size} ${modified}`
    }),
    Effect.orElseSucceed(() => "none")
  )

  return CredentialStore.of({
    kind: "file",
    location,
    read,
    write,
    remove: Effect.scoped(Effect.zipRight(Effect.flatMap(target, lockAll), removeAuthFile(fs, location))),
    stamp,
    checkWritable,
    isInPlace: Effect.flatMap(target, isInPlace),
    ...makeMarkFile(fs, path, codexHome)
  })
})

/**
 * A symbolic link is followed, and its target replaced.
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<CredentialStore, never, AccountConfig | FileSystem.FileSystem | Path.Path> = perAccount(
  Layer.scoped(CredentialStore, make),
  AccountConfig,
  FileSystem.FileSystem,
  Path.Path
)
