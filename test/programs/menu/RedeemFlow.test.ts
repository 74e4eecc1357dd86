import { assert, describe, it } from "@effect/vitest"
import { BackendError } from "../../../src/domain/BackendError.js"
import { AuthError } from "../../../src/domain/AuthError.js"
import { RedeemKey, ResetCreditId } from "../../../src/domain/ResetCredit.js"
import type { RedeemOutcome } from "../../../src/programs/redeemConfirmed.js"
import { type Event, initial, type State, type Step, update } from "../../../src/programs/menu/RedeemFlow.js"
import { actError, ada, at, bob, busy, credit, credits, offline, operationOf, timeout, usageOf } from "./support.js"

const opened = (count: number | null = 2): Step => initial({ session: ada, count, lastId: 10 })

/** The state after the events, and the commands of the last one. */
const after = (events: ReadonlyArray<Event>, [start, commands]: Step = opened()): Step =>
  events.reduce<Step>(([state], event) => update(state, event), [start, commands])

const loaded: Event = { _tag: "Loaded", id: 11, usage: usageOf({ count: 3, credits }), quietUntil: null }
const choose: Event = { _tag: "Choose", credit: credits[1] ?? null }
const yes: Event = { _tag: "Confirm" }
const cancel: Event = { _tag: "Cancel" }
const retry: Event = { _tag: "Retry" }
const key = RedeemKey.make("key-1")
const consumed = (outcome: RedeemOutcome, id = 12): Event => ({ _tag: "Consumed", id, key, outcome })
const failed = (error: Extract<Event, { readonly _tag: "ConsumeFailed" }>["error"], id = 12): Event => ({
  _tag: "ConsumeFailed",
  id,
  key,
  error
})

const picking = [loaded]
const asking = [...picking, choose]
const consuming = [...asking, yes]
const refreshing = [...consuming, consumed("reset")]
const failing = [...consuming, failed(timeout)]

const tagOf = (events: ReadonlyArray<Event>) => after(events)[0]._tag

/** The event changes nothing. */
const isIgnored = (state: State, event: Event) => {
  const [next, commands] = update(state, event)
  assert.strictEqual(next, state)
  assert.deepStrictEqual(commands, [])
}

describe("loading", () => {
  it("begins with a request of its own number, as whoever is signed in", () => {
    const [state, commands] = opened()
    assert.deepInclude(state, { _tag: "Loading", id: 11 })
    assert.deepStrictEqual(commands, [{ _tag: "Load", id: 11, as: ada.identity }])
  })

  it.each([
    ["credits: the picker", { count: 3, credits }, "Picker", 3],
    ["a count alone: the picker", { count: 3 }, "Picker", 3],
    ["none", { count: 0, credits: [] }, "Empty", 0],
    ["less than none", { count: -1 }, "Empty", -1],
    ["no summary, which is an error", { count: null }, "LoadFailed", 2],
    ["another account's", { of: bob }, "AccountChanged", 2]
  ] as const)("finds %s", (_, said, tag, count) => {
    const [state, commands] = after([{ _tag: "Loaded", id: 11, usage: usageOf(said), quietUntil: null }])
    assert.strictEqual(state._tag, tag)
    assert.strictEqual(state.context.count, count)
    assert.deepStrictEqual(commands, [])
  })

  it.each([
    ["a failure", offline, "LoadFailed"],
    ["another account", BackendError.of("usage.read", "IdentityChanged"), "AccountChanged"],
    ["another account in the store", AuthError.of("AccountMismatch"), "AccountChanged"]
  ] as const)("fails: %s", (_, error, tag) => assert.strictEqual(tagOf([{ _tag: "LoadFailed", id: 11, error }]), tag))

  it("that failed is tried again with another number", () => {
    const [state, commands] = after([{ _tag: "LoadFailed", id: 11, error: offline }, retry])
    assert.deepInclude(state, { _tag: "Loading", id: 12 })
    assert.deepStrictEqual(commands, [{ _tag: "Load", id: 12, as: ada.identity }])
    isIgnored(state, loaded)
  })

  it("that was left does not come back", () => {
    const [state] = after([cancel])
    assert.strictEqual(state._tag, "Closed")
    isIgnored(state, loaded)
  })
})

