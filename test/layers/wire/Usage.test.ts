import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "node:assert"
import { fetchedAt, identity, rateLimit, read, readsAs, usage, window } from "./json.js"

describe("the whole answer", () => {
  it("maps the sample of the spec", () => {
    const snapshot = read({
      plan_type: "business",
      rate_limit: rateLimit(),
      credits: {
        has_credits: true,
        unlimited: false,
        balance: "18.40",
        approx_local_messages: null,
        approx_cloud_messages: null
      },
      spend_control: {
        reached: false,
        individual_limit: {
          source: null,
          limit: "12000",
          used: "3000",
          remaining: "9000",
          used_percent: 25,
          remaining_percent: 75,
          reset_after_seconds: 86_400,
          reset_at: 1_783_100_000
        }
      },
      additional_rate_limits: [
        {
          limit_name: "codex_review",
          metered_feature: "codex_review",
          rate_limit: rateLimit({ ...window, used_percent: 9, limit_window_seconds: 86_400 }, null)
        }
      ],
      rate_limit_reached_type: { type: "workspace_member_credits_depleted" },
      rate_limit_reset_credits: { available_count: 2 }
    })
    strictEqual(snapshot.identity, identity)
    strictEqual(snapshot.fetchedAt, fetchedAt)
    strictEqual(snapshot.plan, "business")
    deepStrictEqual(
      snapshot.main.windows.map((w) => [w.name, w.durationMinutes, w.usedPercent, w.resetsAt?.epochMillis]),
      [
        ["5h", 300, 37, 1_783_000_000_000],
        ["weekly", 10_080, 61, 1_783_254_600_000]
      ]
    )
    strictEqual(snapshot.credits?.balance, "18.40")
    strictEqual(snapshot.spendControl?.reached, false)
    strictEqual(snapshot.spendControl.individualLimit?.limit, "12000")
    strictEqual(snapshot.spendControl.individualLimit.used, "3000")
    strictEqual(snapshot.spendControl.individualLimit.remainingPercent, 75)
    strictEqual(snapshot.spendControl.individualLimit.resetsAt?.epochMillis, 1_783_100_000_000)
    strictEqual(snapshot.reachedType, "workspace_member_credits_depleted")
    strictEqual(snapshot.resetCredits?.availableCount, 2)
    strictEqual(snapshot.resetCredits.credits, null)
    deepStrictEqual(
      snapshot.limits.map((limit) => [limit.id, limit.name, limit.windows.map((w) => w.name)]),
      [
        ["codex", null, ["5h", "weekly"]],
        ["codex_review", "codex_review", ["daily"]]
      ]
    )
  })

  it("needs the plan alone", () => {
    const snapshot = read({ plan_type: "free" })
    deepStrictEqual(
      [snapshot.credits, snapshot.spendControl, snapshot.reachedType, snapshot.resetCredits, snapshot.upsell],
      [null, null, null, null, null]
    )
    deepStrictEqual([snapshot.backendAccountId, snapshot.backendUserId], [null, null])
    strictEqual(snapshot.main.allowed, null)
    deepStrictEqual([snapshot.main.windows, snapshot.additional], [[], []])
  })

  it("reads null as absent", () => {
    const nulls = (
      "rate_limit credits spend_control additional_rate_limits rate_limit_reached_type rate_limit_reset_credits " +
      "account_id user_id rate_limit_upsell"
    ).split(" ")
    deepStrictEqual(read(usage(Object.fromEntries(nulls.map((key) => [key, null])))), read(usage()))
  })
})

describe("plan_type", () => {
  it.each(
    (
      "free go plus pro prolite promax team self_serve_business_prolite self_serve_business_usage_based business " +
      "ent26 enterprise_cbp_automation enterprise_cbp_usage_based enterprise edu edu_plus edu_pro sci sci_plus"
    ).split(" ")
  )("%s is itself", (plan) => strictEqual(read({ plan_type: plan }).plan, plan))

  it("education is edu", () => strictEqual(read({ plan_type: "education" }).plan, "edu"))

  it.each(["guest", "free_workspace", "quorum", "k12", "hc", "unknown", "", "PRO", " pro", "martian", "constructor"])(
    "%j is unknown",
    (plan) => strictEqual(read({ plan_type: plan }).plan, "unknown")
  )

  it.each([{}, { plan_type: null }])("%j tells none", (json) => readsAs(json, { plan_type: "unknown" }))

  it.each([{ plan_type: true }, { plan_type: ["pro"] }, { plan_type: {} }])("%j costs the plan alone", (json) =>
    readsAs({ ...json, rate_limit: rateLimit() }, { plan_type: "unknown", rate_limit: rateLimit() }, "plan_type")
  )
})

