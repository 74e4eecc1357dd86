import * as PlatformError from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import * as TestServices from "effect/TestServices"
import * as Fs from "node:fs"
import * as Path from "node:path"
import type { AuthJson } from "../../src/contracts/AuthJson.js"
import * as AccountConfigEnv from "../../src/layers/AccountConfigEnv.js"
import * as CredentialStoreFile from "../../src/layers/CredentialStoreFile.js"
import { CredentialStore, type CredentialStoreError } from "../../src/services/CredentialStore.js"
import { authFile, filesIn, fileStore, modeOf, temporaryHome } from "./support/home.js"
import { inHome } from "./support/inHome.js"
import { record, tokensOf } from "./support/records.js"
import { virtual } from "../cases.js"

/** The store over a folder, as an effect on the store. */
const inStore = <A, E>(home: string, use: (store: CredentialStore["Type"]) => Effect.Effect<A, E>) =>
  Effect.provide(Effect.flatMap(CredentialStore, use), fileStore(home))

const read = (home: string) => inStore(home, (store) => store.read)
const write = (home: string, record: AuthJson, options?: { readonly expected?: Option.Option<string> }) =>
  inStore(home, (store) => store.write(record, options))
const remove = (home: string) => inStore(home, (store) => store.remove)
const problem = <A, R>(work: Effect.Effect<A, CredentialStoreError, R>) =>
  Effect.map(Effect.flip(work), ({ operation, reason }) => `${operation} ${reason}`)

const json = (file: string): unknown => JSON.parse(Fs.readFileSync(file, "utf8"))
const onDisk = {
  auth_mode: "chatgpt",
  OPENAI_API_KEY: null,
  tokens: {
    id_token: tokensOf(record())?.id,
    access_token: "opaque-access",
    refresh_token: "rt_1",
    account_id: null,
    somebody_elses: { deep: [1, null, "ü"] }
  },
  last_refresh: "2026-09-21T14:13:20.123456789Z",
  agent_identity: { agent_runtime_id: "r" },
  somebody_elses: { list: [1, { two: null }] },
  "another.key": false
}

describe("a record", () => {
  inHome("is read back as it was written", function* (home) {
    const written = yield* write(home, record())
    assert.deepStrictEqual(Option.getOrThrow(yield* read(home)), written)
    assert.deepStrictEqual(tokensOf(written.record), tokensOf(record()))
  })

  inHome("keeps a mode of a newer version, and keys with a meaning of their own", function* (home) {
    const inside = `"__proto__": {"__proto__": [{"__proto__": 1}]}, "constructor": 2`
    const text = JSON.stringify({ ...onDisk, auth_mode: "telepathy" })
    Fs.writeFileSync(authFile(home), text.replaceAll('"somebody_elses":', `${inside}, "somebody_elses":`))
    const before = json(authFile(home))
    const { record: found } = Option.getOrThrow(yield* read(home))
    yield* write(home, { ...found, tokens: { ...found.tokens! } })
    assert.strictEqual(JSON.stringify(json(authFile(home))).split("__proto__").length, 7)
    assert.deepStrictEqual(json(authFile(home)), before)
  })

  inHome("keeps every key that this version does not know, at the top and within the tokens", function* (home) {
    Fs.writeFileSync(authFile(home), JSON.stringify(onDisk))
    const { record: found } = Option.getOrThrow(yield* read(home))
    yield* write(home, { ...found, last_refresh: "2026-10-01T00:00:00Z" })
    assert.deepStrictEqual(json(authFile(home)), { ...onDisk, last_refresh: "2026-10-01T00:00:00Z" })
  })

  inHome("is none where there is no file, and removing it says whether there was one", function* (home) {
    assert.isTrue(Option.isNone(yield* read(home)))
    assert.isFalse(yield* remove(home))
    yield* write(home, record())
    assert.isTrue(yield* remove(home))
    assert.isTrue(Option.isNone(yield* read(home)))
    assert.deepStrictEqual(filesIn(home), [])
  })

  inHome("may be megabytes long", function* (home) {
    const large = { ...record(), somebody_elses: "ü".repeat(2_000_000) }
    yield* write(home, large)
    assert.strictEqual(Option.getOrThrow(yield* read(home)).record["somebody_elses"], large.somebody_elses)
    assert.isAbove(Fs.statSync(authFile(home)).size, 4_000_000)
  })

  virtual.each(["with spaces and $(odd) 'signs'", "дім 家 🏠", "-rf"])("lives in a folder named %s", function* (name) {
    const home = yield* temporaryHome(name)
    yield* write(home, record())
    assert.deepStrictEqual(filesIn(home), ["auth.json"])
    assert.isTrue(Option.isSome(yield* read(home)))
  })

  virtual("may be the first thing in a folder that does not exist yet, which is for the owner alone", function* () {
    const home = Path.join(yield* temporaryHome(), "not", "yet")
    assert.isTrue(Option.isNone(yield* read(home)))
    yield* write(home, record())
    assert.isTrue(Option.isSome(yield* read(home)))
    assert.strictEqual(modeOf(home), "700")
  })
})

