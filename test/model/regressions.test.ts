/** What the model has found, told plainly. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { inviteFriend } from "../../src/programs/inviteFriend.js"
import { Fault, FaultPlan } from "../../src/testing/index.js"
import { play } from "./world.js"
import { account, brief, count, done, invitee, run } from "../programs/harness.js"

it.effect("law 4: an invite whose sender died after its outcome was recorded is not sent again", () =>
  Effect.gen(function* () {
    // To the next process it looks the same whether anybody was told.
    yield* run(inviteFriend({ email: invitee }))
    const error = yield* Effect.flip(run(inviteFriend({ email: invitee.toUpperCase() })))
    assert.strictEqual(brief(error), "ActError NotNeeded")
    assert.match(error.message, /invited at .*--again/)
    assert.strictEqual(yield* count("referrals.invite"), 1)

    assert.deepInclude(yield* run(inviteFriend({ email: invitee, again: true })), { _tag: "Sent" })
    assert.deepInclude(yield* run(inviteFriend({ email: "max@friends.test" })), { _tag: "Sent" })
    assert.strictEqual((yield* done).invite, 3)
  }).pipe(Effect.provide(account()))
)

it("a redemption that another process ends, while this one waits to carry it on, is told as what came of it", async () => {
  const redeem = (at: number) => ({
    skew: 0,
    pace: [0],
    commands: [{ at, command: { _tag: "redeem" } as const }],
    diesAt: [],
    restartAfter: 0
  })
  const { told } = await play({
    processes: [redeem(0), redeem(1_000)],
    faults: [FaultPlan.on("resetCredits.consume", 1, Fault.delay("3 seconds", { afterCommit: true }))],
    tokensDropped: false
  })
  assert.deepStrictEqual(
    told.map(({ said, task }) => [task.process, said]),
    [
      [0, "reset"],
      [1, "alreadyRedeemed"]
    ]
  )
})
