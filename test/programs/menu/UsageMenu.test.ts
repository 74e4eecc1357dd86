import { assert, describe, it } from "@effect/vitest"
import { InviteEmail } from "../../../src/domain/InviteEmail.js"
import { RedeemKey } from "../../../src/domain/ResetCredit.js"
import type { SessionChange } from "../../../src/domain/Session.js"
import { liveRole } from "../../../src/domain/WorkspaceRole.js"
import {
  type Event,
  init,
  isEnded,
  nudgeWanted,
  redeemEnabled,
  type State,
  type Step,
  update
} from "../../../src/programs/menu/UsageMenu.js"
import {
  activityOf,
  actError,
  ada,
  at,
  bob,
  credits,
  offerOf,
  offline,
  type Said,
  sessionOf,
  usageOf,
  viewOf
} from "./support.js"

const after = (events: ReadonlyArray<Event>, start: Step = init(ada)): Step =>
  events.reduce<Step>(([state], event) => update(state, event), start)

const isIgnored = (state: State, event: Event) => {
  const [next, commands] = update(state, event)
  assert.strictEqual(next, state)
  assert.deepStrictEqual(commands, [])
}

const counted = (said: Said = {}, id = 1, isOpen = false): Event => ({
  _tag: "CountLoaded",
  id,
  usage: usageOf(said),
  isOpen
})
const offered = (id = 2): Event => ({ _tag: "OfferLoaded", id, offer: offerOf(ada) })
const ready = [counted(), offered()]
const redeem = (event: Extract<Event, { readonly _tag: "Redeem" }>["event"]): Event => ({ _tag: "Redeem", event })
const invite = (event: Extract<Event, { readonly _tag: "Invite" }>["event"]): Event => ({ _tag: "Invite", event })
const nudge = (event: Extract<Event, { readonly _tag: "Nudge" }>["event"]): Event => ({ _tag: "Nudge", event })
const usage = (event: Extract<Event, { readonly _tag: "Usage" }>["event"]): Event => ({ _tag: "Usage", event })
const key = RedeemKey.make("key-1")

const flowOf = (state: State) => (state.flow === null ? null : `${state.flow._tag} ${state.flow.state._tag}`)

describe("as it opens", () => {
  it("reads the count and the offer", () => {
    const [state, commands] = init(ada)
    assert.deepInclude(state, { _tag: "Menu", session: ada, count: null, countId: 1, offer: null, offerId: 2 })
    assert.deepStrictEqual(commands, [
      { _tag: "ReadCount", id: 1, as: ada.identity },
      { _tag: "LoadOffer", id: 2, as: ada.identity }
    ])
  })

  it.each([
    ["nobody is signed in", null],
    ["the sign-in is not with ChatGPT", sessionOf("ada", "apikey")]
  ] as const)("reads nothing and opens nothing when %s", (_, session) => {
    const [state, commands] = init(session)
    assert.deepStrictEqual(commands, [])
    assert.isFalse(redeemEnabled(state))
    for (const _tag of ["OpenUsage", "OpenRedeem", "OpenInvite", "OpenNudge"] as const) isIgnored(state, { _tag })
  })
})

