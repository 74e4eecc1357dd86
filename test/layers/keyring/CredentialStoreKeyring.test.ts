import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { deepStrictEqual, notStrictEqual, ok, strictEqual } from "node:assert"
import * as CredentialStoreKeyring from "../../../src/layers/CredentialStoreKeyring.js"
import { accessOf, FakeKeyring, makeHome, nameOf, record, settings, withWarnings } from "./support.js"

const setUp = Effect.gen(function* () {
  const home = yield* makeHome
  const fake = new FakeKeyring()
  const store = yield* Effect.provide(CredentialStoreKeyring.make(fake.keyring), settings(home))
  return { fs: yield* FileSystem.FileSystem, home, fake, store, name: nameOf(home.entry) }
})

const scoped = <E>(name: string, test: () => Effect.Effect<void, E, NodeContext.NodeContext | Scope.Scope>) =>
  it.scoped(name, () => Effect.provide(test(), NodeContext.layer))

describe("the names", () => {
  it("are those of the Codex CLI", () =>
    strictEqual(CredentialStoreKeyring.accountOf("~/.codex"), "cli|940db7b1d0e4eb40"))

  scoped("follow a link to the home", () =>
    Effect.gen(function* () {
      const { fake, fs, home, name } = yield* setUp
      const link = `${home.codexHome}-link`
      yield* fs.symlink(home.codexHome, link)
      yield* Effect.addFinalizer(() => Effect.ignore(fs.remove(link)))
      const linked = yield* Effect.provide(
        CredentialStoreKeyring.make(fake.keyring),
        settings({ ...home, codexHome: link })
      )
      yield* linked.write(record("a"))
      deepStrictEqual([...fake.entries.keys()], [name])
    })
  )

  scoped("of a home that does not exist are made from its path as it was given", () =>
    Effect.gen(function* () {
      const { fake, home } = yield* setUp
      const store = yield* Effect.provide(
        CredentialStoreKeyring.make(fake.keyring),
        settings({ ...home, codexHome: "~/.codex" })
      )
      yield* store.write(record("a"))
      deepStrictEqual([...fake.entries.keys()], ["Codex Auth/cli|940db7b1d0e4eb40"])
    })
  )
})

describe("a record in the keyring", () => {
  scoped("is compact JSON, and comes back with unknown keys", () =>
    Effect.gen(function* () {
      const { fake, name, store } = yield* setUp
      deepStrictEqual(yield* store.read, Option.none())
      const written = yield* store.write(record("a"))
      const text = fake.entries.get(name) ?? ""
      ok(!/\s/.test(text))
      deepStrictEqual(JSON.parse(text).future, { kept: true })
      const read = yield* store.read
      strictEqual(accessOf(read), "a")
      strictEqual(Option.getOrThrow(read).revision, written.revision)
    })
  )

  scoped("takes the place of auth.json", () =>
    Effect.gen(function* () {
      const { fs, home, store } = yield* setUp
      yield* fs.writeFileString(home.authJson, "{}")
      const { warnings } = yield* withWarnings(store.write(record("a")))
      strictEqual(yield* fs.exists(home.authJson), false)
      deepStrictEqual(warnings, [])
    })
  )

  scoped("is kept when auth.json can't be removed, which is warned of", () =>
    Effect.gen(function* () {
      const { fs, home, store } = yield* setUp
      yield* fs.makeDirectory(`${home.authJson}/in-the-way`, { recursive: true })
      const { warnings } = yield* withWarnings(store.write(record("a")))
      strictEqual(warnings.length, 1)
      ok(warnings[0]?.includes(home.authJson))
      strictEqual(accessOf(yield* store.read), "a")
    })
  )

  scoped("is replaced only where it is as expected", () =>
    Effect.gen(function* () {
      const { store } = yield* setUp
      const first = yield* store.write(record("a"), { expected: Option.none() })
      const second = yield* store.write(record("b"), { expected: Option.some(first.revision) })
      notStrictEqual(first.revision, second.revision)
      for (const expected of [Option.some(first.revision), Option.none()]) {
        const error = yield* Effect.flip(store.write(record("c"), { expected }))
        strictEqual(error.reason, "Conflict")
      }
      strictEqual(accessOf(yield* store.read), "b")
      yield* store.write(record("c"))
      strictEqual(accessOf(yield* store.read), "c")
    })
  )

  scoped("goes with auth.json", () =>
    Effect.gen(function* () {
      const { fake, fs, home, store } = yield* setUp
      strictEqual(yield* store.remove, false)
      yield* store.write(record("a"))
      yield* fs.writeFileString(home.authJson, "{}")
      strictEqual(yield* store.remove, true)
      strictEqual(fake.entries.size, 0)
      strictEqual(yield* fs.exists(home.authJson), false)
    })
  )

  scoped("that can't be understood is an error that quotes nothing, and stays", () =>
    Effect.gen(function* () {
      const { fake, name, store } = yield* setUp
      fake.entries.set(name, '{"tokens":"secret-token"}')
      const error = yield* Effect.flip(store.read)
      strictEqual(error.reason, "Malformed")
      ok(!error.message.includes("secret-token"))
      strictEqual(fake.entries.size, 1)
    })
  )
})

