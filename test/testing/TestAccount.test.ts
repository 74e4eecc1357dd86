import { assert, describe, it } from "@effect/vitest"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import * as TestContext from "effect/TestContext"
import { InviteEmail } from "../../src/domain/InviteEmail.js"
import { RedeemKey } from "../../src/domain/ResetCredit.js"
import { guard } from "../../src/programs/usage.js"
import { redeemReset } from "../../src/programs/redeem.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { OperationKeys } from "../../src/services/OperationJournal.js"
import { RateLimits } from "../../src/services/RateLimits.js"
import { Referrals } from "../../src/services/Referrals.js"
import {
  Arbitraries,
  FakeAccount,
  FakeBackend,
  Fault,
  FaultPlan,
  ScriptedDialog,
  TestAccount
} from "../../src/testing/index.js"
import { done, finish } from "../programs/harness.js"
import { test } from "../cases.js"

const script = { "redeem.confirm": true, "redeem.credit": ScriptedDialog.nth(0) }

/** Spends a credit with a new key in every attempt: where an answer is lost, it pays twice. */
const naive = Effect.gen(function* () {
  const { identity } = yield* Effect.flatMap(AuthSession, (session) => session.current)
  const limits = yield* RateLimits
  const keys = yield* OperationKeys
  return yield* keys.next.pipe(
    Effect.flatMap((key) => limits.consume({ as: identity, key: RedeemKey.make(key) })),
    Effect.timeout("30 seconds"),
    Effect.retry({ times: 1 })
  )
})

/** The same with one key for all of its attempts. */
const careful = Effect.retry(redeemReset({ key: "the-one-key" }), { times: 2 })

type Program = Effect.Effect<unknown, unknown, Effect.Effect.Context<typeof naive | typeof careful>>

/** How many credits the program spends, under virtual time. */
const spent = (program: Program, options: FakeBackend.FakeBackendOptions) =>
  finish(program).pipe(
    Effect.zipRight(done),
    Effect.map(({ redeem }) => redeem),
    Effect.provide(TestAccount.layer({ ...options, script })),
    Effect.provide(TestContext.TestContext),
    Effect.runPromise
  )

const spendsAtMostOne = (program: Program, plans: FastCheck.Arbitrary<FaultPlan.FaultPlan>) =>
  FastCheck.asyncProperty(plans, async (plan) => (await spent(program, { plan })) <= 1)

describe("a double spend", () => {
  const plans = Arbitraries.faultPlan({ endpoints: ["usage.read", "resetCredits.list", "resetCredits.consume"] })

  it.each([
    ["those of its own calls", plans],
    ["all endpoints", Arbitraries.faultPlan()]
  ] as const)(
    "is found within 100 plans for %s, and made as small as can be",
    async (_name, plans) => {
      const { counterexample, failed } = await FastCheck.check(spendsAtMostOne(naive, plans), { numRuns: 100 })
      assert.isTrue(failed)
      const [plan] = counterexample ?? []
      assert.strictEqual(plan?.length, 1)
      assert.strictEqual(plan?.[0]?.endpoint, "resetCredits.consume")
    },
    120_000
  )

  it("control: a program that keeps to one key makes none", { timeout: 120_000 }, async () => {
    await FastCheck.assert(spendsAtMostOne(careful, plans), { numRuns: 30 })
  })

  it("control: windows that stand still would hide it", async () => {
    const plan = [FaultPlan.on("resetCredits.consume", "every", Fault.resetAfterCommit)]
    const still = FakeAccount.makeWindow(0, { lengthSeconds: 18_000, usedPercent: 37, percentPerHour: 0 })
    assert.strictEqual(await spent(naive, { plan }), 2)
    assert.strictEqual(await spent(naive, { plan, accounts: [{ primary: still, secondary: null }] }), 1)
  })
})

const fake = FakeBackend.FakeBackend

const percents = Effect.map(
  Effect.flatMap(RateLimits, (limits) => limits.read()),
  ({ main }) => main.windows.map((window) => window.usedPercent)
)

