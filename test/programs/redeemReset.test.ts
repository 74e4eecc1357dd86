import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import { AccountId, Identity, UserId } from "../../src/domain/Identity.js"
import * as OperationJournalMemory from "../../src/layers/OperationJournalMemory.js"
import { redeemReset } from "../../src/programs/redeem.js"
import { showUsage } from "../../src/programs/usage.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { OperationJournal } from "../../src/services/OperationJournal.js"
import { FakeAccount, FakeBackend, Fault, FaultPlan, ScriptedDialog } from "../../src/testing/index.js"
import {
  account,
  asked,
  becomes,
  brief,
  calls,
  count,
  done,
  faulty,
  finish,
  recovers,
  requests,
  run,
  secondSignsIn,
  states,
  two,
  whileReading
} from "./harness.js"
import { test } from "../cases.js"

const consume = "resetCredits.consume"

const Body = Schema.Struct({ redeem_request_id: Schema.String, credit_id: Schema.optional(Schema.String) })

/** Key and credit of every consumption that was sent. */
const sent = Effect.flatMap(calls(consume), (all) =>
  Effect.forEach(all, (call) =>
    Effect.map(
      Schema.decodeUnknown(Body)(call.body),
      (body) => [body.redeem_request_id, body.credit_id ?? null] as const
    )
  )
)

const refused = (options: Parameters<typeof redeemReset>[0]) =>
  Effect.map(Effect.flip(run(redeemReset(options))), brief)

const onConsume = (...faults: ReadonlyArray<Fault.Fault>) => ({
  plan: faults.map((fault, index) => FaultPlan.on(consume, index + 1, fault))
})

const noMoreCredits = becomes({ resetCredits: [] })

describe("one redemption", () => {
  test("spends the credit that was chosen, and says what is left", account(), function* () {
    const result = yield* run(redeemReset())
    assert.deepInclude(result, { outcome: "reset", key: "key-1", creditId: "rc_1" })
    assert.strictEqual(result.usage?.resetCredits?.availableCount, 1)
    assert.deepStrictEqual(yield* sent, [["key-1", "rc_1"]])
    assert.deepStrictEqual(yield* states, ["succeeded"])
  })

  test(
    "has one key and one credit in every attempt",
    account(onConsume(Fault.resetBeforeCommit, Fault.status(500))),
    function* () {
      const result = yield* run(redeemReset())
      assert.strictEqual(result.outcome, "reset")
      assert.deepStrictEqual(yield* sent, [
        ["key-1", "rc_1"],
        ["key-1", "rc_1"],
        ["key-1", "rc_1"]
      ])
    }
  )

  test("two redemptions have two keys", account(), function* () {
    yield* run(redeemReset())
    yield* becomes({ primary: FakeAccount.makeWindow(0, { lengthSeconds: 18_000, usedPercent: 50 }) })
    assert.strictEqual(yield* refused({}), "ActError TooSoon")
    assert.lengthOf(yield* sent, 1)
    yield* run(redeemReset({ again: true }))
    assert.deepStrictEqual(yield* sent, [
      ["key-1", "rc_1"],
      ["key-2", "rc_2"]
    ])
  })

  test.each(
    [
      ["silence", Fault.hangAfterCommit, [0, 10_250]],
      ["a broken connection", Fault.resetAfterCommit, [0, 250]],
      ["an error", Fault.status(500, { afterCommit: true }), [0, 250]],
      ["half an answer", Fault.truncated, [0, 250]]
    ] as const,
    ([, fault]) => account(onConsume(fault))
  )("%s in place of the answer: the same key finds it done, which is success", function* ([, , times]) {
    const result = yield* run(redeemReset())
    assert.deepInclude(result, { outcome: "alreadyRedeemed", key: "key-1", creditId: "rc_1" })
    assert.isNotNull(result.usage)
    assert.deepStrictEqual((yield* requests)[consume], times)
    assert.strictEqual((yield* done).redeem, 1)
    assert.deepStrictEqual(yield* states, ["succeeded"])
  })

  test("a key that somebody else used is no success of ours", account(), function* () {
    yield* becomes({ redemptions: [{ key: "theirs", creditId: "rc_9", at: 0 }] })
    const result = yield* run(redeemReset({ key: "theirs" }))
    assert.strictEqual(result.outcome, "alreadyRedeemedElsewhere")
    assert.isNull(result.usage)
    // The journal keeps the word: neither the same key nor the quiet period makes a success of it later.
    assert.strictEqual((yield* run(redeemReset({ key: "theirs" }))).outcome, "alreadyRedeemedElsewhere")
    assert.strictEqual((yield* run(redeemReset())).outcome, "reset")
  })

  test(
    "what was read before is not good enough to decide on",
    account({ settings: { usageInterval: Duration.hours(1) } }),
    function* () {
      yield* run(showUsage)
      yield* run(redeemReset())
      assert.strictEqual(yield* count("usage.read"), 3)
    }
  )
})

