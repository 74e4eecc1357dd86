import * as PlatformError from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe, it } from "@effect/vitest"
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
import { authFile, fileStore, modeOf, temporaryHome } from "./support/home.js"
import { record, tokensOf } from "./support/records.js"

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
  it.scoped("is read back as it was written, from pretty JSON", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      const written = yield* write(home, record())
      const found = Option.getOrThrow(yield* read(home))
      assert.deepStrictEqual(found, written)
      assert.deepStrictEqual(tokensOf(found.record), tokensOf(record()))
      const text = Fs.readFileSync(authFile(home), "utf8")
      assert.strictEqual(text.trimEnd(), JSON.stringify(JSON.parse(text), null, 2))
    })
  )

  it.scoped("keeps every key that this version does not know, at the top and within the tokens", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      Fs.writeFileSync(authFile(home), JSON.stringify(onDisk))
      const { record: found } = Option.getOrThrow(yield* read(home))
      yield* write(home, { ...found, last_refresh: "2026-10-01T00:00:00Z" })
      assert.deepStrictEqual(json(authFile(home)), { ...onDisk, last_refresh: "2026-10-01T00:00:00Z" })
    })
  )

  it.scoped("may hold its keys in any order", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      Fs.writeFileSync(authFile(home), JSON.stringify(Object.fromEntries(Object.entries(onDisk).toReversed())))
      assert.strictEqual(tokensOf(Option.getOrThrow(yield* read(home)).record)?.refresh, "rt_1")
    })
  )

  it.scoped("is none where there is no file, and removing it says whether there was one", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      assert.isTrue(Option.isNone(yield* read(home)))
      assert.isFalse(yield* remove(home))
      yield* write(home, record())
      assert.isTrue(yield* remove(home))
      assert.isTrue(Option.isNone(yield* read(home)))
      assert.deepStrictEqual(Fs.readdirSync(home), [])
    })
  )

  it.scoped("may be megabytes long", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      const large = { ...record(), somebody_elses: "ü".repeat(2_000_000) }
      yield* write(home, large)
      assert.strictEqual(Option.getOrThrow(yield* read(home)).record["somebody_elses"], large.somebody_elses)
      assert.isAbove(Fs.statSync(authFile(home)).size, 4_000_000)
    })
  )

  it.scoped.each(["with spaces and $(odd) 'signs'", "дім 家 🏠", "-rf"])("lives in a folder named %s", (name) =>
    Effect.gen(function* () {
      const home = yield* temporaryHome(name)
      yield* write(home, record())
      assert.deepStrictEqual(Fs.readdirSync(home), ["auth.json"])
      assert.isTrue(Option.isSome(yield* read(home)))
    })
  )

  it.scoped("may be the first thing in a folder that does not exist yet, which is for the owner alone", () =>
    Effect.gen(function* () {
      const home = Path.join(yield* temporaryHome(), "not", "yet")
      assert.isTrue(Option.isNone(yield* read(home)))
      yield* write(home, record())
      assert.isTrue(Option.isSome(yield* read(home)))
      assert.strictEqual(modeOf(home), "700")
    })
  )
})

describe("the file", () => {
  it.scoped("is for the owner alone, when it is made and when a looser one is replaced", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      yield* write(home, record())
      assert.strictEqual(modeOf(authFile(home)), "600")
      Fs.chmodSync(authFile(home), 0o666)
      yield* write(home, record())
      assert.strictEqual(modeOf(authFile(home)), "600")
    })
  )

  it.scoped("is for the owner alone whatever the umask", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      yield* Effect.acquireUseRelease(
        Effect.sync(() => process.umask(0)),
        () => write(home, record()),
        (before) => Effect.sync(() => process.umask(before))
      )
      assert.strictEqual(modeOf(authFile(home)), "600")
    })
  )

  it.scoped("is replaced, not written over: whoever has it open keeps the old one", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      yield* write(home, record({ refresh: "rt_old" }))
      const open = Fs.openSync(authFile(home), "r")
      yield* write(home, record({ refresh: "rt_new" }))
      assert.include(Fs.readFileSync(open, "utf8"), "rt_old")
      Fs.closeSync(open)
      assert.include(Fs.readFileSync(authFile(home), "utf8"), "rt_new")
    })
  )

  it.scoped("may be a link: the link stays, and what it leads to is replaced", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      const elsewhere = Path.join(Path.dirname(home), "elsewhere.json")
      Fs.writeFileSync(elsewhere, JSON.stringify(onDisk), { mode: 0o644 })
      Fs.symlinkSync("../elsewhere.json", authFile(home))
      const { record: found } = Option.getOrThrow(yield* read(home))
      yield* write(home, { ...found, last_refresh: null })
      assert.strictEqual(Fs.readlinkSync(authFile(home)), "../elsewhere.json")
      assert.isTrue(Fs.lstatSync(elsewhere).isFile())
      assert.deepStrictEqual(json(elsewhere), { ...onDisk, last_refresh: null })
      assert.strictEqual(modeOf(elsewhere), "600")
      assert.deepStrictEqual(Fs.readdirSync(home), ["auth.json"])
    })
  )

  it.scoped("may be a link that leads nowhere yet", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      Fs.symlinkSync("../later/auth.json", authFile(home))
      assert.isTrue(Option.isNone(yield* read(home)))
      yield* write(home, record())
      assert.isTrue(Fs.lstatSync(authFile(home)).isSymbolicLink())
      assert.isTrue(Option.isSome(yield* read(home)))
    })
  )
})

