/** What a person sees, at every width. */
import { assert, describe, expect, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import { completionScript } from "../../src/cli/completions.js"
import { commands, isCommandName } from "../../src/cli/commands.js"
import { helpLines } from "../../src/cli/help.js"
import { jsonLine } from "../../src/cli/json/envelope.js"
import { bar, type Canvas } from "../../src/cli/render/limits.js"
import { paintFor, withoutColor } from "../../src/cli/render/paint.js"
import { columnsOf, wrap } from "../../src/cli/render/text.js"
import { lengthOf, relative, withLocalTimes } from "../../src/cli/render/time.js"
import { usageLines } from "../../src/cli/render/usage.js"
import { ResetCredit } from "../../src/domain/ResetCredit.js"
import { RateLimit, UsageSnapshot } from "../../src/domain/UsageSnapshot.js"
import { verdict } from "../../src/domain/Verdict.js"
import {
  at,
  credit,
  day,
  fetchedAt,
  fiveHours,
  paying,
  resets,
  type Said,
  snapshot,
  spend,
  week
} from "../domain/snapshots.js"

/** Controls, and marks that reorder or hide text. */
const unseen = /\p{Cc}|\p{Cf}|\p{Zl}|\p{Zp}/u

const now = DateTime.setZone(fetchedAt, DateTime.zoneMakeOffset(2 * 3_600_000))
const canvas = (columns: number, color = false): Canvas => ({ columns, paint: paintFor(color), now })
const draw = (usage: UsageSnapshot, columns: number, color = false) =>
  usageLines({ snapshot: usage, verdict: verdict(usage, { now: fetchedAt }) }, canvas(columns, color))
const picture = (said: Said, columns: number) => `\n${draw(snapshot(said), columns).join("\n")}\n`

const usable: Said = {
  allowed: true,
  windows: [week(61), fiveHours(37)],
  credits: paying("1234.40"),
  resetCredits: resets(2, [credit("rc_2", null), credit("rc_1", 9 * day)])
}
const blocked: Said = {
  allowed: false,
  windows: [week(100), fiveHours(12)],
  resetCredits: resets(1, [credit("rc_1", 9 * day)])
}

describe("usage", () => {
  it("at 80 columns", () => {
    expect(picture(usable, 80)).toMatchInlineSnapshot(`
      "
      Codex usage · Plus · read just now

        5h      █████████████░░░░░░░░  63% left  resets 3:00 PM (in 1h)
      ▸ weekly  ████████░░░░░░░░░░░░░  39% left  resets Jun 23rd, 2026 2:00 PM (in 3d)

      Usable. The weekly window is the tightest.

      Credits: 1,234
      Reset credits: 2 available
        • Full reset, expires Jun 29th, 2026 2:00 PM (in 9d), id rc_1
        • Full reset, does not expire, id rc_2
      "
    `)
  })
  it("at 40 columns", () => {
    expect(picture(usable, 40)).toMatchInlineSnapshot(`
      "
      Codex usage · Plus · read just now

        5h      █████████████░░░░░░░  63% left
          resets 3:00 PM (in 1h)
      ▸ weekly  ████████░░░░░░░░░░░░  39% left
          resets Jun 23rd, 2026 2:00 PM (in
          3d)

      Usable. The weekly window is the
      tightest.

      Credits: 1,234
      Reset credits: 2 available
        • Full reset, expires Jun 29th, 2026
          2:00 PM (in 9d), id rc_1
        • Full reset, does not expire, id rc_2
      "
    `)
  })
  it("at 200 columns", () => {
    expect(picture(usable, 200)).toMatchInlineSnapshot(`
      "
      Codex usage · Plus · read just now

        5h      ███████████████░░░░░░░░░  63% left  resets 3:00 PM (in 1h)
      ▸ weekly  █████████░░░░░░░░░░░░░░░  39% left  resets Jun 23rd, 2026 2:00 PM (in 3d)

      Usable. The weekly window is the tightest.

      Credits: 1,234
      Reset credits: 2 available
        • Full reset, expires Jun 29th, 2026 2:00 PM (in 9d), id rc_1
        • Full reset, does not expire, id rc_2
      "
    `)
  })
  it("blocked, at 80 columns", () => {
    expect(picture(blocked, 80)).toMatchInlineSnapshot(`
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
  it("blocked, at 40 columns", () => {
    expect(picture(blocked, 40)).toMatchInlineSnapshot(`
      "
      Codex usage · Plus · read just now

        5h      ██████████████████░░  88% left
          resets 3:00 PM (in 1h)
      ▸ weekly  ░░░░░░░░░░░░░░░░░░░░   0% left
          resets Jun 23rd, 2026 2:00 PM (in
          3d)

      Blocked until Jun 23rd, 2026 2:00 PM (in
      3d). Your usage limit is reached.
      Upgrade to Pro, buy credits, or try
      again at Jun 23rd, 2026 2:00 PM.
        • Use a reset (1 available, the next
          expires Jun 29th, 2026 2:00 PM (in
          9d)): codex-account redeem
        • Add credits in the account's
          settings.

      Reset credits: 1 available
        • Full reset, expires Jun 29th, 2026
          2:00 PM (in 9d), id rc_1
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
    expect(picture(said, 80)).toMatchInlineSnapshot(`
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
    expect(picture({ allowed: null }, 80)).toMatchInlineSnapshot(`
      "
      Codex usage · Plus · read just now

        The backend reports no limits for this account.

      Usable.
      The backend reports no limit, so this is a guess.
      "
    `)
  })

  it("no line is wider than the screen", () => {
    for (let columns = 40; columns <= 200; columns++) {
      for (const said of [usable, blocked]) {
        for (const line of draw(snapshot(said), columns, true)) assert.isAtMost(columnsOf(line), columns, line)
      }
    }
  })

  it("colours only colour", () => {
    const plain = draw(snapshot(usable), 80)
    const colored = draw(snapshot(usable), 80, true)
    assert.notDeepEqual(colored, plain)
    assert.deepStrictEqual(colored.map(withoutColor), plain)
  })

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

  it("hostile text stays text", () => {
    const hostile = "\u001b]0;owned\u0007\u001b[2J\u009b31mFull\u202e reset\r\n\u200bnow"
    const usage = new UsageSnapshot({
      ...snapshot(usable),
      additional: [
        new RateLimit({ id: hostile, name: hostile, allowed: null, windows: [fiveHours(3)], normalModelSlug: null })
      ],
      resetCredits: resets(1, [new ResetCredit({ ...credit("rc_\u001b[31m1", null), title: hostile })])
    })
    const text = draw(usage, 80).join("\n")
    assert.notMatch(text.replaceAll("\n", ""), unseen)
    assert.include(text, "Full reset now, does not expire, id rc_1")
  })
})

describe("pieces", () => {
  it("a bar never hides what is left or what is used", () => {
    const cells = (remaining: number) => bar(remaining, 10, paintFor(false))
    assert.strictEqual(cells(0), "░░░░░░░░░░")
    assert.strictEqual(cells(0.1), "█░░░░░░░░░")
    assert.strictEqual(cells(99.9), "█████████░")
    assert.strictEqual(cells(100), "██████████")
    assert.strictEqual(cells(-5), "░░░░░░░░░░")
    assert.strictEqual(cells(500), "██████████")
  })

  it.each([
    [0, "0s"],
    [59_400, "59s"],
    [59_999, "1m"],
    [3_600_000, "1h"],
    [7_799_000, "2h 10m"],
    [86_399_999, "1d"],
    [274_000_000, "3d 4h"],
    [-5, "0s"]
  ])("%d ms is %s", (millis, text) => {
    assert.strictEqual(lengthOf(millis), text)
  })

  it("times are told from now", () => {
    assert.strictEqual(relative(at(125), now), "in 2h 5m")
    assert.strictEqual(relative(at(-3), now), "3m ago")
    assert.strictEqual(relative(at(0), now), "now")
    assert.strictEqual(
      withLocalTimes("until 2026-06-20T13:05:00.000Z, or 2026-99-99T00:00:00Z", now),
      "until 3:05 PM, or 2026-99-99T00:00:00Z"
    )
  })

  it("wraps by columns, also where letters are wide", () => {
    assert.deepStrictEqual(wrap("one two three four", 10, "• ", "  "), ["• one two", "  three", "  four"])
    for (const line of wrap("漢字".repeat(30), 20, "  ")) assert.isAtMost(columnsOf(line), 20)
    assert.strictEqual(columnsOf("e\u0301漢😀"), 5)
  })

  it("JSON holds nothing that a terminal obeys, and loses nothing", () => {
    const text = "a\u009b31m\u202eb\u0007c\u2028d漢"
    const line = jsonLine({ text })
    assert.notMatch(line, unseen)
    assert.deepStrictEqual(JSON.parse(line), { text })
  })
})

describe("help", () => {
  it("fits, names every command and every flag", () => {
    for (const columns of [40, 80, 200]) {
      const whole = helpLines(null, { columns, color: false })
      for (const name of Object.keys(commands)) {
        assert.isTrue(
          whole.some((line) => line.startsWith(`  ${name}`)),
          name
        )
        if (!isCommandName(name)) continue
        const help = helpLines(name, { columns, color: false }).join("\n")
        for (const flag of Object.keys(commands[name].flags)) assert.include(help, flag)
        assert.include(help, "Examples")
      }
    }
    for (const line of helpLines(null, { columns: 80, color: false })) assert.isAtMost(columnsOf(line), 80)
  })

  it("completions name every command and every flag", () => {
    for (const shell of ["bash", "zsh", "fish", "sh"] as const) {
      const script = completionScript(shell)
      for (const [name, { flags }] of Object.entries(commands)) {
        assert.include(script, name)
        for (const flag of Object.keys(flags)) assert.include(script, flag.slice(2))
      }
    }
  })
})