describe("nothing is spent", () => {
  it.effect("when the account changes before its credits are read: those of the other are not offered", () => {
    let change: Effect.Effect<void> = Effect.void
    const journal = Layer.effect(
      OperationJournal,
      Effect.map(OperationJournal, (memory) => ({
        ...memory,
        list: (filter) =>
          Effect.zipRight(
            Effect.suspend(() => change),
            memory.list(filter)
          )
      }))
    ).pipe(Layer.provide(OperationJournalMemory.layerMemory))
    const accounts = [{}, { userId: "user-B", accountId: "account-B" }]
    return Effect.gen(function* () {
      const { record } = yield* (yield* FakeBackend.FakeBackend).signIn("user-B/account-B")
      change = Effect.orDie((yield* AuthSession).signIn(record))
      assert.strictEqual(yield* refused({}), "ActError IdentityChanged")
      assert.deepStrictEqual(yield* asked, [])
      assert.strictEqual(yield* count(consume), 0)
    }).pipe(Effect.provide(account({ journal, accounts })))
  })

  test(
    "when there is no credit: nothing is asked, and nothing sent",
    account({ accounts: [{ resetCredits: [] }] }),
    function* () {
      const result = yield* run(redeemReset())
      assert.deepStrictEqual(result, { outcome: "noCredit", key: null, creditId: null, usage: null })
      assert.deepStrictEqual([yield* asked, yield* count(consume), yield* states], [[], 0, []])
    }
  )

  test("when the answer is no", account({ script: { "redeem.confirm": false } }), function* () {
    const result = yield* run(redeemReset())
    assert.strictEqual(result.outcome, "declined")
    assert.deepStrictEqual([yield* count(consume), yield* states], [0, []])
  })

  test("when the person leaves", account({ script: { "redeem.credit": ScriptedDialog.cancel } }), function* () {
    assert.strictEqual(yield* refused({}), "DialogError Cancelled")
    assert.deepStrictEqual([yield* count(consume), yield* states], [0, []])
  })

  test("when there is nothing to reset", account({ accounts: [{ primary: null, secondary: null }] }), function* () {
    const result = yield* run(redeemReset())
    assert.deepInclude(result, { outcome: "nothingToReset", key: "key-1", usage: null })
    assert.strictEqual((yield* done).redeem, 0)
    assert.deepStrictEqual(yield* states, ["succeeded"])
  })

  test("when the chosen credit has gone meanwhile", account(), function* () {
    yield* whileReading("redeem.confirm", noMoreCredits)
    assert.deepInclude(yield* run(redeemReset()), { outcome: "creditGone", creditId: "rc_1" })
  })

  test(
    "when all have gone meanwhile, and none was named",
    account(faulty("resetCredits.list", Fault.status(500))),
    function* () {
      yield* whileReading("redeem.confirm", noMoreCredits)
      assert.deepInclude(yield* run(redeemReset()), { outcome: "noCredit", creditId: null })
      assert.deepStrictEqual(yield* sent, [["key-1", null]])
    }
  )

  test.each(
    [
      ["an empty key", { key: "" }],
      ["a key with a space", { key: "a b" }],
      ["a key with a line break", { key: "a\nb" }],
      ["a key that is too long", { key: "k".repeat(129) }],
      ["a key beyond ASCII", { key: "clé" }],
      ["an empty credit", { creditId: "" }],
      ["a credit with a space", { creditId: "rc 1" }],
      ["a credit with an escape", { creditId: "rc_1\u001b[2J" }],
      ["a credit that is too long", { creditId: "c".repeat(257) }]
    ] as const,
    account()
  )("for %s", function* ([, options]) {
    assert.strictEqual(yield* refused(options), "ActError InvalidInput")
    assert.deepStrictEqual([yield* asked, yield* requests, yield* states], [[], {}, []])
  })

  test("when the account changes while the person thinks", account(two), function* () {
    yield* whileReading("redeem.confirm", secondSignsIn)
    assert.strictEqual(yield* refused({}), "ActError IdentityChanged")
    assert.deepStrictEqual([yield* count(consume), yield* states], [0, ["abandoned"]])
  })
})

