import { assert, describe, it } from "@effect/vitest"
import { AuthError } from "../../../src/domain/AuthError.js"
import { claimedRole, liveRole } from "../../../src/domain/WorkspaceRole.js"
import { type Event, initial, type State, type Step, update } from "../../../src/programs/menu/NudgeFlow.js"
import { actError, ada, busy, noJournal, offline, operationOf, timeout } from "./support.js"

const context = { session: ada, creditType: "credits", byOwner: false, lastId: 30 } as const
const opened = initial(context)

const after = (events: ReadonlyArray<Event>, [start, commands]: Step = opened): Step =>
  events.reduce<Step>(([state], event) => update(state, event), [start, commands])

const isIgnored = (state: State, event: Event) => {
  const [next, commands] = update(state, event)
  assert.strictEqual(next, state)
  assert.deepStrictEqual(commands, [])
}

const member = liveRole("standard-user")
const roleLoaded = (role = member, id = 31): Event => ({ _tag: "RoleLoaded", id, role })
const yes: Event = { _tag: "Confirm" }
const cancel: Event = { _tag: "Cancel" }
const retry: Event = { _tag: "Retry" }
const again: Event = { _tag: "SendAgain" }
const nudged = (outcome: "sent" | "cooldownActive", id = 32): Event => ({ _tag: "Nudged", id, outcome, key: "key-1" })
const failed = (error: Extract<Event, { readonly _tag: "NudgeFailed" }>["error"], id = 32): Event => ({
  _tag: "NudgeFailed",
  id,
  error
})
const earlier = (id = 32): Event => ({ _tag: "EarlierFound", id, operation: operationOf("nudge") })

const asking = [roleLoaded()]
const sending = [...asking, yes]

describe("the role", () => {
  it("is read first", () => {
    assert.deepInclude(opened[0], { _tag: "LoadingRole", id: 31 })
    assert.deepStrictEqual(opened[1], [{ _tag: "ReadRole", id: 31, as: ada.identity }])
    isIgnored(opened[0], yes)
  })

  it.each([
    ["a member", member, "Prompt"],
    ["an owner", liveRole("account-owner"), "Guidance"],
    ["an admin", liveRole("account-admin"), "Guidance"],
    ["an owner, as the token claims", claimedRole(true), "Guidance"],
    ["a member, as the token claims", claimedRole(false), "Prompt"],
    ["nobody knows", claimedRole(null), "Prompt"]
  ] as const)("%s", (_, role, tag) => {
    const [state, commands] = after([roleLoaded(role)])
    assert.deepInclude(state, { _tag: tag, role })
    assert.deepStrictEqual(commands, [])
    if (tag === "Guidance") for (const event of [yes, again, retry]) isIgnored(state, event)
  })

  it("does not matter where the backend says that it is the owner's own limit", () => {
    const [state] = after([roleLoaded()], initial({ ...context, byOwner: true }))
    assert.strictEqual(state._tag, "Guidance")
    isIgnored(state, yes)
  })

  it("that could not be read is read again", () => {
    const [state] = after([{ _tag: "RoleFailed", id: 31, error: offline }])
    assert.strictEqual(state._tag, "RoleFailed")
    isIgnored(state, yes)
    const [next, commands] = update(state, retry)
    assert.deepInclude(next, { _tag: "LoadingRole", id: 32 })
    assert.deepStrictEqual(commands, [{ _tag: "ReadRole", id: 32, as: ada.identity }])
    isIgnored(next, roleLoaded(member, 31))
  })

  it("of another account by now", () =>
    assert.strictEqual(
      after([{ _tag: "RoleFailed", id: 31, error: AuthError.of("AccountMismatch") }])[0]._tag,
      "AccountChanged"
    ))
})