describe("a keyring that fails", () => {
  scoped("fails every operation as Unavailable, and says why", () =>
    Effect.gen(function* () {
      const { fake, store } = yield* setUp
      fake.breakDown()
      const errors = yield* Effect.all([
        Effect.flip(store.read),
        Effect.flip(store.write(record("a"))),
        Effect.flip(store.write(record("a"), { expected: Option.none() })),
        Effect.flip(store.remove),
        Effect.flip(store.checkWritable)
      ])
      for (const error of errors) {
        strictEqual(error.reason, "Unavailable")
        ok(error.message.includes("it is broken"))
      }
    })
  )

  scoped("leaves auth.json in its place on a write, and not on a removal", () =>
    Effect.gen(function* () {
      const { fake, fs, home, store } = yield* setUp
      yield* fs.writeFileString(home.authJson, "{}")
      fake.breakDown()
      yield* Effect.flip(store.write(record("a")))
      strictEqual(yield* fs.exists(home.authJson), true)
      yield* Effect.flip(store.remove)
      strictEqual(yield* fs.exists(home.authJson), false)
    })
  )
})

describe("the stamp", () => {
  scoped("costs nothing before the first read, and one look in five seconds after it", () =>
    Effect.gen(function* () {
      const { fake, name, store } = yield* setUp
      const unread = yield* store.stamp
      deepStrictEqual(fake.calls, [])
      yield* store.write(record("a"))
      fake.calls.length = 0
      const first = yield* store.stamp
      notStrictEqual(first, unread)
      fake.entries.set(name, (fake.entries.get(name) ?? "").replace('"a"', '"b"'))
      yield* TestClock.adjust("4 seconds")
      strictEqual(yield* store.stamp, first)
      deepStrictEqual(fake.calls, [])
      yield* TestClock.adjust("1 second")
      notStrictEqual(yield* store.stamp, first)
      yield* store.stamp
      deepStrictEqual(fake.calls, ["get"])
      yield* store.remove
      notStrictEqual(yield* store.stamp, first)
    })
  )

  scoped(
    "stays as it is while the keyring fails, and asks it once a minute: nobody is to unlock it again and again",
    () =>
      Effect.gen(function* () {
        const { fake, store } = yield* setUp
        yield* store.write(record("a"))
        const before = yield* store.stamp
        fake.breakDown()
        fake.calls.length = 0
        yield* Effect.repeatN(
          Effect.zipRight(
            TestClock.adjust("1 second"),
            Effect.map(store.stamp, (stamp) => strictEqual(stamp, before))
          ),
          119
        )
        deepStrictEqual(fake.calls, ["get", "get"])
      })
  )
})