describe("the file", () => {
  inHome("is for the owner alone, when it is made and when a looser one is replaced", function* (home) {
    yield* write(home, record())
    assert.strictEqual(modeOf(authFile(home)), "600")
    Fs.chmodSync(authFile(home), 0o666)
    yield* write(home, record())
    assert.strictEqual(modeOf(authFile(home)), "600")
  })

  inHome("is for the owner alone whatever the umask", function* (home) {
    yield* Effect.acquireUseRelease(
      Effect.sync(() => process.umask(0)),
      () => write(home, record()),
      (before) => Effect.sync(() => process.umask(before))
    )
    assert.strictEqual(modeOf(authFile(home)), "600")
  })

  inHome("is replaced, not written over: whoever has it open keeps the old one", function* (home) {
    yield* write(home, record({ refresh: "rt_old" }))
    const open = Fs.openSync(authFile(home), "r")
    yield* write(home, record({ refresh: "rt_new" }))
    assert.include(Fs.readFileSync(open, "utf8"), "rt_old")
    Fs.closeSync(open)
    assert.include(Fs.readFileSync(authFile(home), "utf8"), "rt_new")
  })

  inHome("may be a link: the link stays, and what it leads to is replaced", function* (home) {
    const elsewhere = Path.join(Path.dirname(home), "elsewhere.json")
    Fs.writeFileSync(elsewhere, JSON.stringify(onDisk), { mode: 0o644 })
    Fs.symlinkSync("../elsewhere.json", authFile(home))
    const { record: found } = Option.getOrThrow(yield* read(home))
    yield* write(home, { ...found, last_refresh: null })
    assert.strictEqual(Fs.readlinkSync(authFile(home)), "../elsewhere.json")
    assert.isTrue(Fs.lstatSync(elsewhere).isFile())
    assert.deepStrictEqual(json(elsewhere), { ...onDisk, last_refresh: null })
    assert.strictEqual(modeOf(elsewhere), "600")
    assert.deepStrictEqual(filesIn(home), ["auth.json"])
  })

  inHome("may be a link that leads nowhere yet", function* (home) {
    Fs.symlinkSync("../later/auth.json", authFile(home))
    assert.isTrue(Option.isNone(yield* read(home)))
    yield* write(home, record())
    assert.isTrue(Fs.lstatSync(authFile(home)).isSymbolicLink())
    assert.isTrue(Option.isSome(yield* read(home)))
  })
})

const foreign: ReadonlyArray<readonly [string, string | Uint8Array]> = [
  ["nothing", ""],
  ["white space", " \n"],
  ["half a record", JSON.stringify(onDisk).slice(0, 200)],
  ["a list", "[]"],
  ["a text", '"sk-secret-in-a-text"'],
  ["another language", "auth_mode = 'chatgpt'"],
  ["bytes", Uint8Array.from({ length: 256 }, (_, i) => i)],
  ["UTF-16", Buffer.from(`\ufeff${JSON.stringify(onDisk)}`, "utf16le")],
  ["tokens without a refresh token", JSON.stringify({ tokens: { id_token: "a.b.c", access_token: "sk-secret" } })],
  ["a token that is a number", JSON.stringify({ tokens: { ...onDisk.tokens, access_token: 1 } })]
]