describe("rate_limit_reached_type", () => {
  const reached = (type: unknown) => usage({ rate_limit_reached_type: type })

  it.each([
    "rate_limit_reached",
    "workspace_owner_credits_depleted",
    "workspace_member_credits_depleted",
    "workspace_owner_usage_limit_reached",
    "workspace_member_usage_limit_reached"
  ])("%s is itself", (type) => strictEqual(read(reached({ type })).reachedType, type))

  it.each(["", "RATE_LIMIT_REACHED", "rate_limit_reached ", "solar_flare", "toString"])("%j is null", (type) =>
    strictEqual(read(reached({ type })).reachedType, null)
  )

  it("is read without its object too", () =>
    readsAs(reached("rate_limit_reached"), reached({ type: "rate_limit_reached" })))

  it.each([{}, { type: null }, { type: 3 }, 7, true])("%j is named", (type) =>
    readsAs(reached(type), usage(), "rate_limit_reached_type")
  )
})

describe("rate_limit_reset_credits in the usage", () => {
  const summary = (credits: unknown) => usage({ rate_limit_reset_credits: credits })

  it.each([0, 3, -2])("a count of %d passes through", (count) => {
    const credits = read(summary({ available_count: count, more: 1 })).resetCredits
    deepStrictEqual([credits?.availableCount, credits?.credits], [count, null])
  })

  it("a count may be text", () => readsAs(summary({ available_count: "2" }), summary({ available_count: 2 })))

  it.each([{}, { available_count: null }])("%j tells no count", (credits) => readsAs(summary(credits), usage()))

  it.each([
    [{ available_count: [2] }, "rate_limit_reset_credits.available_count"],
    [[2], "rate_limit_reset_credits"],
    ["2", "rate_limit_reset_credits"]
  ])("of %j, %s is named", (credits, path) => readsAs(summary(credits), usage(), path))
})

describe("ids and upsell", () => {
  it("the ids are as the backend gave them", () => {
    const snapshot = read(usage({ account_id: "", user_id: "u" }))
    deepStrictEqual([snapshot.backendAccountId, snapshot.backendUserId], ["", "u"])
  })

  it.each(["account_id", "user_id"])("%s is text", (key) => {
    readsAs(usage({ [key]: 5 }), usage({ [key]: "5" }))
    readsAs(usage({ [key]: [5] }), usage(), key)
  })

  it.each([{ z: 1, a: [null, { b: "x" }] }, "text", 0, false, [1]])("the upsell %j is kept as it is", (upsell) =>
    deepStrictEqual(read(usage({ rate_limit_upsell: upsell })).upsell, upsell)
  )
})

describe("what newer answers tell", () => {
  it("the limit on code reviews is one of its own, beside the others", () => {
    const { additional, codeReview, limits } = read(usage({ code_review_rate_limit: rateLimit() }))
    deepStrictEqual([additional, codeReview?.name, codeReview?.windows.length], [[], "code review", 2])
    deepStrictEqual(limits.at(-1), codeReview)
  })

  it("the cap on credits, and the resets that apply", () => {
    const { credits, resetCredits } = read(
      usage({
        credits: { has_credits: true, unlimited: false, overage_limit_reached: true, balance: "9" },
        rate_limit_reset_credits: { available_count: 2, applicable_available_count: 0 }
      })
    )
    deepStrictEqual([credits?.overageLimitReached, credits?.usable], [true, false])
    deepStrictEqual([resetCredits?.availableCount, resetCredits?.applicableCount], [2, 0])
  })

  it("the models, each by itself", () => {
    const { models, unread } = read(
      usage({
        model_usage: {
          "m-1": { available: false, available_at: "2026-07-02T13:46:40Z", credits_would_enable: true },
          "m-2": { available: true },
          "m-3": 7
        }
      })
    )
    deepStrictEqual(
      models.map((m) => [m.slug, m.available, m.availableAt?.epochMillis, m.creditsWouldEnable]),
      [
        ["m-1", false, 1_783_000_000_000, true],
        ["m-2", true, undefined, null]
      ]
    )
    deepStrictEqual(unread, ["model_usage.m-3"])
  })
})
