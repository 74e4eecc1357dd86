import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "node:assert"
import { accepts, type Json, rateLimit, read, refuses, usage, weekly, window, without } from "./json.js"

describe("windows", () => {
  const first = (fields: Json) => read(usage({ rate_limit: rateLimit({ ...window, ...fields }, null) })).main.windows[0]

  it.each([
    [1, [59, 60]],
    [2, [61, 119]],
    [30, [1800]],
    [60, [3600]],
    [300, [18_000]],
    [1440, [86_400]],
    [null, [0, -60]]
  ])("%s minutes are %j seconds", (minutes, all) => {
    for (const seconds of all) strictEqual(first({ limit_window_seconds: seconds })?.durationMinutes, minutes)
  })

  it.each([-5, 0, 100, 150])("used_percent %d passes through", (percent) =>
    strictEqual(first({ used_percent: percent })?.usedPercent, percent)
  )

  it.each([0, -1, 2_147_483_647])("reset_at %d passes through", (seconds) =>
    strictEqual(first({ reset_at: seconds })?.resetsAt.epochMillis, seconds * 1000)
  )

  it("keeps the slot that each came in, and orders by duration", () => {
    const { windows } = read(usage({ rate_limit: rateLimit(weekly, window) })).main
    deepStrictEqual(
      windows.map((w) => [w.name, w.slot]),
      [
        ["5h", "secondary"],
        ["weekly", "primary"]
      ]
    )
  })

  it("a lone weekly window in the first slot is weekly", () =>
    deepStrictEqual(
      read(usage({ rate_limit: rateLimit(weekly, null) })).main.windows.map((w) => w.name),
      ["weekly"]
    ))

  it("accepts a whole number that is written as 12.0", () =>
    strictEqual(first({ used_percent: 12.0 })?.usedPercent, 12))

  it.each(Object.keys(window))("needs %s", (key) => {
    refuses(usage({ rate_limit: rateLimit(without(window, key)) }))
    for (const value of [null, "1", 12.5, 2_147_483_648, -2_147_483_649]) {
      refuses(usage({ rate_limit: rateLimit({ ...window, [key]: value }) }))
    }
  })

  it("refuses milliseconds", () =>
    refuses(usage({ rate_limit: rateLimit({ ...window, reset_at: 1_783_000_000_000 }) })))

  it.each(["allowed", "limit_reached"])("a rate limit needs the boolean %s", (key) => {
    refuses(usage({ rate_limit: without(rateLimit(), key) }))
    refuses(usage({ rate_limit: { ...rateLimit(), [key]: null } }))
    refuses(usage({ rate_limit: { ...rateLimit(), [key]: "true" } }))
  })

  it("a rate limit needs no windows", () => {
    accepts(usage({ rate_limit: { allowed: false, limit_reached: true } }))
    deepStrictEqual(read(usage({ rate_limit: rateLimit(null, null) })).main.windows, [])
  })

  it.each([true, false])("allowed %s is the backend's own, whatever limit_reached says", (allowed) =>
    strictEqual(read(usage({ rate_limit: { allowed, limit_reached: allowed } })).main.allowed, allowed)
  )
})

