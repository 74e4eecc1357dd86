import { assert } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { RedeemKey } from "../../src/domain/ResetCredit.js"
import { consumeReset } from "../../src/programs/redeemConfirmed.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { Fault, FaultPlan } from "../../src/testing/index.js"
import { account, brief, count, run, secondSignsIn } from "./harness.js"
import { test } from "../cases.js"

const accounts = [
  { userId: "user-A", accountId: "account-A" },
  { userId: "user-B", accountId: "account-B" }
]
const key = RedeemKey.make("key-of-A")

const identity = Effect.flatMap(AuthSession, (auth) => Effect.map(auth.current, (session) => session.identity))

test.each(
  [
    ["that succeeded", []],
    ["whose outcome is unknown", [FaultPlan.on("resetCredits.consume", 1, Fault.resetAfterCommit)]]
  ] as const,
  ([, plan]) => account({ accounts, plan })
)("a key of another identity is in use, and is not sent: one %s", function* () {
  yield* Effect.exit(run(consumeReset({ as: yield* identity, key })))
  const before = yield* count("resetCredits.consume")
  yield* secondSignsIn
  const refused = yield* Effect.flip(run(consumeReset({ as: yield* identity, key })))
  assert.strictEqual(brief(refused), "JournalError InUse")
  assert.strictEqual(yield* count("resetCredits.consume"), before)
})
