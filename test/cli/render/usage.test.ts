/** Usage as a person sees it: the rows of every kind, at every kind of width. */
import { assert, describe, expect, it } from "@effect/vitest"
import type * as DateTime from "effect/DateTime"
import { limitLines } from "../../../src/cli/render/limits.js"
import { columnsOf } from "../../../src/cli/render/text.js"
import { usageLines } from "../../../src/cli/render/usage.js"
import { ResetCredit } from "../../../src/domain/ResetCredit.js"
import { Credits, IndividualLimit, RateLimit, SpendControl, UsageSnapshot } from "../../../src/domain/UsageSnapshot.js"
import { verdict } from "../../../src/domain/Verdict.js"
import {
  at,
  credit,
  day,
  fetchedAt,
  fiveHours,
  resets,
  type Said,
  snapshot,
  spend,
  paying,
  week,
  win
} from "../../domain/snapshots.js"
import { asText, canvas, unseen } from "./canvas.js"

const draw = (usage: UsageSnapshot, columns: number, later: DateTime.Utc = fetchedAt) =>
  usageLines({ snapshot: usage, verdict: verdict(usage, { now: later }) }, canvas(columns, { now: later }))

const further = (id: string, name: string | null, windows: RateLimit["windows"]) =>
  new RateLimit({ id, name, allowed: null, windows, normalModelSlug: null })

const allowance = (used: string, limit: string, remainingPercent = 63, reached = false) =>
  new SpendControl({
    reached,
    individualLimit: new IndividualLimit({ limit, used, remainingPercent, resetsAt: at(10 * day) })
  })

/** A member of a workspace with all there is. */
const rich = new UsageSnapshot({
  ...snapshot({
    plan: "business",
    windows: [week(12), fiveHours(91, 20)],
    credits: paying("12345.67"),
    spendControl: allowance("3700.4", "10000"),
    resetCredits: resets(2, [credit("rc_2", null), credit("rc_1", 9 * day)])
  }),
  additional: [
    further("codex_review", "Code review", [fiveHours(40)]),
    further("codex_other", "GPT-5.3-Codex-Spark", [fiveHours(3), week(100)]),
    further("codex_none", "Unused", [])
  ]
})

describe("with all there is", () => {
  it("at 100 columns", () => {
    expect(asText(draw(rich, 100))).toMatchInlineSnapshot(`
      "
      Codex usage · Business · read just now

      ▸ 5h      ██░░░░░░░░░░░░░░░░░░░░░░   9% left  resets 2:20 PM (in 20m)
        weekly  █████████████████████░░░  88% left  resets Jun 23rd, 2026 2:00 PM (in 3d)

        Code review 5h  ██████████████░░░░░░░░░░  60% left  resets 3:00 PM (in 1h)

      GPT-5.3-Codex-Spark
        5h      ███████████████████████░  97% left  resets 3:00 PM (in 1h)
        weekly  ░░░░░░░░░░░░░░░░░░░░░░░░   0% left  resets Jun 23rd, 2026 2:00 PM (in 3d)

      Usable. The 5h window is the tightest.

      Credits: 12,346
        monthly credit limit  ███████████████░░░░░░░░░  63% left  3,700 of 10,000 credits used
          resets Jun 30th, 2026 2:00 PM (in 10d)
      Reset credits: 2 available
        • Full reset, expires Jun 29th, 2026 2:00 PM (in 9d), id rc_1
        • Full reset, does not expire, id rc_2
      "
    `)
  })
  it("at 200 columns as at 100", () => assert.deepStrictEqual(draw(rich, 200), draw(rich, 100)))
  it("at 40 columns", () => {
    expect(asText(draw(rich, 40))).toMatchInlineSnapshot(`
      "
      Codex usage · Business · read just now

      ▸ 5h      ██░░░░░░░░░░░░░░░░░░   9% left
          resets 2:20 PM (in 20m)
        weekly  ██████████████████░░  88% left
          resets Jun 23rd, 2026 2:00 PM (in
          3d)

        Code review 5h  ███████░░░░░  60% left
          resets 3:00 PM (in 1h)

      GPT-5.3-Codex-Spark
        5h      ███████████████████░  97% left
          resets 3:00 PM (in 1h)
        weekly  ░░░░░░░░░░░░░░░░░░░░   0% left
          resets Jun 23rd, 2026 2:00 PM (in
          3d)

      Usable. The 5h window is the tightest.

      Credits: 12,346
        monthly credit limit  ████░░  63% left
          3,700 of 10,000 credits used
          resets Jun 30th, 2026 2:00 PM (in
          10d)
      Reset credits: 2 available
        • Full reset, expires Jun 29th, 2026
          2:00 PM (in 9d), id rc_1
        • Full reset, does not expire, id rc_2
      "
    `)
  })
})

