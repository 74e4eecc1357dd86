import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "node:assert"
import { fetchedAt, type Json, rateLimit, read, readsAs, usage, weekly, window, without } from "./json.js"

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

  it.each([-5, 0, 12.5, 100, 150])("used_percent %d passes through", (percent) =>
    strictEqual(first({ used_percent: percent })?.usedPercent, percent)
  )

  it.each([-1, 2_147_483_647, 4_102_444_800])("reset_at %d passes through", (seconds) =>
    strictEqual(first({ reset_at: seconds })?.resetsAt?.epochMillis, seconds * 1000)
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

  const limited = (fields: Json) => usage({ rate_limit: rateLimit({ ...window, ...fields }) })

  const alike: ReadonlyArray<readonly [fields: Json, same: Json, ...unread: ReadonlyArray<string>]> = [
    [{ used_percent: "37" }, {}],
    [{ limit_window_seconds: "18000" }, {}],
    [{ reset_at: 1_783_000_000_000 }, {}],
    [{ reset_at: "1783000000" }, {}],
    [{ reset_at: null }, { reset_at: fetchedAt.epochMillis / 1000 + 5400 }],
    [{ reset_at: 0 }, { reset_at: fetchedAt.epochMillis / 1000 + 5400 }],
    [{ limit_window_seconds: null }, { limit_window_seconds: 0 }],
    [{ reset_after_seconds: [] }, {}, "rate_limit.primary_window.reset_after_seconds"],
    [{ limit_window_seconds: {} }, { limit_window_seconds: 0 }, "rate_limit.primary_window.limit_window_seconds"]
  ]

  for (const [fields, same, ...unread] of alike) {
    it(`${JSON.stringify(fields)} reads as ${JSON.stringify(same)}`, () =>
      readsAs(limited(fields), limited(same), ...unread))
  }

  it("without any time there is none", () => {
    for (const fields of [
      { reset_at: 0, reset_after_seconds: 0 },
      { reset_at: null, reset_after_seconds: null }
    ]) {
      strictEqual(first(fields)?.resetsAt, null)
    }
  })

  it.each([null, "much", [37], {}])("without its percentage, such as %j, a window is left out alone", (value) =>
    readsAs(
      limited({ used_percent: value }),
      usage({ rate_limit: rateLimit(null) }),
      "rate_limit.primary_window.used_percent"
    )
  )

  it.each([7, "x", []])("a window that is %j costs itself alone", (value) =>
    readsAs(
      usage({ rate_limit: rateLimit(window, value) }),
      usage({ rate_limit: rateLimit(window, null) }),
      "rate_limit.secondary_window"
    )
  )

  it("windows stand without the words around them", () => {
    const windows = { primary_window: window, secondary_window: weekly }
    const { main } = read(usage({ rate_limit: windows }))
    deepStrictEqual([main.allowed, main.windows], [null, read(usage({ rate_limit: rateLimit() })).main.windows])
  })

  it("a limit that is reached is not allowed, where that word is missing", () =>
    strictEqual(read(usage({ rate_limit: { limit_reached: true } })).main.allowed, false))

  it("the words may be text", () =>
    readsAs(
      usage({ rate_limit: { ...rateLimit(), allowed: "false" } }),
      usage({ rate_limit: { ...rateLimit(), allowed: false } })
    ))

  it("a rate limit needs no windows", () =>
    deepStrictEqual(read(usage({ rate_limit: rateLimit(null, null) })).main.windows, []))

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

  it("goes by its name without a feature, and stands without either", () => {
    const limits = [without(extra, "metered_feature"), without(extra, "limit_name"), { rate_limit: rateLimit() }]
    deepStrictEqual(
      read(usage({ additional_rate_limits: limits })).additional.map(({ id, name, windows }) => [
        id,
        name,
        windows.length
      ]),
      [
        ["Review", "Review", 2],
        ["codex_review", null, 2],
        ["", null, 2]
      ]
    )
  })

  it("what is odd in the list costs its place alone", () =>
    readsAs(
      usage({ additional_rate_limits: ["odd", extra, 7, null, { ...extra, rate_limit: [] }] }),
      usage({ additional_rate_limits: [extra, without(extra, "rate_limit")] }),
      "additional_rate_limits.0",
      "additional_rate_limits.2",
      "additional_rate_limits.3",
      "additional_rate_limits.4.rate_limit"
    ))
})

describe("credits", () => {
  const credits = { has_credits: true, unlimited: false }

  it.each([
    [{ balance: "5" }, true],
    [{ balance: "0" }, false],
    [{ balance: null }, false],
    [{ unlimited: true }, true]
  ])("%j without has_credits: %s", (fields, has) =>
    strictEqual(read(usage({ credits: { unlimited: false, ...fields } })).credits?.hasCredits, has)
  )

  it.each(["has_credits", "unlimited", "balance"])("an odd %s costs itself alone", (key) => {
    const whole = { ...credits, balance: "5" }
    readsAs(usage({ credits: { ...whole, [key]: [] } }), usage({ credits: without(whole, key) }), `credits.${key}`)
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

  it("balance may be a number", () =>
    strictEqual(read(usage({ credits: { ...credits, balance: 18.4 } })).credits?.balance, "18.4"))

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

  it.each([{}, { reached: null }])("%j does not say whether it is reached", (control) =>
    strictEqual(read(usage({ spend_control: control })).spendControl?.reached, null)
  )

  const own = (fields: Json) => usage({ spend_control: { reached: false, individual_limit: fields } })

  it.each([
    [{ ...limit, limit: 10, used: 10, remaining: 0, remaining_percent: "0" }, limit],
    [without(limit, "remaining_percent"), limit],
    [without(without(limit, "remaining_percent"), "used_percent"), limit],
    [{ limit: "10", used: "10", reset_at: 1_783_000_000 }, limit],
    [
      { ...limit, remaining_percent: 56.48 },
      { ...limit, remaining_percent: 56.48 }
    ],
    [
      { ...limit, reset_at: null },
      { ...limit, reset_at: fetchedAt.epochMillis / 1000 + 1 }
    ]
  ])("%j reads as %j", (fields, same) => readsAs(own(fields), own(same)))

  it.each(["limit", "used", "reset_at"])("an odd %s costs itself alone", (key) =>
    readsAs(own({ ...limit, [key]: [] }), own(without(limit, key)), `spend_control.individual_limit.${key}`)
  )

  it("is named where nothing says what is left", () =>
    readsAs(
      own({ limit: "10", reset_at: 1_783_000_000 }),
      usage({ spend_control: { reached: false } }),
      "spend_control.individual_limit.remaining_percent"
    ))

  it.each([null, "group", 3, { a: 1 }])("its source may be %j", (source) =>
    readsAs(own({ ...limit, source }), own(limit))
  )
})
