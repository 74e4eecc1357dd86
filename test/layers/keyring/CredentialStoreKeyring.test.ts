import { describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { deepStrictEqual, notStrictEqual, ok, strictEqual } from "node:assert"
import * as CredentialStoreKeyring from "../../../src/layers/CredentialStoreKeyring.js"
import { accessOf, record, settings, withWarnings, inKeyring } from "./support.js"

const kept = inKeyring(Effect.succeed)

describe("the names", () => {
  it("are those of the Codex CLI", () =>
    strictEqual(CredentialStoreKeyring.accountOf("~/.codex"), "cli|940db7b1d0e4eb40"))

  kept("follow a link to the home", function* ({ fake, fs, home, name }) {
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

  kept("of a home that does not exist are made from its path as it was given", function* ({ fake, home }) {
    const store = yield* Effect.provide(
      CredentialStoreKeyring.make(fake.keyring),
      settings({ ...home, codexHome: "~/.codex" })
    )
    yield* store.write(record("a"))
    deepStrictEqual([...fake.entries.keys()], ["Codex Auth/cli|940db7b1d0e4eb40"])
  })
})

describe("a record in the keyring", () => {
  kept("is compact JSON, and comes back with unknown keys", function* ({ fake, name, store }) {
    deepStrictEqual(yield* store.read, Option.none())
    const written = yield* store.write(record("a"))
    const text = fake.entries.get(name) ?? ""
    ok(!/\s/.test(text))
    deepStrictEqual(JSON.parse(text).future, { kept: true })
    const read = yield* store.read
    strictEqual(accessOf(read), "a")
    strictEqual(Option.getOrThrow(read).revision, written.revision)
  })

  kept("takes the place of auth.json", function* ({ fs, home, store }) {
    yield* fs.writeFileString(home.authJson, "{}")
    const { warnings } = yield* withWarnings(store.write(record("a")))
    strictEqual(yield* fs.exists(home.authJson), false)
    deepStrictEqual(warnings, [])
  })

  kept("is kept when auth.json can't be removed, which is warned of", function* ({ fs, home, store }) {
    yield* fs.makeDirectory(`${home.authJson}/in-the-way`, { recursive: true })
    const { warnings } = yield* withWarnings(store.write(record("a")))
    strictEqual(warnings.length, 1)
    ok(warnings[0]?.includes(home.authJson))
    strictEqual(accessOf(yield* store.read), "a")
  })

  kept("is replaced only where it is as expected", function* ({ store }) {
    const first = yield* store.write(record("a"), { expected: Option.none() })
    const second = yield* store.write(record("b"), { expected: Option.some(first.revision) })
    notStrictEqual(first.revision, second.revision)
    for (const expected of [Option.some(first.revision), Option.none()]) {
      strictEqual((yield* Effect.flip(store.write(record("c"), { expected }))).reason, "Conflict")
    }
    strictEqual(accessOf(yield* store.read), "b")
    yield* store.write(record("c"))
    strictEqual(accessOf(yield* store.read), "c")
  })

  kept("goes with auth.json", function* ({ fake, fs, home, store }) {
    strictEqual(yield* store.remove, false)
    yield* store.write(record("a"))
    yield* fs.writeFileString(home.authJson, "{}")
    strictEqual(yield* store.remove, true)
    strictEqual(fake.entries.size, 0)
    strictEqual(yield* fs.exists(home.authJson), false)
  })

  kept("that can't be understood is an error that quotes nothing, and stays", function* ({ fake, name, store }) {
    fake.entries.set(name, '{"tokens":"secret-token"}')
    const error = yield* Effect.flip(store.read)
    strictEqual(error.reason, "Malformed")
    ok(!error.message.includes("secret-token"))
    strictEqual(fake.entries.size, 1)
  })
})

describe("a keyring that fails", () => {
  kept("fails every operation as Unavailable, and says why", function* ({ fake, store }) {
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

  kept("leaves auth.json in its place on a write, and not on a removal", function* ({ fake, fs, home, store }) {
    yield* fs.writeFileString(home.authJson, "{}")
    fake.breakDown()
    yield* Effect.flip(store.write(record("a")))
    strictEqual(yield* fs.exists(home.authJson), true)
    yield* Effect.flip(store.remove)
    strictEqual(yield* fs.exists(home.authJson), false)
  })
})

describe("the stamp", () => {
  kept("costs nothing before the first read, and one look in five seconds after it", function* ({ fake, name, store }) {
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

  kept("stays as it is while the keyring fails, and asks it once a minute", function* ({ fake, store }) {
    yield* store.write(record("a"))
    const before = yield* store.stamp
    fake.breakDown()
    fake.calls.length = 0
    for (let second = 0; second < 120; second++) {
      yield* TestClock.adjust("1 second")
      strictEqual(yield* store.stamp, before)
    }
    deepStrictEqual(fake.calls, ["get", "get"])
  })
})
