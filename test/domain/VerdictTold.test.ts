/** Allowances, caps on credits, resets that have passed and resets that do not apply. */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "node:assert"
import { ResetCredits } from "../../src/domain/ResetCredit.js"
import { amountOf, Credits } from "../../src/domain/UsageSnapshot.js"
import { judge, table } from "./judging.js"
import { day, fiveHours, paying, resets, spend, week } from "./snapshots.js"

const left = (remainingPercent: number) => spend(false, { remainingPercent, resetsIn: day })
const business = { plan: "business", allowed: null } as const

describe("an allowance", () => {
  table([
    { name: "is the limit where it is the only one", said: { ...business, spendControl: left(74) }, is: {} },
    {
      name: "stops when it is used up",
      said: { ...business, spendControl: left(0), credits: paying() },
      is: { blockers: ["cap/unknown"], until: day }
    },
    {
      name: "stops nothing that the backend allows",
      said: { ...business, allowed: true, spendControl: left(0) },
      is: {}
    },
    {
      name: "stops nothing while windows have something left",
      said: { ...business, windows: [week(40)], spendControl: left(0) },
      is: { doubts: ["allowedUnknown"] }
    },
    {
      name: "explains a refusal that windows do not explain",
      said: { ...business, allowed: false, windows: [week(40)], spendControl: left(0) },
      is: { blockers: ["cap/unknown"], until: day }
    },
    {
      name: "that is left beside full windows is a doubt",
      said: { ...business, allowed: false, windows: [week(100)], spendControl: left(96) },
      is: { blockers: ["weekly"], until: 3 * day, doubts: ["allowanceLeft"] }
    },
    {
      name: "that is used up pays for no full window",
      said: { ...business, allowed: false, windows: [week(100)], credits: paying(), spendControl: left(0) },
      is: { blockers: ["weekly"], until: 3 * day }
    }
  ])

  it("is the binding limit where there is no window", () => {
    const { binding } = judge({ name: "", said: { ...business, spendControl: left(74) }, is: {} })
    deepStrictEqual([binding?.name, binding?.remainingPercent], ["monthly credit limit", 74])
  })
})

describe("credits", () => {
  const capped = new Credits({ ...paying("489.25"), overageLimitReached: true })
  table([
    {
      name: "pay for full windows",
      said: { allowed: false, windows: [week(100)], credits: paying("$1,489.25") },
      is: { paidBy: "credits" }
    },
    {
      name: "pay nothing once the cap on their use is reached",
      said: { allowed: false, windows: [week(100)], credits: capped },
      is: { blockers: ["weekly"], until: 3 * day }
    },
    {
      name: "pay nothing without a balance above zero",
      said: { allowed: false, windows: [week(100)], credits: paying("$0.00") },
      is: { blockers: ["weekly"], until: 3 * day }
    }
  ])

  it.each([
    ["18.40", 18.4],
    ["$18.40", 18.4],
    ["-€ 5", -5],
    ["1,234.5", 1234.5],
    ["12,50 €", 12.5],
    ["1,234,567", 1_234_567],
    [".5", 0.5],
    ["", null],
    ["plenty", null],
    ["Infinity", null],
    ["1.2.3", null]
  ])("%j is %s", (text, amount) => strictEqual(amountOf(text), amount))
})

describe("a window whose reset had passed when it was read", () => {
  const said = { windows: [fiveHours(100, -60), week(40)] }
  table([{ name: "is a doubt", said, is: { doubts: ["resetPassed"] } }])

  it("is not the binding one", () => {
    strictEqual(judge({ name: "", said, is: {} }).binding?.name, "weekly")
    strictEqual(judge({ name: "", said: { windows: [fiveHours(100, -60)] }, is: {} }).binding?.name, "5h")
  })
})

it.each([
  [0, []],
  [1, [1]],
  [null, [2]],
  [5, [2]]
])("of two resets, %s of which apply, as many are offered as do", (applicableCount, offered) => {
  const resetCredits = new ResetCredits({ ...resets(2), applicableCount })
  const { remedies } = judge({ name: "", said: { allowed: false, windows: [week(100)], resetCredits }, is: {} })
  deepStrictEqual(
    remedies.flatMap((remedy) => (remedy._tag === "Redeem" ? [remedy.available] : [])),
    offered
  )
})
