/** Homes that can't be written, or are not where they seem. */
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as Path from "node:path"
import { Fault } from "../../../src/testing/index.js"
import { databaseOf } from "../../layers/journal/files.js"
import {
  authFile,
  brief,
  checkLive,
  exchanges,
  leftovers,
  makeNursery,
  signInAt,
  tokenIn,
  tokenStatus,
  until
} from "./nursery.js"

const nursery = await makeNursery()
/** Whether, and if not why not, a file system of the test's own can be mounted. */
const mounting = (() => {
  if (process.platform !== "linux" || process.getuid?.() !== 0) return "only root can mount a file system"
  const folder = Fs.mkdtempSync("/tmp/codex-processes-mount-")
  const tried = spawnSync("mount", ["-t", "tmpfs", "-o", "size=64k", "tmpfs", folder], { encoding: "utf8" })
  if (tried.status === 0) spawnSync("umount", [folder])
  Fs.rmdirSync(folder)
  return tried.status === 0 ? null : `no file system can be mounted here: ${tried.stderr.trim()}`
})()
const mounted: Array<string> = []

if (mounting !== null) console.log(`skipped: full disk and read-only mount, for ${mounting}`)
afterAll(async () => {
  for (const folder of mounted) spawnSync("umount", ["-l", folder])
  await nursery.close()
})

/** A home on a disk of its own, of so many kilobytes. */
const smallDisk = (kilobytes: number) => {
  const home = nursery.home()
  const { status, stderr } = spawnSync("mount", ["-t", "tmpfs", "-o", `size=${kilobytes}k`, "tmpfs", home])
  if (status !== 0) throw new Error(String(stderr))
  mounted.push(home)
  return home
}
/** Leaves no room on the disk of the folder. */
const fill = (folder: string): string => {
  const file = Path.join(folder, "somebody's film")
  const descriptor = Fs.openSync(file, "w")
  const block = Buffer.alloc(1024, 1)
  try {
    while (true) Fs.writeSync(descriptor, block)
  } catch {
    return file
  } finally {
    Fs.closeSync(descriptor)
  }
}

/** Why nothing is renewed: the leases can't be had, or else the record can't be written. */
const unwritten = { sql: "AuthError Unavailable", memory: "AuthError NotWritable" }

describe.skipIf(mounting !== null)("a disk that is full (as root, who can mount one)", () => {
  it("refuses to renew before anything is sent, and renews when there is room", async () => {
    const backend = await nursery.backend()
    const home = smallDisk(512)
    const token = signInAt(backend, home)
    const before = Fs.readFileSync(authFile(home), "utf8")
    const film = fill(home)
    const child = nursery.start({ home, urls: backend.urls })
    assert.strictEqual(brief(await child.ask({ do: "refresh" })), unwritten.sql)
    assert.strictEqual(brief(await child.ask({ do: "redeem" })), "JournalError Unavailable")
    assert.strictEqual(
      brief(await child.ask({ do: "invite", email: "grace@example.test" })),
      "JournalError Unavailable"
    )
    // What need not be written goes on.
    assert.strictEqual(brief(await child.ask({ do: "usage" })), "done")
    assert.lengthOf(exchanges(backend), 0)
    assert.strictEqual(Effect.runSync(backend.count("resetCredits.consume")), 0)
    assert.strictEqual(Effect.runSync(backend.count("referrals.invite")), 0)
    assert.strictEqual(Fs.readFileSync(authFile(home), "utf8"), before)

    Fs.rmSync(film)
    assert.strictEqual(brief(await child.ask({ do: "refresh" })), "done")
    assert.strictEqual(brief(await child.ask({ do: "redeem" })), "done")
    assert.notStrictEqual(tokenIn(home), token)
    checkLive(backend, home)
    assert.strictEqual(await child.end(), 0)
  })

  it("that is full after the exchange: the new tokens are stored in the room that was kept for them", async () => {
    const backend = await nursery.backend()
    const home = smallDisk(64)
    const token = signInAt(backend, home)
    const film = fill(home)
    // As where the leases are elsewhere, on a server.
    const child = nursery.start({ home, urls: backend.urls, lease: "memory" })
    assert.strictEqual(brief(await child.ask({ do: "refresh" })), "AuthError NotWritable")
    assert.lengthOf(exchanges(backend), 0)
    Fs.rmSync(film)

    // Full by the time that the answer is there.
    await Effect.runPromise(backend.failNext("oauth.token", Fault.delay("400 millis", { afterCommit: true })))
    const renewing = child.ask({ do: "refresh" })
    await until(() => exchanges(backend).length === 1)
    const secondFilm = fill(home)
    assert.strictEqual(brief(await renewing), "done")
    assert.notStrictEqual(tokenIn(home), token)
    assert.deepStrictEqual(leftovers(home), [])
    Fs.rmSync(secondFilm)
    assert.strictEqual(brief(await child.ask({ do: "usage" })), "done")
    assert.notStrictEqual(tokenIn(home), token)
    checkLive(backend, home)
    assert.lengthOf(exchanges(backend), 1)
    assert.strictEqual(await child.end(), 0)
  })
})