const foreign: ReadonlyArray<readonly [string, string | Uint8Array]> = [
  ["nothing", ""],
  ["white space", " \n"],
  ["half a record", JSON.stringify(onDisk).slice(0, 200)],
  ["a list", "[]"],
  ["a text", '"sk-secret-in-a-text"'],
  ["another language", "auth_mode = 'chatgpt'"],
  ["bytes", Uint8Array.from({ length: 256 }, (_, i) => i)],
  ["an unknown mode", JSON.stringify({ ...onDisk, auth_mode: "telepathy" })],
  ["tokens without a refresh token", JSON.stringify({ tokens: { id_token: "a.b.c", access_token: "sk-secret" } })],
  ["a token that is a number", JSON.stringify({ tokens: { ...onDisk.tokens, access_token: 1 } })]
]

/** Lets virtual time pass while real files are read. */
const passing = (fiber: Fiber.RuntimeFiber<unknown, unknown>) =>
  Effect.zipRight(TestClock.adjust("100 millis"), TestServices.provideLive(Effect.sleep("2 millis"))).pipe(
    Effect.repeat({ until: () => fiber.unsafePoll() !== null })
  )

describe("a file that holds", () => {
  it.scoped.each(foreign)("%s is an error, quotes nothing, and stays as it is", ([, contents]) =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      Fs.writeFileSync(authFile(home), contents)
      const reading = yield* Effect.fork(Effect.flip(read(home)))
      yield* passing(reading)
      const error = yield* Fiber.join(reading)
      assert.strictEqual(error.reason, "Malformed")
      assert.strictEqual(error.location, authFile(home))
      const shown = `${error.message} ${JSON.stringify(error)} ${error.stack} ${String(error.cause)}`
      for (const secret of ["sk-secret", "rt_1", "opaque-access", "telepathy"]) assert.notInclude(shown, secret)
      assert.deepStrictEqual(Fs.readFileSync(authFile(home)), Buffer.from(contents))
    })
  )

  it.scopedLive("a part of a record while somebody writes it in place is read when it is whole", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      const text = JSON.stringify(onDisk)
      Fs.writeFileSync(authFile(home), text.slice(0, 100))
      const finish = Effect.delay(
        Effect.sync(() => Fs.writeFileSync(authFile(home), text)),
        "250 millis"
      )
      const [found] = yield* Effect.all([read(home), finish], { concurrency: 2 })
      assert.strictEqual(tokensOf(Option.getOrThrow(found).record)?.refresh, "rt_1")
    })
  )

  it.scopedLive("what stays half a record is waited for once, and what comes after it is waited for again", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      const text = JSON.stringify(onDisk)
      const half = text.slice(0, 100)
      Fs.writeFileSync(authFile(home), half)
      yield* inStore(home, (store) =>
        Effect.gen(function* () {
          const tookOf = Effect.map(Effect.timed(Effect.flip(store.read)), ([took]) => Duration.toMillis(took))
          assert.isAtLeast(yield* tookOf, 400)
          assert.isBelow(yield* tookOf, 100)
          const finish = (first: string) =>
            Effect.sync(() => Fs.writeFileSync(authFile(home), first)).pipe(
              Effect.zipRight(
                Effect.delay(
                  Effect.sync(() => Fs.writeFileSync(authFile(home), text)),
                  "250 millis"
                )
              )
            )
          // Another half is somebody who writes; and so is the same one, once a whole record was there.
          for (const first of [text.slice(0, 50), half]) {
            const [, found] = yield* Effect.all([finish(first), Effect.delay(store.read, "50 millis")], {
              concurrency: 2
            })
            assert.isTrue(Option.isSome(found))
          }
        })
      )
    })
  )
})

