import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { InviteEmail } from "../../../src/domain/InviteEmail.js"
import { RedeemKey, ResetCreditId } from "../../../src/domain/ResetCredit.js"
import type { ReferralOffer } from "../../../src/domain/ReferralOffer.js"
import { changes, perform } from "../../../src/programs/menu/perform.js"
import type * as InviteFlow from "../../../src/programs/menu/InviteFlow.js"
import type * as NudgeFlow from "../../../src/programs/menu/NudgeFlow.js"
import type * as RedeemFlow from "../../../src/programs/menu/RedeemFlow.js"
import type * as UsageFlow from "../../../src/programs/menu/UsageFlow.js"
import type { Command, Event } from "../../../src/programs/menu/UsageMenu.js"
import { AuthSession } from "../../../src/services/AuthSession.js"
import { OperationJournal } from "../../../src/services/OperationJournal.js"
import { type FakeAccount, FakeBackend, Fault, FaultPlan } from "../../../src/testing/index.js"
import { account, calls, count, done, finish, invitee, run, states } from "../harness.js"
import { signInAs } from "./driver.js"

const two = { accounts: [{}, { userId: "user-B", accountId: "account-B" }] }

const identity = Effect.flatMap(AuthSession, (auth) => Effect.map(auth.current, ({ identity }) => identity)).pipe(
  Effect.orDie
)

/** The event in few words: tag, and what matters of it. */
const brief = (event: Event): string => {
  const inner = "event" in event ? event.event : event
  const error = "error" in inner ? ` ${inner.error._tag} ${inner.error.reason}` : ""
  const outcome = "outcome" in inner ? ` ${inner.outcome}` : ""
  return `${inner._tag}${outcome}${error}`
}

const performed = (command: Command) => Effect.map(run(perform(command)), brief)

type Given<C> = C extends unknown ? Omit<C, "id" | "as"> : never

const redeem = (given: Given<RedeemFlow.Command>) =>
  Effect.map(identity, (as): Command => ({ _tag: "Redeem", command: { ...given, id: 7, as } }))

const confirmed = { key: null, creditId: ResetCreditId.make("rc_1"), again: false }
const consume = redeem({ _tag: "Consume", confirmed })

const nudgeAs = (given: Given<NudgeFlow.Command>) =>
  Effect.map(identity, (as): Command => ({ _tag: "Nudge", command: { ...given, id: 7, as } }))

const nudge = nudgeAs({ _tag: "Nudge", creditType: "credits", again: false })

const usage = (given: Given<UsageFlow.Command>) =>
  Effect.map(identity, (as): Command => ({ _tag: "Usage", command: { ...given, id: 7, as } }))

const offer: Effect.Effect<ReferralOffer, never, AuthSession | Effect.Effect.Context<ReturnType<typeof perform>>> =
  Effect.gen(function* () {
    const event = yield* run(perform({ _tag: "LoadOffer", id: 1, as: yield* identity }))
    return event._tag === "OfferLoaded" && event.offer !== null ? event.offer : yield* Effect.dieMessage("no offer")
  })

const invite = (more: Partial<InviteFlow.Command> = {}) =>
  Effect.map(offer, (offer): Command => ({
    _tag: "Invite",
    command: {
      _tag: "SendInvite",
      id: 7,
      as: offer.identity,
      email: InviteEmail.make(invitee),
      offer,
      again: false,
      ...more
    }
  }))

const after = (command: Effect.Effect<Command, never, AuthSession>) => Effect.flatMap(command, performed)
const afterInvite = Effect.flatMap(invite(), performed)

const every = (endpoint: FaultPlan.EndpointName, fault: Fault.Fault) => ({
  backend: { plan: [FaultPlan.on(endpoint, "every", fault)] }
})

const Body = Schema.Struct({ redeem_request_id: Schema.String, credit_id: Schema.optional(Schema.String) })

const keysSent = Effect.flatMap(calls("resetCredits.consume"), (all) =>
  Effect.forEach(all, ({ body }) => Effect.map(Schema.decodeUnknown(Body)(body), (sent) => sent.redeem_request_id))
)

