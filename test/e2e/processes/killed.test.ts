/** Processes that are killed at any moment, while others work beside them. */
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Fault, type FaultPlan } from "../../../src/testing/index.js"
import { makeLane, randomFrom } from "./lane.js"
import { type Backend, makeNursery, signInAt, until } from "./nursery.js"
import type { Setup, Step } from "./child.js"

const nursery = await makeNursery()
afterAll(nursery.close)

/** `E2E_ROUNDS` sets how many there are; else as many as there is time for. */
const rounds = Number(process.env["E2E_ROUNDS"] ?? Infinity)
const enough = Number.isFinite(rounds) ? Infinity : 60_000
const seed = Number(process.env["E2E_SEED"] ?? process.env["FC_SEED"] ?? 1)
const lanes = 3

/** A process that is killed when the backend has done what it asked for, and before it could know. */
const killedAtWork = async (endpoint: FaultPlan.EndpointName, step: Step, journal: Setup["journal"] = "sql") => {
  const backend = await nursery.backend()
  const home = nursery.home()
  signInAt(backend, home)
  const setup: Setup = { home, urls: backend.urls, leaseMillis: 1000, journal }
  await Effect.runPromise(backend.failNext(endpoint, Fault.hangAfterCommit))
  const [first, second] = [nursery.start(setup), nursery.start(setup)]
  const asked = first.ask(step)
  await until(() => {
    const { invites, redemptions } = Effect.runSync(backend.account())
    return invites.length + redemptions.length > 0
  })
  await first.kill()
  assert.propertyVal(await asked, "tag", "Died")
  return { backend, second }
}

const credits = (backend: Backend) => Effect.runSync(backend.account()).redemptions.map(({ creditId }) => creditId)
const invites = (backend: Backend) => Effect.runSync(backend.count("referrals.invite"))

describe("a process that is killed before the answer came", () => {
  it("its redemption is carried on by the next, with its key: one credit", async () => {
    const { backend, second } = await killedAtWork("resetCredits.consume", { do: "redeem" })
    const [redemption] = Effect.runSync(backend.account()).redemptions
    assert.deepStrictEqual(await second.ask({ do: "redeem" }), {
      ok: true,
      value: { outcome: "alreadyRedeemed", key: redemption?.key, creditId: "rc_1" }
    })
    assert.deepStrictEqual(credits(backend), ["rc_1"])
  })

  it("control: with a journal that forgets, a second credit is spent", async () => {
    const { backend, second } = await killedAtWork("resetCredits.consume", { do: "redeem" }, "memory")
    // Where the windows are in use again, as they soon are.
    Effect.runSync(
      backend.updateAccount((account) => ({
        ...account,
        primary: account.primary === null ? null : { ...account.primary, usedPercent: 5 }
      }))
    )
    assert.propertyVal(await second.ask({ do: "redeem" }), "ok", true)
    assert.deepStrictEqual(credits(backend), ["rc_1", "rc_2"])
  })

  const invite = { do: "invite", email: "grace@example.test" } as const

  it("its invite is not sent again, unless somebody says so", async () => {
    const { backend, second } = await killedAtWork("referrals.invite", invite)
    assert.deepInclude(await second.ask(invite), { ok: false, tag: "ActError", reason: "Unresolved" })
    assert.strictEqual(invites(backend), 1)
    assert.deepStrictEqual(await second.ask({ ...invite, again: true }), { ok: true, value: "Sent" })
    assert.strictEqual(invites(backend), 2)
  })

  it("control: with a journal that forgets, a second invite goes out", async () => {
    const { backend, second } = await killedAtWork("referrals.invite", invite, "memory")
    assert.deepStrictEqual(await second.ask(invite), { ok: true, value: "Sent" })
    assert.strictEqual(invites(backend), 2)
  })
})

describe("processes that are killed at any moment", () => {
  it(
    "leave a whole record and a true journal, spend nothing twice, and others go on",
    { timeout: Number.isFinite(rounds) ? 60_000 + rounds * 5000 : 180_000 },
    async () => {
      const start = performance.now()
      const all = await Promise.all(
        Array.from({ length: lanes }, (_, index) => makeLane(nursery, `lane${index}`, randomFrom(seed + index)))
      )
      let left = rounds
      try {
        await Promise.all(
          all.map(async (lane) => {
            while (left > 0 && performance.now() - start < enough) {
              left -= 1
              await lane.round()
            }
            await lane.conclude()
          })
        )
      } catch (error) {
        console.log(all.flatMap(({ told }) => told.slice(-8)).join("\n"))
        console.log(`seed: ${seed} (repeat with E2E_SEED=${seed})`)
        throw error
      }
      const sum = (name: keyof (typeof all)[number]["figures"]) =>
        all.reduce((total, { figures }) => total + figures[name], 0)
      console.log(
        `${sum("rounds")} rounds in ${((performance.now() - start) / 1000).toFixed(0)} s (seed ${seed}): ` +
          `${sum("killed")} processes killed at work, ${sum("late")} after it; ${sum("credits")} credits spent, ` +
          `${sum("invites")} invites posted, ${sum("open")} times an outcome was left open; ` +
          `${sum("slow")} leases lost to a slow machine; ${sum("lostSessions")} sessions lost with the answer, ${sum("leftovers")} files left behind`
      )
      assert.isAtMost(sum("slow"), sum("rounds") / 2)
      assert.isAtLeast(sum("killed"), Math.min(10, sum("rounds") / 4))
    }
  )
})
