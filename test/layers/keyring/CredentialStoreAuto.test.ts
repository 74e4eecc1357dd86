import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeContext from "@effect/platform-node/NodeContext"
import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import * as CredentialStoreAuto from "../../../src/layers/CredentialStoreAuto.js"
import * as CredentialStoreKeyring from "../../../src/layers/CredentialStoreKeyring.js"
import { accessOf, FakeKeyring, fileStore, makeHome, nameOf, record, settings, withWarnings } from "./support.js"

const setUp = Effect.gen(function* () {
  const home = yield* makeHome
  const fake = new FakeKeyring()
  const keyring = yield* Effect.provide(CredentialStoreKeyring.make(fake.keyring), settings(home))
  const file = yield* fileStore(home)
  const store = yield* CredentialStoreAuto.make({ keyring, file })
  return { fs: yield* FileSystem.FileSystem, home, fake, keyring, file, store, name: nameOf(home.entry) }
})

const scoped = <E>(name: string, test: () => Effect.Effect<void, E, NodeContext.NodeContext | Scope.Scope>) =>
  it.scoped(name, () => Effect.provide(test(), NodeContext.layer))

describe("reading", () => {
  scoped("prefers the keyring, and is quiet about it", () =>
    Effect.gen(function* () {
      const { file, keyring, store } = yield* setUp
      yield* keyring.write(record("in the keyring"))
      yield* file.write(record("in the file"))
      const { answer, warnings } = yield* withWarnings(store.read)
      strictEqual(accessOf(answer), "in the keyring")
      deepStrictEqual(warnings, [])
    })
  )

  scoped("takes the file where the keyring is empty, and says so once", () =>
    Effect.gen(function* () {
      const { file, home, store } = yield* setUp
      yield* file.write(record("in the file"))
      const { answer, warnings } = yield* withWarnings(Effect.zipRight(store.read, store.read))
      strictEqual(accessOf(answer), "in the file")
      strictEqual(warnings.length, 1)
      ok(warnings[0]?.includes("holds no sign-in") && warnings[0].includes(home.authJson))
    })
  )

  scoped("takes the file where the keyring fails, and says why, once", () =>
    Effect.gen(function* () {
      const { fake, file, store } = yield* setUp
      yield* file.write(record("in the file"))
      fake.breakDown()
      const { answer, warnings } = yield* withWarnings(Effect.zipRight(store.read, store.read))
      strictEqual(accessOf(answer), "in the file")
      strictEqual(warnings.length, 1)
      ok(warnings[0]?.includes("it is broken"))
    })
  )

  scoped("finds nobody where both are empty, without a word", () =>
    Effect.gen(function* () {
      const { store } = yield* setUp
      const { answer, warnings } = yield* withWarnings(store.read)
      deepStrictEqual(answer, Option.none())
      deepStrictEqual(warnings, [])
    })
  )
})

describe("writing", () => {
  scoped("goes to the keyring, and auth.json with it", () =>
    Effect.gen(function* () {
      const { fake, file, fs, home, store } = yield* setUp
      yield* file.write(record("old"))
      yield* store.write(record("new"))
      strictEqual(fake.entries.size, 1)
      strictEqual(yield* fs.exists(home.authJson), false)
    })
  )

  scoped("goes to the file where the keyring fails, and is read from there", () =>
    Effect.gen(function* () {
      const { fake, store } = yield* setUp
      fake.breakDown("set")
      const { answer, warnings } = yield* withWarnings(store.write(record("new")))
      strictEqual(warnings.length, 1)
      strictEqual(fake.entries.size, 0)
      const read = yield* store.read
      strictEqual(accessOf(read), "new")
      strictEqual(Option.getOrThrow(read).revision, answer.revision)
    })
  )

  scoped("moves a record of the file into the keyring, if it still is what was read", () =>
    Effect.gen(function* () {
      const { fake, file, store } = yield* setUp
      yield* file.write(record("old"))
      const { revision } = Option.getOrThrow(yield* store.read)
      yield* file.write(record("somebody else's"))
      const error = yield* Effect.flip(store.write(record("mine"), { expected: Option.some(revision) }))
      strictEqual(error.reason, "Conflict")
      strictEqual(accessOf(yield* store.read), "somebody else's")
      const again = Option.getOrThrow(yield* store.read)
      const moved = yield* store.write(record("mine"), { expected: Option.some(again.revision) })
      strictEqual(fake.entries.size, 1)
      yield* store.write(record("mine again"), { expected: Option.some(moved.revision) })
      strictEqual(accessOf(yield* store.read), "mine again")
    })
  )

  scoped("does not put a record beside a newer one that appeared in the keyring", () =>
    Effect.gen(function* () {
      const { file, keyring, store } = yield* setUp
      yield* file.write(record("old"))
      const { revision } = Option.getOrThrow(yield* store.read)
      yield* keyring.write(record("a new sign-in"))
      yield* file.write(record("old"))
      const error = yield* Effect.flip(store.write(record("mine"), { expected: Option.some(revision) }))
      strictEqual(error.reason, "Conflict")
      strictEqual(accessOf(yield* store.read), "a new sign-in")
    })
  )

  scoped("of a record of the keyring fails with it: in the file it would stand behind the older one", () =>
    Effect.gen(function* () {
      const { fake, fs, home, store } = yield* setUp
      const { revision } = yield* store.write(record("old"))
      fake.breakDown("set")
      const error = yield* Effect.flip(store.write(record("new"), { expected: Option.some(revision) }))
      strictEqual(error.reason, "Unavailable")
      strictEqual(yield* fs.exists(home.authJson), false)
    })
  )

  scoped("of a first record fails where somebody was faster", () =>
    Effect.gen(function* () {
      const { fake, file, store } = yield* setUp
      yield* file.write(record("faster"))
      for (const broken of [false, true]) {
        if (broken) fake.breakDown()
        const error = yield* Effect.flip(store.write(record("mine"), { expected: Option.none() }))
        strictEqual(error.reason, "Conflict")
      }
      strictEqual(accessOf(yield* file.read), "faster")
    })
  )

  scoped("can be done where either of the two can be written", () =>
    Effect.gen(function* () {
      const { fake, store } = yield* setUp
      yield* store.checkWritable
      fake.breakDown()
      yield* store.checkWritable
    })
  )
})

describe("removing", () => {
  scoped("empties both", () =>
    Effect.gen(function* () {
      const { fake, file, store } = yield* setUp
      strictEqual(yield* store.remove, false)
      yield* store.write(record("a"))
      yield* file.write(record("b"))
      strictEqual(yield* store.remove, true)
      strictEqual(fake.entries.size, 0)
      deepStrictEqual(yield* file.read, Option.none())
    })
  )

  scoped("empties the file though the keyring fails, and says what may remain", () =>
    Effect.gen(function* () {
      const { fake, file, store } = yield* setUp
      yield* file.write(record("b"))
      fake.breakDown()
      const { answer, warnings } = yield* withWarnings(store.remove)
      strictEqual(answer, true)
      ok(warnings[0]?.includes("still there"))
      deepStrictEqual(yield* file.read, Option.none())
    })
  )
})

scoped("the stamp tells of a change in either", () =>
  Effect.gen(function* () {
    const { file, store } = yield* setUp
    const stamps = [yield* store.stamp]
    yield* store.write(record("a"))
    stamps.push(yield* store.stamp)
    yield* file.write(record("b"))
    stamps.push(yield* store.stamp)
    strictEqual(new Set(stamps).size, 3)
  })
)