describe("the row of resets", () => {
  it.each([
    ["not known", [], null, true],
    ["two", [counted({ count: 2 })], 2, true],
    ["none", [counted({ count: 0 })], 0, false],
    ["none, but one whose outcome is not known", [counted({ count: 0 }, 1, true)], 0, true],
    ["not told, which is an error", [counted({ count: null })], null, true],
    ["not readable", [{ _tag: "CountFailed", id: 1, error: offline }], null, true]
  ] as const)("%s", (_, events, count, enabled) => {
    const [state] = after(events)
    assert.strictEqual(state.count, count)
    assert.strictEqual(redeemEnabled(state), enabled)
    assert.strictEqual(state.countError === null, events.length === 0 || count !== null)
    assert.strictEqual(flowOf(update(state, { _tag: "OpenRedeem" })[0]), enabled ? "Redeem Loading" : null)
  })

  it("keeps a known number when it can't be read again", () => {
    const zero = after([counted({ count: 0 }), offered(), { _tag: "OpenUsage" }, usage({ _tag: "Cancel" })])
    assert.deepInclude(zero[0], { count: 0 })
    const id = zero[0].countId ?? 0
    assert.deepInclude(update(zero[0], { _tag: "CountFailed", id, error: offline })[0], {
      count: 0,
      countError: offline
    })
    const [found] = update(zero[0], counted({ count: 1 }, id))
    assert.isTrue(redeemEnabled(found))
  })

  it("ignores a read with another number, and one of another account", () => {
    isIgnored(init(ada)[0], counted({}, 2))
    isIgnored(after([counted()])[0], counted())
    const [state] = after([counted({ of: bob })])
    assert.deepInclude(state, { count: null, countId: null, usage: null })
  })
})

describe("the row of the invite", () => {
  it("is there while an offer is", () => {
    const [state, commands] = after([offered()])
    assert.deepInclude(state, { offerId: null, expiryId: 3 })
    assert.deepStrictEqual(commands, [{ _tag: "AwaitExpiry", id: 3, until: at(10) }])
    assert.strictEqual(flowOf(update(state, { _tag: "OpenInvite" })[0]), "Invite Email")
  })

  it.each([
    ["there is no offer", { _tag: "OfferLoaded", id: 2, offer: null }],
    ["it could not be loaded", { _tag: "OfferFailed", id: 2, error: offline }],
    ["it is somebody else's", { _tag: "OfferLoaded", id: 2, offer: offerOf(bob) }]
  ] as const)("is not there when %s", (_, event) => {
    const [state, commands] = after([event])
    assert.deepInclude(state, { offer: null, offerId: null, expiryId: null })
    assert.deepStrictEqual(commands, [])
    isIgnored(state, { _tag: "OpenInvite" })
  })

  it("goes with the offer's ten minutes, also from under the person who invites", () => {
    const [state] = after([offered(), { _tag: "OfferExpired", id: 3 }])
    assert.isNull(state.offer)
    const [gone] = after([
      offered(),
      { _tag: "OpenInvite" },
      { _tag: "OfferExpired", id: 3 },
      invite({ _tag: "Submit", text: "zoe@friends.test" })
    ])
    assert.strictEqual(flowOf(gone), "Invite Gone")
  })

  it("is not taken away by the end of an older offer", () => {
    const [state] = after([...ready, { _tag: "OpenUsage" }, usage({ _tag: "Cancel" }), offered(5)])
    assert.strictEqual(state.expiryId, 6)
    isIgnored(state, { _tag: "OfferExpired", id: 3 })
  })

  it("stays while the offer is loaded again, and goes if that fails", () => {
    const [state] = after([...ready, { _tag: "OpenUsage" }, usage({ _tag: "Cancel" })])
    assert.deepEqual(state.offer, offerOf(ada))
    assert.strictEqual(state.offerId, 5)
    assert.isNull(update(state, { _tag: "OfferFailed", id: 5, error: offline })[0].offer)
    isIgnored(state, { _tag: "OfferFailed", id: 2, error: offline })
  })
})

describe("the row of the message to the owner", () => {
  it.each([
    ["no limit", {}, null],
    ["a rate limit", { reachedType: "rate_limit_reached" }, null],
    ["a member without credits", { reachedType: "workspace_member_credits_depleted" }, ["credits", false]],
    [
      "a member without credits, under a cap that is not reached",
      { reachedType: "workspace_member_credits_depleted", capped: false },
      ["credits", false]
    ],
    [
      "a member without credits, under a cap that is reached",
      { reachedType: "workspace_member_credits_depleted", capped: true },
      ["usage_limit", false]
    ],
    ["a member at the limit", { reachedType: "workspace_member_usage_limit_reached" }, ["usage_limit", false]],
    ["an owner without credits", { reachedType: "workspace_owner_credits_depleted" }, ["credits", true]],
    ["an owner at the limit", { reachedType: "workspace_owner_usage_limit_reached" }, ["usage_limit", true]]
  ] as const)("%s", (_, said, wanted) => {
    const [state] = after([counted(said)])
    const found = nudgeWanted(state)
    assert.deepStrictEqual(
      found === null ? null : [found.creditType, found.byOwner],
      wanted === null ? null : [...wanted]
    )
    assert.strictEqual(flowOf(update(state, { _tag: "OpenNudge" })[0]), wanted === null ? null : "Nudge LoadingRole")
  })

  it("is not there before the usage is known", () => isIgnored(init(ada)[0], { _tag: "OpenNudge" }))
})

