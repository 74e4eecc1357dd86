/** Through the whole menu, over the real services and the fake backend. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { RedeemKey } from "../../../src/domain/ResetCredit.js"
import { isEnded } from "../../../src/programs/menu/UsageMenu.js"
import { FakeAccount, FakeBackend, Fault, FaultPlan } from "../../../src/testing/index.js"
import { account, calls, done, invitee, states } from "../harness.js"
import {
  type Driver,
  happen,
  inFront,
  invite,
  nudge,
  openMenu,
  posts,
  redeem,
  script,
  signInAs,
  usage
} from "./driver.js"

const stopped = { reachedType: "workspace_member_credits_depleted" } as const

/** The first row of the picker. */
const pick = (driver: Driver) =>
  Effect.suspend(() => {
    const { flow } = driver.state
    const state = flow?._tag === "Redeem" ? flow.state : null
    const credit = state?._tag === "Picker" ? (state.choices.credits?.[0] ?? null) : null
    return happen(driver, redeem({ _tag: "Choose", credit }))
  })

const close = {
  redeem: redeem({ _tag: "Cancel" }),
  invite: invite({ _tag: "Cancel" }),
  nudge: nudge({ _tag: "Cancel" }),
  usage: usage({ _tag: "Cancel" })
}

describe("the whole menu", () => {
  it.effect("redeems, invites and writes to the owner: one POST each", () =>
    Effect.gen(function* () {
      const driver = yield* openMenu
      assert.deepStrictEqual(driver.performed, ["ReadCount", "LoadOffer"])
      assert.strictEqual(driver.state.count, 2)
      assert.isNotNull(driver.state.offer)

      yield* script(driver, [{ _tag: "OpenUsage", view: "weekly" }])
      const shown = driver.state.flow?.state
      assert.deepStrictEqual(shown?._tag === "Open" && [shown.usage._tag, shown.activity._tag], ["Ready", "Ready"])
      yield* script(driver, [close.usage, { _tag: "OpenNudge" }])
      assert.strictEqual(inFront(driver), "Nudge Prompt")
      assert.deepStrictEqual(yield* posts, [])
      yield* script(driver, [nudge({ _tag: "Confirm" }), nudge({ _tag: "Confirm" })])
      assert.strictEqual(inFront(driver), "Nudge Sent")

      yield* script(driver, [close.nudge, { _tag: "OpenInvite" }, invite({ _tag: "Submit", text: ` ${invitee} ` })])
      assert.strictEqual(inFront(driver), "Invite Confirm")
      assert.deepStrictEqual(yield* posts, ["workspace.nudge"])
      yield* script(driver, [invite({ _tag: "Send" }), invite({ _tag: "Send" })])
      assert.strictEqual(inFront(driver), "Invite Sent")
      assert.isNull(driver.state.offer)

      yield* script(driver, [close.invite, { _tag: "OpenRedeem" }])
      yield* pick(driver)
      assert.strictEqual(inFront(driver), "Redeem Confirm")
      yield* script(driver, [redeem({ _tag: "Confirm" }), redeem({ _tag: "Confirm" })])
      assert.deepInclude(driver.state.flow?.state, {
        _tag: "Done",
        left: 1,
        redeemed: { key: RedeemKey.make("key-3"), outcome: "reset" }
      })
      assert.strictEqual(driver.state.count, 1)

      assert.deepStrictEqual(yield* posts, ["workspace.nudge", "referrals.invite", "resetCredits.consume"])
      assert.deepStrictEqual(yield* done, { redeem: 1, invite: 1, nudge: 1 })
      assert.deepStrictEqual(yield* states, ["succeeded", "succeeded", "succeeded"])
      yield* script(driver, [close.redeem, { _tag: "Cancel" }])
      assert.isTrue(isEnded(driver.state))
    }).pipe(Effect.provide(account({ backend: { accounts: [stopped] } })))
  )

  it.effect("goes all the way back with Escape: no POST", () =>
    Effect.gen(function* () {
      const driver = yield* openMenu
      yield* script(driver, [{ _tag: "OpenRedeem" }])
      yield* pick(driver)
      yield* script(driver, [close.redeem, close.redeem, { _tag: "OpenInvite" }])
      yield* script(driver, [invite({ _tag: "Submit", text: invitee }), close.invite, { _tag: "OpenNudge" }])
      yield* script(driver, [close.nudge, { _tag: "Cancel" }])
      assert.isTrue(isEnded(driver.state))
      assert.deepStrictEqual([yield* posts, yield* states], [[], []])
    }).pipe(Effect.provide(account({ backend: { accounts: [stopped] } })))
  )
})