describe("the message", () => {
  it.each(["credits", "usage_limit"] as const)("asks for %s, once", (creditType) => {
    const [state, commands] = after(sending, initial({ ...context, creditType }))
    assert.deepInclude(state, { _tag: "Sending", id: 32, role: member })
    assert.deepStrictEqual(commands, [{ _tag: "Nudge", id: 32, as: ada.identity, creditType, again: false }])
    for (const event of [yes, again, retry]) isIgnored(state, event)
  })

  it.each([
    ["sent", "Sent"],
    ["cooldownActive", "Cooldown"]
  ] as const)("%s", (outcome, tag) => {
    const [state, commands] = after([...sending, nudged(outcome)])
    assert.deepInclude(state, { _tag: tag, role: member })
    assert.deepStrictEqual(commands, [])
    for (const event of [yes, again, retry]) isIgnored(state, event)
  })

  it("whose outcome is not known is not repeated", () => {
    const [state] = after([...sending, failed(actError("nudge", "OutcomeUnknown", "key-1"))])
    assert.strictEqual(state._tag, "Unknown")
    for (const event of [yes, again, retry]) isIgnored(state, event)
  })

  it.each([
    ["a definite no", actError("nudge", "Rejected", "key-1")],
    ["no connection", offline],
    ["somebody else at it", busy],
    ["no journal", noJournal]
  ] as const)("%s: it may be tried again", (_, error) => {
    const [state] = after([...sending, failed(error)])
    assert.deepInclude(state, { _tag: "Failed", error, again: false })
    isIgnored(state, yes)
    const [next, commands] = update(state, retry)
    assert.deepInclude(commands[0], { _tag: "Nudge", id: 33, creditType: "credits", again: false })
    isIgnored(next, nudged("sent", 32))
    isIgnored(next, retry)
  })

  it("by another account by now", () =>
    assert.strictEqual(after([...sending, failed(actError("nudge", "IdentityChanged"))])[0]._tag, "AccountChanged"))

  it("after an earlier one whose outcome is open: only if that is said", () => {
    const [state, none] = after([...sending, earlier()])
    assert.strictEqual(state._tag, "Earlier")
    assert.deepStrictEqual(none, [])
    isIgnored(state, yes)
    isIgnored(state, retry)
    const [next, commands] = update(state, again)
    assert.deepInclude(commands[0], { _tag: "Nudge", id: 33, again: true })
    isIgnored(next, again)
    // What was said is kept when it fails before it is sent.
    const [refused] = update(next, failed(busy, 33))
    assert.deepInclude(update(refused, retry)[1][0], { id: 34, again: true })
  })
})

describe("Escape and no", () => {
  it.each([
    ["LoadingRole", []],
    ["RoleFailed", [{ _tag: "RoleFailed", id: 31, error: offline }]],
    ["Guidance", [roleLoaded(liveRole("account-owner"))]],
    ["Prompt", asking],
    ["Sent", [...sending, nudged("sent")]],
    ["Cooldown", [...sending, nudged("cooldownActive")]],
    ["Failed", [...sending, failed(offline)]],
    ["Unknown", [...sending, failed(actError("nudge", "OutcomeUnknown"))]],
    ["Earlier", [...sending, earlier()]]
  ] as const)("close %s, with nothing sent", (tag, events) => {
    const [state] = after(events)
    assert.strictEqual(state._tag, tag)
    const [next, commands] = update(state, cancel)
    assert.strictEqual(next._tag, "Closed")
    assert.deepStrictEqual(commands, [])
    isIgnored(next, cancel)
    isIgnored(next, yes)
  })

  it("are ignored while it is being sent", () => isIgnored(after(sending)[0], cancel))
})

it.each([
  ["LoadingRole", []],
  ["Prompt", asking],
  ["Sending", sending],
  ["Failed", [...sending, failed(offline)]]
] as const)("an answer with another number changes nothing in %s", (tag, events) => {
  const [state] = after(events)
  assert.strictEqual(state._tag, tag)
  const answers: ReadonlyArray<Event> = [
    roleLoaded(member, 99),
    { _tag: "RoleFailed", id: 99, error: timeout },
    nudged("sent", 99),
    earlier(99),
    failed(timeout, 99)
  ]
  for (const event of answers) isIgnored(state, event)
})