describe("a verdict", () => {
  const picture = (said: Said) => asText(draw(snapshot(said), 80))

  const blocked: Said = {
    allowed: false,
    windows: [week(100), fiveHours(12)],
    resetCredits: resets(1, [credit("rc_1", 9 * day)])
  }

  it("blocked, at 80 columns", () => {
    expect(picture(blocked)).toMatchInlineSnapshot(`
      "
      Codex usage · Plus · read just now

        5h      ██████████████████░░░  88% left  resets 3:00 PM (in 1h)
      ▸ weekly  ░░░░░░░░░░░░░░░░░░░░░   0% left  resets Jun 23rd, 2026 2:00 PM (in 3d)

      Blocked until Jun 23rd, 2026 2:00 PM (in 3d). Your usage limit is reached.
      Upgrade to Pro, buy credits, or try again at Jun 23rd, 2026 2:00 PM.
        • Use a reset (1 available, the next expires Jun 29th, 2026 2:00 PM (in 9d)):
          codex-account redeem
        • Add credits in the account's settings.

      Reset credits: 1 available
        • Full reset, expires Jun 29th, 2026 2:00 PM (in 9d), id rc_1
      "
    `)
  })
  it("a member at the spend cap, with a monthly allowance", () => {
    const said: Said = {
      plan: "business",
      allowed: false,
      windows: [fiveHours(20)],
      reachedType: "workspace_member_usage_limit_reached",
      spendControl: spend(true, { remainingPercent: 0, resetsIn: 10 * day })
    }
    expect(picture(said)).toMatchInlineSnapshot(`
      "
      Codex usage · Business · read just now

      ▸ 5h  ███████████████████░░░░░  80% left  resets 3:00 PM (in 1h)

      Blocked until Jun 30th, 2026 2:00 PM (in 10d). The spend cap that your
      workspace's owner has set is reached. Ask for a higher one.
        • Ask the owner for a higher limit: codex-account notify-owner

        monthly credit limit  ░░░░░░░░░░░░░░░░░░░░░   0% left  100 of 100 credits used
          resets Jun 30th, 2026 2:00 PM (in 10d)
      "
    `)
  })
  it("nothing known", () => {
    expect(picture({ allowed: null })).toMatchInlineSnapshot(`
      "
      Codex usage · Plus · read just now

        The backend reports no limits for this account.

      Usable.
      The backend reports no limit, so this is a guess.
      "
    `)
  })
})

it("an hour later it is old, and says so", () => {
  const later = at(61)
  const lines = draw(snapshot({ windows: [fiveHours(20), week(30)] }), 80, later)
  expect(asText(lines)).toMatchInlineSnapshot(`
    "
    Codex usage · Plus · read 1h 1m ago

      5h      ██████████████░░░  80% left  should have reset by now
    ▸ weekly  ████████████░░░░░  70% left  resets Jun 23rd, 2026 2:00 PM (in 2d 23h)

    Usable. The weekly window is the tightest.
    This reading is old: read again.
    "
  `)
})