describe("a redemption", () => {
  const consuming = (driver: Driver) =>
    Effect.gen(function* () {
      yield* happen(driver, { _tag: "OpenRedeem" })
      yield* pick(driver)
      yield* happen(driver, redeem({ _tag: "Confirm" }))
    })

  const sentKeys = Effect.map(calls("resetCredits.consume"), (all) => [
    ...new Set(all.map(({ body }) => JSON.stringify(body)))
  ])

  it.effect("whose answers were lost is tried again with its key and its credit, and is a success", () =>
    Effect.gen(function* () {
      const driver = yield* openMenu
      yield* consuming(driver)
      assert.strictEqual(inFront(driver), "Redeem ConsumeFailed")
      assert.deepStrictEqual(yield* states, ["unknown"])
      yield* (yield* FakeBackend.FakeBackend).setPlan([])
      yield* happen(driver, redeem({ _tag: "Retry" }))
      assert.deepInclude(driver.state.flow?.state, {
        _tag: "Done",
        left: 1,
        redeemed: { key: RedeemKey.make("key-1"), outcome: "alreadyRedeemed" }
      })
      assert.deepStrictEqual(yield* sentKeys, ['{"redeem_request_id":"key-1","credit_id":"rc_1"}'])
      assert.deepStrictEqual([(yield* done).redeem, yield* states], [1, ["succeeded"]])
    }).pipe(
      Effect.provide(
        account({ backend: { plan: [FaultPlan.on("resetCredits.consume", "every", Fault.resetAfterCommit)] } })
      )
    )
  )

  it.effect("that was left open is carried on first when the flow is opened again", () =>
    Effect.gen(function* () {
      const driver = yield* openMenu
      yield* consuming(driver)
      yield* (yield* FakeBackend.FakeBackend).setPlan([])
      yield* script(driver, [close.redeem, { _tag: "OpenRedeem" }])
      assert.strictEqual(inFront(driver), "Redeem Resume")
      yield* script(driver, [close.redeem])
      assert.deepStrictEqual(yield* states, ["unknown"])
      yield* script(driver, [{ _tag: "OpenRedeem" }, redeem({ _tag: "Confirm" })])
      assert.strictEqual(inFront(driver), "Redeem Done")
      assert.deepStrictEqual(yield* sentKeys, ['{"redeem_request_id":"key-1","credit_id":"rc_1"}'])
      assert.deepStrictEqual([(yield* done).redeem, yield* states], [1, ["succeeded"]])
    }).pipe(Effect.provide(account({ backend: { plan: [FaultPlan.on("resetCredits.consume", "every", Fault.hang)] } })))
  )

  it.effect("soon after another one waits, unless the person says so in so many words", () =>
    Effect.gen(function* () {
      const driver = yield* openMenu
      yield* consuming(driver)
      yield* (yield* FakeBackend.FakeBackend).updateAccount((owner) => ({
        ...owner,
        primary: FakeAccount.makeWindow(0, { lengthSeconds: 18_000, usedPercent: 50 })
      }))
      yield* script(driver, [close.redeem, { _tag: "OpenRedeem" }])
      assert.strictEqual(inFront(driver), "Redeem QuietPeriod")
      assert.strictEqual((yield* done).redeem, 1)
      yield* happen(driver, redeem({ _tag: "UseAnother" }))
      yield* pick(driver)
      assert.strictEqual((yield* done).redeem, 1)
      yield* happen(driver, redeem({ _tag: "Confirm" }))
      assert.strictEqual(inFront(driver), "Redeem Done")
      assert.strictEqual((yield* done).redeem, 2)
    }).pipe(Effect.provide(account()))
  )

  it.effect("is not sent when another account signs in after the confirmation is shown", () =>
    Effect.gen(function* () {
      const driver = yield* openMenu
      yield* happen(driver, { _tag: "OpenRedeem" })
      yield* pick(driver)
      // The boundary has not been told yet: the confirmation is still on the screen.
      yield* signInAs("user-B/account-B")
      yield* happen(driver, redeem({ _tag: "Confirm" }))
      assert.strictEqual(inFront(driver), "Redeem AccountChanged")
      assert.deepStrictEqual([yield* posts, yield* states], [[], ["abandoned"]])
    }).pipe(Effect.provide(account({ backend: { accounts: [{}, { userId: "user-B", accountId: "account-B" }] } })))
  )
})

describe("a change of account", () => {
  it.effect("starts the menu anew, for the account that is there now", () =>
    Effect.gen(function* () {
      const driver = yield* openMenu
      yield* script(driver, [{ _tag: "OpenInvite" }, invite({ _tag: "Submit", text: invitee })])
      const session = yield* signInAs("user-B/account-B")
      yield* happen(driver, { _tag: "AccountChanged", change: { _tag: "SignedIn", session } })
      assert.strictEqual(inFront(driver), "Menu")
      assert.strictEqual(driver.state.count, 0)
      assert.strictEqual(driver.state.offer?.identity.userId, "user-B")
      yield* script(driver, [invite({ _tag: "Send" }), redeem({ _tag: "Confirm" })])
      assert.deepStrictEqual([yield* posts, yield* states], [[], []])
    }).pipe(
      Effect.provide(
        account({ backend: { accounts: [{}, { userId: "user-B", accountId: "account-B", resetCredits: [] }] } })
      )
    )
  )
})

describe("an invite", () => {
  const sending = [{ _tag: "OpenInvite" }, invite({ _tag: "Submit", text: invitee }), invite({ _tag: "Send" })] as const

  it.effect("to an address that was invited: only if that is said", () =>
    Effect.gen(function* () {
      const driver = yield* openMenu
      yield* script(driver, [...sending, close.invite, ...sending])
      assert.strictEqual(inFront(driver), "Invite Earlier")
      assert.deepStrictEqual(yield* posts, ["referrals.invite"])
      yield* happen(driver, invite({ _tag: "SendAgain" }))
      assert.strictEqual(inFront(driver), "Invite Sent")
      assert.deepStrictEqual(yield* posts, ["referrals.invite", "referrals.invite"])
    }).pipe(Effect.provide(account()))
  )

  it.effect("that was refused is sent to the address as it was edited", () =>
    Effect.gen(function* () {
      const driver = yield* openMenu
      yield* script(driver, sending)
      assert.strictEqual(inFront(driver), "Invite Rejected")
      yield* script(driver, [invite({ _tag: "EditEmail" }), invite({ _tag: "Submit", text: "yan@friends.test" })])
      yield* happen(driver, invite({ _tag: "Send" }))
      assert.strictEqual(inFront(driver), "Invite Sent")
      assert.deepStrictEqual(yield* states, ["succeeded", "rejected"])
      assert.strictEqual((yield* done).invite, 1)
    }).pipe(Effect.provide(account({ backend: { plan: [FaultPlan.on("referrals.invite", 1, Fault.status(422))] } })))
  )
})
