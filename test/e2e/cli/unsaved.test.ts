/** A session that is renewed while the command runs, and can't be stored: the command works, and does not end with 0. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { spawnSync } from "node:child_process"
import { closeSync, openSync, readdirSync, readFileSync, rmSync, writeFileSync, writeSync } from "node:fs"
import { join } from "node:path"
import { Fault } from "../../../src/testing/index.js"
import { live } from "../../cases.js"
import { type Place, reached, world } from "./harness.js"

const run = (command: string, ...args: ReadonlyArray<string>) => {
  const { status, stderr } = spawnSync(command, args, { encoding: "utf8" })
  if (status !== 0) throw new Error(stderr)
}

const isRoot = process.platform === "linux" && process.getuid?.() === 0
const canMount = isRoot && spawnSync("unshare", ["-m", "mount", "-t", "tmpfs", "tmpfs", "/mnt"]).status === 0
if (!canMount) console.log("skipped: sessions that can't be stored, for only root can mount a file system")

/** The home on a disk of its own, of 512 kB. */
const onOwnDisk = ({ home }: Place) =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const files = readdirSync(home).map((name) => [name, readFileSync(join(home, name))] as const)
      run("mount", "-t", "tmpfs", "-o", "size=512k", "tmpfs", home)
      for (const [name, bytes] of files) writeFileSync(join(home, name), bytes, { mode: 0o600 })
    }),
    () => Effect.sync(() => run("umount", "-l", home))
  )

/** Takes the room that was kept, and all other. */
const fill = (home: string) => {
  const descriptor = openSync(join(home, "somebody's film"), "w")
  try {
    while (true) writeSync(descriptor, Buffer.alloc(1024, 1))
  } catch {
    for (const name of readdirSync(home).filter((name) => name.startsWith(".auth.json."))) {
      rmSync(join(home, name))
      writeFileSync(join(home, "another film"), "")
      const second = openSync(join(home, "another film"), "w")
      try {
        while (true) writeSync(second, Buffer.alloc(1024, 1))
      } catch {
        closeSync(second)
      }
    }
  } finally {
    closeSync(descriptor)
  }
}

const ways: ReadonlyArray<readonly [name: string, spoil: (home: string) => void, problem: RegExp]> = [
  ["a disk that is full by then", fill, /auth\.json: the disk is full/],
  ["a folder that nobody may change by then", (home) => run("chattr", "+i", home), /auth\.json: access was denied/]
]

describe.skipIf(!canMount)("new tokens that can't be stored", () => {
  live.each(ways)("for %s: the answer is given, with exit 9 and the reason", function* ([, spoil, problem]) {
    const place = yield* world({ tokens: { accessTokenSeconds: -60 } })
    yield* onOwnDisk(place)
    const { ask, backend, cli, home } = place
    const before = readFileSync(join(home, "auth.json"), "utf8")
    yield* backend.update((state) => ({ ...state, accessTokenSeconds: 864_000 }))
    yield* backend.failNext("oauth.token", Fault.delay("500 millis", { afterCommit: true }))
    const meanwhile = () =>
      Effect.zipRight(
        reached(backend, "oauth.token"),
        Effect.sync(() => spoil(home))
      )
    const ran = yield* ask("usage", ["usage"], { meanwhile })
    assert.strictEqual(ran.code, 9, ran.stderr)
    assert.isTrue(ran.answer.ok)
    assert.match(("sessionUnsaved" in ran.answer && ran.answer.sessionUnsaved) || "", problem)
    assert.match(ran.stderr, problem)
    assert.strictEqual(readFileSync(join(home, "auth.json"), "utf8"), before)
    // The refresh token is spent, which nobody hides afterwards.
    assert.include([3, 6], (yield* cli(["usage"])).code)
  })
})
