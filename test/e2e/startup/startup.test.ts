/** Code that V8 has compiled is kept in the user's own cache folder, and nowhere else. */
import { afterAll, assert, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import {
  chmodSync,
  chownSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  rmSync,
  statSync,
  symlinkSync
} from "node:fs"
import * as Module from "node:module"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { bundle } from "../cli/harness.js"

const bin = bundle()
const isKept = "enableCompileCache" in Module

const folders: Array<string> = []
afterAll(() => {
  for (const folder of folders) rmSync(folder, { recursive: true, force: true })
})

const newHome = (): string => {
  const home = mkdtempSync(join(tmpdir(), "codex-account-startup-"))
  folders.push(home)
  return home
}

/** Runs a command that reads no account, and says whether the folder holds compiled code afterwards. */
const keeps = (cache: string, env: Readonly<Record<string, string>>, file = bin): boolean => {
  const ran = spawnSync(process.execPath, [file, "policies", "--json"], {
    cwd: "/",
    env: { PATH: process.env.PATH ?? "", ...env },
    encoding: "utf8"
  })
  assert.deepStrictEqual({ status: ran.status, stderr: ran.stderr }, { status: 0, stderr: "" })
  assert.strictEqual(JSON.parse(ran.stdout).command, "policies")
  return existsSync(join(cache, "codex-account"))
}

it("in ~/.cache or XDG_CACHE_HOME, for this user alone; through a link as well; nothing on Node 20", () => {
  const home = newHome()
  const cache = join(home, ".cache")
  const link = join(home, "codex-account")
  symlinkSync(bin, link)
  assert.strictEqual(keeps(cache, { HOME: home }, link), isKept)
  const other = join(home, "xdg")
  assert.strictEqual(keeps(other, { HOME: home, XDG_CACHE_HOME: other }), isKept)
  if (isKept) assert.strictEqual(statSync(join(cache, "codex-account")).mode & 0o777, 0o700)
})

it("not in a folder that others can write to, nor where there is no folder", () => {
  const home = newHome()
  const shared = join(home, ".cache/codex-account")
  mkdirSync(shared, { recursive: true })
  chmodSync(shared, 0o777)
  keeps(join(home, ".cache"), { HOME: home })
  assert.deepStrictEqual(readdirSync(shared), [])
  assert.isFalse(keeps(join(home, "relative"), { HOME: "relative", XDG_CACHE_HOME: "relative" }))
  assert.isFalse(keeps(bin, { HOME: bin }))
})

it.skipIf(process.getuid?.() !== 0)("not by root in the home of another user", () => {
  const home = newHome()
  chownSync(home, 65_534, 65_534)
  assert.isFalse(keeps(join(home, ".cache"), { HOME: home }))
  const cache = join(home, ".cache")
  mkdirSync(cache)
  chownSync(cache, 65_534, 65_534)
  assert.isFalse(keeps(cache, { HOME: home }))
})
