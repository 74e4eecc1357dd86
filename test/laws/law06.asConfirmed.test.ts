/** Law 6: nothing is sent to an identity or under an offer other than the one confirmed. */
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import { InviteEmail } from "../../src/domain/InviteEmail.js"
import { inviteFriend } from "../../src/programs/invite.js"
import { notifyOwner } from "../../src/programs/nudge.js"
import { redeemReset } from "../../src/programs/redeem.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { Dialog } from "../../src/services/Dialog.js"
import { Referrals } from "../../src/services/Referrals.js"
import { Arbitraries, Fault, FaultPlan, ScriptedDialog } from "../../src/testing/index.js"
import {
  account,
  calls,
  ending,
  invitee,
  offers,
  secondIsStored,
  secondSignsIn,
  type Services
} from "../programs/harness.js"
import { runs, test } from "../cases.js"

const other = { userId: "user-B", accountId: "account-B", email: "bea@example.test" }

/** What changes, and what it is a change of. */
const changes = {
  nothing: ["nothing", Effect.void],
  "a description": ["offer", offers({ description: "Less." })],
  "a rule": ["offer", offers({ rules: ["Another rule."] })],
  "an amount": ["offer", offers({ grantAmount: 7 })],
  "the consent": ["offer", offers({ requiresExplicitConfirmation: false })],
  "the offer is withdrawn": ["offer", offers({ shouldShow: false })],
  "another account signs in here": ["identity", secondSignsIn],
  "another account signs in elsewhere": ["identity", secondIsStored],
  "the account signs out": ["identity", Effect.flatMap(AuthSession, (auth) => auth.signOut({ revoke: false }))]
} as const

type Change = keyof typeof changes

const changeNames = Object.keys(changes).filter((name): name is Change => name in changes)

/** When the world changes: while the person reads, or half a second into a request of the second look at the offer. */
const moments = ["reading", "eligibility again", "rules again"] as const

type Moment = (typeof moments)[number]

const slow: Readonly<Record<Moment, FaultPlan.FaultPlan>> = {
  reading: [],
  "eligibility again": [FaultPlan.on("referrals.eligibility", 2, Fault.delay("1 second"))],
  // Answered as of its beginning: a change of the terms comes too late to be in it.
  "rules again": [FaultPlan.on("referrals.rules", 2, Fault.delay("1 second", { afterCommit: true }))]
}

const world = (plan: FaultPlan.FaultPlan) =>
  account({ accounts: [{ reachedType: "workspace_member_credits_depleted" }, other], plan })

const endpointOf = { invite: "referrals.invite", redeem: "resetCredits.consume", nudge: "workspace.nudge" } as const

type Act = keyof typeof endpointOf

/** Whether the change can be seen before anything is sent. */
const isSeen = (act: Act, change: Change, moment: Moment): boolean => {
  if (change === "nothing") return false
  if (changes[change][0] === "offer") return act === "invite" && moment !== "rules again"
  // Only the invite looks at the store again, and does so first.
  return change !== "another account signs in elsewhere" || (act === "invite" && moment === "reading")
}

/** Runs the act while the world changes; fails unless what is sent is what was confirmed. */
const check = (act: Act, program: Effect.Effect<unknown, unknown, Services>, change: Change, moment: Moment) =>
  Effect.gen(function* () {
    const dialog = yield* ScriptedDialog.ScriptedDialog
    const context = yield* Effect.context<Services>()
    const confirmed = (yield* (yield* AuthSession).current).identity
    const now = Effect.provide(Effect.orDie<unknown, unknown, Services>(changes[change][1]), context)
    yield* dialog.answer({
      [`${act}.confirm`]: () => Effect.as(moment === "reading" ? now : Effect.forkDaemon(Effect.delay(now, 500)), true)
    })
    const ended = yield* ending(Effect.exit(program))
    assert.isTrue(Option.isSome(ended))
    const sent = yield* calls(endpointOf[act])
    for (const call of sent) assert.strictEqual(call.headers["chatgpt-account-id"], confirmed.accountId)
    if (isSeen(act, change, moment)) assert.lengthOf(sent, 0)
    return sent.length
  })

const programs = {
  invite: inviteFriend({ email: invitee }),
  redeem: redeemReset(),
  nudge: notifyOwner()
}

for (const moment of moments) {
  test.each(changeNames, world(slow[moment]))(`an invite, ${moment}: %s`, function* (change) {
    const sent = yield* check("invite", programs.invite, change, moment)
    // It is not that nothing is ever sent.
    if (!isSeen("invite", change, moment) && changes[change][0] !== "identity") assert.strictEqual(sent, 1)
  })
}

it.effect.prop(
  "any act, whatever goes wrong besides",
  {
    act: FastCheck.constantFrom("invite" as const, "redeem" as const, "nudge" as const),
    change: FastCheck.constantFrom(...changeNames),
    plan: Arbitraries.faultPlan({ maxRules: 4, maxCall: 3 })
  },
  ({ act, change, plan }) =>
    check(act, programs[act], change, "reading").pipe(
      // The token may not have survived the plan.
      Effect.provide(world(plan)),
      Effect.asVoid
    ),
  runs(15)
)

const caught = (program: Effect.Effect<unknown, unknown, Services>, change: Change) =>
  Effect.gen(function* () {
    const exit = yield* Effect.exit(check("invite", program, change, "reading"))
    assert.isTrue(Exit.isFailure(exit), "the check does not see it")
  }).pipe(Effect.provide(world([])))

const confirmation = { id: "invite.confirm", title: "", details: [], yes: "", no: "" }
const email = InviteEmail.make(invitee)

/** As a program would be that trusts what it has seen. */
const withoutSecondLook = Effect.gen(function* () {
  const referrals = yield* Referrals
  const offer = yield* Effect.flatten(referrals.loadOffer)
  if (yield* (yield* Dialog).confirm(confirmation)) yield* referrals.sendInvite({ as: offer.identity, email })
})

/** A program that sends as the account that is signed in by then. */
const asWhoeverIsThere = Effect.gen(function* () {
  const referrals = yield* Referrals
  yield* referrals.loadOffer
  yield* (yield* Dialog).confirm(confirmation)
  yield* referrals.sendInvite({ as: (yield* (yield* AuthSession).reload).identity, email })
})

it.effect.each(changeNames.filter((name) => changes[name][0] === "offer"))(
  "control: without a second look the check fails: %s",
  (change) => caught(withoutSecondLook, change)
)

it.effect.each(["another account signs in here", "another account signs in elsewhere"] as const)(
  "control: without the pinned identity the check fails: %s",
  (change) => caught(asWhoeverIsThere, change)
)