describe("a flow", () => {
  it("is alone: the menu's own events do nothing meanwhile", () => {
    const [state] = after([...ready, { _tag: "OpenRedeem" }])
    for (const event of [
      { _tag: "Cancel" },
      { _tag: "OpenUsage" },
      { _tag: "OpenInvite" },
      { _tag: "OpenRedeem" },
      { _tag: "OpenNudge" },
      invite({ _tag: "Cancel" }),
      usage({ _tag: "Cancel" }),
      nudge({ _tag: "Cancel" })
    ] as const) {
      isIgnored(state, event)
    }
  })

  it("gives way to the menu, which reads again what may have changed", () => {
    const [state, commands] = after([...ready, { _tag: "OpenRedeem" }, redeem({ _tag: "Cancel" })])
    assert.isNull(state.flow)
    assert.deepStrictEqual(commands, [
      { _tag: "ReadCount", id: 4, as: ada.identity },
      { _tag: "LoadOffer", id: 5, as: ada.identity }
    ])
  })

  it("gives way to the menu, which does not ask twice at once", () => {
    const [state, commands] = after([{ _tag: "OpenUsage" }, usage({ _tag: "Cancel" })])
    assert.deepStrictEqual(commands, [])
    assert.deepInclude(state, { countId: 1, offerId: 2 })
  })

  it("has numbers that no flow before it had", () => {
    const [state, commands] = after([
      ...ready,
      { _tag: "OpenRedeem" },
      redeem({ _tag: "Cancel" }),
      { _tag: "OpenRedeem" }
    ])
    assert.deepStrictEqual(commands, [{ _tag: "Redeem", command: { _tag: "Load", id: 2, as: ada.identity } }])
    isIgnored(state, redeem({ _tag: "Loaded", id: 1, usage: usageOf(), quietUntil: null }))
  })

  it("that has been left takes no answer", () =>
    isIgnored(
      after([...ready, { _tag: "OpenRedeem" }, redeem({ _tag: "Cancel" })])[0],
      redeem({ _tag: "Loaded", id: 1, usage: usageOf(), quietUntil: null })
    ))
})

