/** A process that dies at any of its calls to the file system while it writes `auth.json`. */
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Option from "effect/Option"
import * as Fs from "node:fs"
import * as Path from "node:path"
import type { KillAt } from "./killAt.js"
import {
  authFile,
  type Backend,
  foreign,
  leftovers,
  makeNursery,
  signInAt,
  storedIn,
  tokenIn,
  tokenStatus
} from "./nursery.js"
import type { Answer, Setup, Step } from "./child.js"

const nursery = await makeNursery()
afterAll(nursery.close)

/** How many die at the same time, each in a home of its own. */
const abreast = 3

/** The calls of a step that nothing happens to. */
const callsOf = async (setup: Setup, step: Step): Promise<ReadonlyArray<string>> => {
  const child = nursery.start(setup)
  await child.ask({ do: "arm", at: null })
  const done = await child.ask(step)
  if (!done.ok) throw new Error(`${done.tag} ${done.message}`)
  const answer = await child.ask({ do: "calls" })
  await child.end()
  if (!answer.ok || !Array.isArray(answer.value)) throw new Error("It does not tell its calls")
  return answer.value
}

/** Whether a mark of an exchange was written as a whole. */
const hasMark = (home: string): boolean => {
  try {
    return Boolean(JSON.parse(Fs.readFileSync(Path.join(home, ".codex-account-renewal.json"), "utf8")).token)
  } catch {
    return false
  }
}

/** Has a process die at the call: what it answered, if it lived. */
const dying = async (setup: Setup, step: Step, at: KillAt): Promise<Answer> => {
  const child = nursery.start(setup)
  await child.ask({ do: "arm", at })
  const answer = await child.ask(step)
  await child.kill()
  return answer
}

const moments = (calls: ReadonlyArray<string>): ReadonlyArray<KillAt & { readonly name: string }> =>
  calls.flatMap((name, index) =>
    (["before", "during"] as const).map((when) => ({ call: index + 1, when, name: `${when} ${name}` }))
  )

/** Does the work for each, a few at a time, each time in one of a few homes. */
const each = async <A>(all: ReadonlyArray<A>, work: (one: A, place: Place) => Promise<void>) => {
  const left = [...all]
  const worker = async () => {
    const backend = await nursery.backend()
    const home = nursery.home()
    signInAt(backend, home)
    const setup: Setup = { home, urls: backend.urls, leaseMillis: 400 }
    const follower = nursery.start(setup)
    for (let one = left.shift(); one !== undefined; one = left.shift()) {
      await work(one, { backend, setup, home, follower: (step) => follower.ask(step) })
    }
    assert.strictEqual(await follower.end(), 0)
  }
  await Promise.all(Array.from({ length: abreast }, worker))
}

interface Place {
  readonly backend: Backend
  readonly setup: Setup
  readonly home: string
  readonly follower: (step: Step) => Promise<Answer>
}

const checkLeftovers = (home: string) => {
  for (const name of leftovers(home)) {
    assert.strictEqual(Fs.statSync(Path.join(home, name)).mode & 0o777, 0o600, "what is left is its owner's alone")
  }
  return leftovers(home).length
}