describe("a redemption whose outcome is open", () => {
  const lost = Effect.gen(function* () {
    assert.strictEqual(yield* refused({}), "ActError OutcomeUnknown")
    assert.deepStrictEqual(yield* states, ["unknown"])
    yield* recovers
  })
  const lostAfter = faulty(consume, Fault.hangAfterCommit)
  const lostBefore = faulty(consume, Fault.hang)

  test("is carried on with its key and credit, though nothing seems to be left", account(lostAfter), function* () {
    yield* lost
    yield* noMoreCredits
    const before = yield* count("usage.read")
    const result = yield* run(redeemReset())
    assert.deepInclude(result, { outcome: "alreadyRedeemed", key: "key-1", creditId: "rc_1" })
    assert.deepStrictEqual(new Set((yield* sent).map(([key, credit]) => `${key} ${credit}`)), new Set(["key-1 rc_1"]))
    // The one read is of what is left after it.
    assert.strictEqual((yield* count("usage.read")) - before, 1)
    assert.deepStrictEqual(yield* asked, ["redeem.credit", "redeem.confirm", "redeem.confirm"])
    assert.deepStrictEqual([(yield* done).redeem, yield* states], [1, ["succeeded"]])
  })

  test("spends the credit if it had not been spent", account(lostBefore), function* () {
    yield* lost
    assert.deepInclude(yield* run(redeemReset()), { outcome: "reset", key: "key-1", creditId: "rc_1" })
    assert.deepStrictEqual([(yield* done).redeem, yield* states], [1, ["succeeded"]])
  })

  test("is carried on by its key too", account(lostAfter), function* () {
    yield* lost
    assert.deepInclude(yield* run(redeemReset({ key: "key-1" })), { outcome: "alreadyRedeemed", key: "key-1" })
  })

  test("stands in the way of another key", account(lostAfter), function* () {
    yield* lost
    const before = yield* count(consume)
    assert.strictEqual(yield* refused({ key: "another" }), "ActError Unresolved")
    assert.strictEqual(yield* count(consume), before)
  })

  test("stays open when the answer is no", account(lostAfter), function* () {
    yield* lost
    const before = yield* count(consume)
    yield* (yield* ScriptedDialog.ScriptedDialog).answer({ "redeem.confirm": false })
    assert.strictEqual((yield* run(redeemReset())).outcome, "declined")
    assert.deepStrictEqual([yield* count(consume), yield* states], [before, ["unknown"]])
  })

  test("is nobody else's", account({ ...lostAfter, ...two }), function* () {
    yield* lost
    yield* secondSignsIn
    const result = yield* run(redeemReset())
    assert.deepInclude(result, { outcome: "reset", key: "key-2" })
    assert.deepStrictEqual(yield* states, ["succeeded", "unknown"])
  })

  test("is what an interruption leaves behind", account(lostAfter), function* () {
    const fiber = yield* Effect.fork(redeemReset())
    yield* TestClock.adjust("1 second")
    assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
    assert.deepStrictEqual([yield* count(consume), yield* states], [1, ["unknown"]])
  })
})

