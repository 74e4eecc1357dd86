/** The optional package koffi, which calls flock: without it the command works as it does with it, under no lock. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawn } from "node:child_process"
import { existsSync, readFileSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { live } from "../../cases.js"
import { spawned, temporaryFolder, until, world } from "./harness.js"

/** Node options under which there is no koffi, and the file that says that it was asked for. */
const withoutKoffi = Effect.map(temporaryFolder, (folder) => {
  const [hook, asked] = [join(folder, "hook.cjs"), join(folder, "asked")]
  writeFileSync(
    hook,
    `const Module = require("node:module")
     const resolve = Module._resolveFilename
     Module._resolveFilename = function (name, ...rest) {
       if (name !== "koffi") return resolve.call(this, name, ...rest)
       require("node:fs").writeFileSync(${JSON.stringify(asked)}, "")
       throw Object.assign(new Error("Cannot find module 'koffi'"), { code: "MODULE_NOT_FOUND" })
     }`
  )
  return { asked, env: { NODE_OPTIONS: `--require=${hook}` } }
})

/** Another program that has the first lock and keeps it. */
const locked = (home: string) =>
  Effect.gen(function* () {
    const ready = join(home, "held")
    yield* spawned(() => spawn("flock", ["-F", join(home, "auth.lock"), "sh", "-c", `touch '${ready}'; exec sleep 60`]))
    yield* until(() => existsSync(ready))
  })

const renewing = Effect.fn(function* (env: Readonly<Record<string, string>>) {
  const place = yield* world({ tokens: { accessTokenSeconds: -60 } })
  yield* place.backend.update((state) => ({ ...state, accessTokenSeconds: 864_000 }))
  yield* locked(place.home)
  const file = join(place.home, "auth.json")
  const before = readFileSync(file, "utf8")
  const ran = yield* place.ask("usage", ["usage"], { env })
  assert.strictEqual(ran.code, 0, ran.stderr)
  assert.strictEqual(yield* place.backend.count("oauth.token"), 1)
  assert.notStrictEqual(readFileSync(file, "utf8"), before)
  assert.strictEqual(statSync(file).mode & 0o777, 0o600)
  return ran.stderr
})

describe.skipIf(process.platform === "win32")("a session is renewed", () => {
  live("without koffi, and waits for no lock", function* () {
    const { asked, env } = yield* withoutKoffi
    assert.strictEqual(yield* renewing(env), "")
    assert.isTrue(existsSync(asked))
  })

  live("with it as well, when the lock was waited for", function* () {
    assert.match(yield* renewing({}), /Another program holds .*auth\.lock/)
  })
})
