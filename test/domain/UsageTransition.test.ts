/** What has really changed from one reading to the next. Times are in minutes after noon. */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "node:assert"
import * as FastCheck from "effect/FastCheck"
import { UsageSnapshot } from "../../src/domain/UsageSnapshot.js"
import { isBelievable, type Judged, looksOlder, transitionsBetween } from "../../src/domain/UsageTransition.js"
import { verdict } from "../../src/domain/Verdict.js"
import { at, day, fiveHours, paying, type Said, snapshot, spend, week } from "./snapshots.js"

const taken = (minutes: number, said: Said): UsageSnapshot =>
  new UsageSnapshot({ ...snapshot({ allowed: null, ...said }), fetchedAt: at(minutes) })

const judged = (minutes: number, said: Said): Judged => {
  const seen = taken(minutes, said)
  return { snapshot: seen, verdict: verdict(seen, { now: at(minutes) }) }
}

const brief = (before: Judged, after: Judged): ReadonlyArray<string> =>
  transitionsBetween(before, after).map(({ _tag, windows }) => [_tag, ...windows].join(" "))

const half = judged(0, { windows: [fiveHours(50, 100), week(20)] })
const full = judged(1, { windows: [fiveHours(100, 100), week(21)] })
const anew = judged(101, { windows: [fiveHours(1, 400), week(21)] })

describe("transitions", () => {
  it.each<[string, Judged, Judged, ReadonlyArray<string>]>([
    ["nothing happens", half, judged(1, { windows: [fiveHours(50, 100), week(20)] }), []],
    ["more is used", half, judged(1, { windows: [fiveHours(60, 100), week(21)] }), []],
    ["used up", half, full, ["Blocked 5h"]],
    ["both used up", half, judged(1, { windows: [fiveHours(100, 100), week(100)] }), ["Blocked 5h weekly"]],
    ["still used up", full, judged(2, { windows: [fiveHours(100, 100), week(21)] }), []],
    ["back again", full, anew, ["Reset 5h"]],
    ["begun anew without a block", half, anew, ["Reset 5h"]],
    [
      "begun anew, and the week blocks",
      half,
      judged(101, { windows: [fiveHours(0, 400), week(100)] }),
      ["Reset 5h", "Blocked weekly"]
    ],
    ["reset early", full, judged(2, { windows: [fiveHours(0, 302), week(0, 7 * day)] }), ["Reset 5h weekly"]],
    [
      "credits pay from now on",
      full,
      judged(2, { windows: [fiveHours(100, 100), week(21)], credits: paying() }),
      ["Reset"]
    ],
    ["stopped by a cap", half, judged(1, { windows: [fiveHours(50, 100)], spendControl: spend(true) }), ["Blocked"]],
    ["the cap is lifted", judged(0, { windows: [fiveHours(50, 100)], spendControl: spend(true) }), half, ["Reset"]],
    ["reset times that are a little off", half, judged(1, { windows: [fiveHours(49, 100.9), week(20)] }), []],
    [
      "a window that has not begun moves along with time",
      judged(0, { windows: [fiveHours(0, 300)] }),
      judged(60, { windows: [fiveHours(0, 360)] }),
      []
    ],
    [
      "a window that slides",
      judged(0, { windows: [fiveHours(50, 300)] }),
      judged(60, { windows: [fiveHours(40, 360)] }),
      []
    ],
    [
      "asleep over the end and the next beginning",
      judged(0, { windows: [fiveHours(50, 290)] }),
      judged(600, { windows: [fiveHours(5, 700)] }),
      ["Reset 5h"]
    ],
    ["a new window is used up by the next reading", full, judged(300, { windows: [fiveHours(100, 400), week(30)] }), []]
  ])("%s", (_, before, after, expected) => deepStrictEqual(brief(before, after), expected))

  it("say until when, and how much is left", () => {
    deepStrictEqual(transitionsBetween(half, full), [
      { _tag: "Blocked", windows: ["5h"], until: at(100), remainingPercent: 0 }
    ])
    deepStrictEqual(transitionsBetween(full, anew), [
      { _tag: "Reset", windows: ["5h"], until: at(3 * day), remainingPercent: 79 }
    ])
  })

  const percents = FastCheck.integer({ min: 0, max: 100 })

  it.prop(
    "the state after them is that of the reading, and an equal reading has none",
    { a: percents, b: percents, c: percents, d: percents, ends: FastCheck.integer({ min: 2, max: 600 }) },
    ({ a, b, c, d, ends }) => {
      const before = judged(0, { windows: [fiveHours(a, 100), week(b)] })
      const after = judged(1, { windows: [fiveHours(c, ends), week(d)] })
      const tags = transitionsBetween(before, after).map(({ _tag }) => _tag)
      strictEqual(tags.includes("Blocked"), before.verdict.isUsable && !after.verdict.isUsable)
      if (!before.verdict.isUsable && after.verdict.isUsable) strictEqual(tags.includes("Reset"), true)
      strictEqual(new Set(tags).size, tags.length)
      deepStrictEqual(transitionsBetween(after, judged(2, { windows: [fiveHours(c, ends), week(d)] })), [])
    }
  )
})

describe("a reading that looks older", () => {
  it.each<[string, Judged, Judged, boolean]>([
    ["the next", half, full, false],
    ["of the same time", half, judged(0, { windows: [fiveHours(51, 100)] }), true],
    ["the usage of before the reset", anew, judged(102, { windows: [fiveHours(100, 100), week(21)] }), true],
    ["less used in the same window", full, judged(2, { windows: [fiveHours(99, 100), week(21)] }), true],
    ["less used, by another plan", full, judged(2, { plan: "pro", windows: [fiveHours(25, 100)] }), false],
    ["less used, but the end has passed", full, judged(101, { windows: [fiveHours(0, 100)] }), false],
    ["an end that is a little off", half, judged(1, { windows: [fiveHours(50, 99.5)] }), false],
    ["a window less", half, judged(1, { windows: [week(20)] }), false]
  ])("%s: %s", (_, known, next, older) => strictEqual(looksOlder(known.snapshot, next.snapshot), older))

  it("is believed after twenty minutes", () => {
    const old = (minutes: number) => taken(minutes, { windows: [fiveHours(100, 100), week(21)] })
    strictEqual(isBelievable(anew.snapshot, old(120.9)), false)
    strictEqual(isBelievable(anew.snapshot, old(121)), true)
    strictEqual(isBelievable(anew.snapshot, old(99)), false)
  })
})