describe("in the place of the file", () => {
  it.scoped("a folder is an error for every operation, and stays", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      Fs.mkdirSync(authFile(home))
      Fs.writeFileSync(Path.join(authFile(home), "kept"), "")
      assert.strictEqual(yield* problem(read(home)), "read NotAFile")
      assert.strictEqual(yield* problem(write(home, record())), "write NotAFile")
      assert.strictEqual(yield* problem(remove(home)), "remove NotAFile")
      assert.deepStrictEqual(Fs.readdirSync(home), ["auth.json"])
      assert.deepStrictEqual(Fs.readdirSync(authFile(home)), ["kept"])
    })
  )

  it.scoped("an empty folder is no better", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      Fs.mkdirSync(authFile(home))
      assert.strictEqual(yield* problem(write(home, record())), "write NotAFile")
      assert.strictEqual(yield* problem(remove(home)), "remove NotAFile")
      assert.deepStrictEqual(Fs.readdirSync(home), ["auth.json"])
    })
  )

  it.scoped("a file where the home should be is an error", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      const file = Path.join(home, "file")
      Fs.writeFileSync(file, "")
      assert.strictEqual(yield* problem(read(file)), "read NotAFile")
      assert.strictEqual(yield* problem(write(file, record())), "write NotAFile")
    })
  )

  it.scoped("a link to itself is an error, and stays", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      Fs.symlinkSync("auth.json", authFile(home))
      assert.strictEqual((yield* problem(read(home))).split(" ")[0], "read")
      assert.strictEqual(Fs.readlinkSync(authFile(home)), "auth.json")
    })
  )
})

describe("compare-and-set", () => {
  it.scoped("replaces the very record that was read, and no other", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      const first = yield* write(home, record({ refresh: "rt_first" }), { expected: Option.none() })
      const second = yield* write(home, record({ refresh: "rt_second" }), { expected: Option.some(first.revision) })
      assert.notStrictEqual(second.revision, first.revision)
      for (const expected of [Option.some(first.revision), Option.none<string>()]) {
        assert.strictEqual(yield* problem(write(home, record({ refresh: "rt_late" }), { expected })), "write Conflict")
      }
      assert.include(Fs.readFileSync(authFile(home), "utf8"), "rt_second")
      assert.deepStrictEqual(Fs.readdirSync(home), ["auth.json"])
    })
  )

  it.scoped("does not bring back a record that is gone", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      const first = yield* write(home, record())
      yield* remove(home)
      const late = write(home, record(), { expected: Option.some(first.revision) })
      assert.strictEqual(yield* problem(late), "write Conflict")
      assert.deepStrictEqual(Fs.readdirSync(home), [])
    })
  )

  it.scoped("sees a record that somebody has changed without understanding it", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      const first = yield* write(home, record())
      Fs.writeFileSync(authFile(home), "{")
      assert.strictEqual(
        yield* problem(write(home, record(), { expected: Option.some(first.revision) })),
        "write Conflict"
      )
      assert.strictEqual(Fs.readFileSync(authFile(home), "utf8"), "{")
    })
  )
})

describe("the stamp", () => {
  it.scoped("changes with every write, removal and write in place, and else does not", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      yield* inStore(home, (store) =>
        Effect.gen(function* () {
          const stamps = [yield* store.stamp]
          yield* store.write(record())
          stamps.push(yield* store.stamp)
          assert.strictEqual(yield* store.stamp, stamps[1])
          yield* store.write(record())
          stamps.push(yield* store.stamp)
          Fs.appendFileSync(authFile(home), "\n")
          stamps.push(yield* store.stamp)
          assert.strictEqual(new Set(stamps).size, 4)
          yield* store.remove
          assert.strictEqual(yield* store.stamp, stamps[0])
        })
      )
    })
  )
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
            Effect.map(fs.open(path, options), (file) =>
              Object.create(file, {
                writeAll: {
                  value: (bytes: Uint8Array) =>
                    Effect.zipRight(
                      file.writeAll(bytes.subarray(0, 20)),
                      Effect.fail(
                        new PlatformError.SystemError({
                          reason: "Unknown",
                          module: "FileSystem",
                          method: "writeAll",
                          pathOrDescriptor: path,
                          cause: Object.assign(new Error("full"), { code: "ENOSPC" })
                        })
                      )
                    )
                }
              })
            )
        }))
      )
    ),
    Layer.provide(NodeContext.layer)
  )

describe("a disk that is full", () => {
  it.scoped("leaves the old record whole, and nothing beside it", () =>
    Effect.gen(function* () {
      const home = yield* temporaryHome()
      Fs.writeFileSync(authFile(home), JSON.stringify(onDisk))
      const failing = Effect.flatMap(CredentialStore, (store) => store.write(record()))
      const error = yield* Effect.flip(Effect.provide(failing, fullDisk(home)))
      assert.strictEqual(error.reason, "NoSpace")
      assert.deepStrictEqual(json(authFile(home)), onDisk)
      assert.deepStrictEqual(Fs.readdirSync(home), ["auth.json"])
    })
  )
})
