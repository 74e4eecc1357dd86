import { describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import * as CredentialStoreAuto from "../../../src/layers/CredentialStoreAuto.js"
import { accessOf, record, withWarnings, inKeyring } from "./support.js"

const kept = inKeyring((given) =>
  Effect.map(CredentialStoreAuto.make({ keyring: given.store, file: given.file }), (store) => ({
    ...given,
    keyring: given.store,
    store
  }))
)

describe("reading", () => {
  kept("prefers the keyring, and is quiet about it", function* ({ file, keyring, store }) {
    yield* keyring.write(record("in the keyring"))
    yield* file.write(record("in the file"))
    const { answer, warnings } = yield* withWarnings(store.read)
    strictEqual(accessOf(answer), "in the keyring")
    deepStrictEqual(warnings, [])
  })

  for (const why of ["holds no sign-in", "it is broken"]) {
    kept(`takes the file where the keyring does not serve (${why}), and says so once`, function* (given) {
      const { fake, file, home, store } = given
      yield* file.write(record("in the file"))
      if (why === "it is broken") fake.breakDown()
      const { answer, warnings } = yield* withWarnings(Effect.zipRight(store.read, store.read))
      strictEqual(accessOf(answer), "in the file")
      strictEqual(warnings.length, 1)
      ok(warnings[0]?.includes(why) && warnings[0].includes(home.authJson))
    })
  }

  kept("finds nobody where both are empty, without a word", function* ({ store }) {
    const { answer, warnings } = yield* withWarnings(store.read)
    deepStrictEqual(answer, Option.none())
    deepStrictEqual(warnings, [])
  })
})

describe("writing", () => {
  kept("goes to the keyring, and auth.json with it", function* ({ fake, file, fs, home, store }) {
    yield* file.write(record("old"))
    yield* store.write(record("new"))
    strictEqual(fake.entries.size, 1)
    strictEqual(yield* fs.exists(home.authJson), false)
  })

  kept("goes to the file where the keyring fails, and is read from there", function* ({ fake, store }) {
    fake.breakDown("set")
    const { answer, warnings } = yield* withWarnings(store.write(record("new")))
    strictEqual(warnings.length, 1)
    strictEqual(fake.entries.size, 0)
    const read = yield* store.read
    strictEqual(accessOf(read), "new")
    strictEqual(Option.getOrThrow(read).revision, answer.revision)
  })

  kept("moves a record of the file, if it still is what was read", function* ({ fake, file, store }) {
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

  kept("puts no record beside a newer one of the keyring", function* ({ file, keyring, store }) {
    yield* file.write(record("old"))
    const { revision } = Option.getOrThrow(yield* store.read)
    yield* keyring.write(record("a new sign-in"))
    yield* file.write(record("old"))
    const error = yield* Effect.flip(store.write(record("mine"), { expected: Option.some(revision) }))
    strictEqual(error.reason, "Conflict")
    strictEqual(accessOf(yield* store.read), "a new sign-in")
  })

  kept("of a record of the keyring fails with the keyring", function* ({ fake, fs, home, store }) {
    const { revision } = yield* store.write(record("old"))
    fake.breakDown("set")
    const error = yield* Effect.flip(store.write(record("new"), { expected: Option.some(revision) }))
    strictEqual(error.reason, "Unavailable")
    strictEqual(yield* fs.exists(home.authJson), false)
  })

  kept("of a first record fails where somebody was faster", function* ({ fake, file, store }) {
    yield* file.write(record("faster"))
    for (const broken of [false, true]) {
      if (broken) fake.breakDown()
      strictEqual((yield* Effect.flip(store.write(record("mine"), { expected: Option.none() }))).reason, "Conflict")
    }
    strictEqual(accessOf(yield* file.read), "faster")
  })

  kept("can be done where either of the two can be written", function* ({ fake, store }) {
    yield* store.checkWritable
    fake.breakDown()
    yield* store.checkWritable
  })
})

describe("removing", () => {
  kept("empties both", function* ({ fake, file, store }) {
    strictEqual(yield* store.remove, false)
    yield* store.write(record("a"))
    yield* file.write(record("b"))
    strictEqual(yield* store.remove, true)
    strictEqual(fake.entries.size, 0)
    deepStrictEqual(yield* file.read, Option.none())
  })

  kept("empties the file though the keyring fails, and says what may remain", function* ({ fake, file, store }) {
    yield* file.write(record("b"))
    fake.breakDown()
    const { answer, warnings } = yield* withWarnings(store.remove)
    strictEqual(answer, true)
    ok(warnings[0]?.includes("still there"))
    deepStrictEqual(yield* file.read, Option.none())
  })
})

kept("the stamp tells of a change in either", function* ({ file, store }) {
  const stamps = [yield* store.stamp]
  yield* store.write(record("a"))
  stamps.push(yield* store.stamp)
  yield* file.write(record("b"))
  stamps.push(yield* store.stamp)
  strictEqual(new Set(stamps).size, 3)
})
