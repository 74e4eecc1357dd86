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
import * as Layer from "effect/Layer"
import * as Schedule from "effect/Schedule"
import * as TestClock from "effect/TestClock"
import * as TestContext from "effect/TestContext"
import { RedeemKey } from "effect-codex-account/domain/ResetCredit"
import * as CredentialStoreEphemeral from "effect-codex-account/layers/CredentialStoreEphemeral"
import * as LeaseMemory from "effect-codex-account/layers/LeaseMemory"
import * as Live from "effect-codex-account/layers/Live"
import * as OperationJournalMemory from "effect-codex-account/layers/OperationJournalMemory"
import { guard } from "effect-codex-account/programs/usage"
import { redeemReset } from "effect-codex-account/programs/redeem"
import { AuthSession } from "effect-codex-account/services/AuthSession"
import { RateLimits } from "effect-codex-account/services/RateLimits"
import {
  FakeAccount,
  FakeBackend,
  FakeSettings,
  Fault,
  FaultArbitraries,
  FaultPlan,
  ScriptedDialog
} from "effect-codex-account/testing"
import { ok } from "node:assert"
import { randomUUID } from "node:crypto"

// The program under test: redeem when blocked, and try again later if that fails. One key is one credit at most.
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
  return yield* spend.pipe(
    Effect.timeout("30 seconds"),
    Effect.retry({ times: 1, schedule: Schedule.spaced("5 seconds") })
  )
})

// The real services over the fake backend: a blocked account with two credits, whose windows are used up again within a
// minute of a reset; signed in, and with a person who agrees.
const SignedIn = Layer.unwrapEffect(
  Effect.gen(function* () {
    const backend = yield* FakeBackend.FakeBackend
    return CredentialStoreEphemeral.layerMemory((yield* backend.signIn()).record)
  })
)
const account = (plan: FaultPlan.FaultPlan) =>
  Live.layerServices.pipe(
    Layer.provideMerge(LeaseMemory.layer),
    Layer.provide([SignedIn, FakeSettings.layer()]),
    Layer.merge(OperationJournalMemory.layerMemory),
    Layer.merge(ScriptedDialog.layer({ "redeem.credit": ScriptedDialog.nth(0), "redeem.confirm": true })),
    Layer.provideMerge(
      FakeBackend.layerClient({
        plan,
        accounts: (now) => [
          {
            primary: FakeAccount.makeWindow(now, { lengthSeconds: 18_000, usedPercent: 100, percentPerHour: 6000 }),
            credits: null
          }
        ]
      })
    )
  )

type Account = Layer.Layer.Success<ReturnType<typeof account>>

/** Whether the program, run twice under any plan of faults, spends at most one credit. */
const spendsAtMostOne = <A, E>(program: Effect.Effect<A, E, Account>) =>
  FastCheck.asyncProperty(
    FaultArbitraries.faultPlan({ endpoints: ["usage.read", "resetCredits.list", "resetCredits.consume"] }),
    (plan) =>
      Effect.gen(function* () {
        const twice = yield* Effect.fork(Effect.zip(Effect.exit(program), Effect.exit(program)))
        yield* Effect.fork(TestClock.adjust("1 hour"))
        yield* Fiber.join(twice)
        const backend = yield* FakeBackend.FakeBackend
        return (yield* backend.account()).redemptions.length <= 1
      }).pipe(Effect.provide(account(plan)), Effect.provide(TestContext.TestContext), Effect.runPromise)
  )

// Plans that have found something once are tried first.
const lostAnswer = FaultPlan.on("resetCredits.consume", 1, Fault.resetAfterCommit)
const seed = process.env["FC_SEED"]
const options = {
  numRuns: 30,
  examples: [[[lostAnswer]]],
  ...(seed === undefined ? {} : { seed: Number(seed) })
} satisfies FastCheck.Parameters<[FaultPlan.FaultPlan]>
await FastCheck.assert(spendsAtMostOne(redeemWhenBlocked(randomUUID())), options)
const counterexample = await FastCheck.check(spendsAtMostOne(naive), options)
ok(counterexample.failed)

await Effect.runPromise(
  Console.log(`redeemWhenBlocked: at most one credit, under ${options.numRuns} plans of faults
naive: two credits, under ${JSON.stringify(counterexample.counterexample?.[0])}`)
)
