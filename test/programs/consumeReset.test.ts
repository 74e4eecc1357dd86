import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { RedeemKey } from "../../src/domain/ResetCredit.js"
import { consumeReset } from "../../src/programs/redeemConfirmed.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { FakeBackend, Fault, FaultPlan } from "../../src/testing/index.js"
import { account, brief, count, run } from "./harness.js"

const accounts = [
  { userId: "user-A", accountId: "account-A" },
  { userId: "user-B", accountId: "account-B" }
]
const key = RedeemKey.make("key-of-A")

const identity = Effect.flatMap(AuthSession, (auth) => Effect.map(auth.current, (session) => session.identity))

it.effect.each([
  ["that succeeded", []],
  ["whose outcome is unknown", [FaultPlan.on("resetCredits.consume", 1, Fault.resetAfterCommit)]]
] as const)("a key of another identity is in use, and is not sent: one %s", ([, plan]) =>
  Effect.gen(function* () {
    yield* Effect.exit(run(consumeReset({ as: yield* identity, key })))
    const before = yield* count("resetCredits.consume")
    const { record } = yield* (yield* FakeBackend.FakeBackend).signIn("user-B/account-B")
    yield* (yield* AuthSession).signIn(record)
    const refused = yield* Effect.flip(run(consumeReset({ as: yield* identity, key })))
    assert.strictEqual(brief(refused), "JournalError InUse")
    assert.strictEqual(yield* count("resetCredits.consume"), before)
  }).pipe(Effect.provide(account({ backend: { accounts, plan } })))
)
