import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import { Operation } from "../../src/domain/Operation.js"
import { inviteFriend } from "../../src/programs/invite.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { CredentialStore } from "../../src/services/CredentialStore.js"
import { OperationJournal } from "../../src/services/OperationJournal.js"
import { CallLog, type FakeAccount, FakeBackend, Fault, FaultPlan, ScriptedDialog } from "../../src/testing/index.js"
import { account, brief, calls, count, done, invitee, requests, run, states } from "./harness.js"

const invite = "referrals.invite"

const refused = (options?: Parameters<typeof inviteFriend>[0]) =>
  Effect.map(Effect.flip(run(inviteFriend(options ?? { email: invitee }))), brief)

const asked = Effect.flatMap(ScriptedDialog.ScriptedDialog, (dialog) => dialog.asked)

const nothingSent = Effect.gen(function* () {
  assert.deepStrictEqual([yield* count(invite), (yield* done).invite], [0, 0])
})

const everyInvite = (fault: Fault.Fault) => ({ backend: { plan: [FaultPlan.on(invite, "every", fault)] } })

const withOffer = (offer: Partial<FakeAccount.FakeOffer>) => (owner: FakeAccount.FakeAccount) => ({
  ...owner,
  offer: owner.offer === null ? null : { ...owner.offer, ...offer }
})

const two = { accounts: [{}, { userId: "user-B", accountId: "account-B" }] }

/** What happens while the person reads the confirmation, who then says yes. */
const whileConfirming = (change: Effect.Effect<unknown>) =>
  Effect.flatMap(ScriptedDialog.ScriptedDialog, (dialog) =>
    dialog.answer({ "invite.confirm": () => Effect.as(change, true) })
  )

describe("an invite", () => {
  it.effect("is one POST, as the account that confirmed it, after the offer was read again", () =>
    Effect.gen(function* () {
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
    }).pipe(Effect.provide(account()))
  )

  it.effect("shows the terms and the recipient before it asks", () =>
    Effect.gen(function* () {
      yield* run(inviteFriend({ email: invitee }))
      const entries = yield* (yield* ScriptedDialog.ScriptedDialog).transcript
      const confirm = entries.find((entry) => entry._tag === "Confirm")
      assert.deepStrictEqual(confirm?.details, [
        "Invite a friend; rewards may apply.",
        `Recipient: ${invitee}`,
        "From: ada@example.test · Business",
        "• Your friend must be new to Codex.",
        "By sending you confirm that the recipient wants to hear from you."
      ])
    }).pipe(Effect.provide(account()))
  )

  it.effect("asks for consent only where the rules want it", () =>
    Effect.gen(function* () {
      yield* (yield* FakeBackend.FakeBackend).updateAccount(
        withOffer({ requiresExplicitConfirmation: false, rules: [], description: null })
      )
      yield* run(inviteFriend({ email: invitee }))
      const entries = yield* (yield* ScriptedDialog.ScriptedDialog).transcript
      const confirm = entries.find((entry) => entry._tag === "Confirm")
      assert.deepStrictEqual(confirm?.details, [
        "Invite a friend to Codex.",
        `Recipient: ${invitee}`,
        "From: ada@example.test · Business"
      ])
    }).pipe(Effect.provide(account()))
  )

  it.effect.each([
    [true, "included"],
    [false, "notIncluded"],
    [null, "unknown"]
  ] as const)("with has_rewards %s in the answer", ([inviteReward, reward]) =>
    Effect.gen(function* () {
      yield* (yield* FakeBackend.FakeBackend).updateAccount(withOffer({ inviteReward }))
      assert.deepInclude(yield* run(inviteFriend({ email: invitee })), { reward })
    }).pipe(Effect.provide(account()))
  )

  it.effect("asks for the address when it has none, and trims it", () =>
    Effect.gen(function* () {
      yield* run(inviteFriend())
      assert.deepStrictEqual(yield* asked, ["invite.email", "invite.confirm"])
      assert.deepInclude((yield* calls(invite))[0]?.body, { emails: ["bob@example.test"] })
    }).pipe(Effect.provide(account({ script: { "invite.email": "  bob@example.test \n" } })))
  )

  it.effect("leaves no address in the journal", () =>
    Effect.gen(function* () {
      yield* run(inviteFriend({ email: invitee }))
      const all = yield* (yield* OperationJournal).list()
      const text = JSON.stringify(yield* Schema.encode(Schema.Array(Operation))(all))
      assert.include(text, "invite")
      assert.notInclude(text, "zoe")
      assert.notInclude(text, "friends.test")
      assert.match(all[0]?.target ?? "", /^[0-9a-f]{64}$/)
    }).pipe(Effect.provide(account()))
  )
})