describe("the picker", () => {
  const choices = (said: Parameters<typeof usageOf>[0]) => {
    const [state] = after([{ _tag: "Loaded", id: 11, usage: usageOf(said), quietUntil: null }])
    return state._tag === "Picker" ? (state.choices.credits?.map(({ id }) => id) ?? null) : state._tag
  }

  it("has what is available, soonest expiry first, at most the count", () => {
    const all = [
      credit("never", null),
      credit("late", 6000),
      credit("spent", 5, "redeemed"),
      credit("soon", 60),
      credit("busy", 1, "redeeming"),
      credit("odd", 2, "unknown")
    ]
    assert.deepStrictEqual(choices({ count: 5, credits: all }), ["soon", "late", "never"])
    assert.deepStrictEqual(choices({ count: 2, credits: all }), ["soon", "late"])
  })

  it("has one row that names no credit when none can be named", () => {
    assert.isNull(choices({ count: 2 }))
    assert.isNull(choices({ count: 2, credits: [] }))
    assert.isNull(choices({ count: 2, credits: [credit("", 60)] }))
  })

  it("leaves out a credit whose id can't be sent: another would be spent in its place", () =>
    assert.deepStrictEqual(choices({ count: 2, credits: [credit("", 60), credit("fine", 70)] }), ["fine"]))

  it("asks about the credit that was chosen", () => {
    const [state, commands] = after(asking)
    assert.deepInclude(state, { _tag: "Confirm", credit: credits[1] ?? null })
    assert.deepStrictEqual(commands, [])
  })

  it("does not take a credit that it does not have, nor none where credits are named", () => {
    isIgnored(after(picking)[0], { _tag: "Choose", credit: credit("other", 5) })
    isIgnored(after(picking)[0], { _tag: "Choose", credit: null })
  })
})

describe("the confirmation", () => {
  it("consumes the credit that was chosen, once; the key is made with the request", () => {
    const [state, commands] = after(consuming)
    const confirmed = { key: null, creditId: ResetCreditId.make("late"), again: false }
    assert.deepInclude(state, { _tag: "Consuming", id: 12, confirmed })
    assert.deepStrictEqual(commands, [{ _tag: "Consume", id: 12, as: ada.identity, confirmed }])
    isIgnored(state, yes)
    isIgnored(state, choose)
  })

  it("names no credit where only the count is known", () => {
    const [, commands] = after([
      { _tag: "Loaded", id: 11, usage: usageOf({ count: 1 }), quietUntil: null },
      { _tag: "Choose", credit: null },
      yes
    ])
    assert.deepInclude(commands[0], { _tag: "Consume", confirmed: { key: null, creditId: null, again: false } })
  })

  it("goes back to the picker", () => assert.strictEqual(tagOf([...asking, cancel]), "Picker"))

  it("holds one credit at a time", () => {
    isIgnored(after(asking)[0], { _tag: "Choose", credit: credits[0] ?? null })
    const [, commands] = after([...asking, cancel, { _tag: "Choose", credit: credits[0] ?? null }, yes])
    assert.deepInclude(commands[0], { confirmed: { key: null, creditId: ResetCreditId.make("soon"), again: false } })
  })
})