/** Runs to the end while virtual time passes and real files are read. */
const inTime = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const fiber = yield* Effect.fork(work)
    while (fiber.unsafePoll() === null) {
      yield* TestClock.adjust("100 millis")
      yield* TestServices.provideLive(Effect.sleep("2 millis"))
    }
    return yield* Fiber.join(fiber)
  })

describe("a file that holds", () => {
  inHome.each(foreign)("%s is an error, quotes nothing, and stays as it is", function* (home, [, contents]) {
    Fs.writeFileSync(authFile(home), contents)
    const error = yield* inTime(Effect.flip(read(home)))
    assert.strictEqual(error.reason, "Malformed")
    assert.strictEqual(error.location, authFile(home))
    const shown = `${error.message} ${JSON.stringify(error)} ${error.stack} ${String(error.cause)}`
    for (const secret of ["sk-secret", "rt_1", "opaque-access"]) assert.notInclude(shown, secret)
    assert.deepStrictEqual(Fs.readFileSync(authFile(home)), Buffer.from(contents))
  })

  inHome.each([
    ["tokens.id_token is missing", JSON.stringify({ tokens: { access_token: "a", refresh_token: "b" } })],
    ["tokens.access_token has an unusable value", JSON.stringify({ tokens: { ...onDisk.tokens, access_token: 1 } })],
    ["auth_mode has an unusable value", JSON.stringify({ ...onDisk, auth_mode: 1 })],
    ["not UTF-8", Buffer.from(JSON.stringify(onDisk), "utf16le")],
    ["not a JSON object", "[1"]
  ] as const)("something else is told what is wrong with it: %s", function* (home, [said, contents]) {
    Fs.writeFileSync(authFile(home), contents)
    assert.include((yield* inTime(Effect.flip(read(home)))).message, said)
  })

  inHome("half a record is waited for once, and again when it is another or was whole", function* (home) {
    const text = JSON.stringify(onDisk)
    const put = (contents: string) => Effect.sync(() => Fs.writeFileSync(authFile(home), contents))
    const half = text.slice(0, 100)
    yield* put(half)
    yield* inStore(home, (store) =>
      Effect.gen(function* () {
        const [took] = yield* inTime(Effect.timed(Effect.flip(store.read)))
        assert.isAtLeast(Duration.toMillis(took), 400)
        // The clock stands still.
        yield* Effect.flip(store.read)
        for (const first of [text.slice(0, 50), half]) {
          yield* put(first)
          const found = yield* inTime(Effect.zipRight(Effect.fork(Effect.delay(put(text), "250 millis")), store.read))
          assert.strictEqual(tokensOf(Option.getOrThrow(found).record)?.refresh, "rt_1")
        }
      })
    )
  })
})

describe("in the place of the file", () => {
  inHome.each([
    ["a folder", ["kept"]],
    ["an empty folder", []]
  ] as const)("%s is an error for every operation, and stays", function* (home, [, kept]) {
    Fs.mkdirSync(authFile(home))
    for (const name of kept) Fs.writeFileSync(Path.join(authFile(home), name), "")
    assert.strictEqual(yield* problem(read(home)), "read NotAFile")
    assert.strictEqual(yield* problem(write(home, record())), "write NotAFile")
    assert.strictEqual(yield* problem(remove(home)), "remove NotAFile")
    assert.deepStrictEqual(filesIn(home), ["auth.json"])
    assert.deepStrictEqual(filesIn(authFile(home)), [...kept])
  })

  inHome("a file where the home should be is an error", function* (home) {
    const file = Path.join(home, "file")
    Fs.writeFileSync(file, "")
    assert.strictEqual(yield* problem(read(file)), "read NotAFile")
    assert.strictEqual(yield* problem(write(file, record())), "write NotAFile")
  })

  inHome("a link to itself is an error, and stays", function* (home) {
    Fs.symlinkSync("auth.json", authFile(home))
    assert.strictEqual((yield* problem(read(home))).split(" ")[0], "read")
    assert.strictEqual(Fs.readlinkSync(authFile(home)), "auth.json")
  })
})