describe("the menu's reads", () => {
  const readCount = Effect.map(identity, (as): Command => ({ _tag: "ReadCount", id: 7, as }))
  const loadOffer = Effect.map(identity, (as): Command => ({ _tag: "LoadOffer", id: 7, as }))

  it.effect("the count", () =>
    Effect.gen(function* () {
      const event = yield* run(perform(yield* readCount))
      assert.strictEqual(event._tag === "CountLoaded" && event.usage.resetCredits?.availableCount, 2)
      assert.strictEqual("id" in event && event.id, 7)
      // The list of credits is of no consequence to the count.
      yield* (yield* FakeBackend.FakeBackend).setPlan([FaultPlan.on("resetCredits.list", "every", Fault.hang)])
      assert.strictEqual(yield* after(readCount), "CountLoaded")
    }).pipe(Effect.provide(account()))
  )

  it.effect.each([
    ["CountFailed BackendError Forbidden", "usage.read", Fault.forbidden],
    ["CountFailed BackendError ServerError", "usage.read", Fault.status(500)],
    ["CountFailed BackendError Timeout", "usage.read", Fault.hang]
  ] as const)("%s", ([word, endpoint, fault]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* after(readCount), word)
    }).pipe(Effect.provide(account(every(endpoint, fault))))
  )

  it.effect("the offer", () =>
    Effect.gen(function* () {
      const event = yield* run(perform(yield* loadOffer))
      assert.strictEqual(event._tag === "OfferLoaded" && event.offer?.grantAmount, "1")
    }).pipe(Effect.provide(account()))
  )

  it.effect.each([
    ["none", { accounts: [{ offer: null }] }, "OfferLoaded"],
    [
      "a failure",
      { plan: [FaultPlan.on("referrals.rules", "every", Fault.status(500))] },
      "OfferFailed BackendError ServerError"
    ]
  ] as const)("the offer: %s", ([, backend, word]) =>
    Effect.gen(function* () {
      const event = yield* run(perform(yield* loadOffer))
      assert.strictEqual(brief(event), word)
      if (event._tag === "OfferLoaded") assert.isNull(event.offer)
    }).pipe(Effect.provide(account({ backend })))
  )

  it.effect("the offer, where there are no invites", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* after(loadOffer), "OfferFailed BackendError Unsupported")
    }).pipe(Effect.provide(account({ settings: { style: "codex" } })))
  )

  it.effect("the end of an offer comes when its time has come", () =>
    Effect.gen(function* () {
      const now = yield* DateTime.now
      const until = DateTime.add(now, { minutes: 10 })
      const { exit, took } = yield* finish(perform({ _tag: "AwaitExpiry", id: 7, until }))
      assert.deepStrictEqual(exit, Exit.succeed({ _tag: "OfferExpired", id: 7 } as const))
      assert.strictEqual(took, 600_000)
      assert.strictEqual((yield* finish(perform({ _tag: "AwaitExpiry", id: 7, until: now }))).took, 0)
    }).pipe(Effect.provide(account()))
  )
})

describe("the usage", () => {
  it.effect("with its verdict, and the activity", () =>
    Effect.gen(function* () {
      const event = yield* run(perform(yield* usage({ _tag: "ReadUsage", fresh: false })))
      const inner = event._tag === "Usage" && event.event._tag === "UsageLoaded" ? event.event : null
      assert.strictEqual(inner?.usage.verdict.state, "usable")
      assert.strictEqual(yield* after(usage({ _tag: "ReadActivity" })), "ActivityLoaded")
    }).pipe(Effect.provide(account()))
  )

  it.effect("is read anew when that is asked for, and else shared", () =>
    Effect.gen(function* () {
      for (const fresh of [false, false, true]) yield* after(usage({ _tag: "ReadUsage", fresh }))
      assert.strictEqual(yield* count("usage.read"), 2)
    }).pipe(Effect.provide(account({ settings: { usageInterval: Duration.seconds(5) } })))
  )

  it.effect.each([
    [{ _tag: "ReadUsage", fresh: true }, "usage.read", "UsageFailed BackendError Forbidden"],
    [{ _tag: "ReadActivity" }, "profile.me", "ActivityFailed BackendError Forbidden"]
  ] as const)("%o that fails", ([command, endpoint, word]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* after(usage(command)), word)
    }).pipe(Effect.provide(account(every(endpoint, Fault.forbidden))))
  )

  it.effect("a 401 renews the session, once", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* after(usage({ _tag: "ReadActivity" })), "ActivityLoaded")
      assert.deepStrictEqual([yield* count("profile.me"), yield* count("oauth.token")], [2, 1])
    }).pipe(Effect.provide(account({ backend: { plan: [FaultPlan.on("profile.me", 1, Fault.status(401))] } })))
  )
})

