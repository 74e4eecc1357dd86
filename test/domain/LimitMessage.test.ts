import { describe, it } from "@effect/vitest"
import { ok, strictEqual } from "node:assert"
import * as DateTime from "effect/DateTime"
import { limitMessage, localTime, type ReachedLimit } from "../../src/domain/LimitMessage.js"
import { Plan } from "../../src/domain/Plan.js"
import { ReachedType } from "../../src/domain/UsageSnapshot.js"

const inZone = (iso: string, zone: string) => DateTime.unsafeMakeZoned(iso, { timeZone: zone })

const now = inZone("2026-06-20T12:00:00Z", "UTC")

describe("localTime", () => {
  it.each([
    ["2026-06-20T12:05:59Z", "UTC", "12:05 PM"],
    ["2026-06-20T00:05:00Z", "UTC", "12:05 AM"],
    ["2026-06-20T13:00:00Z", "UTC", "1:00 PM"],
    ["2026-06-20T23:59:00Z", "UTC", "11:59 PM"],
    ["2026-06-21T00:00:00Z", "UTC", "Jun 21st, 2026 12:00 AM"],
    ["2026-06-21T03:30:00Z", "America/New_York", "11:30 PM"],
    ["2026-06-20T23:30:00Z", "Europe/Berlin", "Jun 21st, 2026 1:30 AM"],
    ["2026-06-20T18:30:00Z", "Asia/Kolkata", "Jun 21st, 2026 12:00 AM"],
    ["2027-06-20T12:00:00Z", "UTC", "Jun 20th, 2027 12:00 PM"],
    ["2026-07-20T12:00:00Z", "UTC", "Jul 20th, 2026 12:00 PM"],
    ["2026-10-25T00:30:00Z", "Europe/Berlin", "Oct 25th, 2026 2:30 AM"],
    ["2026-10-25T01:30:00Z", "Europe/Berlin", "Oct 25th, 2026 2:30 AM"]
  ])("%s in %s is %s", (time, zone, text) =>
    strictEqual(localTime(DateTime.unsafeMake(time), inZone("2026-06-20T12:00:00Z", zone)), text)
  )

  it.each([
    [1, "1st"],
    [2, "2nd"],
    [3, "3rd"],
    [4, "4th"],
    [10, "10th"],
    [11, "11th"],
    [12, "12th"],
    [13, "13th"],
    [14, "14th"],
    [20, "20th"],
    [21, "21st"],
    [22, "22nd"],
    [23, "23rd"],
    [24, "24th"],
    [30, "30th"],
    [31, "31st"]
  ])("day %d is the %s", (day, ordinal) =>
    strictEqual(
      localTime(DateTime.unsafeMake({ year: 2026, month: 8, day, hours: 9 }), now),
      `Aug ${ordinal}, 2026 9:00 AM`
    )
  )

  it("names the months", () => {
    const dates = Array.from({ length: 12 }, (_, index) =>
      localTime(DateTime.unsafeMake({ year: 2027, month: index + 1, day: 5 }), now)
    )
    strictEqual(
      dates.map((date) => date.replace(" 5th, 2027 12:00 AM", "")).join(" "),
      "Jan Feb Mar Apr May Jun Jul Aug Sep Oct Nov Dec"
    )
  })
})

const limit = (fields: Partial<ReachedLimit> = {}): ReachedLimit => ({
  limitName: null,
  reachedType: null,
  plan: "unknown",
  retryAt: DateTime.unsafeMake("2026-06-20T15:05:00Z"),
  ...fields
})

const message = (fields: Partial<ReachedLimit>) => limitMessage(limit(fields), now)

describe("limitMessage", () => {
  const other = "workspace_owner_credits_depleted"

  it("goes by the limit's name before all else, and offers no plan", () => {
    const expected = "No usage is left for Codex Spark. Choose another model, or try again at 3:05 PM."
    strictEqual(message({ limitName: "Codex Spark" }), expected)
    strictEqual(message({ limitName: " Codex Spark ", reachedType: other, promo: "P", plan: "plus" }), expected)
  })

  it.each(["", "  ", "codex", "Codex", "gpt-reserve", "\u001b[31m\u001b[0m"])("the name %j says nothing", (limitName) =>
    strictEqual(
      message({ limitName, plan: "pro" }),
      "Your usage limit is reached. Buy credits, or try again at 3:05 PM."
    )
  )

  it("lets no control characters through", () => {
    const hostile = message({ limitName: "a\u001b]52;c;aGk=\u0007b\nc\u202e" })
    strictEqual(hostile, "No usage is left for ab c. Choose another model, or try again at 3:05 PM.")
  })

  it.each(ReachedType.literals.filter((type) => type !== "rate_limit_reached"))(
    "%s goes before promotion and plan, and names no time",
    (reachedType) => {
      const text = message({ reachedType, promo: "Half price", plan: "plus" })
      ok(!/Half price|Upgrade|try again/.test(text), text)
      strictEqual(message({ reachedType, retryAt: null }), text)
      const member = reachedType.includes("member")
      strictEqual(/owner/.test(text), member, text)
      strictEqual(text.startsWith("Your workspace has no credits left"), reachedType.includes("credits"), text)
      strictEqual(/spend cap/.test(text), reachedType.includes("usage_limit"), text)
    }
  )

  it("the promotion goes before the plan", () => {
    const expected = "Your usage limit is reached. Get more this week, or try again at 3:05 PM."
    strictEqual(message({ promo: "Get more this week!", plan: "plus" }), expected)
    strictEqual(message({ promo: "Get more this week", reachedType: "rate_limit_reached" }), expected)
    strictEqual(message({ promo: " \u0007 " }), "Your usage limit is reached. Try again at 3:05 PM.")
  })

  const plans: Record<Plan, string> = {
    free: "Upgrade to Plus, or try",
    go: "Upgrade to Plus, or try",
    plus: "Upgrade to Pro, buy credits, or try",
    pro: "Buy credits, or try",
    prolite: "Buy credits, or try",
    promax: "Buy credits, or try",
    team: "Ask your workspace's admin for more, or try",
    business: "Ask your workspace's admin for more, or try",
    self_serve_business_prolite: "Ask your workspace's admin for more, or try",
    self_serve_business_usage_based: "Ask your workspace's admin for more, or try",
    ent26: "Ask your workspace's admin for more, or try",
    enterprise_cbp_automation: "Ask your workspace's admin for more, or try",
    enterprise_cbp_usage_based: "Ask your workspace's admin for more, or try",
    enterprise: "Try",
    edu: "Try",
    edu_plus: "Try",
    edu_pro: "Try",
    sci: "Try",
    sci_plus: "Try",
    unknown: "Try"
  }

  it.each(Plan.literals)("plan %s", (plan) => {
    for (const reachedType of [null, "rate_limit_reached"] as const) {
      strictEqual(message({ plan, reachedType }), `Your usage limit is reached. ${plans[plan]} again at 3:05 PM.`)
    }
  })

  it.each([
    [null, "Try again later."],
    ["2026-06-20T12:00:00Z", "Try again now."],
    ["2026-06-20T11:00:00Z", "Try again now."],
    ["2026-06-20T12:01:00Z", "Try again at 12:01 PM."],
    ["2026-06-22T12:01:00Z", "Try again at Jun 22nd, 2026 12:01 PM."]
  ])("a reset at %s: %s", (time, suffix) =>
    strictEqual(
      message({ retryAt: time === null ? null : DateTime.unsafeMake(time) }),
      `Your usage limit is reached. ${suffix}`
    )
  )
})
