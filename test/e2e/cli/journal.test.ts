/** An act whose answer was lost, and what later commands make of it. */
import { afterAll, assert, beforeAll, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Fault } from "../../../src/testing/index.js"
import { answerOf, bundle, world } from "./harness.js"

let bin = ""
let remove = () => {}
beforeAll(async () => {
  ;({ bin, remove } = await bundle())
}, 60_000)
afterAll(() => remove())

it.scopedLive("a redemption is carried on with its key, and a second one has to wait", () =>
  Effect.gen(function* () {
    const { backend, cli } = yield* world(bin, {
      plan: [1, 2, 3].map((call) => ({ endpoint: "resetCredits.consume", call, fault: Fault.resetAfterCommit }))
    })
    const lost = yield* cli(["redeem", "-y", "--json"])
    const first = answerOf("redeem", lost)
    assert.strictEqual(lost.code, 5)
    assert.isFalse(first.ok)
    const key = first.ok ? null : first.error.key

    const status = answerOf("status", yield* cli(["status", "--json"]))
    assert.isTrue(status.ok && status.open.length === 1 && status.open[0]?.key === key)

    const carriedOn = answerOf("redeem", yield* cli(["redeem", "-y", "--json"]))
    assert.isTrue(carriedOn.ok && carriedOn.outcome === "alreadyRedeemed" && carriedOn.exitCode === 0)
    assert.isTrue(carriedOn.ok && carriedOn.key === key)
    assert.lengthOf((yield* backend.account()).redemptions, 1)

    const calls = yield* backend.count("resetCredits.consume")
    const soon = yield* cli(["redeem", "-y"])
    assert.strictEqual(soon.code, 7, soon.stderr)
    assert.match(soon.stderr, /--again/)
    assert.strictEqual(yield* backend.count("resetCredits.consume"), calls)
    const again = answerOf("redeem", yield* cli(["redeem", "-y", "--again", "--json"]))
    assert.isTrue(again.ok && again.outcome === "nothingToReset" && again.exitCode === 7)
    assert.strictEqual(yield* backend.count("resetCredits.consume"), calls + 1)
  })
)

it.scopedLive("an invite that may have gone out is not sent again, unless it is asked for in so many words", () =>
  Effect.gen(function* () {
    const { backend, cli } = yield* world(bin, {
      plan: [{ endpoint: "referrals.invite", call: 1, fault: Fault.resetAfterCommit }]
    })
    const sent = yield* cli(["invite", "zoe@friends.test", "-y"])
    const refused = yield* cli(["invite", "zoe@friends.test", "-y", "--json"])
    const answer = answerOf("invite", refused)
    assert.deepStrictEqual([sent.code, refused.code], [5, 5])
    assert.isTrue(!answer.ok && answer.error.code === "ActError.Unresolved")
    assert.strictEqual(yield* backend.count("referrals.invite"), 1)
    const other = yield* cli(["invite", "yan@friends.test", "-y"])
    const again = yield* cli(["invite", "zoe@friends.test", "-y", "--again"])
    assert.deepStrictEqual([other.code, again.code], [0, 0], again.stderr)
    assert.strictEqual(yield* backend.count("referrals.invite"), 3)
  })
)