describe("a key that is in the journal", () => {
  test("of a redemption that succeeded: nothing is sent again", account(), function* () {
    yield* run(redeemReset({ key: "mine" }))
    const result = yield* run(redeemReset({ key: "mine" }))
    assert.deepInclude(result, { outcome: "alreadyRedeemed", key: "mine", creditId: "rc_1" })
    assert.strictEqual(yield* count(consume), 1)
  })

  const succeeded = (operation: { readonly act: "redeem" | "invite"; readonly identity: Identity }) =>
    Effect.gen(function* () {
      const journal = yield* OperationJournal
      yield* journal.intend({ ...operation, key: "taken", target: null })
      yield* journal.advance("taken", { _tag: "sent" })
      yield* journal.advance("taken", { _tag: "succeeded", outcome: "reset" })
    })

  test("of another account's redemption: no success for this one, and nothing is sent", account(), function* () {
    const identity = new Identity({ userId: UserId.make("user-B"), accountId: AccountId.make("account-B") })
    yield* succeeded({ act: "redeem", identity })
    assert.strictEqual(yield* refused({ key: "taken" }), "JournalError InUse")
    assert.strictEqual(yield* count(consume), 0)
  })

  test("of another act: no success, and nothing is sent", account(), function* () {
    yield* succeeded({ act: "invite", identity: (yield* (yield* AuthSession).current).identity })
    assert.strictEqual(yield* refused({ key: "taken" }), "JournalError InUse")
    assert.strictEqual(yield* count(consume), 0)
  })
})

describe("the picker", () => {
  const day = 86_400_000
  const credit = (id: string, fields: Partial<FakeAccount.FakeResetCredit>) =>
    FakeAccount.makeResetCredit(0, id, fields)
  const resetCredits = [
    credit("never", { expiresAt: null, title: "  Kept  " }),
    credit("late", { expiresAt: 60 * day, title: null }),
    credit("spent", { status: "redeemed" }),
    credit("soon", { expiresAt: 5 * day, title: " " }),
    credit("busy", { status: "redeeming", expiresAt: day })
  ]

  test("lists what is available, soonest expiry first", account({ accounts: [{ resetCredits }] }), function* () {
    yield* run(redeemReset())
    const entries = yield* (yield* ScriptedDialog.ScriptedDialog).transcript
    const picker = Option.fromNullable(entries.find((entry) => entry._tag === "Choose"))
    assert.deepStrictEqual(
      Option.getOrThrow(picker).choices.map(({ hint, label }) => [label, hint]),
      [
        ["Full reset", "expires 1970-01-06T00:00:00.000Z"],
        ["Full reset", "expires 1970-03-02T00:00:00.000Z"],
        ["Kept", "does not expire"]
      ]
    )
    assert.deepStrictEqual(yield* sent, [["key-1", "soon"]])
  })

  test(
    "sends what was picked",
    account({ accounts: [{ resetCredits }], script: { "redeem.credit": ScriptedDialog.nth(2) } }),
    function* () {
      yield* run(redeemReset())
      assert.deepStrictEqual(yield* sent, [["key-1", "never"]])
    }
  )

  test(
    "is left out when there is one credit, or one was named",
    account({ accounts: [{ resetCredits }] }),
    function* () {
      yield* run(redeemReset({ creditId: "late" }))
      assert.deepStrictEqual([yield* asked, yield* sent], [["redeem.confirm"], [["key-1", "late"]]])
    }
  )

  test(
    "is left out, and no credit named, when only the count is known",
    account(faulty("resetCredits.list", Fault.malformedJson)),
    function* () {
      const result = yield* run(redeemReset())
      assert.strictEqual(result.outcome, "reset")
      assert.deepStrictEqual([yield* asked, yield* sent], [["redeem.confirm"], [["key-1", null]]])
    }
  )
})

test(
  "a read that fails beforehand ends it, with nothing sent",
  account(faulty("usage.read", Fault.forbidden)),
  function* () {
    const { exit } = yield* finish(redeemReset())
    assert.strictEqual(yield* Effect.map(Effect.flip(exit), brief), "BackendError Forbidden 403")
    assert.deepStrictEqual([yield* asked, yield* count(consume), yield* states], [[], 0, []])
  }
)

describe("a key that spent nothing", () => {
  test("may be tried again, with its own credit", account(onConsume(Fault.forbidden)), function* () {
    assert.strictEqual(brief(yield* Effect.flip(run(redeemReset({ key: "mine" })))), "ActError Rejected 403")
    assert.strictEqual((yield* run(redeemReset({ key: "mine" }))).outcome, "reset")
    assert.deepStrictEqual(yield* sent, [
      ["mine", "rc_1"],
      ["mine", "rc_1"]
    ])
  })
})
