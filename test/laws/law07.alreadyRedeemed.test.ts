/** Law 7: `already_redeemed` for a key that we sent is success; for one that we never sent it is not. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import { redeemReset, type RedeemResult } from "../../src/programs/redeem.js"
import { Arbitraries, FakeBackend, Fault, FaultPlan } from "../../src/testing/index.js"
import { account, calls, finish, faulty } from "../programs/harness.js"
import { runs, test } from "../cases.js"

const consume = "resetCredits.consume"

const key = "the-key"

/** Somebody else has used the key, so that the backend calls it redeemed from the first call on. */
const usedElsewhere = Effect.flatMap(FakeBackend.FakeBackend, (backend) =>
  backend.updateAccount((owner) => ({ ...owner, redemptions: [{ key, creditId: "rc_9", at: 0 }] }))
)

const redeem = Effect.flatMap(finish(redeemReset({ key })), ({ exit }) => Effect.option(exit))

/**
 * What the result should be called, as far as the wire tells: our own if a call with the key left before the one that was
 * answered, and was not answered with a definite no.
 */
const expected = Effect.map(calls(consume), (sent) => {
  const before = sent.slice(0, -1)
  return before.some((call) => call.status === null || call.status < 400 || call.status >= 500)
    ? "alreadyRedeemed"
    : "alreadyRedeemedElsewhere"
})

const isRedeemed = (result: RedeemResult): boolean => result.outcome.startsWith("alreadyRedeemed")

/** Faults for the first attempts; the third may pass. */
const attempts = FastCheck.array(
  FastCheck.oneof(
    FastCheck.constantFrom(
      Fault.resetBeforeCommit,
      Fault.resetAfterCommit,
      Fault.hang,
      Fault.hangAfterCommit,
      Fault.delay("1 minute", { afterCommit: true }),
      Fault.truncated,
      Fault.refused,
      Fault.rateLimited(),
      Fault.rateLimited({ seconds: 3 }),
      Fault.status(500),
      Fault.status(503, { afterCommit: true }),
      Fault.status(401)
    ),
    Arbitraries.fault()
  ),
  { maxLength: 3 }
).map((faults) => faults.map((fault, index) => FaultPlan.on(consume, index + 1, fault)))

it.effect.prop(
  "it depends on what was sent before",
  { plan: attempts, elsewhere: FastCheck.boolean() },
  ({ elsewhere, plan }) =>
    Effect.gen(function* () {
      if (elsewhere) yield* usedElsewhere
      const result = yield* redeem
      if (Option.isSome(result) && isRedeemed(result.value)) {
        assert.strictEqual(result.value.outcome, yield* expected)
      }
    }).pipe(Effect.provide(account({ plan }))),
  runs(15)
)

it.effect.prop(
  "a key that an earlier run left open is our own",
  [FastCheck.constantFrom(Fault.hangAfterCommit, Fault.resetAfterCommit, Fault.status(500, { afterCommit: true }))],
  ([fault]) =>
    Effect.gen(function* () {
      assert.isTrue(Option.isNone(yield* redeem))
      yield* (yield* FakeBackend.FakeBackend).setPlan([])
      assert.strictEqual(Option.getOrThrow(yield* redeem).outcome, "alreadyRedeemed")
    }).pipe(Effect.provide(account(faulty(consume, fault)))),
  runs(5)
)

test.each(
  [
    ["never sent", [], "alreadyRedeemedElsewhere"],
    ["sent, no answer in time", [Fault.hang], "alreadyRedeemed"],
    ["sent, connection broken", [Fault.resetBeforeCommit], "alreadyRedeemed"],
    ["sent, and refused for certain", [Fault.rateLimited()], "alreadyRedeemedElsewhere"],
    ["never left", [Fault.refused], "alreadyRedeemedElsewhere"]
  ] as const,
  ([, faults]) => account({ plan: faults.map((fault, index) => FaultPlan.on(consume, index + 1, fault)) })
)("control: both answers occur: %s", function* ([, , outcome]) {
  yield* usedElsewhere
  assert.strictEqual(Option.getOrThrow(yield* redeem).outcome, outcome)
  // A program that takes every `already_redeemed` alike would be caught by one of these.
  assert.strictEqual(yield* expected, outcome)
})
