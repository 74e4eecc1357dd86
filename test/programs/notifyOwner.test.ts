import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { notifyOwner } from "../../src/programs/nudge.js"
import { Lease } from "../../src/services/Lease.js"
import { OperationJournal } from "../../src/services/OperationJournal.js"
import { type FakeAccount, Fault } from "../../src/testing/index.js"
import {
  account,
  brief,
  calls,
  confirmation,
  count,
  done,
  faulty,
  recovers,
  requests,
  run,
  secondSignsIn,
  states,
  two,
  whileReading
} from "./harness.js"
import { test } from "../cases.js"

const nudge = "workspace.nudge"

const refusal = (options?: Parameters<typeof notifyOwner>[0]) => Effect.flip(run(notifyOwner(options)))
const refused = (options?: Parameters<typeof notifyOwner>[0]) => Effect.map(refusal(options), brief)

const spent: Partial<FakeAccount.FakeAccount> = { reachedType: "workspace_member_credits_depleted" }

const capReached: FakeAccount.FakeAccount["spendControl"] = { reached: true, individual_limit: null }

const bodies = Effect.map(calls(nudge), (all) => all.map((call) => call.body))

describe("what the owner is asked for", () => {
  test.each(
    [
      ["credits, when they are used up", spent, "credits"],
      ["a higher limit, when it is reached", { reachedType: "workspace_member_usage_limit_reached" }, "usage_limit"],
      [
        "a higher limit, when a spend cap stops the use of credits",
        { ...spent, spendControl: capReached },
        "usage_limit"
      ]
    ] as const,
    ([, owner]) => account({ accounts: [owner] })
  )("%s", function* ([, , creditType]) {
    assert.deepStrictEqual(yield* run(notifyOwner()), { outcome: "sent", creditType, key: "key-1" })
    assert.deepStrictEqual(yield* bodies, [{ credit_type: creditType }])
    assert.deepStrictEqual([(yield* done).nudge, yield* states], [1, ["succeeded"]])
  })

  test.each(["credits", "usage_limit"] as const, account())(
    "%s, if that is said, whatever is reached",
    function* (creditType) {
      assert.deepInclude(yield* run(notifyOwner({ creditType })), { outcome: "sent", creditType })
      assert.strictEqual(yield* count("usage.read"), 0)
    }
  )

  test("is in the question, with the account and the role", account({ accounts: [spent] }), function* () {
    yield* run(notifyOwner())
    const confirm = yield* confirmation
    assert.strictEqual(confirm?.title, "You've reached your workspace credit limit")
    assert.deepStrictEqual(confirm?.details, [
      "Your workspace has no credits left. Notify the owner?",
      "Account: ada@example.test · Business",
      "Role: standard-user (live)"
    ])
  })
})

describe("nothing is sent", () => {
  test.each(
    [
      ["by the owner", { ...spent, role: "account-owner" }],
      ["by an admin", { ...spent, role: "account-admin" }],
      ["by an owner as the token claims, when the role is not told", { ...spent, role: null, isOrgOwner: true }]
    ] as const,
    ([, owner]) => account({ accounts: [owner] })
  )("%s", function* () {
    const error = yield* refusal({ creditType: "credits" })
    assert.strictEqual(brief(error), "ActError NotNeeded")
    assert.include(error.message, "no one to ask")
    assert.deepStrictEqual(yield* requests, { "workspace.accountsCheck": [0] })
  })

  test.each(
    [
      ["an owner without credits", "workspace_owner_credits_depleted", "add credits"],
      ["an owner at the limit", "workspace_owner_usage_limit_reached", "raise its limit"],
      ["a plain rate limit", "rate_limit_reached", "No workspace limit"],
      ["no limit", null, "No workspace limit"],
      ["a limit of a new kind", "workspace_guest_credits_depleted", "No workspace limit"]
    ] as const,
    ([, reachedType]) => account({ accounts: [{ reachedType, role: null, isOrgOwner: null }] })
  )("for %s", function* ([, , why]) {
    const error = yield* refusal()
    assert.strictEqual(brief(error), "ActError NotNeeded")
    assert.include(error.message, why)
    assert.deepStrictEqual([yield* count(nudge), yield* states], [0, []])
  })

  test("when the answer is no", account({ accounts: [spent], script: { "nudge.confirm": false } }), function* () {
    assert.deepStrictEqual(yield* run(notifyOwner()), { outcome: "declined", creditType: "credits", key: null })
    assert.deepStrictEqual([yield* count(nudge), yield* states], [0, []])
  })

  test(
    "when the account changes while the person thinks",
    account({ accounts: [spent, ...two.accounts.slice(1)] }),
    function* () {
      yield* whileReading("nudge.confirm", secondSignsIn)
      assert.strictEqual(yield* refused(), "ActError IdentityChanged")
      assert.deepStrictEqual([yield* count(nudge), yield* states], [0, ["abandoned"]])
    }
  )
})