describe("a writer of auth.json that dies", () => {
  it("leaves the whole old file or the whole new one, whichever call it dies at", async () => {
    const backend = await nursery.backend()
    const home = nursery.home()
    signInAt(backend, home)
    const padding = "x".repeat(200_000)
    const calls = await callsOf({ home, urls: backend.urls }, { do: "write", extra: { padding } })
    assert.includeMembers([...calls], ["open", "write", "fsync", "rename", "close"])
    const outcomes = new Map<string, number>()
    let most = 0
    await each(moments(calls), async (at, { follower, home, setup }) => {
      const before = Fs.readFileSync(authFile(home), "utf8")
      const extra = { padding, serial: at.name }
      const answer = await dying(setup, { do: "write", extra }, at)
      assert.propertyVal(answer, "tag", "Died", at.name)
      const { serial, ...rest } = storedIn(home)
      const isNew = serial === at.name
      if (isNew) assert.strictEqual(rest["padding"], padding)
      else assert.strictEqual(Fs.readFileSync(authFile(home), "utf8"), before)
      assert.containSubset(rest, foreign)
      // Nothing is new before it has its name, and nothing old after it.
      const renames = calls.indexOf("rename") + 1
      if (at.call !== renames || at.when === "before") assert.strictEqual(isNew, at.call > renames, at.name)
      outcomes.set(isNew ? "new" : "old", (outcomes.get(isNew ? "new" : "old") ?? 0) + 1)
      most = Math.max(most, checkLeftovers(home))
      assert.propertyVal(await follower({ do: "write", extra: { serial: `after ${at.name}` } }), "ok", true)
      assert.propertyVal(storedIn(home), "serial", `after ${at.name}`)
    })
    console.log(
      `killed at ${calls.length} calls (${calls.join(" ")}): ` +
        `${outcomes.get("old")} times the old file, ${outcomes.get("new")} times the new one; ` +
        `up to ${most} files left behind in a home`
    )
  })

  it("while it renews the session: the next renews it, or is told what happened", async () => {
    const backend = await nursery.backend()
    const home = nursery.home()
    signInAt(backend, home)
    const calls = await callsOf({ home, urls: backend.urls }, { do: "refresh" })
    const lost: Array<string> = []
    await each(
      moments(calls).filter(({ when }) => when === "before"),
      async (at, { backend, follower, home, setup }) => {
        const token = signInAt(backend, home)
        assert.propertyVal(await dying(setup, { do: "refresh" }, at), "tag", "Died", at.name)
        const { tokens, ...rest } = storedIn(home)
        assert.containSubset(rest, foreign)
        checkLeftovers(home)
        const found = tokens["refresh_token"] ?? ""
        const status = Option.getOrThrow(tokenStatus(backend, found))
        const text = Fs.readFileSync(authFile(home), "utf8")
        // The mark is of the token that was to be exchanged.
        const isMarked = found === token && hasMark(home)
        // A record newer than the one it has held is taken as it is; one that it knows is renewed.
        const first = await follower({ do: "refresh" })
        const isTaken = first.ok && storedIn(home).tokens["refresh_token"] === found
        const next = isTaken ? await follower({ do: "refresh" }) : first
        // Whether the token had left is not known: it is not sent again while the access token lasts.
        const isHeldBack = !next.ok && next.tag === "AuthError" && next.reason === "Unavailable"
        if (status === "live") assert.strictEqual(isHeldBack, isMarked, at.name)
        if (isHeldBack && status === "live") {
          assert.strictEqual(Fs.readFileSync(authFile(home), "utf8"), text)
          return
        }
        if (status === "live") {
          assert.deepStrictEqual(next, { ok: true, value: "refreshed" }, at.name)
          const renewed = tokenIn(home)
          assert.notStrictEqual(renewed, found)
          assert.deepStrictEqual(tokenStatus(backend, renewed), Option.some("live"))
          return
        }
        // The new tokens were in its memory alone.
        assert.strictEqual(found, token)
        lost.push(`${at.call} ${at.name}`)
        assert.isTrue(isHeldBack, JSON.stringify(next))
        assert.strictEqual(Fs.readFileSync(authFile(home), "utf8"), text, "the loser has changed the record")
      }
    )
    console.log(
      `killed at ${calls.length} calls of a renewal; the session was lost ${lost.length} times: ${lost.join(", ")}`
    )
    // From the answer to its name, and at no other time.
    const renames = calls.indexOf("rename") + 1
    const numbers = lost.map((moment) => Number.parseInt(moment)).toSorted((a, b) => a - b)
    assert.deepStrictEqual(
      numbers,
      numbers.map((_, index) => renames - numbers.length + 1 + index)
    )
  })

  it("what it has left is removed by a later writer, but not what a living one may need", async () => {
    const backend = await nursery.backend()
    const home = nursery.home()
    signInAt(backend, home)
    const setup: Setup = { home, urls: backend.urls }
    const step: Step = { do: "write", extra: { serial: 1 } }
    const calls = await callsOf(setup, step)
    for (let round = 0; round < 2; round++)
      await dying(setup, step, { call: calls.indexOf("rename") + 1, when: "before" })
    const [first = "", second = ""] = leftovers(home)
    assert.lengthOf(leftovers(home), 2)
    const hourAgo = Fs.statSync(authFile(home)).mtimeMs / 1000 - 3600
    Fs.utimesSync(Path.join(home, first), hourAgo, hourAgo)
    const foreigner = Path.join(home, ".auth.json.somebody's")
    Fs.writeFileSync(foreigner, "")
    Fs.utimesSync(foreigner, hourAgo, hourAgo)
    assert.propertyVal(await nursery.alone(setup, step), "ok", true)
    assert.deepStrictEqual(leftovers(home).toSorted(), [second, Path.basename(foreigner)].toSorted())
  })
})