describe("nothing is sent", () => {
  it.effect("when the answer is no", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* run(inviteFriend({ email: invitee })), { _tag: "Declined" })
      yield* nothingSent
      assert.deepStrictEqual(yield* states, [])
    }).pipe(Effect.provide(account({ script: { "invite.confirm": false } })))
  )

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

  it.effect.each(bad)("to %s: not a request", ([, email]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* refused({ email }), "ActError InvalidInput")
      assert.deepStrictEqual([yield* requests, yield* asked, yield* states], [{}, [], []])
    }).pipe(Effect.provide(account()))
  )

  it.effect.each(bad)("to %s, when asked for it", ([, email]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* refused({}), "ActError InvalidInput")
      yield* nothingSent
    }).pipe(Effect.provide(account({ script: { "invite.email": email } })))
  )

  it.effect.each([
    ["403", null, ["referrals.eligibility"]],
    ["should_show is false", { shouldShow: false }, ["referrals.eligibility"]],
    ["has_rewards is false", { hasRewards: false }, ["referrals.eligibility"]]
  ] as const)("without an offer: %s", ([, offer, heard]) =>
    Effect.gen(function* () {
      const backend = yield* FakeBackend.FakeBackend
      yield* backend.updateAccount(offer === null ? (owner) => ({ ...owner, offer }) : withOffer(offer))
      assert.strictEqual(yield* refused(), "ActError NotOffered")
      // The rules are not asked for.
      assert.deepStrictEqual(Object.keys(yield* requests), [...heard])
      assert.deepStrictEqual([yield* asked, yield* states], [[], []])
    }).pipe(Effect.provide(account()))
  )

  it.effect("without an offer: 403 on the rules", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* refused(), "ActError NotOffered")
      yield* nothingSent
    }).pipe(Effect.provide(account({ backend: { plan: [FaultPlan.on("referrals.rules", "every", Fault.forbidden)] } })))
  )

  it.effect("without an offer: the backend is of the other path style, and is not even asked", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* refused(), "ActError NotOffered")
      assert.deepStrictEqual(yield* requests, {})
    }).pipe(Effect.provide(account({ settings: { style: "codex" } })))
  )

  it.effect.each([
    ["another description", { description: "Less than before." }, "ActError OfferChanged"],
    ["another rule", { rules: ["Your friend must be new to Codex.", "And rich."] }, "ActError OfferChanged"],
    ["another amount", { grantAmount: 2 }, "ActError OfferChanged"],
    ["another action", { grantAction: "workspace_credits" }, "ActError OfferChanged"],
    ["another consent", { requiresExplicitConfirmation: false }, "ActError OfferChanged"],
    ["an offer withdrawn", { shouldShow: false }, "ActError NotOffered"],
    ["a reward withdrawn", { hasRewards: false }, "ActError NotOffered"]
  ] as const)("under %s than was confirmed", ([, offer, error]) =>
    Effect.gen(function* () {
      const backend = yield* FakeBackend.FakeBackend
      yield* whileConfirming(backend.updateAccount(withOffer(offer)))
      assert.strictEqual(yield* refused(), error)
      yield* nothingSent
      assert.deepStrictEqual(yield* states, [])
    }).pipe(Effect.provide(account()))
  )

  it.effect("when the same offer is spelled another way, it is sent all the same", () =>
    Effect.gen(function* () {
      const backend = yield* FakeBackend.FakeBackend
      yield* backend.updateAccount(withOffer({ grantAction: { kind: "reset", of: ["a", "b"] } }))
      yield* whileConfirming(backend.updateAccount(withOffer({ grantAction: { of: ["a", "b"], kind: "reset" } })))
      assert.deepInclude(yield* run(inviteFriend({ email: invitee })), { _tag: "Sent" })
    }).pipe(Effect.provide(account()))
  )

  it.effect.each([
    ["9 min 59 s", "599 seconds", "Sent"],
    ["10 min", "10 minutes", "ActError OfferChanged"]
  ] as const)("for an offer that was shown %s ago: as it should", ([, ago, outcome]) =>
    Effect.gen(function* () {
      yield* whileConfirming(Effect.sleep(ago))
      const exit = yield* Effect.either(run(inviteFriend({ email: invitee })))
      assert.strictEqual(exit._tag === "Left" ? brief(exit.left) : exit.right._tag, outcome)
      assert.strictEqual(yield* count(invite), outcome === "Sent" ? 1 : 0)
    }).pipe(Effect.provide(account()))
  )

  it.effect("as another account than the one that confirmed, though it signed in here", () =>
    Effect.gen(function* () {
      const backend = yield* FakeBackend.FakeBackend
      const auth = yield* AuthSession
      yield* whileConfirming(
        Effect.flatMap(backend.signIn("user-B/account-B"), ({ record }) => Effect.orDie(auth.signIn(record)))
      )
      assert.strictEqual(yield* refused(), "ActError IdentityChanged")
      yield* nothingSent
    }).pipe(Effect.provide(account({ backend: two })))
  )

  it.effect("as another account than the one that confirmed, though another process signed in", () =>
    Effect.gen(function* () {
      const backend = yield* FakeBackend.FakeBackend
      const store = yield* CredentialStore
      yield* whileConfirming(
        Effect.flatMap(backend.signIn("user-B/account-B"), ({ record }) => Effect.orDie(store.write(record)))
      )
      assert.strictEqual(yield* refused(), "ActError IdentityChanged")
      yield* nothingSent
    }).pipe(Effect.provide(account({ backend: two })))
  )

  it.effect("when nobody is signed in any more", () =>
    Effect.gen(function* () {
      const store = yield* CredentialStore
      yield* whileConfirming(Effect.orDie(store.remove))
      assert.strictEqual(yield* refused(), "AuthError NotSignedIn")
      yield* nothingSent
    }).pipe(Effect.provide(account()))
  )

  it.effect("when the offer can't be read again", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* refused(), "BackendError ServerError 500")
      yield* nothingSent
      assert.deepStrictEqual(yield* states, [])
    }).pipe(
      Effect.provide(
        account({ backend: { plan: [2, 3].map((n) => FaultPlan.on("referrals.eligibility", n, Fault.status(500))) } })
      )
    )
  )
})