describe("what comes of it", () => {
  it.each([
    ["reset", "Refreshing", null],
    ["alreadyRedeemed", "Refreshing", null],
    ["nothingToReset", "NotNeeded", 3],
    ["noCredit", "NoneLeft", 0],
    ["creditGone", "CreditGone", null],
    ["alreadyRedeemedElsewhere", "UsedElsewhere", null]
  ] as const)("%s: %s", (outcome, tag, count) => {
    const [state] = after([...consuming, consumed(outcome)])
    assert.strictEqual(state._tag, tag)
    assert.strictEqual(state.context.count, count)
  })

  it.each(["reset", "alreadyRedeemed"] as const)("%s: what is left is read", (outcome) => {
    const [state, commands] = after([...consuming, consumed(outcome)])
    assert.deepInclude(state, { id: 13, redeemed: { key, outcome } })
    assert.deepStrictEqual(commands, [{ _tag: "Refresh", id: 13, as: ada.identity }])
  })

  it.each([
    ["the count", { _tag: "Refreshed", id: 13, usage: usageOf({ count: 1 }) }, 1],
    ["no summary", { _tag: "Refreshed", id: 13, usage: usageOf({ count: null }) }, null],
    ["another account's", { _tag: "Refreshed", id: 13, usage: usageOf({ count: 7, of: bob }) }, null],
    ["a failure", { _tag: "RefreshFailed", id: 13, error: offline }, null]
  ] as const)("it stays a success, and no stale number is shown: %s", (_, event, left) => {
    const [state, commands] = after([...refreshing, event])
    assert.deepInclude(state, { _tag: "Done", left, redeemed: { key, outcome: "reset" } })
    assert.strictEqual(state.context.count, left)
    assert.deepStrictEqual(commands, [])
  })

  it("a credit that is gone: the list is read again", () => {
    const [state, commands] = after([...consuming, consumed("creditGone"), retry])
    assert.deepInclude(state, { _tag: "Loading", id: 13 })
    assert.deepInclude(commands[0], { _tag: "Load", id: 13 })
  })

  it.each([
    ["no answer", timeout],
    ["an unknown outcome", actError("redeem", "OutcomeUnknown", "key-1")],
    ["a refusal", actError("redeem", "Rejected", "key-1")],
    ["somebody else at it", busy]
  ] as const)("%s: tried again with the same key and the same credit, and another number", (_, error) => {
    const confirmed = { key, creditId: ResetCreditId.make("late"), again: false }
    const [state] = after([...consuming, failed(error)])
    assert.deepInclude(state, { _tag: "ConsumeFailed", confirmed, error })
    const [again, commands] = update(state, retry)
    assert.deepStrictEqual(commands, [{ _tag: "Consume", id: 13, as: ada.identity, confirmed }])
    isIgnored(again, retry)
    // The answer to the first attempt is nobody's any more.
    isIgnored(again, consumed("nothingToReset", 12))
    const [twice] = update(again, failed(timeout, 13))
    assert.deepInclude(update(twice, retry)[1][0], { id: 14, confirmed })
  })

  it.each(["Unresolved", "TooSoon"] as const)("%s: somebody else was at it, and the flow begins anew", (reason) => {
    const [state, commands] = after([...consuming, failed(actError("redeem", reason, "theirs"))])
    assert.deepInclude(state, { _tag: "Loading", id: 13 })
    assert.deepStrictEqual(commands, [{ _tag: "Load", id: 13, as: ada.identity }])
  })

  it("another account by now: there is nothing to try again", () => {
    const [state] = after([...consuming, failed(actError("redeem", "IdentityChanged"))])
    assert.strictEqual(state._tag, "AccountChanged")
    isIgnored(state, retry)
  })
})

describe("a redemption whose outcome is open", () => {
  const found = (target: string | null): Event => ({
    _tag: "OpenFound",
    id: 11,
    operation: operationOf("redeem", { target })
  })

  it.each([
    ["with its credit", "rc_1"],
    ["without one", null]
  ] as const)("is carried on with its key, %s", (_, target) => {
    const [state] = after([found(target)])
    assert.strictEqual(state._tag, "Resume")
    const creditId = target === null ? null : ResetCreditId.make(target)
    assert.deepStrictEqual(update(state, yes)[1], [
      {
        _tag: "Consume",
        id: 12,
        as: ada.identity,
        confirmed: { key: RedeemKey.make("open-key"), creditId, again: true }
      }
    ])
  })

  it("may be left open, and no other one begins", () => {
    assert.strictEqual(tagOf([found("rc_1"), cancel]), "Closed")
    isIgnored(after([found("rc_1")])[0], choose)
  })

  it("that can't be understood is no reason to begin another", () =>
    assert.strictEqual(tagOf([found("")]), "LoadFailed"))
})

