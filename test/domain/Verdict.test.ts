import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "node:assert"
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import { Verdict, verdict } from "../../src/domain/Verdict.js"
import { judge, table } from "./judging.js"
import { at, day, fetchedAt, fiveHours, paying, snapshot, spend, week, win } from "./snapshots.js"

describe("what the backend allows is usable", () => {
  table([
    { name: "with room in each window", said: { windows: [fiveHours(1), week(80)] }, is: {} },
    { name: "at 100 %, which alone proves no stop", said: { windows: [fiveHours(100), week(80)] }, is: {} },
    {
      name: "at 100 %, where usable credits pay",
      said: { windows: [fiveHours(100)], credits: paying() },
      is: { paidBy: "credits" }
    },
    { name: "with credits that are not needed", said: { windows: [fiveHours(99)], credits: paying() }, is: {} },
    {
      name: "with credits that are spent",
      said: { windows: [fiveHours(100)], credits: paying("0") },
      is: { paidBy: "plan" }
    },
    {
      name: "on a usage-based plan, which credits pay",
      said: { plan: "self_serve_business_usage_based", credits: paying() },
      is: { paidBy: "credits" }
    },
    {
      name: "though a reached type says depleted",
      said: { plan: "business", windows: [fiveHours(37)], reachedType: "workspace_member_credits_depleted" },
      is: { doubts: ["contradictory"] }
    },
    {
      name: "though a reached type says depleted, but then credits do not pay",
      said: { windows: [fiveHours(100)], credits: paying(), reachedType: "workspace_owner_credits_depleted" },
      is: { doubts: ["contradictory"], paidBy: "plan" }
    },
    {
      name: "though the spend cap is reached, but then credits do not pay",
      said: { plan: "team", windows: [fiveHours(100)], credits: paying(), spendControl: spend(true) },
      is: { doubts: ["contradictory"], paidBy: "plan" }
    }
  ])
})

describe("a window stops an account that is not allowed", () => {
  table([
    {
      name: "the one that is full, by name and until its reset",
      said: { allowed: false, windows: [fiveHours(1), week(100)] },
      is: { blockers: ["weekly"], until: 3 * day }
    },
    {
      name: "all that are full, until the latest reset",
      said: { allowed: false, windows: [fiveHours(100), week(120)], reachedType: "rate_limit_reached" },
      is: { blockers: ["5h", "weekly"], until: 3 * day }
    },
    {
      name: "the latest reset may be the shorter window's",
      said: { allowed: false, windows: [fiveHours(100, 200), week(100, 20)] },
      is: { blockers: ["5h", "weekly"], until: 200 }
    },
    {
      name: "credits that can't pay change nothing",
      said: { allowed: false, windows: [fiveHours(100)], credits: paying("") },
      is: { blockers: ["5h"], until: 60 }
    },
    {
      name: "usable credits pay",
      said: { allowed: false, windows: [fiveHours(100)], credits: paying(), reachedType: "rate_limit_reached" },
      is: { paidBy: "credits" }
    },
    {
      name: "credits do not pay over a spend cap",
      said: { plan: "team", allowed: false, windows: [fiveHours(100)], credits: paying(), spendControl: spend(true) },
      is: { blockers: ["5h", "cap/unknown"] }
    },
    {
      name: "without the backend's word, the window's stands, less certainly",
      said: { allowed: null, windows: [fiveHours(100), week(5)] },
      is: { blockers: ["5h"], until: 60, doubts: ["allowedUnknown"] }
    },
    {
      name: "a reset time that was past when it was told says nothing",
      said: { allowed: false, windows: [win(300, 100, -5)] },
      is: { doubts: ["resetPassed"], blockers: ["5h"] }
    },
    {
      name: "one unknown time makes the end unknown",
      said: { allowed: false, windows: [win(300, 100, -5), week(100)] },
      is: { doubts: ["resetPassed"], blockers: ["5h", "weekly"] }
    },
    {
      name: "a window without a length",
      said: { allowed: false, windows: [win(null, 100, 9)] },
      is: { blockers: ["usage"], until: 9 }
    }
  ])
})

describe("age", () => {
  const said = { windows: [fiveHours(10, 400)] }

  it.each([
    [0, 0, "high"],
    [15, 900_000, "high"],
    [15.001, 900_060, "low"],
    [180, 10_800_000, "low"],
    [-1, 0, "high"],
    [-16, 0, "low"]
  ])("%d minutes", (after, ageMillis, confidence) => {
    const judged = verdict(snapshot(said), { now: at(after) })
    deepStrictEqual([judged.ageMillis, judged.confidence], [ageMillis, confidence])
  })
})

describe("the binding window", () => {
  it.each([
    ["has the least left", [fiveHours(1), week(90)], 0, "weekly", 10],
    ["may be the shorter", [fiveHours(95), week(90)], 0, "5h", 5],
    ["at a tie comes back later", [fiveHours(100, 60), week(100, 30)], 0, "5h", 0],
    ["is not the one that has reset since", [fiveHours(100, 5), week(30)], 6, "weekly", 70],
    ["never has more than all left", [win(60, -20, 30)], 0, "1h", 100],
    ["never has less than nothing left", [win(60, 150, 30)], 0, "1h", 0]
  ])("%s", (_, windows, after, name, left) => {
    const { binding } = verdict(snapshot({ windows }), { now: at(after) })
    deepStrictEqual([binding?.name, binding?.remainingPercent], [name, left])
  })

  it("is none without windows", () => strictEqual(verdict(snapshot({}), { now: fetchedAt }).binding, null))

  it("names no reset that has passed", () => {
    const { binding } = verdict(snapshot({ windows: [fiveHours(100, 5)] }), { now: at(6) })
    deepStrictEqual(binding, { name: "5h", durationMinutes: 300, remainingPercent: 100, resetsAt: null })
  })
})

describe("as JSON", () => {
  it("comes back as it was", () => {
    const judged = judge({
      name: "",
      said: {
        plan: "team",
        allowed: false,
        windows: [fiveHours(100)],
        reachedType: "workspace_owner_credits_depleted"
      },
      is: {}
    })
    const json = Schema.encodeSync(Schema.parseJson(Verdict))(judged)
    deepStrictEqual(Schema.decodeSync(Schema.parseJson(Verdict))(json), judged)
    const read: unknown = JSON.parse(json)
    deepStrictEqual(read, {
      state: "blocked",
      blockers: [
        { _tag: "WindowExhausted", name: "5h", durationMinutes: 300, resetsAt: DateTime.formatIso(at(60)) },
        { _tag: "CreditsDepleted", standing: "owner" }
      ],
      until: DateTime.formatIso(at(60)),
      binding: { name: "5h", durationMinutes: 300, remainingPercent: 0, resetsAt: DateTime.formatIso(at(60)) },
      paidBy: null,
      remedies: [{ _tag: "Wait", until: DateTime.formatIso(at(60)) }, { _tag: "AddCredits" }],
      ageMillis: 60_000,
      confidence: "high",
      doubts: []
    })
  })
})