describe("an invite whose outcome is not known", () => {
  const lost = Effect.gen(function* () {
    assert.strictEqual(yield* refused(), "ActError OutcomeUnknown")
    yield* (yield* FakeBackend.FakeBackend).setPlan([])
  })

  it.effect.each([invitee, invitee.toUpperCase(), ` ${invitee} `])("is not repeated: %s", (email) =>
    Effect.gen(function* () {
      yield* lost
      assert.strictEqual(yield* refused({ email }), "ActError Unresolved")
      assert.deepStrictEqual([yield* count(invite), yield* states], [1, ["unknown"]])
    }).pipe(Effect.provide(account(everyInvite(Fault.hangAfterCommit))))
  )

  it.effect("is repeated when the person says so", () =>
    Effect.gen(function* () {
      yield* lost
      assert.deepInclude(yield* run(inviteFriend({ email: invitee, again: true })), { _tag: "Sent", key: "key-2" })
      assert.deepStrictEqual([yield* count(invite), yield* states], [2, ["succeeded", "unknown"]])
    }).pipe(Effect.provide(account(everyInvite(Fault.resetBeforeCommit))))
  )

  it.effect("does not stand in the way of an invite to somebody else", () =>
    Effect.gen(function* () {
      yield* lost
      assert.deepInclude(yield* run(inviteFriend({ email: "bob@example.test" })), { _tag: "Sent" })
    }).pipe(Effect.provide(account(everyInvite(Fault.resetBeforeCommit))))
  )

  it.effect("nor of one by somebody else", () =>
    Effect.gen(function* () {
      yield* lost
      const backend = yield* FakeBackend.FakeBackend
      yield* (yield* AuthSession).signIn((yield* backend.signIn("user-B/account-B")).record)
      assert.deepInclude(yield* run(inviteFriend({ email: invitee })), { _tag: "Sent" })
    }).pipe(Effect.provide(account({ backend: { ...two, ...everyInvite(Fault.hang).backend } })))
  )

  it.effect("is what an interruption leaves behind", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(inviteFriend({ email: invitee }))
      yield* TestClock.adjust("1 second")
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      assert.deepStrictEqual([yield* count(invite), yield* states], [1, ["unknown"]])
      assert.strictEqual(yield* refused(), "ActError Unresolved")
    }).pipe(Effect.provide(account(everyInvite(Fault.hangAfterCommit))))
  )
})

it.effect.each([400, 403, 409, 422])("after %s, a definite no, the same address may be tried again", (status) =>
  Effect.gen(function* () {
    assert.strictEqual(yield* refused(), `ActError Rejected ${status}`)
    assert.deepStrictEqual(yield* states, ["rejected"])
    assert.deepInclude(yield* run(inviteFriend({ email: invitee })), { _tag: "Sent" })
  }).pipe(Effect.provide(account({ backend: { plan: [FaultPlan.on(invite, 1, Fault.status(status))] } })))
)

it.effect("after no connection, the same address may be tried again", () =>
  Effect.gen(function* () {
    assert.strictEqual(yield* refused(), "BackendError ConnectionRefused")
    assert.deepStrictEqual(yield* states, ["abandoned"])
    assert.deepInclude(yield* run(inviteFriend({ email: invitee })), { _tag: "Sent" })
  }).pipe(Effect.provide(account({ backend: { plan: [FaultPlan.on(invite, 1, Fault.refused)] } })))
)

it.effect("the journal says when", () =>
  Effect.gen(function* () {
    yield* run(inviteFriend({ email: invitee }))
    const [operation] = yield* (yield* OperationJournal).list()
    assert.deepStrictEqual(
      [operation?.createdAt, operation?.updatedAt].map((time) => time && DateTime.toEpochMillis(time)),
      [0, 3_000]
    )
  }).pipe(Effect.provide(account(everyInvite(Fault.delay("3 seconds")))))
)