describe("the quiet period", () => {
  const quiet: Event = { ...loaded, quietUntil: at(15) }

  it("is told with its end, and closes", () => {
    assert.deepInclude(after([quiet])[0], { _tag: "QuietPeriod", until: at(15) })
    assert.strictEqual(tagOf([quiet, cancel]), "Closed")
    isIgnored(after([quiet])[0], yes)
    isIgnored(after([quiet])[0], choose)
  })

  it("can be ignored in so many words, behind the confirmation", () => {
    const [picker, none] = after([quiet, { _tag: "UseAnother" }])
    assert.strictEqual(picker._tag, "Picker")
    assert.deepStrictEqual(none, [])
    const [asked] = update(picker, choose)
    assert.deepInclude(asked._tag === "Confirm" ? asked.choices : {}, { quietUntil: at(15) })
    assert.deepInclude(update(asked, yes)[1][0], {
      confirmed: { key: null, creditId: ResetCreditId.make("late"), again: true }
    })
  })

  it("does not matter when there is nothing to use", () =>
    assert.strictEqual(tagOf([{ ...quiet, usage: usageOf({ count: 0 }) }]), "Empty"))
})

describe("Escape", () => {
  const closes: ReadonlyArray<readonly [string, ReadonlyArray<Event>]> = [
    ["Loading", []],
    ["LoadFailed", [{ _tag: "LoadFailed", id: 11, error: offline }]],
    ["Empty", [{ ...loaded, usage: usageOf({ count: 0 }) }]],
    ["Picker", picking],
    ["NotNeeded", [...consuming, consumed("nothingToReset")]],
    ["NoneLeft", [...consuming, consumed("noCredit")]],
    ["CreditGone", [...consuming, consumed("creditGone")]],
    ["UsedElsewhere", [...consuming, consumed("alreadyRedeemedElsewhere")]],
    ["ConsumeFailed", failing],
    ["Done", [...refreshing, { _tag: "RefreshFailed", id: 13, error: offline }]],
    ["AccountChanged", [{ ...loaded, usage: usageOf({ of: bob }) }]]
  ]
  it.each(closes)("closes %s", (tag, events) => {
    assert.strictEqual(tagOf(events), tag)
    const [state, commands] = after([...events, cancel])
    assert.strictEqual(state._tag, "Closed")
    assert.deepStrictEqual(commands, [])
  })

  it.each([
    ["Consuming", consuming],
    ["Refreshing", refreshing]
  ] as const)("is ignored in %s", (tag, events) => {
    const [state] = after(events)
    assert.strictEqual(state._tag, tag)
    isIgnored(state, cancel)
  })
})

describe("an answer with another number", () => {
  const answers = (id: number): ReadonlyArray<Event> => [
    { ...loaded, id },
    { _tag: "LoadFailed", id, error: offline },
    { _tag: "OpenFound", id, operation: operationOf("redeem") },
    consumed("reset", id),
    failed(timeout, id),
    { _tag: "Refreshed", id, usage: usageOf() },
    { _tag: "RefreshFailed", id, error: offline }
  ]
  it.each([
    ["Loading", []],
    ["Picker", picking],
    ["Confirm", asking],
    ["Consuming", consuming],
    ["Refreshing", refreshing],
    ["ConsumeFailed", failing]
  ] as const)("changes nothing in %s", (tag, events) => {
    const [state] = after(events)
    assert.strictEqual(state._tag, tag)
    for (const event of answers(99)) isIgnored(state, event)
  })
})