describe("compare-and-set", () => {
  inHome("replaces the very record that was read, and no other", function* (home) {
    const first = yield* write(home, record({ refresh: "rt_first" }), { expected: Option.none() })
    const second = yield* write(home, record({ refresh: "rt_second" }), { expected: Option.some(first.revision) })
    assert.notStrictEqual(second.revision, first.revision)
    for (const expected of [Option.some(first.revision), Option.none<string>()]) {
      assert.strictEqual(yield* problem(write(home, record({ refresh: "rt_late" }), { expected })), "write Conflict")
    }
    assert.include(Fs.readFileSync(authFile(home), "utf8"), "rt_second")
    assert.deepStrictEqual(filesIn(home), ["auth.json"])
  })

  inHome.each([
    ["is gone", null],
    ["somebody has changed without understanding it", "{"]
  ] as const)("does not replace a record that %s", function* (home, [, contents]) {
    const { revision } = yield* write(home, record())
    if (contents === null) yield* remove(home)
    else Fs.writeFileSync(authFile(home), contents)
    const late = write(home, record(), { expected: Option.some(revision) })
    assert.strictEqual(yield* problem(late), "write Conflict")
    assert.deepStrictEqual(filesIn(home), contents === null ? [] : ["auth.json"])
    if (contents !== null) assert.strictEqual(Fs.readFileSync(authFile(home), "utf8"), contents)
  })
})

inHome("the stamp changes with every write, removal and write in place, and else does not", function* (home) {
  yield* inStore(home, (store) =>
    Effect.gen(function* () {
      const write = Effect.asVoid(store.write(record()))
      const append = Effect.sync(() => Fs.appendFileSync(authFile(home), "\n"))
      const stamps = yield* Effect.forEach([Effect.void, write, write, append], (act) =>
        Effect.zipRight(act, store.stamp)
      )
      assert.strictEqual(new Set(stamps).size, 4)
      assert.strictEqual(yield* store.stamp, stamps[3])
      yield* store.remove
      assert.strictEqual(yield* store.stamp, stamps[0])
    })
  )
})

const full = new PlatformError.SystemError({
  reason: "Unknown",
  module: "FileSystem",
  method: "writeAll",
  cause: Object.assign(new Error("full"), { code: "ENOSPC" })
})

/** The platform's file system with a disk that is full after so many bytes. */
const fullDisk = (home: string) =>
  CredentialStoreFile.layer.pipe(
    Layer.provide(AccountConfigEnv.layer({ codexHome: home })),
    Layer.provide(
      Layer.effect(
        FileSystem.FileSystem,
        Effect.map(FileSystem.FileSystem, (fs) => ({
          ...fs,
          open: (path, options) =>
            Effect.map(fs.open(path, options), (file) => {
              const value = (bytes: Uint8Array) => Effect.zipRight(file.writeAll(bytes.subarray(0, 20)), full)
              return Object.create(file, { writeAll: { value } })
            })
        }))
      )
    ),
    Layer.provide(NodeContext.layer)
  )

inHome("a disk that is full leaves the old record whole, and nothing beside it", function* (home) {
  Fs.writeFileSync(authFile(home), JSON.stringify(onDisk))
  const failing = Effect.flatMap(CredentialStore, (store) => store.write(record()))
  assert.strictEqual((yield* Effect.flip(Effect.provide(failing, fullDisk(home)))).reason, "NoSpace")
  assert.deepStrictEqual(json(authFile(home)), onDisk)
  assert.deepStrictEqual(filesIn(home), ["auth.json"])
})
