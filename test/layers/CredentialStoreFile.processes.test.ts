import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { spawn } from "node:child_process"
import * as Fs from "node:fs"
import { createRequire } from "node:module"
import * as Path from "node:path"
import { fileURLToPath } from "node:url"
import { CredentialStore } from "../../src/services/CredentialStore.js"
import { authFile, filesIn, fileStore, temporaryHome } from "./support/home.js"
import { inHomeLive } from "./support/inHome.js"
import { record } from "./support/records.js"
import type { Attempts } from "./support/unprivileged.js"
import { live } from "../cases.js"

interface Ended {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A process that runs beside the test. `end` waits for it. */
const node = (args: ReadonlyArray<string>, options?: { readonly uid?: number; readonly gid?: number }) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"], ...options })
      const ended = new Promise<Ended>((resolve) => {
        const out = { stdout: "", stderr: "" }
        child.stdout.on("data", (chunk) => (out.stdout += String(chunk)))
        child.stderr.on("data", (chunk) => (out.stderr += String(chunk)))
        child.on("close", (code) => resolve({ code, ...out }))
      })
      return { child, end: Effect.promise(() => ended) }
    }),
    ({ child }) => Effect.sync(() => child.kill("SIGKILL"))
  )

/** Reads the file as often as it can until the file `stop` appears; says how often, and what it saw. */
const reader = `
  const fs = require("node:fs")
  const [file, stop] = process.argv.slice(1)
  const seen = { reads: 0, partial: 0, missing: 0, loose: 0, versions: new Set() }
  console.error("ready")
  while (!fs.existsSync(stop)) {
    seen.reads++
    try {
      const text = fs.readFileSync(file, "utf8")
      if ((fs.statSync(file).mode & 0o777) !== 0o600) seen.loose++
      const record = JSON.parse(text)
      if (record.padding !== record.tokens.refresh_token.repeat(20000)) seen.partial++
      seen.versions.add(record.tokens.refresh_token)
    } catch (error) {
      if (error.code === "ENOENT") seen.missing++
      else seen.partial++
    }
  }
  console.log(JSON.stringify({ ...seen, versions: seen.versions.size }))
`

interface Seen {
  readonly reads: number
  readonly partial: number
  readonly missing: number
  readonly loose: number
  readonly versions: number
}

const watched = <E>(home: string, work: Effect.Effect<void, E>) =>
  Effect.gen(function* () {
    const stop = Path.join(Path.dirname(home), "stop")
    const { child, end } = yield* node(["-e", reader, authFile(home), stop])
    yield* Effect.async<void>((resume) => {
      child.stderr.once("data", () => resume(Effect.void))
    })
    yield* work
    Fs.writeFileSync(stop, "")
    const ended = yield* end
    assert.strictEqual(ended.code, 0, ended.stderr)
    const seen: Seen = JSON.parse(ended.stdout)
    return seen
  })

const version = (n: number) => {
  const refresh = `rt_${n}`
  return { ...record({ refresh }), padding: refresh.repeat(20_000) }
}

describe("another process that reads all the time", () => {
  inHomeLive("sees the whole old file or the whole new one, for the owner alone", function* (home) {
    yield* Effect.gen(function* () {
      const store = yield* CredentialStore
      yield* store.write(version(0))
      const seen = yield* watched(
        home,
        Effect.forEach(
          Array.from({ length: 120 }, (_, n) => n),
          (n) => store.write(version(n)),
          { discard: true }
        )
      )
      assert.isAbove(seen.reads, 50)
      assert.isAbove(seen.versions, 5)
      assert.deepStrictEqual([seen.partial, seen.missing, seen.loose], [0, 0, 0])
      assert.deepStrictEqual(filesIn(home), ["auth.json"])
    }).pipe(Effect.provide(fileStore(home)))
  })

  inHomeLive("control: sees a file that is written in place in parts", function* (home) {
    const text = JSON.stringify({ ...version(1), tokens: { refresh_token: "rt_1" } })
    Fs.writeFileSync(authFile(home), text)
    const inPlace = Effect.gen(function* () {
      Fs.writeFileSync(authFile(home), text.slice(0, 1000))
      yield* Effect.sleep("30 millis")
      Fs.writeFileSync(authFile(home), text)
      yield* Effect.sleep("5 millis")
    })
    const seen = yield* watched(home, Effect.repeatN(inPlace, 3))
    assert.isAbove(seen.partial, 0)
    assert.isAbove(seen.loose, 0)
  })

  inHomeLive("is met by writers who compare: of many at once, one wins", function* (home) {
    const won = yield* Effect.gen(function* () {
      const store = yield* CredentialStore
      const { revision } = yield* store.write(version(0))
      const all = yield* Effect.forEach(
        Array.from({ length: 8 }, (_, n) => n + 1),
        (n) => Effect.delay(Effect.either(store.write(version(n), { expected: Option.some(revision) })), n * 10),
        { concurrency: "unbounded" }
      )
      const found = Option.getOrThrow(yield* store.read)
      assert.isTrue(all.some((one) => Either.isRight(one) && one.right.revision === found.revision))
      return all.filter(Either.isRight).length
    }).pipe(Effect.provide(fileStore(home)))
    assert.isAtLeast(won, 1)
    assert.isBelow(won, 8)
    assert.deepStrictEqual(filesIn(home), ["auth.json"])
  })
})

const isRoot = process.getuid?.() === 0

describe.skipIf(!isRoot)("a user who may not (as root, who can become one)", () => {
  const nobody = 65534
  const tsx = createRequire(import.meta.url).resolve("tsx/cli")
  const script = fileURLToPath(new URL("./support/unprivileged.ts", import.meta.url))

  live("is told so by every operation, and changes nothing", function* () {
    const parent = yield* temporaryHome()
    for (const folder of [Path.dirname(parent), parent]) Fs.chmodSync(folder, 0o755)
    const make = (name: string, folder: number, file: number, owner: number) => {
      const home = Path.join(parent, name)
      Fs.mkdirSync(home)
      Fs.writeFileSync(authFile(home), "{}", { mode: file })
      Fs.chownSync(authFile(home), owner, owner)
      Fs.chownSync(home, owner, owner)
      Fs.chmodSync(home, folder)
      return home
    }
    const homes = [
      make("closed folder", 0o700, 0o644, 0),
      make("closed file", 0o755, 0o600, 0),
      make("another's", 0o755, 0o644, 0),
      make("own, but read-only file", 0o755, 0o400, nobody),
      make("own", 0o700, 0o600, nobody)
    ]
    const { end } = yield* node([tsx, script, ...homes], { uid: nobody, gid: nobody })
    const { code, stderr, stdout } = yield* end
    assert.strictEqual(code, 0, stderr)
    const all: ReadonlyArray<Attempts> = JSON.parse(stdout)
    const denied = "PermissionDenied"
    const uid = nobody
    assert.deepStrictEqual(all, [
      { uid, read: denied, check: denied, write: denied, remove: denied },
      { uid, read: denied, check: denied, write: denied, remove: denied },
      { uid, read: "done", check: denied, write: denied, remove: denied },
      { uid, read: "done", check: denied, write: "done", remove: "done" },
      { uid, read: "done", check: "done", write: "done", remove: "done" }
    ])
    for (const home of homes.slice(0, 3)) {
      assert.deepStrictEqual(filesIn(home), ["auth.json"])
      assert.strictEqual(Fs.readFileSync(authFile(home), "utf8"), "{}")
    }
  })
})
