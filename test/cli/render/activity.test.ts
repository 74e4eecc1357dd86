/** Token activity as a person sees it. */
import { assert, describe, expect, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import { activityLines } from "../../../src/cli/render/activity.js"
import { withoutColor } from "../../../src/cli/render/paint.js"
import type { ActivityView } from "../../../src/domain/ActivityCalendar.js"
import { DailyTokens, TokenActivity } from "../../../src/domain/TokenActivity.js"
import { fetchedAt, identity } from "../../domain/snapshots.js"
import { asText, canvas } from "./canvas.js"

/** Two days before it; its week has no Friday and no Saturday yet. */
const thursday = DateTime.subtract(fetchedAt, { days: 2 })

const ago = (days: number): string => DateTime.formatIsoDateUtc(DateTime.subtract(thursday, { days }))

const bucket = (days: number, tokens: number) => new DailyTokens({ startDate: ago(days), tokens })

const activity = (daily: ReadonlyArray<DailyTokens> | null, fields: Partial<TokenActivity> = {}) =>
  new TokenActivity({
    identity,
    fetchedAt: thursday,
    lifetimeTokens: 21_400_000_000,
    peakDailyTokens: 39_960_000,
    longestRunningTurnSeconds: 13_920,
    currentStreakDays: 54,
    longestStreakDays: 61,
    daily,
    ...fields
  })

/** Working days of 300 days, and a weekend now and then. */
const busy = activity(
  Array.from({ length: 300 }, (_, days) => {
    const weekend = days % 7 === 4 || days % 7 === 5
    return bucket(days, weekend && days % 4 !== 0 ? 0 : ((days * 104_729) % 1000) * 40_000)
  })
)

const picture = (columns: number, view: ActivityView, of = busy) =>
  asText(activityLines(of, view, canvas(columns, { now: thursday })))

describe("by day", () => {
  it("at 120 columns, with space between the weeks", () => {
    expect(picture(120, "daily")).toMatchInlineSnapshot(`
      "
      Token activity · by day · read just now

          Jun Jul     Aug       Sep     Oct     Nov       Dec     Jan     Feb     Mar       Apr     May       Jun
      Sun · · · · · · · · · · · ░ · · · ▓ · · · ░ · · · █ · · · ▒ · · · █ · · · ▓ · · · ░ · · · ▓ · · · ▒ · · · █
      Mon · · · · · · · · · ▓ ▒ ▒ ░ ░ █ █ █ ▓ ▓ ▒ ▒ ▒ ░ ░ █ █ █ ▓ ▓ ▒ ▒ ░ ░ ░ █ █ ▓ ▓ ▓ ▒ ▒ ░ ░ ░ █ █ ▓ ▓ ▒ ▒ ▒ ░
      Tue · · · · · · · · · █ ▓ ▓ ▒ ▒ ▒ ░ ░ █ █ █ ▓ ▓ ▒ ▒ ░ ░ ░ █ █ ▓ ▓ ▓ ▒ ▒ ░ ░ ░ █ █ ▓ ▓ ▒ ▒ ▒ ░ ░ █ █ █ ▓ ▓ ▒
      Wed · · · · · · · · · ░ █ █ ▓ ▓ ▓ ▒ ▒ ░ ░ ░ █ █ ▓ ▓ ▓ ▒ ▒ ░ ░ █ █ █ ▓ ▓ ▒ ▒ ▒ ░ ░ █ █ █ ▓ ▓ ▒ ▒ ░ ░ ░ █ █ ▓
      Thu · · · · · · · · · ▒ ░ ░ ░ █ █ ▓ ▓ ▓ ▒ ▒ ░ ░ █ █ █ ▓ ▓ ▒ ▒ ▒ ░ ░ █ █ █ ▓ ▓ ▒ ▒ ░ ░ ░ █ █ ▓ ▓ ▓ ▒ ▒ ░ ░ ·
      Fri · · · · · · · · · ▓ ▒ ▒ ▒ ░ ░ █ █ █ ▓ ▓ ▒ ▒ ▒ ░ ░ █ █ ▓ ▓ ▓ ▒ ▒ ░ ░ ░ █ █ ▓ ▓ ▓ ▒ ▒ ░ ░ █ █ █ ▓ ▓ ▒ ▒
      Sat · · · · · · · · · █ · · · ▒ · · · ░ · · · ▓ · · · ░ · · · █ · · · ▒ · · · █ · · · ▓ · · · ░ · · · ▓ ·

          Less · ░ ▒ ▓ █ More

      Lifetime 21.4B · Peak 40M a day · Streak 54d · Longest streak 61d · Longest task 3h 52m
      ▸ daily · weekly · cumulative
      "
    `)
  })
  it("at 80 columns", () => {
    expect(picture(80, "daily")).toMatchInlineSnapshot(`
      "
      Token activity · by day · read just now

            Jul Aug  Sep Oct Nov  Dec Jan Feb Mar  Apr May  Jun
      Sun ···········░···▓···░···█···▒···█···▓···░···▓···▒···█
      Mon ·········▓▒▒░░███▓▓▒▒▒░░███▓▓▒▒░░░██▓▓▓▒▒░░░██▓▓▒▒▒░
      Tue ·········█▓▓▒▒▒░░███▓▓▒▒░░░██▓▓▓▒▒░░░██▓▓▒▒▒░░███▓▓▒
      Wed ·········░██▓▓▓▒▒░░░██▓▓▓▒▒░░███▓▓▒▒▒░░███▓▓▒▒░░░██▓
      Thu ·········▒░░░██▓▓▓▒▒░░███▓▓▒▒▒░░███▓▓▒▒░░░██▓▓▓▒▒░░·
      Fri ·········▓▒▒▒░░███▓▓▒▒▒░░██▓▓▓▒▒░░░██▓▓▓▒▒░░███▓▓▒▒
      Sat ·········█···▒···░···▓···░···█···▒···█···▓···░···▓·

          Less · ░ ▒ ▓ █ More

      Lifetime 21.4B · Peak 40M a day · Streak 54d · Longest streak 61d ·
      Longest task 3h 52m
      ▸ daily · weekly · cumulative
      "
    `)
  })
  it("at 40 columns", () => {
    expect(picture(40, "daily")).toMatchInlineSnapshot(`
      "
      Token activity · by day · read just now

             Nov  Dec Jan Feb Mar  Apr May
      Sun ···░···█···▒···█···▓···░···▓···▒···█
      Mon █▓▓▒▒▒░░███▓▓▒▒░░░██▓▓▓▒▒░░░██▓▓▒▒▒░
      Tue ░███▓▓▒▒░░░██▓▓▓▒▒░░░██▓▓▒▒▒░░███▓▓▒
      Wed ▒░░░██▓▓▓▒▒░░███▓▓▒▒▒░░███▓▓▒▒░░░██▓
      Thu ▓▓▒▒░░███▓▓▒▒▒░░███▓▓▒▒░░░██▓▓▓▒▒░░·
      Fri ██▓▓▒▒▒░░██▓▓▓▒▒░░░██▓▓▓▒▒░░███▓▓▒▒
      Sat ·░···▓···░···█···▒···█···▓···░···▓·

          Less · ░ ▒ ▓ █ More
          The last 36 of 52 weeks: more on a
          wider screen.

      Lifetime 21.4B · Peak 40M a day ·
      Streak 54d · Longest streak 61d ·
      Longest task 3h 52m
      ▸ daily · weekly · cumulative
      "
    `)
  })
  it("at 29 columns: no picture", () => {
    expect(picture(29, "daily")).toMatchInlineSnapshot(`
      "
      Token activity · by day ·
      read just now

        Too narrow for a chart: it
        needs 30 columns.

      Lifetime 21.4B ·
      Peak 40M a day · Streak 54d ·
      Longest streak 61d ·
      Longest task 3h 52m
      ▸ daily · weekly · cumulative
      "
    `)
  })
})

it.each(["daily", "weekly", "cumulative"] as const)(
  "%s at 100 columns is as at 80, with the totals in one line",
  (view) => {
    assert.strictEqual(picture(100, view), picture(80, view).replace(" ·\nLongest task", " · Longest task"))
  }
)

it.each([
  ["daily", 4, 42],
  ["weekly", 7, 39],
  ["cumulative", 7, 39]
] as const)(
  "%s at 46 columns, of which %d are a label, is the last %d weeks of the picture at 80",
  (view, label, weeks) => {
    const rows = (columns: number, from: number) => {
      const lines = picture(columns, view).split("\n")
      return lines
        .slice(view === "daily" ? 4 : 3)
        .slice(0, 7)
        .map((line) => line.slice(from))
    }
    assert.deepStrictEqual(rows(46, label), rows(80, label + 52 - weeks))
    assert.include(picture(46, view).replace(/\s+/g, " "), ` The last ${weeks} of 52 weeks: more on a wider screen. `)
  }
)

describe("by week", () => {
  it("at 80 columns", () => {
    expect(picture(80, "weekly")).toMatchInlineSnapshot(`
      "
      Token activity · by week · read just now

      153.6M                █           ▁ ▇     ▂ █           ▂
                      ▆     █ ▇     ▂ ▇ █ █ ▃   █ █ ▃    ▇▂▇▄ █
                      ██▁ ▇▇█▇█▇▂▆█▆█▅█▅█▄█▄█▃▂▃█▃█▂█▂▃▁▅████ █ ▁
                      ███▁███████████████████████████████████████
                      ███████████████████████████████████████████
                      ███████████████████████████████████████████
           0          ███████████████████████████████████████████
               Jul Aug  Sep Oct Nov  Dec Jan Feb Mar  Apr May  Jun

             Tallest: 153.6M, in the week from 2026-03-08

      Lifetime 21.4B · Peak 40M a day · Streak 54d · Longest streak 61d ·
      Longest task 3h 52m
      daily · ▸ weekly · cumulative
      "
    `)
  })
})

describe("as a running total", () => {
  it("at 80 columns", () => {
    expect(picture(80, "cumulative")).toMatchInlineSnapshot(`
      "
      Token activity · running total · read just now

        4.7B                                               ▂▃▄▆▇█
                                                    ▁▂▃▄▅▇███████
                                              ▁▂▃▅▆▇█████████████
                                        ▁▂▄▅▆████████████████████
                                  ▁▂▃▅▆▇█████████████████████████
                            ▁▂▄▅▆▇███████████████████████████████
           0          ▁▃▄▅▆▇█████████████████████████████████████
               Jul Aug  Sep Oct Nov  Dec Jan Feb Mar  Apr May  Jun

             Top: 4.7B, since 2025-06-22

      Lifetime 21.4B · Peak 40M a day · Streak 54d · Longest streak 61d ·
      Longest task 3h 52m
      daily · weekly · ▸ cumulative
      "
    `)
  })
})

describe("with nothing to show", () => {
  const totals = {
    lifetimeTokens: null,
    peakDailyTokens: null,
    longestRunningTurnSeconds: null,
    currentStreakDays: null,
    longestStreakDays: null
  }
  it("no tokens: a calendar without cells", () => {
    expect(picture(80, "daily", activity([], { ...totals, lifetimeTokens: 0 }))).toMatchInlineSnapshot(`
      "
      Token activity · by day · read just now

            Jul Aug  Sep Oct Nov  Dec Jan Feb Mar  Apr May  Jun
      Sun ····················································
      Mon ····················································
      Tue ····················································
      Wed ····················································
      Thu ····················································
      Fri ···················································
      Sat ···················································

          Less · ░ ▒ ▓ █ More
          No tokens in 52 weeks.

      Lifetime 0
      ▸ daily · weekly · cumulative
      "
    `)
  })
  it("no tokens: no bars", () => {
    for (const view of ["weekly", "cumulative"] as const) {
      assert.include(picture(80, view, activity([bucket(3, 0), bucket(2, -7)])), "\n  No tokens in 52 weeks.\n")
    }
  })
  it("no tokens in the weeks that fit", () => {
    const old = activity([bucket(360, 5)])
    assert.include(picture(40, "weekly", old), "\n  No tokens in 35 weeks.\n")
    assert.include(picture(40, "daily", old), "\n    No tokens in 36 weeks.\n")
    assert.include(picture(40, "cumulative", old), "Top: 5,")
  })
  it("no days and no totals", () => {
    for (const view of ["daily", "weekly", "cumulative"] as const) {
      const text = picture(80, view, activity(null, totals))
      assert.include(text, "\n  The backend reports no daily numbers.\n\nThe backend reports no totals.\n")
    }
  })
})

it("every day has its cell, told by its glyph", () => {
  const days = [100, 25, 26, 50, 51, 75, 76, 0].map((tokens, index) => bucket(index * 7, tokens))
  const row = picture(80, "daily", activity(days))
    .split("\n")
    .find((line) => line.startsWith("Thu"))
  assert.strictEqual(row, `Thu ${"·".repeat(45)}█▓▓▒▒░█`)
})

it("colours only colour, and only with the sixteen of every terminal", () => {
  for (const view of ["daily", "weekly", "cumulative"] as const) {
    const plain = activityLines(busy, view, canvas(80, { now: thursday }))
    const colored = activityLines(busy, view, canvas(80, { now: thursday, color: true }))
    assert.deepStrictEqual(colored.map(withoutColor), plain)
    const codes = new Set(Array.from(colored.join("").matchAll(/\u001b\[(.*?)m/g), ([, code]) => code))
    assert.isAtLeast(codes.size, 4)
    // Bold, dim and green, and their ends: no background, and no shade of anybody's own.
    for (const code of codes) assert.include(["1", "2", "22", "32", "39"], code)
  }
})

it("a bar is never hidden by a higher one", () => {
  const text = picture(80, "weekly", activity([bucket(0, 1), bucket(7, 1_000_000_000)]))
  assert.match(text, / {3}0 {2}.*█▁\n/)
})
