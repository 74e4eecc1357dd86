import { assert, describe } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import { Operation } from "../../src/domain/Operation.js"
import { inviteFriend } from "../../src/programs/invite.js"
import { CredentialStore } from "../../src/services/CredentialStore.js"
import { OperationJournal } from "../../src/services/OperationJournal.js"
import { FakeBackend, Fault, FaultPlan } from "../../src/testing/index.js"
import * as CallLog from "../../src/testing/CallLog.js"
import {
  account,
  asked,
  becomes,
  brief,
  calls,
  confirmation,
  count,
  done,
  faulty,
  invitee,
  nobodyIsStored,
  offers,
  recovers,
  requests,
  run,
  secondIsStored,
  secondSignsIn,
  type Services,
  states,
  two,
  whileReading
} from "./harness.js"
import { test } from "../cases.js"

const invite = "referrals.invite"

const refused = (options?: Parameters<typeof inviteFriend>[0]) =>
  Effect.map(Effect.flip(run(inviteFriend(options ?? { email: invitee }))), brief)

const nothingSent = Effect.gen(function* () {
  assert.deepStrictEqual([yield* count(invite), (yield* done).invite], [0, 0])
})

/** What happens while the person reads the confirmation. */
const whileConfirming = (change: Effect.Effect<unknown, never, Services>) => whileReading("invite.confirm", change)

describe("an invite", () => {
  test("is one POST, as the account that confirmed it, after the offer was read again", account(), function* () {
    const backend = yield* FakeBackend.FakeBackend
    const result = yield* run(inviteFriend({ email: invitee }))
    assert.deepStrictEqual(result, { _tag: "Sent", reward: "included", key: "key-1" })
    assert.deepStrictEqual(
      (yield* backend.log).map((call) => call.endpoint),
      ["referrals.eligibility", "referrals.rules", "referrals.eligibility", "referrals.rules", invite]
    )
    const owner = yield* backend.account()
    const [call] = yield* calls(invite)
    assert.deepStrictEqual(call?.body, { referral_key: "codex_referral_persistent_invite", emails: [invitee] })
    assert.strictEqual(call?.headers["chatgpt-account-id"], owner.accountId)
    const record = yield* Effect.flatten((yield* CredentialStore).read)
    const bearer = Redacted.value(record.record.tokens?.access_token ?? Redacted.make(""))
    assert.strictEqual(call?.headers["authorization"], `Bearer ${CallLog.mask(bearer)}`)
    assert.deepStrictEqual(yield* states, ["succeeded"])
  })

  test.each(
    [
      [
        "and asks for consent where the rules want it",
        {},
        [
          "Invite a friend; rewards may apply.",
          `Recipient: ${invitee}`,
          "From: ada@example.test · Business",
          "• Your friend must be new to Codex.",
          "By sending you confirm that the recipient wants to hear from you."
        ]
      ],
      [
        "and only there",
        { requiresExplicitConfirmation: false, rules: [], description: null },
        ["Invite a friend to Codex.", `Recipient: ${invitee}`, "From: ada@example.test · Business"]
      ]
    ] as const,
    account()
  )("shows the terms and the recipient before it asks, %s", function* ([, terms, details]) {
    yield* offers(terms)
    yield* run(inviteFriend({ email: invitee }))
    assert.deepStrictEqual((yield* confirmation)?.details, [...details])
  })

  test.each(
    [
      [true, "included"],
      [false, "notIncluded"],
      [null, "unknown"]
    ] as const,
    account()
  )("with has_rewards %s in the answer", function* ([inviteReward, reward]) {
    yield* offers({ inviteReward })
    assert.deepInclude(yield* run(inviteFriend({ email: invitee })), { reward })
  })

  test(
    "asks for the address when it has none, and trims it",
    account({ script: { "invite.email": "  bob@example.test \n" } }),
    function* () {
      yield* run(inviteFriend())
      assert.deepStrictEqual(yield* asked, ["invite.email", "invite.confirm"])
      assert.deepInclude((yield* calls(invite))[0]?.body, { emails: ["bob@example.test"] })
    }
  )

  test("leaves no address in the journal", account(), function* () {
    yield* run(inviteFriend({ email: invitee }))
    const all = yield* (yield* OperationJournal).list()
    const text = JSON.stringify(yield* Schema.encode(Schema.Array(Operation))(all))
    assert.include(text, "invite")
    assert.notInclude(text, "zoe")
    assert.notInclude(text, "friends.test")
    assert.match(all[0]?.target ?? "", /^[0-9a-f]{64}$/)
  })
})

