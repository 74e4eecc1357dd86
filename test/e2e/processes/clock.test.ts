/** Wall clocks that are off, and that jump. */
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Fault } from "../../../src/testing/index.js"
import { rawSql, databaseOf } from "../../layers/journal/files.js"
import { brief, checkLive, exchanges, makeNursery, signInAt, triedAgain, until } from "./nursery.js"

const nursery = await makeNursery()
afterAll(nursery.close)

const day = 86_400_000

describe("a wall clock that jumps", () => {
  it("forward and back in a running process: each token is exchanged once, and none is lost", async () => {
    const backend = await nursery.backend()
    const home = nursery.home()
    signInAt(backend, home)
    const child = nursery.start({ home, urls: backend.urls })
    for (const millis of [0, 20 * day, -20 * day, 40 * day, 0]) {
      await child.ask({ do: "clock", millis })
      assert.strictEqual(brief(await child.ask({ do: "usage" })), "done", `${millis / day} days`)
      assert.strictEqual(brief(await child.ask({ do: "refresh" })), "done", `${millis / day} days`)
      checkLive(backend, home)
    }
    assert.deepStrictEqual(triedAgain(backend), [])
    assert.isTrue(exchanges(backend).every((status) => status === 200))
    assert.strictEqual(await child.end(), 0)
  })

  it("behind the server's: what seems good is refused, and renewed once", async () => {
    const backend = await nursery.backend()
    const home = nursery.home()
    signInAt(backend, home, { expired: true })
    const setup = { home, urls: backend.urls, clockMillis: -30 * day }
    const children = [0, 1, 2].map(() => nursery.start(setup))
    await Promise.all(children.map(({ ready }) => ready))
    const answers = await Promise.all(children.map((child) => child.ask({ do: "usage" })))
    assert.deepStrictEqual(answers.map(brief), ["done", "done", "done"])
    await Promise.all(children.map((child) => child.end()))
    assert.deepStrictEqual(exchanges(backend), [200])
    checkLive(backend, home)
  })

  it("apart from a neighbour's: they renew at once, one exchange is granted, and all have it", async () => {
    const backend = await nursery.backend({
      plan: [{ endpoint: "oauth.token", call: "every", fault: Fault.delay("100 millis") }]
    })
    const home = nursery.home()
    signInAt(backend, home, { expired: true })
    const children = [-day, 0, day, 2 * day].map((clockMillis) =>
      nursery.start({ home, urls: backend.urls, clockMillis })
    )
    await Promise.all(children.map(({ ready }) => ready))
    const answers = await Promise.all(children.map((child) => child.ask({ do: "usage" })))
    assert.deepStrictEqual(answers.map(brief), ["done", "done", "done", "done"])
    await Promise.all(children.map((child) => child.end()))
    // Whoever is ahead takes the lease of whoever is behind: the server refuses the second, who finds the first's tokens.
    assert.lengthOf(
      exchanges(backend).filter((status) => status === 200),
      1
    )
    checkLive(backend, home)
  })

  it("of a holder that died a day ahead: its lease is outlived in its time to live", async () => {
    const backend = await nursery.backend()
    const home = nursery.home()
    signInAt(backend, home, { expired: true })
    const setup = { home, urls: backend.urls, leaseMillis: 1500 }
    await Effect.runPromise(backend.failNext("oauth.token", Fault.hang))
    const holder = nursery.start({ ...setup, clockMillis: day })
    const next = nursery.start(setup)
    await next.ready
    const hanging = holder.ask({ do: "refresh" })
    await until(() => exchanges(backend).length === 1)
    await holder.kill()
    assert.propertyVal(await hanging, "tag", "Died")
    const held = rawSql(databaseOf(home), "SELECT name FROM codex_account_leases WHERE expires_at > 0")
    assert.lengthOf(held, 1)
    const start = performance.now()
    assert.strictEqual(brief(await next.ask({ do: "refresh" })), "done")
    const took = performance.now() - start
    assert.isBelow(took, 10_000)
    console.log(`a lease of 1.5 s whose holder died a day ahead was taken after ${(took / 1000).toFixed(1)} s`)
    assert.deepStrictEqual(triedAgain(backend), [])
    checkLive(backend, home)
    assert.strictEqual(await next.end(), 0)
  })
})