describe("what there is to redeem", () => {
  const load = redeem({ _tag: "Load" })

  it.effect("is read from the backend", () =>
    Effect.gen(function* () {
      const event = yield* run(perform(yield* load))
      const inner = event._tag === "Redeem" && event.event._tag === "Loaded" ? event.event : null
      assert.strictEqual(inner?.usage.resetCredits?.availableCount, 2)
      assert.isNull(inner?.quietUntil)
    }).pipe(Effect.provide(account()))
  )

  it.effect("is, within the quiet period of a reset, told with its end", () =>
    Effect.gen(function* () {
      yield* after(consume)
      const event = yield* run(perform(yield* load))
      const inner = event._tag === "Redeem" && event.event._tag === "Loaded" ? event.event : null
      const now = yield* DateTime.now
      assert.strictEqual(inner?.quietUntil === null, false)
      assert.strictEqual(inner?.quietUntil?.epochMillis, now.epochMillis + 20 * 60_000)
      yield* TestClock.adjust("20 minutes")
      const later = yield* run(perform(yield* load))
      assert.isNull(later._tag === "Redeem" && later.event._tag === "Loaded" ? later.event.quietUntil : "not loaded")
    }).pipe(Effect.provide(account()))
  )

  it.effect("is the open redemption, before the backend is asked for anything", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* after(consume), "ConsumeFailed ActError OutcomeUnknown")
      const before = yield* count("usage.read")
      const event = yield* run(perform(yield* load))
      const inner = event._tag === "Redeem" && event.event._tag === "OpenFound" ? event.event : null
      assert.deepInclude(inner?.operation, { key: "key-1", target: "rc_1" })
      assert.strictEqual(yield* count("usage.read"), before)
      // The menu's row leads there, whatever number of credits is left.
      const counted = yield* run(perform({ _tag: "ReadCount", id: 8, as: yield* identity }))
      assert.isTrue(counted._tag === "CountLoaded" && counted.isOpen)
    }).pipe(Effect.provide(account(every("resetCredits.consume", Fault.hangAfterCommit))))
  )

  it.effect("is nothing for somebody who is not signed in any more", () =>
    Effect.gen(function* () {
      const command = yield* load
      yield* signInAs("user-B/account-B")
      assert.strictEqual(yield* performed(command), "LoadFailed ActError IdentityChanged")
      yield* (yield* AuthSession).signOut({ revoke: false })
      assert.strictEqual(yield* performed(command), "LoadFailed AuthError NotSignedIn")
      assert.strictEqual(yield* count("usage.read"), 0)
    }).pipe(Effect.provide(account({ backend: two })))
  )
})