describe("nothing is sent", () => {
  test("when the answer is no", account({ script: { "invite.confirm": false } }), function* () {
    assert.deepStrictEqual(yield* run(inviteFriend({ email: invitee })), { _tag: "Declined" })
    yield* nothingSent
    assert.deepStrictEqual(yield* states, [])
  })

  const bad = [
    ["nothing", ""],
    ["white space", " \t "],
    ["no @", "zoe"],
    ["two addresses", "a@example.test, b@example.test"],
    ["two addresses with a space", "a@example.test b@example.test"],
    ["two @", "a@b@example.test"],
    ["nothing before the @", "@example.test"],
    ["nothing after the @", "zoe@"],
    ["a name with it", "Zoe <zoe@example.test>"],
    ["a line break and a header", "zoe@example.test\nBcc: all@example.test"],
    ["an escape sequence", "zoe\u001b[2J@example.test"],
    ["a bidirectional override", "zoe\u202e@example.test"],
    ["more than 254 characters", `${"z".repeat(250)}@example.test`]
  ] as const

  test.each(bad, account())("to %s: not a request", function* ([, email]) {
    assert.strictEqual(yield* refused({ email }), "ActError InvalidInput")
    assert.deepStrictEqual([yield* requests, yield* asked, yield* states], [{}, [], []])
  })

  test.each(bad, ([, email]) => account({ script: { "invite.email": email } }))(
    "to %s, when asked for it",
    function* () {
      assert.strictEqual(yield* refused({}), "ActError InvalidInput")
      yield* nothingSent
    }
  )

  test.each(
    [
      ["403", becomes({ offer: null })],
      ["should_show is false", offers({ shouldShow: false })],
      ["has_rewards is false", offers({ hasRewards: false })]
    ] as const,
    account()
  )("without an offer: %s", function* ([, change]) {
    yield* change
    assert.strictEqual(yield* refused(), "ActError NotOffered")
    // The rules are not asked for.
    assert.deepStrictEqual(Object.keys(yield* requests), ["referrals.eligibility"])
    assert.deepStrictEqual([yield* asked, yield* states], [[], []])
  })

  test("without an offer: 403 on the rules", account(faulty("referrals.rules", Fault.forbidden)), function* () {
    assert.strictEqual(yield* refused(), "ActError NotOffered")
    yield* nothingSent
  })

  test(
    "where the path style has no offers: nothing is even asked",
    account({ settings: { style: "codex" } }),
    function* () {
      assert.strictEqual(yield* refused(), "ActError NotOffered")
      assert.deepStrictEqual(yield* requests, {})
    }
  )

  test.each(
    [
      ["another description", offers({ description: "Less than before." }), "ActError OfferChanged"],
      ["another rule", offers({ rules: ["Your friend must be new to Codex.", "And rich."] }), "ActError OfferChanged"],
      ["another amount", offers({ grantAmount: 2 }), "ActError OfferChanged"],
      ["another action", offers({ grantAction: "workspace_credits" }), "ActError OfferChanged"],
      ["another consent", offers({ requiresExplicitConfirmation: false }), "ActError OfferChanged"],
      ["an offer withdrawn", offers({ shouldShow: false }), "ActError NotOffered"],
      ["a reward withdrawn", offers({ hasRewards: false }), "ActError NotOffered"],
      ["an offer to another account, which signed in here", secondSignsIn, "ActError IdentityChanged"],
      ["an offer to another account, which another process signed in", secondIsStored, "ActError IdentityChanged"],
      ["an offer to somebody", nobodyIsStored, "AuthError NotSignedIn"]
    ] as const,
    account(two)
  )("under %s than was confirmed", function* ([, change, error]) {
    yield* whileConfirming(change)
    assert.strictEqual(yield* refused(), error)
    yield* nothingSent
    assert.deepStrictEqual(yield* states, [])
  })

  test("when the same offer is spelled another way, it is sent all the same", account(), function* () {
    yield* offers({ grantAction: { kind: "reset", of: ["a", "b"] } })
    yield* whileConfirming(offers({ grantAction: { of: ["a", "b"], kind: "reset" } }))
    assert.deepInclude(yield* run(inviteFriend({ email: invitee })), { _tag: "Sent" })
  })

  test.each(
    [
      ["9 min 59 s", "599 seconds", "Sent"],
      ["10 min", "10 minutes", "ActError OfferChanged"]
    ] as const,
    account()
  )("for an offer that was shown %s ago: as it should", function* ([, ago, outcome]) {
    yield* whileConfirming(Effect.sleep(ago))
    const exit = yield* Effect.either(run(inviteFriend({ email: invitee })))
    assert.strictEqual(exit._tag === "Left" ? brief(exit.left) : exit.right._tag, outcome)
    assert.strictEqual(yield* count(invite), outcome === "Sent" ? 1 : 0)
  })

  test(
    "when the offer can't be read again",
    account({ plan: [2, 3].map((n) => FaultPlan.on("referrals.eligibility", n, Fault.status(500))) }),
    function* () {
      assert.strictEqual(yield* refused(), "BackendError ServerError 500")
      yield* nothingSent
      assert.deepStrictEqual(yield* states, [])
    }
  )
})