describe("rows", () => {
  it("the tightest window alone is marked, whatever the order", () => {
    for (const windows of [
      [week(61), fiveHours(37)],
      [fiveHours(37), week(61)]
    ]) {
      const marked = draw(snapshot({ windows }), 80).filter((line) => line.startsWith("▸"))
      assert.lengthOf(marked, 1)
      assert.match(marked[0] ?? "", /weekly/)
    }
  })

  const rowsOf = (said: Said, columns = 80) => draw(snapshot(said), columns).join("\n")

  it.each([
    [{ hasCredits: false, unlimited: true, balance: null }, "Credits: unlimited"],
    [{ hasCredits: true, unlimited: false, balance: "1234.5" }, "Credits: 1,235"],
    [{ hasCredits: true, unlimited: false, balance: "0.3" }, "Credits: less than 1"],
    [{ hasCredits: true, unlimited: false, balance: "0.00" }, "Credits: none"],
    [{ hasCredits: true, unlimited: false, balance: null }, "Credits: available"],
    [{ hasCredits: true, unlimited: false, balance: "" }, "Credits: available"],
    [{ hasCredits: true, unlimited: false, balance: "-4" }, "Credits: none"],
    [{ hasCredits: true, unlimited: false, balance: "many\u001b[2J" }, "Credits: available"],
    [{ hasCredits: true, unlimited: false, balance: "Infinity" }, "Credits: available"],
    [{ hasCredits: false, unlimited: false, balance: "12" }, null]
  ])("credits %j: %s", (credits, row) => {
    const text = rowsOf({ credits: new Credits({ overageLimitReached: null, ...credits }) })
    if (row === null) assert.notInclude(text, "Credits")
    else assert.include(text.split("\n"), row)
  })

  it.each([
    ["3700.4", "10000", 63, " 63% left  3,700 of 10,000 credits used"],
    ["0", "0", 0, "  0% left  0 of 0 credits used"],
    ["0.2", "1234567", 140, "100% left  less than 1 of 1,234,567 credits used"],
    ["5", "10", -20, "  0% left  5 of 10 credits used"],
    ["many", "10", 50, " 50% left\n"],
    ["5", "", 50, " 50% left\n"],
    ["-1", "10", 50, " 50% left\n"],
    ["Infinity", "10", 50, " 50% left\n"]
  ])("a monthly limit, %s of %s with %d left: %s", (used, limit, percent, row) => {
    const text = rowsOf({ spendControl: allowance(used, limit, percent) }, 100)
    assert.match(text, /monthly credit limit/)
    assert.include(text, row)
  })

  it("a spend cap that is reached is told where there is no allowance", () => {
    const spendControl = new SpendControl({ reached: true, individualLimit: null })
    assert.include(rowsOf({ spendControl }), "\nThe workspace's spend cap is reached.")
  })

  it("what was not understood is named, up to three places", () => {
    const unread = ["rate_limit.secondary_window.used_percent", "credits\u001b[2J", "a", "b", "c"]
    const text = draw(snapshot({ windows: [fiveHours(20)], unread }), 200).join("\n")
    assert.include(
      text,
      "Not understood in the answer: rate_limit.secondary_window.used_percent, credits, a and 2 more."
    )
  })

  it("a reset that was to come says so, of windows and allowances", () => {
    const usage = snapshot({ windows: [fiveHours(20)], spendControl: allowance("1", "2") })
    const text = draw(usage, 80, at(11 * day)).join("\n")
    assert.lengthOf(text.match(/should have reset by now/g) ?? [], 2)
  })

  it.each([
    [0, "20% left"],
    // The tighter one is back by now, so that the other binds.
    [61, "80% left"]
  ])("of two windows of one length the binding one is marked, %d minutes later", (minutes, left) => {
    const usage = snapshot({ windows: [win(299, 20, 600), win(299, 80, 60)] })
    const marked = draw(usage, 80, at(minutes)).filter((line) => line.startsWith("▸"))
    assert.deepStrictEqual(
      marked.map((line) => /\d+% left/.exec(line)?.[0]),
      [left]
    )
  })

  it("hostile text stays text", () => {
    const hostile = "\u001b]0;owned\u0007\u001b[2J\u009b31mFull\u202e reset\r\n\u200bnow"
    const usage = new UsageSnapshot({
      ...snapshot({}),
      additional: [
        new RateLimit({ id: hostile, name: hostile, allowed: null, windows: [fiveHours(3)], normalModelSlug: null })
      ],
      resetCredits: resets(1, [new ResetCredit({ ...credit("rc_\u001b[31m1", null), title: hostile })])
    })
    const text = draw(usage, 80).join("\n")
    assert.notMatch(text.replaceAll("\n", ""), unseen)
    assert.include(text, "Full reset now, does not expire, id rc_1")
  })

  it("a limit without a name that can be shown has one all the same", () => {
    const usage = new UsageSnapshot({ ...rich, additional: [further("\u001b[2J", "\u202e", [fiveHours(1)])] })
    const lines = limitLines(usage, verdict(usage, { now: fetchedAt }), canvas(80))
    assert.isTrue(lines.some((line) => line.startsWith("  another limit 5h  ")))
  })

  it("a long name is cut, and never its window's", () => {
    const usage = new UsageSnapshot({ ...rich, additional: [further("x", "漢字".repeat(60), [fiveHours(1)])] })
    for (const columns of [40, 80, 200]) {
      const lines = limitLines(usage, verdict(usage, { now: fetchedAt }), canvas(columns))
      for (const line of lines) assert.isAtMost(columnsOf(line), columns, line)
      assert.isTrue(lines.some((line) => /^ {2}漢字.*… 5h(?: |$)/.test(line)))
    }
  })
})