describe("a redemption", () => {
  const owners: ReadonlyArray<readonly [string, Partial<FakeAccount.FakeAccount>, string]> = [
    ["a credit that is there", {}, "Consumed reset"],
    ["a credit that is gone", { resetCredits: [] }, "Consumed creditGone"],
    ["nothing to reset", { primary: null, secondary: null }, "Consumed nothingToReset"]
  ]
  it.effect.each([...owners])("of %s", ([, owner, word]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* after(consume), word)
      assert.deepStrictEqual([yield* keysSent, yield* states], [["key-1"], ["succeeded"]])
    }).pipe(Effect.provide(account({ backend: { accounts: [owner] } })))
  )

  it.effect("of no credit in particular, when there is none", () =>
    Effect.gen(function* () {
      const none = redeem({ _tag: "Consume", confirmed: { ...confirmed, creditId: null } })
      assert.strictEqual(yield* after(none), "Consumed noCredit")
    }).pipe(Effect.provide(account({ backend: { accounts: [{ resetCredits: [] }] } })))
  )

  it.effect("under a key that somebody else used is no success", () =>
    Effect.gen(function* () {
      yield* (yield* FakeBackend.FakeBackend).updateAccount((owner) => ({
        ...owner,
        redemptions: [{ key: "key-1", creditId: "rc_9", at: 0 }]
      }))
      assert.strictEqual(yield* after(consume), "Consumed alreadyRedeemedElsewhere")
    }).pipe(Effect.provide(account()))
  )

  it.effect.each([
    ["no answer", Fault.hang, "ConsumeFailed ActError OutcomeUnknown", ["unknown"]],
    ["no answer, after it was done", Fault.hangAfterCommit, "ConsumeFailed ActError OutcomeUnknown", ["unknown"]],
    ["a broken connection", Fault.resetAfterCommit, "ConsumeFailed ActError OutcomeUnknown", ["unknown"]],
    ["errors", Fault.status(500), "ConsumeFailed ActError OutcomeUnknown", ["unknown"]],
    ["a refusal", Fault.forbidden, "ConsumeFailed ActError Rejected", ["rejected"]],
    ["no connection", Fault.refused, "ConsumeFailed BackendError Unreachable", ["abandoned"]]
  ] as const)(
    "that meets %s: the key is told, and another attempt under it is no second act",
    ([, fault, word, left]) =>
      Effect.gen(function* () {
        const event = yield* run(perform(yield* consume))
        assert.strictEqual(brief(event), word)
        assert.deepStrictEqual(yield* states, [...left])
        const key = event._tag === "Redeem" && event.event._tag === "ConsumeFailed" ? event.event.key : null
        assert.strictEqual(key, RedeemKey.make("key-1"))
        yield* (yield* FakeBackend.FakeBackend).setPlan([])
        const again = yield* after(redeem({ _tag: "Consume", confirmed: { ...confirmed, key } }))
        assert.include(["Consumed reset", "Consumed alreadyRedeemed"], again)
        assert.deepStrictEqual([...new Set(yield* keysSent)], ["key-1"])
        assert.deepStrictEqual([(yield* done).redeem, yield* states], [1, ["succeeded"]])
      }).pipe(Effect.provide(account(every("resetCredits.consume", fault))))
  )

  it.effect("a 401 renews the session, and the key stays", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* after(consume), "Consumed reset")
      assert.deepStrictEqual([yield* keysSent, yield* count("oauth.token")], [["key-1", "key-1"], 1])
    }).pipe(
      Effect.provide(account({ backend: { plan: [FaultPlan.on("resetCredits.consume", 1, Fault.status(401))] } }))
    )
  )

  it.effect("for somebody who is not signed in any more is not sent", () =>
    Effect.gen(function* () {
      const command = yield* consume
      yield* signInAs("user-B/account-B")
      assert.strictEqual(yield* performed(command), "ConsumeFailed ActError IdentityChanged")
      assert.deepStrictEqual([yield* keysSent, yield* states], [[], ["abandoned"]])
    }).pipe(Effect.provide(account({ backend: two })))
  )

  it.effect("beside another one that is open, or soon after one that was done, is not sent", () =>
    Effect.gen(function* () {
      const journal = yield* OperationJournal
      yield* journal.intend({ key: "theirs", act: "redeem", identity: yield* identity, target: null })
      yield* journal.advance("theirs", { _tag: "sent" })
      assert.strictEqual(yield* after(consume), "ConsumeFailed ActError Unresolved")
      yield* journal.advance("theirs", { _tag: "succeeded", outcome: "reset" })
      assert.strictEqual(yield* after(consume), "ConsumeFailed ActError TooSoon")
      assert.deepStrictEqual(yield* keysSent, [])
      assert.strictEqual(
        yield* after(redeem({ _tag: "Consume", confirmed: { ...confirmed, again: true } })),
        "Consumed reset"
      )
    }).pipe(Effect.provide(account()))
  )

  it.effect("that another process brought to its end is that success", () =>
    Effect.gen(function* () {
      const journal = yield* OperationJournal
      yield* journal.intend({ key: "mine", act: "redeem", identity: yield* identity, target: "rc_1" })
      yield* journal.advance("mine", { _tag: "sent" })
      yield* journal.advance("mine", { _tag: "succeeded", outcome: "reset" })
      const retried = redeem({ _tag: "Consume", confirmed: { ...confirmed, key: RedeemKey.make("mine") } })
      assert.strictEqual(yield* after(retried), "Consumed alreadyRedeemed")
      assert.deepStrictEqual(yield* keysSent, [])
    }).pipe(Effect.provide(account()))
  )

  it.effect("that is interrupted is unknown from then on", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(perform(yield* consume))
      yield* TestClock.adjust("1 second")
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      assert.deepStrictEqual([yield* count("resetCredits.consume"), yield* states], [1, ["unknown"]])
    }).pipe(Effect.provide(account(every("resetCredits.consume", Fault.hang))))
  )
})

