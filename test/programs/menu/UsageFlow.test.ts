import { assert, describe, it } from "@effect/vitest"
import { type Event, initial, type State, type Step, update } from "../../../src/programs/menu/UsageFlow.js"
import { activityOf, ada, bob, offline, usageOf, viewOf } from "./support.js"

const opened = initial({ session: ada, lastId: 40 })

const after = (events: ReadonlyArray<Event>): Step =>
  events.reduce<Step>(([state], event) => update(state, event), opened)

const isIgnored = (state: State, event: Event) => {
  const [next, commands] = update(state, event)
  assert.strictEqual(next, state)
  assert.deepStrictEqual(commands, [])
}

const usage = viewOf(usageOf())
const usageLoaded = (id = 41): Event => ({ _tag: "UsageLoaded", id, usage })
const activityLoaded = (id = 42): Event => ({ _tag: "ActivityLoaded", id, activity: activityOf(ada) })

it("reads both at once, and draws by day", () => {
  assert.deepInclude(opened[0], { view: "daily", usage: { _tag: "Loading", id: 41 } })
  assert.deepInclude(opened[0], { activity: { _tag: "Loading", id: 42 } })
  assert.deepStrictEqual(opened[1], [
    { _tag: "ReadUsage", id: 41, as: ada.identity, fresh: false },
    { _tag: "ReadActivity", id: 42, as: ada.identity }
  ])
  assert.deepInclude(initial({ session: ada, lastId: 0 }, "weekly")[0], { view: "weekly" })
})

describe("the parts", () => {
  it("stand by themselves", () => {
    const [state] = after([{ _tag: "UsageFailed", id: 41, error: offline }, activityLoaded()])
    assert.deepInclude(state, { usage: { _tag: "Failed", error: offline } })
    assert.deepInclude(state, { activity: { _tag: "Ready", value: activityOf(ada) } })
    const [other] = after([{ _tag: "ActivityFailed", id: 42, error: offline }, usageLoaded()])
    assert.deepInclude(other, { usage: { _tag: "Ready", value: usage } })
    assert.deepInclude(other, { activity: { _tag: "Failed", error: offline } })
  })

  it("of another account are not shown", () => {
    const [state] = after([
      { _tag: "UsageLoaded", id: 41, usage: viewOf(usageOf({ of: bob })) },
      { _tag: "ActivityLoaded", id: 42, activity: activityOf(bob) }
    ])
    assert.deepStrictEqual(state._tag === "Open" && [state.usage._tag, state.activity._tag], ["Failed", "Failed"])
  })

  it("with another number, or a second time, change nothing", () => {
    for (const id of [40, 42, 99]) isIgnored(opened[0], usageLoaded(id))
    for (const id of [40, 41, 99]) isIgnored(opened[0], activityLoaded(id))
    const [state] = after([usageLoaded(), activityLoaded()])
    isIgnored(state, usageLoaded())
    isIgnored(state, { _tag: "UsageFailed", id: 41, error: offline })
    isIgnored(state, { _tag: "ActivityFailed", id: 42, error: offline })
  })
})

describe("the person", () => {
  it.each(["weekly", "cumulative"] as const)("looks at it %s, without a request", (view) => {
    const [state, commands] = after([usageLoaded(), activityLoaded(), { _tag: "View", view }])
    assert.deepInclude(state, { view, usage: { _tag: "Ready", value: usage } })
    assert.deepStrictEqual(commands, [])
    isIgnored(state, { _tag: "View", view })
  })

  it("reads again what is not being read, anew", () => {
    isIgnored(opened[0], { _tag: "Refresh" })
    const [state, commands] = after([usageLoaded(), { _tag: "Refresh" }])
    assert.deepStrictEqual(commands, [{ _tag: "ReadUsage", id: 43, as: ada.identity, fresh: true }])
    assert.deepInclude(state, { activity: { _tag: "Loading", id: 42 } })
    const [, both] = after([usageLoaded(), activityLoaded(), { _tag: "Refresh" }])
    assert.deepStrictEqual(
      both.map(({ _tag, id }) => [_tag, id]),
      [
        ["ReadUsage", 43],
        ["ReadActivity", 44]
      ]
    )
  })

  it("leaves at any time, and nothing comes back", () => {
    const [state, commands] = after([{ _tag: "Cancel" }])
    assert.strictEqual(state._tag, "Closed")
    assert.deepStrictEqual(commands, [])
    for (const event of [usageLoaded(), activityLoaded(), { _tag: "Refresh" }, { _tag: "Cancel" }] as const) {
      isIgnored(state, event)
    }
  })
})
