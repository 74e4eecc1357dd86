/** Law 8: a success is reported as success even if the read that follows it fails. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import { readUsage } from "../../src/programs/usage.js"
import { redeemReset } from "../../src/programs/redeem.js"
import { Arbitraries, Fault, FaultPlan } from "../../src/testing/index.js"
import { account, done, finish } from "../programs/harness.js"
import { runs, test } from "../cases.js"

/** The reads before the redemption pass, and all after it meet these faults. */
const afterwards = (usage: Fault.Fault, credits: Fault.Fault) =>
  account({
    plan: [
      FaultPlan.on("usage.read", 1, Fault.pass),
      FaultPlan.on("resetCredits.list", 1, Fault.pass),
      FaultPlan.on("usage.read", "every", usage),
      FaultPlan.on("resetCredits.list", "every", credits)
    ]
  })

it.effect.prop(
  "whatever becomes of the read after it",
  {
    usage: Arbitraries.fault(),
    credits: Arbitraries.fault(),
    renewal: Arbitraries.fault(),
    lost: FastCheck.boolean()
  },
  ({ credits, lost, renewal, usage }) =>
    Effect.gen(function* () {
      const { exit } = yield* finish(redeemReset())
      const result = yield* exit
      assert.strictEqual(result.outcome, lost ? "alreadyRedeemed" : "reset")
      assert.strictEqual((yield* done).redeem, 1)
    }).pipe(
      Effect.provide(
        account({
          plan: [
            FaultPlan.on("resetCredits.consume", 1, lost ? Fault.resetAfterCommit : Fault.pass),
            FaultPlan.on("usage.read", 1, Fault.pass),
            FaultPlan.on("resetCredits.list", 1, Fault.pass),
            FaultPlan.on("usage.read", "every", usage),
            FaultPlan.on("resetCredits.list", "every", credits),
            FaultPlan.on("oauth.token", "every", renewal)
          ]
        })
      )
    ),
  runs(10)
)

const failures: ReadonlyArray<readonly [string, Fault.Fault]> = [
  ["an error", Fault.status(500)],
  ["a refusal", Fault.forbidden],
  ["a 401", Fault.status(401)],
  ["silence", Fault.hang],
  ["a broken connection", Fault.resetBeforeCommit],
  ["no connection", Fault.refused],
  ["no JSON", Fault.malformedJson],
  ["a long wait", Fault.rateLimited({ seconds: 3_600 })]
]

test.each(failures, ([, fault]) => afterwards(fault, fault))("the state is then not known: %s", function* () {
  const { exit } = yield* finish(redeemReset())
  assert.deepInclude(yield* exit, { outcome: "reset", usage: null })
})

test.each(failures, ([, fault]) => afterwards(fault, fault))("control: the read does fail: %s", function* () {
  const reads = Effect.zipRight(readUsage({ fresh: true }), readUsage({ fresh: true }))
  const { exit } = yield* finish(reads)
  assert.isTrue(Exit.isFailure(exit))
})