describe("what is left after a reset", () => {
  const refresh = redeem({ _tag: "Refresh" })

  it.effect("is read anew", () =>
    Effect.gen(function* () {
      yield* after(refresh)
      assert.strictEqual(yield* after(refresh), "Refreshed")
      assert.strictEqual(yield* count("usage.read"), 2)
      const command = yield* refresh
      yield* signInAs("user-B/account-B")
      assert.strictEqual(yield* performed(command), "RefreshFailed ActError IdentityChanged")
    }).pipe(Effect.provide(account({ backend: two })))
  )

  it.effect("may be unreadable", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* after(refresh), "RefreshFailed BackendError Forbidden")
    }).pipe(Effect.provide(account(every("usage.read", Fault.forbidden))))
  )
})

describe("an invite", () => {
  it.effect("is one POST, after the offer was read again", () =>
    Effect.gen(function* () {
      const event = yield* run(perform(yield* invite()))
      assert.deepStrictEqual(event, {
        _tag: "Invite",
        event: { _tag: "InviteSent", id: 7, reward: "included", key: "key-1" }
      })
      const log = yield* (yield* FakeBackend.FakeBackend).log
      assert.deepStrictEqual(
        log.map(({ endpoint }) => endpoint),
        ["referrals.eligibility", "referrals.rules", "referrals.eligibility", "referrals.rules", "referrals.invite"]
      )
    }).pipe(Effect.provide(account()))
  )

  it.effect.each([
    [400, "Rejected", ["rejected"]],
    [403, "Rejected", ["rejected"]],
    [409, "Rejected", ["rejected"]],
    [422, "Rejected", ["rejected"]],
    [401, "OutcomeUnknown", ["unknown"]],
    [408, "OutcomeUnknown", ["unknown"]],
    [429, "OutcomeUnknown", ["unknown"]],
    [500, "OutcomeUnknown", ["unknown"]]
  ] as const)("answered with %i: %s, and one POST", ([status, reason, left]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* afterInvite, `SendFailed ActError ${reason}`)
      assert.deepStrictEqual([yield* count("referrals.invite"), yield* states], [1, [...left]])
      assert.strictEqual(yield* count("oauth.token"), 0)
    }).pipe(Effect.provide(account(every("referrals.invite", Fault.status(status)))))
  )

  it.effect.each([
    ["silence", Fault.hangAfterCommit],
    ["a broken connection", Fault.resetAfterCommit],
    ["half an answer", Fault.truncated],
    ["an answer that can't be read", Fault.malformedJson],
    ["a redirect", Fault.redirect(307)],
    ["a redirect elsewhere", Fault.redirect(302, { crossOrigin: true })]
  ] as const)("answered with %s: not known, and one POST", ([, fault]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* afterInvite, "SendFailed ActError OutcomeUnknown")
      assert.deepStrictEqual([yield* count("referrals.invite"), yield* states], [1, ["unknown"]])
    }).pipe(Effect.provide(account(every("referrals.invite", fault))))
  )

  const withOffer = (fields: Partial<FakeAccount.FakeOffer> | null) =>
    Effect.flatMap(FakeBackend.FakeBackend, (backend) =>
      backend.updateAccount((owner) => ({
        ...owner,
        offer: fields === null || owner.offer === null ? null : { ...owner.offer, ...fields }
      }))
    )

  it.effect.each([
    ["other terms", withOffer({ grantAmount: 2 }), "OfferChanged"],
    ["other rules", withOffer({ rules: ["Others."] }), "OfferChanged"],
    ["no offer", withOffer(null), "NotOffered"],
    ["another account", signInAs("user-B/account-B"), "IdentityChanged"],
    ["eleven minutes", TestClock.adjust("11 minutes"), "OfferChanged"]
  ] as const)("is not sent when there are, by then, %s", ([, change, reason]) =>
    Effect.gen(function* () {
      const command = yield* invite()
      yield* change
      assert.strictEqual(yield* performed(command), `SendFailed ActError ${reason}`)
      assert.deepStrictEqual([yield* count("referrals.invite"), yield* states], [0, []])
    }).pipe(Effect.provide(account({ backend: two })))
  )

  it.effect("is not sent when the offer can't be read again", () =>
    Effect.gen(function* () {
      const command = yield* invite()
      yield* (yield* FakeBackend.FakeBackend).setPlan([FaultPlan.on("referrals.eligibility", "every", Fault.hang)])
      assert.strictEqual(yield* performed(command), "SendFailed BackendError Timeout")
      assert.strictEqual(yield* count("referrals.invite"), 0)
    }).pipe(Effect.provide(account()))
  )

  it.effect("to an address that was invited finds that one, and is sent only if that is said", () =>
    Effect.gen(function* () {
      yield* performed(yield* invite())
      const event = yield* run(perform(yield* invite()))
      const inner = event._tag === "Invite" && event.event._tag === "EarlierFound" ? event.event : null
      assert.deepInclude(inner?.operation, { key: "key-1", act: "invite" })
      assert.strictEqual(inner?.operation.isOpen, false)
      assert.strictEqual(yield* count("referrals.invite"), 1)
      assert.strictEqual(yield* performed(yield* invite({ again: true })), "InviteSent")
      assert.strictEqual(yield* performed(yield* invite({ email: InviteEmail.make("yan@friends.test") })), "InviteSent")
    }).pipe(Effect.provide(account()))
  )

  it.effect("to an address whose invite may have gone out finds that one", () =>
    Effect.gen(function* () {
      yield* afterInvite
      const event = yield* run(perform(yield* invite()))
      const inner = event._tag === "Invite" && event.event._tag === "EarlierFound" ? event.event : null
      assert.strictEqual(inner?.operation.isOpen, true)
      assert.strictEqual(yield* count("referrals.invite"), 1)
    }).pipe(Effect.provide(account(every("referrals.invite", Fault.hang))))
  )

  it.effect("that is interrupted is unknown from then on", () =>
    Effect.gen(function* () {
      const fiber = yield* Effect.fork(perform(yield* invite()))
      yield* TestClock.adjust("1 second")
      assert.isTrue(Exit.isInterrupted(yield* Fiber.interrupt(fiber)))
      assert.deepStrictEqual([yield* count("referrals.invite"), yield* states], [1, ["unknown"]])
    }).pipe(Effect.provide(account(every("referrals.invite", Fault.hang))))
  )
})

