/** Ctrl-C at every moment: what was sent is told, and the exit code says whether anybody knows. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { Fault, type FaultPlan } from "../../../src/testing/index.js"
import { answerOf, bundle, world, type World } from "./harness.js"

let bin = ""
beforeAll(() => {
  bin = bundle()
}, 60_000)

const hangAt = (endpoint: FaultPlan.EndpointName, call: number | "every", fault: Fault.Fault = Fault.hang) => ({
  plan: [{ endpoint, call, fault }]
})

/** Runs the command and interrupts it once so many calls have reached the endpoint. */
const interrupted = (
  { backend, cli }: World,
  args: ReadonlyArray<string>,
  endpoint: FaultPlan.EndpointName,
  calls = 1,
  signal: "SIGINT" | "SIGTERM" = "SIGINT"
) => {
  const arrived = Effect.repeat(Effect.sleep("20 millis"), {
    until: () => Effect.map(backend.count(endpoint), (count) => count >= calls)
  })
  return cli(args, { interrupt: { after: arrived, signal } })
}

describe.concurrent("Ctrl-C", { timeout: 60_000 }, () => {
  it.scopedLive("130 while it only reads", () =>
    Effect.gen(function* () {
      const reading = yield* world(bin, hangAt("usage.read", "every"))
      const json = yield* interrupted(reading, ["usage", "--json"], "usage.read")
      const answer = answerOf("usage", json)
      assert.strictEqual(json.code, 130)
      assert.isTrue(!answer.ok && answer.error.code === "Interrupted" && answer.error.changed === "no")
      assert.strictEqual(json.stderr, "error: Interrupted.\n")
    })
  )

  it.scopedLive("130 before the act was sent, and it says that nothing was", () =>
    Effect.gen(function* () {
      const before = yield* world(bin, hangAt("usage.read", "every"))
      const ran = yield* interrupted(before, ["redeem", "--yes"], "usage.read", 1, "SIGTERM")
      assert.strictEqual(ran.code, 130)
      assert.match(ran.stderr, /Nothing was sent: no reset was used\./)
      assert.strictEqual(yield* before.backend.count("resetCredits.consume"), 0)
    })
  )

  it.scopedLive("5 once the act was sent: the outcome is unknown", () =>
    Effect.gen(function* () {
      const redeeming = yield* world(bin, hangAt("resetCredits.consume", "every", Fault.hangAfterCommit))
      const inviting = yield* world(bin, hangAt("referrals.invite", "every", Fault.hangAfterCommit))
      const asking = yield* world(bin, hangAt("workspace.nudge", "every", Fault.hangAfterCommit))
      const ran = yield* Effect.all(
        [
          interrupted(redeeming, ["redeem", "-y", "--key", "k1", "--json"], "resetCredits.consume"),
          interrupted(inviting, ["invite", "zoe@friends.test", "-y", "--json"], "referrals.invite"),
          interrupted(asking, ["notify-owner", "--type", "credits", "-y", "--json"], "workspace.nudge")
        ],
        { concurrency: 3 }
      )
      const [redeem, invite, nudge] = [
        answerOf("redeem", ran[0]),
        answerOf("invite", ran[1]),
        answerOf("notify-owner", ran[2])
      ]
      for (const [index, answer] of [redeem, invite, nudge].entries()) {
        assert.strictEqual(ran[index]?.code, 5, ran[index]?.stderr)
        assert.isTrue(
          !answer.ok && answer.error.code === "ActError.OutcomeUnknown" && answer.error.changed === "unknown"
        )
        assert.match(ran[index]?.stderr ?? "", /not known/)
      }
      assert.isTrue(!redeem.ok && redeem.error.key === "k1")
    })
  )

  it.scopedLive("after the act was answered it says that it was done", () =>
    Effect.gen(function* () {
      const after = yield* world(bin, hangAt("usage.read", 2))
      const ran = yield* interrupted(after, ["redeem", "-y", "--key", "k1"], "usage.read", 2)
      assert.strictEqual(ran.code, 130)
      assert.match(ran.stderr, /Interrupted after the reset was made\. Operation k1\./)
      assert.lengthOf((yield* after.backend.account()).redemptions, 1)
    })
  )
})