describe("what the flows tell the menu", () => {
  const loaded = redeem({ _tag: "Loaded", id: 1, usage: usageOf({ count: 3, credits }), quietUntil: null })
  const consuming = [
    { _tag: "OpenRedeem" },
    loaded,
    redeem({ _tag: "Choose", credit: credits[0] ?? null }),
    redeem({ _tag: "Confirm" })
  ] as const
  const consumed = (outcome: "reset" | "noCredit" | "creditGone") => redeem({ _tag: "Consumed", id: 2, key, outcome })

  it("the picker knows the count, and a count that was begun before does not come back", () => {
    const [state] = after([{ _tag: "OpenRedeem" }, loaded])
    assert.deepInclude(state, { count: 3, countId: null })
    isIgnored(state, counted({ count: 9 }))
  })

  it("a count that arrives while the picker loads is kept", () => {
    const [state] = after([{ _tag: "OpenRedeem" }, counted({ count: 2 }), redeem({ _tag: "Cancel" })])
    assert.strictEqual(state.count, 2)
  })

  it("after a reset nothing that was read before it counts", () => {
    const reading = after([
      counted({ reachedType: "workspace_member_credits_depleted" }),
      offered(),
      ...consuming,
      consumed("reset")
    ])
    assert.strictEqual(flowOf(reading[0]), "Redeem Refreshing")
    assert.deepInclude(reading[0], { count: null, countId: null, usage: null })
    // The count is being read: begun before the reset.
    const [begun] = after([...consuming, consumed("reset")])
    isIgnored(begun, counted({ count: 9 }))
    const [done] = update(reading[0], redeem({ _tag: "Refreshed", id: 3, usage: usageOf({ count: 1 }) }))
    assert.deepInclude(done, { count: 1 })
    assert.isNull(nudgeWanted(done))
    const [unread] = update(reading[0], redeem({ _tag: "RefreshFailed", id: 3, error: offline }))
    assert.deepInclude(unread, { count: null, usage: null })
  })

  it.each([
    ["noCredit", 0],
    ["creditGone", null]
  ] as const)("%s: the count is %s", (outcome, count) =>
    assert.strictEqual(after([...ready, ...consuming, consumed(outcome)])[0].count, count)
  )

  it("the usage page knows the count and the limit", () => {
    const said = { count: 1, reachedType: "workspace_member_usage_limit_reached" } as const
    const [state] = after([
      ...ready,
      { _tag: "OpenUsage" },
      usage({ _tag: "UsageLoaded", id: 1, usage: viewOf(usageOf(said)) }),
      usage({ _tag: "ActivityLoaded", id: 2, activity: activityOf(ada) })
    ])
    assert.strictEqual(state.count, 1)
    assert.deepStrictEqual(nudgeWanted(state), { creditType: "usage_limit", byOwner: false })
    const [other] = after([
      ...ready,
      { _tag: "OpenUsage" },
      usage({ _tag: "UsageLoaded", id: 1, usage: viewOf(usageOf({ ...said, of: bob })) })
    ])
    assert.deepInclude(other, { count: 2 })
    assert.isNull(nudgeWanted(other))
  })

  const sending = [
    ...ready,
    { _tag: "OpenInvite" },
    invite({ _tag: "Submit", text: "zoe@friends.test" }),
    invite({ _tag: "Send" })
  ] as const

  it.each([
    ["sent", { _tag: "InviteSent", id: 1, reward: "included", key: "key-1" }, false],
    ["not sent", { _tag: "SendFailed", id: 1, error: offline }, false],
    ["refused", { _tag: "SendFailed", id: 1, error: actError("invite", "Rejected") }, true],
    ["not known", { _tag: "SendFailed", id: 1, error: actError("invite", "OutcomeUnknown") }, true]
  ] as const)("an invite that was %s", (_, event, stands) => {
    const [state] = after([...sending, invite(event)])
    assert.strictEqual(state.offer !== null, stands)
    assert.strictEqual(state.expiryId !== null, stands)
  })

  it("the offer is loaded again behind the invite that is being made", () => {
    const [state, commands] = after([
      ...ready,
      { _tag: "OpenUsage" },
      usage({ _tag: "Cancel" }),
      { _tag: "OpenInvite" },
      invite({ _tag: "Submit", text: "zoe@friends.test" }),
      { _tag: "OfferLoaded", id: 5, offer: offerOf(ada, { description: "Less." }) },
      invite({ _tag: "Send" })
    ])
    assert.strictEqual(flowOf(state), "Invite Changed")
    assert.deepStrictEqual(commands, [])
  })

  it("the wish goes with the message", () => {
    const [, commands] = after([
      counted({ reachedType: "workspace_member_usage_limit_reached" }),
      { _tag: "OpenNudge" },
      nudge({ _tag: "RoleLoaded", id: 1, role: liveRole("standard-user") }),
      nudge({ _tag: "Confirm" })
    ])
    assert.deepStrictEqual(commands, [
      {
        _tag: "Nudge",
        command: { _tag: "Nudge", id: 2, as: ada.identity, creditType: "usage_limit", again: false }
      }
    ])
  })
})