test(
  "a member is not taken for an owner when nobody tells the role",
  account({
    accounts: [{ ...spent, isOrgOwner: null }],
    ...faulty("workspace.accountsCheck", Fault.status(500))
  }),
  function* () {
    assert.deepInclude(yield* run(notifyOwner()), { outcome: "sent", creditType: "credits" })
  }
)

test("the owner was told recently: a cooldown is an answer", account({ accounts: [spent] }), function* () {
  yield* run(notifyOwner())
  assert.deepInclude(yield* run(notifyOwner()), { outcome: "cooldownActive", key: "key-1" })
  assert.deepStrictEqual([(yield* done).nudge, yield* states], [1, ["succeeded"]])
  assert.deepInclude(yield* run(notifyOwner({ creditType: "usage_limit" })), {
    outcome: "cooldownActive",
    key: "key-2"
  })
  yield* TestClock.adjust("25 hours")
  assert.deepInclude(yield* run(notifyOwner()), { outcome: "sent" })
})

const eager = account({ accounts: [{ ...spent, nudgeCooldownMillis: 0 }] })
/** What each has read of the journal is old by the time that it goes on. */
const four = Effect.flatMap(OperationJournal, (journal) =>
  Effect.provideService(
    run(
      Effect.all(
        Array.from({ length: 4 }, () => Effect.either(notifyOwner())),
        { concurrency: "unbounded" }
      )
    ),
    OperationJournal,
    { ...journal, list: (filter) => Effect.zipLeft(journal.list(filter), Effect.sleep("100 millis")) }
  )
)

test("law 4: four at once send one message", eager, function* () {
  yield* four
  assert.strictEqual((yield* done).nudge, 1)
  assert.deepInclude(yield* run(notifyOwner({ again: true })), { outcome: "sent" })
  assert.strictEqual((yield* done).nudge, 2)
})

test("control: law 4 is broken where everybody has the lease", eager, function* () {
  const everybodys = Lease.of({ withLease: ({ name }, work) => work({ name, fence: 1, assertHeld: Effect.void }) })
  yield* Effect.provideService(four, Lease, everybodys)
  assert.isAbove((yield* done).nudge, 1)
})

describe("a message whose outcome is not known", () => {
  const lost = Effect.gen(function* () {
    assert.strictEqual(yield* refused(), "ActError OutcomeUnknown")
    assert.deepStrictEqual(yield* states, ["unknown"])
    yield* recovers
  })
  const layer = account({
    accounts: [{ ...spent, nudgeCooldownMillis: 0 }],
    ...faulty(nudge, Fault.hang)
  })

  test("is not repeated", layer, function* () {
    yield* lost
    assert.strictEqual(yield* refused(), "ActError Unresolved")
    assert.strictEqual(yield* count(nudge), 1)
  })

  test("is repeated when the person says so", layer, function* () {
    yield* lost
    assert.deepInclude(yield* run(notifyOwner({ again: true })), { outcome: "sent", key: "key-2" })
    assert.deepStrictEqual(yield* states, ["succeeded", "unknown"])
  })

  test("does not stand in the way of another wish", layer, function* () {
    yield* lost
    assert.deepInclude(yield* run(notifyOwner({ creditType: "usage_limit" })), { outcome: "sent" })
  })
})
