/** The file beside other programs: the locks that Codex takes, other names of the file, and a mount of its own. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as ChildProcess from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { CredentialStore } from "../../src/services/CredentialStore.js"
import { authFile, fileStore, modeOf } from "./support/home.js"
import { inHomeLive } from "./support/inHome.js"
import { record, tokensOf } from "./support/records.js"

const inStore = <A, E>(home: string, use: (store: CredentialStore["Type"]) => Effect.Effect<A, E>) =>
  Effect.provide(Effect.flatMap(CredentialStore, use), fileStore(home))

const put = (home: string) =>
  Fs.writeFileSync(authFile(home), JSON.stringify({ OPENAI_API_KEY: "sk" }), { mode: 0o600 })

/** Another process that holds a lock for a while, which is stated when it has it. */
const holding = (file: string, seconds: number) =>
  Effect.async<void>((resume) => {
    const child = ChildProcess.spawn("flock", [file, "sh", "-c", `echo held; sleep ${seconds}`])
    child.stdout.once("data", () => resume(Effect.void))
  })

const timed = <A, E, R>(work: Effect.Effect<A, E, R>) =>
  Effect.gen(function* () {
    const start = performance.now()
    yield* work
    return performance.now() - start
  })

describe.skipIf(process.platform === "win32")("a change of the file", () => {
  inHomeLive.each(["auth.lock", "auth.json.lock"])("waits for another program's lock: %s", function* (home, name) {
    put(home)
    const file = Path.join(home, name)
    yield* holding(file, 0.6)
    const took = yield* timed(inStore(home, (store) => store.write(record())))
    assert.isAtLeast(took, 400)
    assert.isBelow(took, 4500)
    assert.strictEqual(JSON.parse(Fs.readFileSync(authFile(home), "utf8")).tokens.refresh_token, "rt_1")
  })

  inHomeLive("holds both locks while it compares and replaces, and no longer", function* (home) {
    put(home)
    yield* inStore(home, (store) => store.write(record()))
    assert.strictEqual(modeOf(Path.join(home, "auth.json.lock")), "600")
    for (const name of ["auth.lock", "auth.json.lock"]) {
      assert.strictEqual(ChildProcess.spawnSync("flock", ["-n", Path.join(home, name), "true"]).status, 0)
    }
  })

  inHomeLive("is made in the end though another program keeps its lock", function* (home) {
    put(home)
    yield* holding(Path.join(home, "auth.lock"), 9)
    assert.isAtLeast(yield* timed(inStore(home, (store) => store.write(record()))), 4900)
    assert.strictEqual(JSON.parse(Fs.readFileSync(authFile(home), "utf8")).tokens.refresh_token, "rt_1")
  })

  inHomeLive("reaches every name of the file", function* (home) {
    put(home)
    const other = Path.join(home, "other.json")
    Fs.linkSync(authFile(home), other)
    const written = yield* inStore(home, (store) =>
      Effect.gen(function* () {
        assert.isTrue(yield* store.isInPlace)
        const { revision } = yield* Effect.flatten(store.read)
        yield* store.checkWritable
        return yield* store.write(record(), { expected: Option.some(revision) })
      })
    )
    assert.strictEqual(Fs.readFileSync(other, "utf8"), Fs.readFileSync(authFile(home), "utf8"))
    const found = yield* inStore(home, (store) => Effect.flatten(store.read))
    assert.deepStrictEqual(tokensOf(found.record), tokensOf(written.record))
    assert.deepStrictEqual(leftIn(home), [])
  })

  inHomeLive("has its room kept from the check until the write", function* (home) {
    put(home)
    yield* inStore(home, (store) =>
      Effect.gen(function* () {
        yield* store.checkWritable
        yield* store.checkWritable
        const [room, ...more] = leftIn(home)
        assert.deepStrictEqual(more, [])
        const { ino, size } = Fs.statSync(Path.join(home, room!))
        assert.isAtLeast(size, 8192)
        yield* store.write(record())
        const stored = Fs.statSync(authFile(home))
        assert.strictEqual(stored.ino, ino)
        assert.isBelow(stored.size, size)
        assert.deepStrictEqual(leftIn(home), [])
        yield* store.checkWritable
      })
    )
    assert.deepStrictEqual(leftIn(home), [])
  })
})

const leftIn = (home: string) => Fs.readdirSync(home).filter((name) => name.startsWith(".auth.json."))