describe("an invite whose outcome is not known", () => {
  const lost = Effect.gen(function* () {
    assert.strictEqual(yield* refused(), "ActError OutcomeUnknown")
    yield* recovers
  })

  test.each([invitee, invitee.toUpperCase(), ` ${invitee} `], account(faulty(invite, Fault.hangAfterCommit)))(
    "is not repeated: %s",
    function* (email) {
      yield* lost
      assert.strictEqual(yield* refused({ email }), "ActError Unresolved")
      assert.deepStrictEqual([yield* count(invite), yield* states], [1, ["unknown"]])
    }
  )

  test("is repeated when the person says so", account(faulty(invite, Fault.resetBeforeCommit)), function* () {
    yield* lost
    assert.deepInclude(yield* run(inviteFriend({ email: invitee, again: true })), { _tag: "Sent", key: "key-2" })
    assert.deepStrictEqual([yield* count(invite), yield* states], [2, ["succeeded", "unknown"]])
  })

  test(
    "does not stand in the way of an invite to somebody else",
    account(faulty(invite, Fault.resetBeforeCommit)),
    function* () {
      yield* lost
      assert.deepInclude(yield* run(inviteFriend({ email: "bob@example.test" })), { _tag: "Sent" })
    }
  )

  test("nor of one by somebody else", account({ ...two, ...faulty(invite, Fault.hang) }), function* () {
    yield* lost
    yield* secondSignsIn
    assert.deepInclude(yield* run(inviteFriend({ email: invitee })), { _tag: "Sent" })
  })

  test("is what an interruption leaves behind", account(faulty(invite, Fault.hangAfterCommit)), function* () {
    const fiber = yield* Effect.fork(inviteFriend({ email: invitee }))
    yield* TestClock.adjust("1 second")
    assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
    assert.deepStrictEqual([yield* count(invite), yield* states], [1, ["unknown"]])
    assert.strictEqual(yield* refused(), "ActError Unresolved")
  })
})

test.each([400, 403, 409, 422, null], (status) =>
  account(faulty(invite, status === null ? Fault.refused : Fault.status(status), 1))
)("after %s, a definite no or no connection, the same address may be tried again", function* (status) {
  assert.strictEqual(
    yield* refused(),
    status === null ? "BackendError ConnectionRefused" : `ActError Rejected ${status}`
  )
  assert.deepStrictEqual(yield* states, [status === null ? "abandoned" : "rejected"])
  assert.deepInclude(yield* run(inviteFriend({ email: invitee })), { _tag: "Sent" })
})

test("the journal says when", account(faulty(invite, Fault.delay("3 seconds"))), function* () {
  yield* run(inviteFriend({ email: invitee }))
  const [operation] = yield* (yield* OperationJournal).list()
  assert.deepStrictEqual(
    [operation?.createdAt, operation?.updatedAt].map((time) => time && DateTime.toEpochMillis(time)),
    [0, 3_000]
  )
})
