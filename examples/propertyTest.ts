/**
 * Testing a program of your own with our fakes: whatever goes wrong, it spends at most one reset credit.
 *
 * Faults are data, so a property-based test can choose them; virtual time makes a timeout of half a minute cost nothing.
 * In a project with `@effect/vitest` the same is `it.effect.prop`, which brings the virtual time along.
 */
import * as Console from "effect/Console"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import * as TestContext from "effect/TestContext"
import { RedeemKey } from "effect-codex-account/domain/ResetCredit"
import { redeemReset } from "effect-codex-account/programs/redeem"
import { guard } from "effect-codex-account/programs/usage"
import { AuthSession } from "effect-codex-account/services/AuthSession"
import { RateLimits } from "effect-codex-account/services/RateLimits"
import { Arbitraries, FakeAccount, FakeBackend, ScriptedDialog, TestAccount } from "effect-codex-account/testing"
import { ok } from "node:assert"
import { randomUUID } from "node:crypto"

// The program under test: redeem when blocked, and try again if that fails. One key is one credit at most.
const redeemWhenBlocked = (key: string) =>
  Effect.gen(function* () {
    const { usable } = yield* guard
    return usable ? "usable" : (yield* redeemReset({ key })).outcome
  }).pipe(Effect.retry({ times: 2 }))

// What one might write instead: a new key in every attempt. Where an answer is lost, it pays twice.
const naive = Effect.gen(function* () {
  const { usable } = yield* guard
  if (usable) return "usable"
  const { identity } = yield* Effect.flatMap(AuthSession, (session) => session.current)
  const limits = yield* RateLimits
  const spend = Effect.suspend(() => limits.consume({ as: identity, key: RedeemKey.make(randomUUID()) }))
  return yield* spend.pipe(Effect.timeout("30 seconds"), Effect.retry({ times: 1 }))
})

// A blocked account without credits to fall back on, two resets, and a person who agrees. Its windows fill again as time
// passes: if they stood still, a second reset would be refused, and the property could not fail.
const account = (plan: FakeBackend.FakeBackendOptions["plan"] = []) =>
  TestAccount.layer({
    plan,
    accounts: (now) => [
      { primary: FakeAccount.makeWindow(now, { lengthSeconds: 18_000, usedPercent: 100 }), credits: null }
    ],
    script: { "redeem.credit": ScriptedDialog.nth(0), "redeem.confirm": true }
  })

/** Whether the program spends at most one credit under any plan of faults. */
const spendsAtMostOne = <A, E>(program: Effect.Effect<A, E, TestAccount.Services>) =>
  FastCheck.asyncProperty(
    Arbitraries.faultPlan({ endpoints: ["usage.read", "resetCredits.list", "resetCredits.consume"] }),
    (plan) =>
      Effect.gen(function* () {
        const fiber = yield* Effect.fork(Effect.exit(program))
        yield* Effect.fork(TestClock.adjust("1 hour"))
        yield* Fiber.join(fiber)
        const backend = yield* FakeBackend.FakeBackend
        return (yield* backend.account()).redemptions.length <= 1
      }).pipe(Effect.provide(account(plan)), Effect.provide(TestContext.TestContext), Effect.runPromise)
  )

const seed = process.env["FC_SEED"]
const options = { numRuns: 100, ...(seed === undefined ? {} : { seed: Number(seed) }) }
await FastCheck.assert(spendsAtMostOne(redeemWhenBlocked(randomUUID())), { ...options, numRuns: 30 })
const found = await FastCheck.check(spendsAtMostOne(naive), options)
ok(found.failed)

await Effect.runPromise(
  Console.log(`redeemWhenBlocked: at most one credit, under 30 plans of faults
naive: two credits, found in plan ${found.numRuns} and reduced to ${JSON.stringify(found.counterexample?.[0])}`)
)