describe("the role", () => {
  const readRole = nudgeAs({ _tag: "ReadRole" })
  const role = Effect.flatMap(readRole, (command) =>
    Effect.map(run(perform(command)), (event) =>
      event._tag === "Nudge" && event.event._tag === "RoleLoaded"
        ? `${event.event.role.role} ${event.event.role.isOwner} ${event.event.role.source}`
        : brief(event)
    )
  )

  it.effect.each([
    ["standard-user false live", { role: "standard-user" }],
    ["account-admin true live", { role: "account-admin" }],
    ["null true claim", { role: null, isOrgOwner: true }],
    ["null null none", { role: null, isOrgOwner: null }]
  ] as const)("%s", ([word, owner]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* role, word)
    }).pipe(Effect.provide(account({ backend: { accounts: [owner] } })))
  )

  it.effect("of somebody who is not signed in any more", () =>
    Effect.gen(function* () {
      const command = yield* readRole
      yield* signInAs("user-B/account-B")
      assert.strictEqual(yield* performed(command), "RoleFailed AuthError AccountMismatch")
    }).pipe(Effect.provide(account({ backend: two })))
  )
})

describe("a message to the owner", () => {
  it.effect("is one POST; the next one is too soon", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* after(nudge), "Nudged sent")
      assert.strictEqual(yield* after(nudge), "Nudged cooldownActive")
      assert.deepStrictEqual([yield* count("workspace.nudge"), (yield* done).nudge], [2, 1])
    }).pipe(Effect.provide(account()))
  )

  it.effect.each([
    ["a refusal", Fault.forbidden, "NudgeFailed ActError Rejected", ["rejected"]],
    ["a 401", Fault.status(401), "NudgeFailed ActError Rejected", ["rejected"]],
    ["an error", Fault.status(500), "NudgeFailed ActError OutcomeUnknown", ["unknown"]],
    ["silence", Fault.hang, "NudgeFailed ActError OutcomeUnknown", ["unknown"]],
    ["a lost answer", Fault.resetAfterCommit, "NudgeFailed ActError OutcomeUnknown", ["unknown"]]
  ] as const)("that meets %s is one POST", ([, fault, word, left]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* after(nudge), word)
      assert.deepStrictEqual([yield* count("workspace.nudge"), yield* states], [1, [...left]])
    }).pipe(Effect.provide(account(every("workspace.nudge", fault))))
  )

  it.effect("whose outcome is open stands in the way of the next one, unless it is said again", () =>
    Effect.gen(function* () {
      yield* after(nudge)
      yield* (yield* FakeBackend.FakeBackend).setPlan([])
      const event = yield* run(perform(yield* nudge))
      const inner = event._tag === "Nudge" && event.event._tag === "EarlierFound" ? event.event : null
      assert.deepInclude(inner?.operation, { key: "key-1", target: "credits" })
      assert.strictEqual(yield* count("workspace.nudge"), 1)
      assert.strictEqual(yield* after(nudgeAs({ _tag: "Nudge", creditType: "credits", again: true })), "Nudged sent")
    }).pipe(Effect.provide(account(every("workspace.nudge", Fault.hang))))
  )

  it.effect("for somebody who is not signed in any more is not sent", () =>
    Effect.gen(function* () {
      const command = yield* nudge
      yield* signInAs("user-B/account-B")
      assert.strictEqual(yield* performed(command), "NudgeFailed ActError IdentityChanged")
      assert.deepStrictEqual([yield* count("workspace.nudge"), yield* states], [0, ["abandoned"]])
    }).pipe(Effect.provide(account({ backend: two })))
  )
})

it.effect("every identity boundary is an event", () =>
  Effect.gen(function* () {
    yield* identity
    const fiber = yield* Effect.fork(Stream.runCollect(Stream.take(changes, 2)))
    yield* TestClock.adjust("1 second")
    yield* signInAs("user-B/account-B")
    yield* (yield* AuthSession).signOut({ revoke: false })
    yield* TestClock.adjust("10 seconds")
    const events = Chunk.toReadonlyArray(yield* Fiber.join(fiber))
    assert.deepStrictEqual(
      events.map((event) => (event._tag === "AccountChanged" ? event.change._tag : event._tag)),
      ["SignedIn", "SignedOut"]
    )
  }).pipe(Effect.provide(account({ backend: two })))
)
