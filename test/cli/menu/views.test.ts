/** What each state of each flow says, and what can be chosen there. */
import { assert, describe, expect, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import { open } from "../../../src/cli/menu/kit.js"
import { render } from "../../../src/cli/menu/render.js"
import type { View } from "../../../src/cli/menu/View.js"
import { inviteView } from "../../../src/cli/menu/views/invite.js"
import { nudgeView } from "../../../src/cli/menu/views/nudge.js"
import { redeemView } from "../../../src/cli/menu/views/redeem.js"
import { usageView } from "../../../src/cli/menu/views/usage.js"
import { usageMenuView } from "../../../src/cli/menu/views/usageMenu.js"
import type { Canvas } from "../../../src/cli/render/limits.js"
import { paintFor, withoutColor } from "../../../src/cli/render/paint.js"
import { InviteEmail } from "../../../src/domain/InviteEmail.js"
import { ReferralOffer } from "../../../src/domain/ReferralOffer.js"
import { RedeemKey, ResetCredit } from "../../../src/domain/ResetCredit.js"
import { Session } from "../../../src/domain/Session.js"
import { claimedRole, liveRole, type WorkspaceRole } from "../../../src/domain/WorkspaceRole.js"
import type * as InviteFlow from "../../../src/programs/menu/InviteFlow.js"
import type * as NudgeFlow from "../../../src/programs/menu/NudgeFlow.js"
import type * as RedeemFlow from "../../../src/programs/menu/RedeemFlow.js"
import * as UsageFlow from "../../../src/programs/menu/UsageFlow.js"
import * as UsageMenu from "../../../src/programs/menu/UsageMenu.js"
import { Arbitraries } from "../../../src/testing/index.js"
import {
  actError,
  activityOf,
  ada,
  at,
  credits,
  fetchedAt,
  offerOf,
  offline,
  operationOf,
  usageOf,
  viewOf
} from "../../programs/menu/support.js"

const canvas: Canvas = {
  columns: 72,
  paint: paintFor(false),
  now: DateTime.setZone(fetchedAt, DateTime.zoneMakeOffset(2 * 3_600_000))
}

const picture = <Event>(view: View<Event> | null): string => {
  if (view === null) return "nothing"
  const { lines } = render(view, open(view), { columns: canvas.columns, rows: 50, paint: canvas.paint, sign: "" })
  // The last two are the same everywhere.
  return lines.slice(0, -2).join("\n")
}
const pictures = <State>(states: ReadonlyArray<State>, view: (state: State, canvas: Canvas) => View<unknown> | null) =>
  `\n${states.map((state) => picture(view(state, canvas))).join("\n\n==========\n\n")}\n`

const key = RedeemKey.make("key-1")
const choices = (more: Partial<RedeemFlow.Choices> = {}): RedeemFlow.Choices => ({
  usage: usageOf({ count: 3, credits }),
  available: 3,
  credits,
  quietUntil: null,
  ...more
})
const confirmed = { key, creditId: null, again: false }

const redeemStates = (session: Session): ReadonlyArray<RedeemFlow.State> => {
  const context = { session, count: 3, lastId: 1 }
  const [first = null] = credits
  return [
    { _tag: "Loading", context, id: 1 },
    { _tag: "LoadFailed", context, error: offline },
    { _tag: "Empty", context },
    { _tag: "Resume", context, operation: operationOf("redeem"), confirmed },
    { _tag: "QuietPeriod", context, until: at(15), choices: choices() },
    { _tag: "Picker", context, choices: choices() },
    { _tag: "Picker", context, choices: choices({ credits: null, quietUntil: at(15) }) },
    { _tag: "Confirm", context, choices: choices(), credit: first },
    { _tag: "Confirm", context, choices: choices({ credits: null }), credit: null },
    { _tag: "Consuming", context, id: 2, confirmed },
    { _tag: "Refreshing", context, id: 3, redeemed: { key, outcome: "reset" } },
    { _tag: "Done", context, redeemed: { key, outcome: "reset" }, left: 1 },
    { _tag: "Done", context, redeemed: { key, outcome: "alreadyRedeemed" }, left: 0 },
    { _tag: "Done", context, redeemed: { key, outcome: "reset" }, left: null },
    { _tag: "NotNeeded", context },
    { _tag: "NoneLeft", context },
    { _tag: "CreditGone", context },
    { _tag: "UsedElsewhere", context },
    { _tag: "AccountChanged", context },
    { _tag: "ConsumeFailed", context, confirmed, error: actError("redeem", "OutcomeUnknown", "key-1") },
    { _tag: "ConsumeFailed", context, confirmed, error: offline },
    { _tag: "Closed", context }
  ]
}

const inviteStates = (
  session: Session,
  offer = offerOf(session),
  email = InviteEmail.make("zoe@friends.test")
): ReadonlyArray<InviteFlow.State> => {
  const context = { session, offer, lastId: 1 }
  return [
    { _tag: "Email", context, initial: "", problem: null },
    { _tag: "Email", context, initial: "zoe", problem: "An address has an @ in it." },
    { _tag: "Confirm", context, email, offer },
    {
      _tag: "Confirm",
      context,
      email,
      offer: new ReferralOffer({ ...offer, description: null, rules: [], requiresExplicitConfirmation: false })
    },
    { _tag: "Sending", context, id: 1, email, offer },
    { _tag: "Earlier", context, email, offer, operation: operationOf("invite") },
    {
      _tag: "Earlier",
      context,
      email,
      offer,
      operation: operationOf("invite", { state: { _tag: "succeeded", outcome: "sent" } })
    },
    { _tag: "Sent", context, email, reward: "included", key },
    { _tag: "Sent", context, email, reward: "notIncluded", key },
    { _tag: "Sent", context, email, reward: "unknown", key },
    { _tag: "Rejected", context, email, error: actError("invite", "Rejected", "key-1") },
    { _tag: "Unknown", context, email, error: actError("invite", "OutcomeUnknown", "key-1") },
    { _tag: "Changed", context, what: "offer" },
    { _tag: "Changed", context, what: "account" },
    { _tag: "Gone", context },
    { _tag: "NotSent", context, error: offline },
    { _tag: "Closed", context }
  ]
}

const nudgeStates = (
  session: Session,
  creditType: NudgeFlow.Context["creditType"],
  role: WorkspaceRole
): ReadonlyArray<NudgeFlow.State> => {
  const context = { session, creditType, byOwner: false, lastId: 1 }
  return [
    { _tag: "LoadingRole", context, id: 1 },
    { _tag: "RoleFailed", context, error: offline },
    { _tag: "Guidance", context, role: liveRole("account-admin") },
    { _tag: "Prompt", context, role },
    { _tag: "Sending", context, id: 2, role, again: false },
    { _tag: "Sent", context, role, key },
    { _tag: "Cooldown", context, role },
    { _tag: "Unknown", context, role, error: actError("nudge", "OutcomeUnknown", "key-1") },
    { _tag: "Failed", context, role, again: false, error: actError("nudge", "Rejected", "key-1") },
    { _tag: "Earlier", context, role, operation: operationOf("nudge") },
    { _tag: "AccountChanged", context },
    { _tag: "Closed", context }
  ]
}

const opened = (more: Partial<UsageMenu.State> = {}): UsageMenu.State => ({ ...UsageMenu.init(ada)[0], ...more })

describe("the words", () => {
  it("of the menu", () => {
    const states = [
      opened(),
      opened({ count: 1, countId: null, offer: offerOf(ada) }),
      opened({ count: 0, countId: null }),
      opened({ countId: null, countError: offline }),
      opened({ count: 2, usage: usageOf({ reachedType: "workspace_member_usage_limit_reached" }) }),
      opened({ count: 2, usage: usageOf({ reachedType: "workspace_owner_credits_depleted" }) }),
      opened({ session: null }),
      opened({ _tag: "Ended" })
    ]
    expect(pictures(states, usageMenuView)).toMatchInlineSnapshot(`
      "
      Usage

      ada@example.test · Business

      › 1. Show usage
           What is left, and your token activity.
        2. Redeem usage limit reset
           Check what is available. It is being read right now.

      ==========

      Usage

      ada@example.test · Business

      › 1. Show usage
           What is left, and your token activity.
        2. Redeem usage limit reset
           1 reset available.
        3. Invite someone to Codex
           Invite a friend.

      ==========

      Usage

      ada@example.test · Business

      › 1. Show usage
           What is left, and your token activity.
           Redeem usage limit reset
           None available.

      ==========

      Usage

      ada@example.test · Business
      The usage could not be read: no connection to the backend; check the
      network, the proxy and chatgpt_base_url.

      › 1. Show usage
           What is left, and your token activity.
        2. Redeem usage limit reset
           Check what is available: the last reading failed.

      ==========

      Usage

      ada@example.test · Business

      › 1. Show usage
           What is left, and your token activity.
        2. Redeem usage limit reset
           2 resets available.
        3. Ask the workspace owner for a higher limit
           The workspace's spend cap is reached.

      ==========

      Usage

      ada@example.test · Business

      › 1. Show usage
           What is left, and your token activity.
        2. Redeem usage limit reset
           2 resets available.
        3. What to do about the workspace's limit
           The workspace has no credits left.

      ==========

      Usage

      Nobody is signed in any more. To sign in: codex-account login

      › 1. Close

      ==========

      nothing
      "
    `)
  })

  it("of the redemption", () => {
    expect(pictures(redeemStates(ada), redeemView)).toMatchInlineSnapshot(`
      "
      Usage limit resets

      Checking your available resets...

        Loading...

      ==========

      Usage limit resets

      The usage could not be read: no connection to the backend; check the
      network, the proxy and chatgpt_base_url.
      Nothing was sent: no reset was used.
      To find out why: codex-account doctor.

      › 1. Try again
        2. Close

      ==========

      Usage limit resets

      No usage limit resets are available.

      › 1. Close

      ==========

      Carry on an earlier reset?

      A reset was sent 4m ago, and its outcome is not known.
      It is sent again with the same key, so that it can't use a second
      credit. Before it has ended no other reset can begin.
      Key: open-key

        1. Yes, carry it on
      › 2. No, go back

      ==========

      Usage limit resets

      This account was reset a short while ago.
      The usage that the backend shows may be older than that, until 2:15 PM
      (in 15m).

      › 1. Close
        2. Use another reset
           3 resets available.

      ==========

      Usage limit resets

      3 usage limit resets available.

      › 1. Full reset  expires 3:00 PM (in 1h)
           Resets your weekly and your 5h limit.
        2. Full reset  expires Jun 24th, 2026 6:00 PM (in 4d 4h)
           Resets your weekly and your 5h limit.
        3. Full reset  does not expire
           Resets your weekly and your 5h limit.
        4. Cancel

      ==========

      Usage limit resets

      3 usage limit resets available.
      This account was reset a short while ago. What is shown may be older
      than that, until 2:15 PM (in 15m).

      › 1. Full reset
           Resets your weekly and your 5h limit.
        2. Cancel

      ==========

      Use this reset?

      Full reset, expires 3:00 PM (in 1h)
      Account: ada@example.test · Business
      Now: 5h 20% left, weekly 40% left

        1. Yes, use reset
           Resets your weekly and your 5h limit.
      › 2. No, go back

      ==========

      Use this reset?

      Full reset
      Account: ada@example.test · Business
      Now: 5h 20% left, weekly 40% left

        1. Yes, use reset
           Resets your weekly and your 5h limit.
      › 2. No, go back

      ==========

      Usage limit resets

      Resetting your usage...

        Using a reset...

      ==========

      Usage limit resets

      Your usage was reset. Checking what is left...

        Refreshing...

      ==========

      Usage limit resets

      Your usage was reset.
      1 reset left.
      Key: key-1

      › 1. Close

      ==========

      Usage limit resets

      This reset was done before, with the same key. No further credit was
      used.
      No resets are left.
      Key: key-1

      › 1. Close

      ==========

      Usage limit resets

      Your usage was reset.
      How many resets are left could not be read.
      Key: key-1

      › 1. Close

      ==========

      Usage limit resets

      Your usage does not need a reset now. No credit was used.

      › 1. Close

      ==========

      Usage limit resets

      No usage limit resets are available. Nothing was used.

      › 1. Close

      ==========

      Usage limit resets

      This reset is gone. Nothing was used.

      › 1. Try again
           See which resets there are.
        2. Close

      ==========

      Usage limit resets

      Nothing was done: this key was used before, by somebody else.

      › 1. Close

      ==========

      Usage limit resets

      Another account is signed in by now. Nothing was sent for it. Start
      again.

      › 1. Close

      ==========

      Usage limit resets

      The reset was sent, but whether it took effect is not known.
      Redeem again with the same key: it can't spend a second credit.
      Operation key-1.
      To carry it on: codex-account redeem --key key-1

      › 1. Try again
           With the same key and the same credit: it can't use a second one.
        2. Close

      ==========

      Usage limit resets

      The usage could not be read: no connection to the backend; check the
      network, the proxy and chatgpt_base_url.
      Nothing was sent: no reset was used.
      To find out why: codex-account doctor.

      › 1. Try again
           With the same key and the same credit: it can't use a second one.
        2. Close

      ==========

      nothing
      "
    `)
  })

  it("of the invite", () => {
    expect(pictures(inviteStates(ada), inviteView)).toMatchInlineSnapshot(`
      "
      Invite someone to Codex

      To one e-mail address. You see everything once more before it is sent.

      › name@example.com

      ==========

      Invite someone to Codex

      To one e-mail address. You see everything once more before it is sent.

      › zoe
      An address has an @ in it.

      ==========

      Send referral invite?

      Invite a friend.
      Recipient: zoe@friends.test
      From: ada@example.test · Business
      • New to Codex.
      By sending you confirm that the recipient wants to hear from you.

        1. Send invite
      › 2. Cancel

      ==========

      Send referral invite?

      There is an offer for this account.
      Recipient: zoe@friends.test
      From: ada@example.test · Business

        1. Send invite
      › 2. Cancel

      ==========

      Invite someone to Codex

      Sending an invite to zoe@friends.test...

        Sending invite...

      ==========

      Invite this address again?

      An invite to zoe@friends.test was sent 4m ago, and its outcome is not
      known. Ask the recipient first.
      Nothing was sent now.

        1. Send another one
      › 2. No, go back

      ==========

      Invite this address again?

      An invite to zoe@friends.test was sent 4m ago.
      Nothing was sent now.

        1. Send another one
      › 2. No, go back

      ==========

      Invite someone to Codex

      The invite to zoe@friends.test was sent. A reward comes with it.
      Operation key-1

      › 1. Close

      ==========

      Invite someone to Codex

      The invite to zoe@friends.test was sent. No reward comes with it.
      Operation key-1

      › 1. Close

      ==========

      Invite someone to Codex

      The invite to zoe@friends.test was sent. Whether a reward comes with it
      was not confirmed.
      Operation key-1

      › 1. Close

      ==========

      Invite someone to Codex

      The invite was refused.
      Operation key-1.
      Check the address: zoe@friends.test

      › 1. Edit the address
        2. Close

      ==========

      Invite someone to Codex

      The invite left, and whether it arrived could not be confirmed.
      Ask zoe@friends.test before you send another one.
      Operation key-1

      › 1. Close

      ==========

      Invite someone to Codex

      The offer has changed since you saw it. Nothing was sent: go back, and
      confirm the one that stands now.

      › 1. Close

      ==========

      Invite someone to Codex

      Another account is signed in by now. Nothing was sent: go back, and
      start again as that account.

      › 1. Close

      ==========

      Invite someone to Codex

      There is no offer any more. Nothing was sent: go back to see what there
      is.

      › 1. Close

      ==========

      Invite someone to Codex

      The usage could not be read: no connection to the backend; check the
      network, the proxy and chatgpt_base_url.
      Nothing was sent: no invite went out.
      To find out why: codex-account doctor.

      › 1. Close

      ==========

      nothing
      "
    `)
  })

  it("of the message to the owner", () => {
    const states = [
      ...nudgeStates(ada, "credits", liveRole("standard-user")),
      ...nudgeStates(ada, "usage_limit", claimedRole(false)),
      ...nudgeStates(ada, "usage_limit", claimedRole(null)).filter(({ _tag }) => _tag === "Prompt")
    ]
    expect(pictures(states, nudgeView)).toMatchInlineSnapshot(`
      "
      You've reached your workspace credit limit

      Reading your role in the workspace...

        Loading...

      ==========

      You've reached your workspace credit limit

      The usage could not be read: no connection to the backend; check the
      network, the proxy and chatgpt_base_url.
      Nothing was sent: the owner was not written to.
      To find out why: codex-account doctor.

      › 1. Try again
        2. Close

      ==========

      You've reached your workspace credit limit

      Your workspace has no credits left. You own this workspace, or
      administer it: there is nobody to ask.
      Add credits in the workspace's settings.
      Role: admin, as the workspace says

      › 1. Close

      ==========

      You've reached your workspace credit limit

      Your workspace has no credits left. Notify the owner?
      Account: ada@example.test · Business
      Role: member, as the workspace says

        1. Yes (y)
      › 2. No (default) (n)

      ==========

      You've reached your workspace credit limit

      Writing to the workspace owner...

        Sending...

      ==========

      You've reached your workspace credit limit

      Workspace owner notified.
      Operation key-1

      › 1. Close

      ==========

      You've reached your workspace credit limit

      The owner was notified not long ago. Nothing was sent this time.

      › 1. Close

      ==========

      You've reached your workspace credit limit

      The message left, and whether it arrived could not be confirmed.
      Ask the owner before you send another one.
      Operation key-1

      › 1. Close

      ==========

      You've reached your workspace credit limit

      The message to the owner was refused.
      Operation key-1.

      › 1. Try again
        2. Close

      ==========

      Write to the owner again?

      A message was sent 4m ago, and its outcome is not known. Ask the owner
      first.
      Nothing was sent now.
      Operation open-key

        1. Send another one
      › 2. No, go back

      ==========

      You've reached your workspace credit limit

      Another account is signed in by now. Nothing was sent for it. Start
      again.

      › 1. Close

      ==========

      nothing

      ==========

      Usage limit reached

      Reading your role in the workspace...

        Loading...

      ==========

      Usage limit reached

      The usage could not be read: no connection to the backend; check the
      network, the proxy and chatgpt_base_url.
      Nothing was sent: the owner was not written to.
      To find out why: codex-account doctor.

      › 1. Try again
        2. Close

      ==========

      Usage limit reached

      The spend cap of your workspace is reached. You own this workspace, or
      administer it: there is nobody to ask.
      Raise the limit in the workspace's settings.
      Role: admin, as the workspace says

      › 1. Close

      ==========

      Usage limit reached

      The spend cap of your workspace is reached. Request an increase from the
      owner?
      Account: ada@example.test · Business
      Role: member, as the sign-in says

        1. Yes (y)
      › 2. No (default) (n)

      ==========

      Usage limit reached

      Writing to the workspace owner...

        Sending...

      ==========

      Usage limit reached

      Limit increase requested.
      Operation key-1

      › 1. Close

      ==========

      Usage limit reached

      An increase was requested not long ago. Nothing was sent this time.

      › 1. Close

      ==========

      Usage limit reached

      The message left, and whether it arrived could not be confirmed.
      Ask the owner before you send another one.
      Operation key-1

      › 1. Close

      ==========

      Usage limit reached

      The message to the owner was refused.
      Operation key-1.

      › 1. Try again
        2. Close

      ==========

      Write to the owner again?

      A message was sent 4m ago, and its outcome is not known. Ask the owner
      first.
      Nothing was sent now.
      Operation open-key

        1. Send another one
      › 2. No, go back

      ==========

      Usage limit reached

      Another account is signed in by now. Nothing was sent for it. Start
      again.

      › 1. Close

      ==========

      nothing

      ==========

      Usage limit reached

      The spend cap of your workspace is reached. Request an increase from the
      owner?
      Account: ada@example.test · Business
      Role: not known

        1. Yes (y)
      › 2. No (default) (n)
      "
    `)
  })

  it("of the usage: each part stands by itself", () => {
    const [loading] = UsageFlow.initial({ session: ada, lastId: 0 })
    const state = { _tag: "Open", context: loading.context, view: "daily" } as const
    const states: ReadonlyArray<UsageFlow.State> = [
      loading,
      {
        ...state,
        usage: { _tag: "Ready", value: viewOf(usageOf()) },
        activity: { _tag: "Failed", error: offline }
      },
      {
        ...state,
        usage: { _tag: "Failed", error: offline },
        activity: { _tag: "Ready", value: activityOf(ada) }
      }
    ]
    expect(pictures(states, usageView)).toMatchInlineSnapshot(`
      "
      Usage

      Token activity: d daily, w weekly, c cumulative. r reads again.

      Reading the usage...

      Reading the token activity...

      › 1. Close

      ==========

      Usage

      Token activity: d daily, w weekly, c cumulative. r reads again.

      Codex usage · Business · read just now

      ▸ 5h      ███░░░░░░░░░░  20% left  resets 3:00 PM (in 1h)
        weekly  █████░░░░░░░░  40% left  resets Jun 23rd, 2026 2:00 PM (in 3d)

      Usable. The 5h window is the tightest.

      Reset credits: 2 available (the backend did not list them)

      Token activity unavailable
      The usage could not be read: no connection to the backend; check the
      network, the proxy and chatgpt_base_url.
      To find out why: codex-account doctor.

      › 1. Close

      ==========

      Usage

      Token activity: d daily, w weekly, c cumulative. r reads again.

      Usage unavailable
      The usage could not be read: no connection to the backend; check the
      network, the proxy and chatgpt_base_url.
      To find out why: codex-account doctor.

      Token activity · by day · read just now

        The backend tells of no single days.

      Lifetime 1
      ▸ daily · weekly · cumulative

      › 1. Close
      "
    `)
  })
})

const everyView = (
  session: Session,
  offer: ReferralOffer,
  role: WorkspaceRole = claimedRole(null)
): ReadonlyArray<View<unknown>> =>
  [
    ...redeemStates(session).map((state) => redeemView(state, canvas)),
    ...inviteStates(session, offer).map((state) => inviteView(state, canvas)),
    ...nudgeStates(session, "credits", role).map((state) => nudgeView(state, canvas)),
    usageMenuView(opened({ session, offer }), canvas)
  ].flatMap((view): ReadonlyArray<View<unknown>> => (view === null ? [] : [view]))

describe("in every state", () => {
  const views = everyView(ada, offerOf(ada))

  it("another state is another view, so that it begins with its own row", () => {
    const flows: ReadonlyArray<ReadonlyArray<readonly [tag: string, id: string | undefined]>> = [
      redeemStates(ada).map((state) => [state._tag, redeemView(state, canvas)?.id]),
      inviteStates(ada).map((state) => [state._tag, inviteView(state, canvas)?.id]),
      nudgeStates(ada, "credits", claimedRole(null)).map((state) => [state._tag, nudgeView(state, canvas)?.id])
    ]
    for (const flow of flows) {
      const tags = new Set(flow.map(([tag]) => tag))
      assert.strictEqual(new Set(flow.map(([, id]) => id)).size, tags.size)
    }
  })

  it("Enter at once sends nothing", () => {
    const sending = new Set(["Confirm", "Send", "SendAgain", "UseAnother"])
    for (const view of views) {
      if (view._tag === "Prompt") continue
      const event = view.rows[open(view).selected]?.event
      const tag = typeof event === "object" && event !== null && "_tag" in event ? String(event._tag) : ""
      assert.isFalse(sending.has(tag), view.id)
    }
  })

  it("what is on its way can't be cancelled, and everything else can", () => {
    const fixed = views.flatMap((view) => (view.cancel === null ? [view.id] : []))
    assert.deepStrictEqual(fixed, [
      "rate-limit-reset-consuming",
      "rate-limit-reset-refreshing",
      "referral-invite-sending",
      "notify-owner-sending"
    ])
  })

  const unfit = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u
  const text = Arbitraries.untrustedText
  it.prop("text from outside is plain", [text, text, text, text], ([email, description, rule, title]) => {
    const session = new Session({ ...ada, email })
    const offer = new ReferralOffer({ ...offerOf(ada), description, rules: [rule] })
    const credit = new ResetCredit({ ...(credits[0] ?? assert.fail()), title, description })
    const context = { session, count: 1, lastId: 1 }
    const picked = choices({ credits: [credit] })
    const all = [
      ...everyView(session, offer),
      redeemView({ _tag: "Picker", context, choices: picked }, canvas),
      redeemView({ _tag: "Confirm", context, choices: picked, credit }, canvas)
    ]
    for (const view of all) {
      if (view === null) continue
      const rows = view._tag === "List" ? view.rows : []
      const texts = [view.title, ...view.lines, ...rows.flatMap((row) => [row.label, row.detail, row.description])]
      for (const each of texts) {
        assert.notStrictEqual(each, "")
        assert.isFalse(unfit.test(withoutColor(each ?? "")), JSON.stringify(each))
      }
    }
  })
})