describe("additional_rate_limits", () => {
  const extra = { limit_name: "Review", metered_feature: "codex_review", rate_limit: rateLimit() }

  it("goes by metered_feature, with its own name and model", () => {
    const [limit] = read(usage({ additional_rate_limits: [{ ...extra, normal_model_slug: "m-1" }] })).additional
    deepStrictEqual(
      [limit?.id, limit?.name, limit?.normalModelSlug, limit?.allowed],
      ["codex_review", "Review", "m-1", true]
    )
  })

  it("keeps order and duplicates; one called codex does not become the main limit", () => {
    const snapshot = read(
      usage({
        rate_limit: rateLimit(),
        additional_rate_limits: [
          { ...extra, limit_name: "a" },
          { ...extra, limit_name: "b" },
          { ...extra, metered_feature: "codex", limit_name: "c", rate_limit: null }
        ]
      })
    )
    deepStrictEqual(
      snapshot.limits.map((limit) => [limit.id, limit.name]),
      [
        ["codex", null],
        ["codex_review", "a"],
        ["codex_review", "b"],
        ["codex", "c"]
      ]
    )
    strictEqual(snapshot.main.windows.length, 2)
    deepStrictEqual([snapshot.additional[2]?.allowed, snapshot.additional[2]?.windows], [null, []])
  })

  it.each(["limit_name", "metered_feature"])("%s is a string, possibly empty", (key) => {
    accepts(usage({ additional_rate_limits: [{ ...extra, [key]: "" }] }))
    refuses(usage({ additional_rate_limits: [{ ...extra, [key]: null }] }))
    refuses(usage({ additional_rate_limits: [without(extra, key)] }))
  })

  it("one bad limit fails the call", () =>
    refuses(usage({ additional_rate_limits: [extra, { ...extra, rate_limit: { allowed: true } }] })))
})

describe("credits", () => {
  const credits = { has_credits: true, unlimited: false }

  it.each(["has_credits", "unlimited"])("need the boolean %s", (key) => {
    refuses(usage({ credits: without(credits, key) }))
    refuses(usage({ credits: { ...credits, [key]: 1 } }))
  })

  it.each([
    [{ balance: "" }, ""],
    [{ balance: "18.40" }, "18.40"],
    [{ balance: "plenty" }, "plenty"],
    [{ balance: null }, null],
    [{}, null]
  ])("balance of %j is %j", (fields, expected) =>
    strictEqual(read(usage({ credits: { ...credits, ...fields } })).credits?.balance, expected)
  )

  it("balance is no number", () => refuses(usage({ credits: { ...credits, balance: 18.4 } })))

  it.each(["approx_local_messages", "approx_cloud_messages"])("%s is a list if anything", (key) => {
    accepts(usage({ credits: { ...credits, [key]: [1, 2] } }))
    refuses(usage({ credits: { ...credits, [key]: 3 } }))
  })

  it.each([
    [{ unlimited: true, has_credits: false }, true],
    [{ balance: "0.01" }, true],
    [{ balance: "0" }, false],
    [{ balance: "-3" }, false],
    [{ balance: "" }, false],
    [{ balance: "plenty" }, false],
    [{}, false],
    [{ has_credits: false, balance: "9" }, false]
  ])("%j: usable %s", (fields, usable) =>
    strictEqual(read(usage({ credits: { ...credits, ...fields } })).credits?.usable, usable)
  )
})

describe("spend_control", () => {
  const limit = {
    limit: "10",
    used: "10",
    remaining: "0",
    used_percent: 100,
    remaining_percent: 0,
    reset_after_seconds: 1,
    reset_at: 1_783_000_000
  }

  it("reached stands alone", () => {
    const { spendControl } = read(usage({ spend_control: { reached: true } }))
    deepStrictEqual([spendControl?.reached, spendControl?.individualLimit], [true, null])
  })

  it.each([{}, { reached: null }, { reached: "yes" }])("%j fails the call", (control) =>
    refuses(usage({ spend_control: control }))
  )

  it.each(Object.keys(limit))("an individual limit needs %s", (key) => {
    accepts(usage({ spend_control: { reached: false, individual_limit: limit } }))
    refuses(usage({ spend_control: { reached: false, individual_limit: without(limit, key) } }))
    refuses(usage({ spend_control: { reached: false, individual_limit: { ...limit, [key]: null } } }))
    refuses(usage({ spend_control: { reached: false, individual_limit: { ...limit, [key]: true } } }))
  })

  it.each([null, "group", 3, { a: 1 }])("its source may be %j", (source) =>
    accepts(usage({ spend_control: { reached: false, individual_limit: { ...limit, source } } }))
  )
})