describe.skipIf(mounting !== null)("a home on a read-only mount (as root, who can mount one)", () => {
  it("is read from, and nothing is sent that would have to be recorded", async () => {
    const backend = await nursery.backend()
    const home = smallDisk(512)
    signInAt(backend, home)
    const before = Fs.readFileSync(authFile(home), "utf8")
    spawnSync("mount", ["-o", "remount,ro", home])
    for (const lease of ["sql", "memory"] as const) {
      const child = nursery.start({ home, urls: backend.urls, lease })
      assert.strictEqual(brief(await child.ask({ do: "usage" })), "done")
      assert.strictEqual(brief(await child.ask({ do: "refresh" })), unwritten[lease], lease)
      assert.strictEqual(brief(await child.ask({ do: "redeem" })), "JournalError Unavailable", lease)
      assert.strictEqual(brief(await child.ask({ do: "invite", email: "g@example.test" })), "JournalError Unavailable")
      assert.strictEqual(await child.end(), 0)
    }
    assert.lengthOf(exchanges(backend), 0)
    assert.strictEqual(Effect.runSync(backend.count("resetCredits.consume")), 0)
    assert.strictEqual(Effect.runSync(backend.count("referrals.invite")), 0)
    assert.deepStrictEqual(Fs.readdirSync(home), ["auth.json"])
    assert.strictEqual(Fs.readFileSync(authFile(home), "utf8"), before)
  })
})

const nobody = 65534
const isRoot = process.getuid?.() === 0

describe("a home that its user may not write", () => {
  it("is read from, and no refresh token is sent", async ({ skip }) => {
    if (isRoot && !nursery.isOpenTo(nobody)) skip("the project is in a folder of root's alone")
    const backend = await nursery.backend()
    const home = nursery.home()
    const token = signInAt(backend, home, { expired: true })
    if (isRoot) {
      Fs.chmodSync(Path.dirname(home), 0o755)
      Fs.chownSync(authFile(home), nobody, nobody)
      Fs.chownSync(home, nobody, nobody)
    }
    Fs.chmodSync(home, 0o500)
    const user = isRoot ? { uid: nobody, gid: nobody } : undefined
    for (const lease of ["sql", "memory"] as const) {
      const child = nursery.start({ home, urls: backend.urls, lease }, user)
      assert.deepStrictEqual(await child.ready, { ok: true, value: "ready" }, child.log())
      // The old token is tried, and the server says no.
      const read = await child.ask({ do: "usage" })
      assert.strictEqual(brief(read), unwritten[lease], lease)
      assert.strictEqual(brief(await child.ask({ do: "refresh" })), unwritten[lease], lease)
      await child.end()
    }
    assert.lengthOf(exchanges(backend), 0)
    assert.deepStrictEqual(tokenStatus(backend, token), Option.some("live"))
    // With the right to write it goes on.
    Fs.chmodSync(home, 0o700)
    const child = nursery.start({ home, urls: backend.urls }, user)
    assert.strictEqual(brief(await child.ask({ do: "usage" })), "done", child.log())
    await child.end()
    assert.lengthOf(exchanges(backend), 1)
    checkLive(backend, home)
  })
})

describe("an auth.json", () => {
  it("that is a link to elsewhere stays one, and what it leads to is replaced", async () => {
    const backend = await nursery.backend()
    const [home, elsewhere] = [nursery.home(), nursery.home("dot files, ї")]
    const token = signInAt(backend, elsewhere)
    const link = Path.join("..", "..", Path.basename(Path.dirname(elsewhere)), "dot files, ї", "auth.json")
    Fs.symlinkSync(link, authFile(home))
    const children = [0, 1, 2].map(() => nursery.start({ home, urls: backend.urls }))
    await Promise.all(children.map(({ ready }) => ready))
    const answers = await Promise.all(children.map((child) => child.ask({ do: "refresh" })))
    assert.deepStrictEqual(answers.map(brief), ["done", "done", "done"])
    await Promise.all(children.map((child) => child.end()))
    assert.strictEqual(Fs.readlinkSync(authFile(home)), link)
    assert.notStrictEqual(tokenIn(elsewhere), token)
    checkLive(backend, elsewhere)
    assert.deepStrictEqual([...leftovers(home), ...leftovers(elsewhere)], [])
    assert.isTrue(Fs.existsSync(databaseOf(home)))
    assert.deepStrictEqual(Fs.readdirSync(elsewhere), ["auth.json", "auth.json.lock"])
  })

  it.skipIf(mounting !== null)("that is mounted by itself is renewed in its place", async () => {
    const backend = await nursery.backend()
    const [home, elsewhere] = [nursery.home(), nursery.home()]
    const token = signInAt(backend, elsewhere)
    Fs.writeFileSync(authFile(home), "")
    const { status, stderr } = spawnSync("mount", ["--bind", authFile(elsewhere), authFile(home)])
    assert.strictEqual(status, 0, String(stderr))
    mounted.push(authFile(home))
    assert.strictEqual(brief(await nursery.alone({ home, urls: backend.urls }, { do: "refresh" })), "done")
    assert.lengthOf(exchanges(backend), 1)
    assert.notStrictEqual(tokenIn(home), token)
    assert.strictEqual(tokenIn(elsewhere), tokenIn(home))
    assert.deepStrictEqual(leftovers(home), [])
    checkLive(backend, home)
  })

  it("that has a second name is renewed under both", async () => {
    const backend = await nursery.backend()
    const home = nursery.home()
    const token = signInAt(backend, home)
    const other = Path.join(home, "copy of auth.json")
    Fs.linkSync(authFile(home), other)
    assert.strictEqual(brief(await nursery.alone({ home, urls: backend.urls }, { do: "refresh" })), "done")
    assert.notStrictEqual(tokenIn(home), token)
    assert.strictEqual(Fs.readFileSync(other, "utf8"), Fs.readFileSync(authFile(home), "utf8"))
    assert.strictEqual(Fs.statSync(authFile(home)).nlink, 2)
  })
})