describe("an identity boundary", () => {
  const to = (change: SessionChange): Event => ({ _tag: "AccountChanged", change })
  const signedIn = (session = bob) => to({ _tag: "SignedIn", session })

  const busy: ReadonlyArray<readonly [string, ReadonlyArray<Event>]> = [
    ["the menu", []],
    ["the usage", [{ _tag: "OpenUsage" }]],
    ["the picker", [{ _tag: "OpenRedeem" }, redeem({ _tag: "Loaded", id: 1, usage: usageOf(), quietUntil: null })]],
    [
      "a redemption under way",
      [
        { _tag: "OpenRedeem" },
        redeem({ _tag: "Loaded", id: 1, usage: usageOf(), quietUntil: null }),
        redeem({ _tag: "Choose", credit: null }),
        redeem({ _tag: "Confirm" })
      ]
    ],
    ["the invite", [{ _tag: "OpenInvite" }, invite({ _tag: "Submit", text: "zoe@friends.test" })]]
  ]

  it.each(busy)("clears everything and begins anew: %s", (_, events) => {
    const before = after([...ready, ...events])[0]
    for (const session of [bob, ada]) {
      const [state, commands] = update(before, signedIn(session))
      assert.deepInclude(state, {
        session,
        count: null,
        countError: null,
        usage: null,
        offer: null,
        expiryId: null,
        flow: null
      })
      assert.deepStrictEqual(commands, [
        { _tag: "ReadCount", id: before.lastId + 1, as: session.identity },
        { _tag: "LoadOffer", id: before.lastId + 2, as: session.identity }
      ])
      // Whatever arrives of what was begun before.
      for (const event of [
        ...ready,
        { _tag: "OfferExpired", id: 3 },
        redeem({ _tag: "Consumed", id: 2, key, outcome: "reset" }),
        redeem({ _tag: "Confirm" }),
        invite({ _tag: "Send" })
      ] as const) {
        isIgnored(state, event)
      }
    }
  })

  it("an old answer does not reach the same flow opened anew", () => {
    const [state] = after([...ready, { _tag: "OpenRedeem" }, signedIn(), { _tag: "OpenRedeem" }])
    assert.strictEqual(flowOf(state), "Redeem Loading")
    isIgnored(state, redeem({ _tag: "Loaded", id: 1, usage: usageOf({ of: bob }), quietUntil: null }))
  })

  it("nobody is left: an empty menu, until somebody signs in", () => {
    const [state, commands] = after([...ready, { _tag: "OpenRedeem" }, to({ _tag: "SignedOut" })])
    assert.deepInclude(state, { session: null, count: null, offer: null, flow: null })
    assert.deepStrictEqual(commands, [])
    isIgnored(state, { _tag: "OpenRedeem" })
    assert.lengthOf(update(state, signedIn())[1], 2)
  })
})

describe("the end", () => {
  it("is when the person leaves the menu, for good", () => {
    const [state, commands] = after([...ready, { _tag: "Cancel" }])
    assert.isTrue(isEnded(state))
    assert.deepStrictEqual(commands, [])
    for (const event of [
      ...ready,
      { _tag: "OpenRedeem" },
      { _tag: "Cancel" },
      { _tag: "AccountChanged", change: { _tag: "SignedIn", session: bob } }
    ] as const) {
      isIgnored(state, event)
    }
  })

  it("is not when a flow is left", () =>
    assert.isFalse(isEnded(after([{ _tag: "OpenRedeem" }, redeem({ _tag: "Cancel" })])[0])))
})

it("an address is one of the invite flow's alone", () => {
  const [state] = after([...ready, { _tag: "OpenInvite" }, invite({ _tag: "Submit", text: "zoe@friends.test" })])
  assert.deepInclude(state.flow?.state, { email: InviteEmail.make("zoe@friends.test") })
  assert.notInclude(JSON.stringify({ ...state, flow: null }), "zoe")
})