describe("an account", () => {
  it.effect("is signed in, over the client that the test wants", () => {
    const asked: Array<string> = []
    const tapped = HttpClient.tapRequest(({ url }) => Effect.sync(() => asked.push(new URL(url).pathname)))
    return Effect.gen(function* () {
      const { identity } = yield* (yield* AuthSession).current
      assert.strictEqual(identity.userId, "user-FAKE1")
      yield* percents
      assert.include(asked, "/backend-api/wham/usage")
    }).pipe(Effect.provide(TestAccount.layer({ client: tapped })))
  })

  test("may be signed out", TestAccount.layer({ record: null }), function* () {
    assert.strictEqual((yield* Effect.flip((yield* AuthSession).current))._tag, "AuthError")
  })

  test("has windows that fill", TestAccount.layer(), function* () {
    assert.deepStrictEqual(yield* percents, [37, 61])
    yield* TestClock.adjust("2 hours")
    assert.deepStrictEqual(yield* percents, [57, 62])
    yield* TestClock.adjust("4 hours")
    assert.deepStrictEqual(yield* percents, [35, 63])
  })

  test(
    "may be one of two, each with faults of its own",
    TestAccount.layer({
      accounts: (now) => [{}, { primary: FakeAccount.makeWindow(now, { lengthSeconds: 18_000, usedPercent: 5 }) }]
    }),
    function* () {
      const [one, two] = (yield* fake).accountKeys
      assert.isTrue(one !== undefined && two !== undefined && one !== two)
      yield* (yield* fake).addFaults(FaultPlan.on("usage.read", 2, Fault.forbidden, two))
      yield* percents
      yield* percents
      yield* TestAccount.signIn(1)
      assert.deepStrictEqual(yield* percents, [5, 61])
      assert.strictEqual((yield* Effect.flip(percents))._tag, "BackendError")
      assert.deepStrictEqual(yield* percents, [5, 61])
      yield* TestAccount.signIn()
      assert.deepStrictEqual(yield* percents, [37, 61])
    }
  )

  test(
    "may be a member whose workspace has no credits left",
    TestAccount.layer({ accounts: [FakeAccount.withoutCredits], script }),
    function* () {
      const { usable, verdict } = yield* guard
      assert.isFalse(usable)
      assert.deepStrictEqual(
        verdict.remedies.map((remedy) => remedy._tag),
        ["NudgeOwner"]
      )
      assert.strictEqual((yield* redeemReset({ key: "k" })).outcome, "noCredit")
    }
  )

  test("may read what was true twenty minutes ago", TestAccount.layer(), function* () {
    yield* (yield* fake).setPlan([FaultPlan.on("usage.read", "every", Fault.staleRead("20 minutes"))])
    const { identity } = yield* (yield* AuthSession).current
    yield* (yield* RateLimits).consume({ as: identity, key: RedeemKey.make("k") })
    yield* TestClock.adjust("19 minutes")
    assert.isAbove((yield* percents)[0] ?? 0, 37)
    yield* TestClock.adjust("1 minute")
    assert.isBelow((yield* percents)[0] ?? 100, 5)
    const lags = FastCheck.sample(Arbitraries.fault(["StaleRead"]), 200).map((fault) =>
      fault._tag === "StaleRead" ? fault.millis : 0
    )
    assert.isAbove(Math.max(...lags), 600_000)
  })
})

describe("an offer", () => {
  const { offer } = FakeAccount.makeAccount(0)
  const described = Effect.map(
    Effect.flatMap(Referrals, (referrals) => referrals.loadOffer),
    Option.map(({ description }) => description)
  )

  test(
    "may change, and end",
    TestAccount.layer({
      accounts: [
        {
          laterOffers: [
            { from: 60_000, offer: offer === null ? null : { ...offer, description: "Another one." } },
            { from: 120_000, offer: null }
          ]
        }
      ]
    }),
    function* () {
      assert.deepStrictEqual(yield* described, Option.some("Invite a friend; rewards may apply."))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* described, Option.some("Another one."))
      yield* TestClock.adjust("1 minute")
      assert.deepStrictEqual(yield* described, Option.none())
    }
  )

  test.each(
    [
      [true, "included"],
      [false, "notIncluded"],
      [null, "unknown"],
      [undefined, "unknown"]
    ] as const,
    ([inviteReward]) => TestAccount.layer({ accounts: [{ offer: offer === null ? null : { ...offer, inviteReward } }] })
  )("whose invite's answer says has_rewards %s", function* ([, reward]) {
    const { identity } = yield* (yield* AuthSession).current
    const sent = yield* (yield* Referrals).sendInvite({ as: identity, email: InviteEmail.make("zoe@example.test") })
    assert.strictEqual(sent, reward)
  })
})
