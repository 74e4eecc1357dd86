import { assert, describe, it } from "@effect/vitest"
import * as Arbitrary from "effect/Arbitrary"
import { mergeRateLimits, mergeSnapshot } from "../../../src/app-server/client/mergeRateLimits.js"
import {
  type GetAccountRateLimitsResponse,
  GetAccountRateLimitsResponse as Response,
  RateLimitSnapshot as SnapshotSchema,
  type RateLimitSnapshot
} from "../../../src/app-server/protocol/schemas/Usage.js"

const nothing: RateLimitSnapshot = {
  limitId: null,
  limitName: null,
  normalModelSlug: null,
  primary: null,
  secondary: null,
  credits: null,
  individualLimit: null,
  spendControlReached: null,
  planType: null,
  rateLimitReachedType: null
}

const window = (usedPercent: number, windowDurationMins: number | null, resetsAt: number | null = null) => ({
  usedPercent,
  windowDurationMins,
  resetsAt
})

const codex: RateLimitSnapshot = {
  ...nothing,
  limitId: "codex",
  primary: window(42, 300, 100),
  secondary: window(5, 10_080, 200),
  credits: { hasCredits: true, unlimited: false, balance: "3" },
  planType: "pro"
}

const other: RateLimitSnapshot = { ...nothing, limitId: "codex_other", limitName: "Other", primary: window(1, 60, 300) }

const last: GetAccountRateLimitsResponse = {
  ordinaryUsageAllowed: true,
  rateLimits: codex,
  rateLimitsByLimitId: { codex, codex_other: other },
  rateLimitResetCredits: { availableCount: 2, credits: null },
  accountId: "account-1",
  rateLimitUpsell: null
}

describe("an update", () => {
  it("tells what has changed, and clears nothing", () => {
    const update = { ...nothing, limitId: "codex", primary: window(50, 300, 110) }
    const merged = { ...codex, primary: window(50, 300, 110) }
    assert.deepStrictEqual(mergeRateLimits(last, update), {
      ...last,
      rateLimits: merged,
      rateLimitsByLimitId: { codex: merged, codex_other: other }
    })
  })

  it("without an id is of Codex's own limit", () => {
    const { rateLimits, rateLimitsByLimitId } = mergeRateLimits(last, { ...nothing, primary: window(60, 300, 1) })
    assert.strictEqual(rateLimits.primary?.usedPercent, 60)
    assert.strictEqual(rateLimits.limitId, "codex")
    assert.strictEqual(rateLimitsByLimitId?.["codex"]?.primary?.usedPercent, 60)
  })

  it("of another limit leaves Codex's own alone; a new one is added", () => {
    const merged = mergeRateLimits(last, { ...nothing, limitId: "codex_other", primary: window(9, 60) })
    assert.deepStrictEqual(merged.rateLimits, codex)
    assert.deepStrictEqual(merged.rateLimitsByLimitId?.["codex_other"], { ...other, primary: window(9, 60, 300) })
    const added = { ...nothing, limitId: "codex_bengalfox", primary: window(1, 300) }
    const { rateLimitsByLimitId } = mergeRateLimits({ ...last, rateLimitsByLimitId: null }, added)
    assert.deepStrictEqual(rateLimitsByLimitId, { codex, codex_bengalfox: added })
  })

  it("leaves out the map where there was none", () => {
    const { rateLimitsByLimitId } = mergeRateLimits({ ...last, rateLimitsByLimitId: null }, nothing)
    assert.isNull(rateLimitsByLimitId)
  })

  it.each([
    ["goes on in its slot", { primary: window(50, 300, 110) }, window(50, 300, 110), codex.secondary],
    [
      "goes on where one of its length stood",
      { primary: window(6, 10_080, 210) },
      codex.primary,
      window(6, 10_080, 210)
    ],
    [
      "goes on there though both have changed places",
      { primary: window(6, 10_080, 210), secondary: window(50, 300, 110) },
      window(50, 300, 110),
      window(6, 10_080, 210)
    ],
    ["keeps its length and its end", { primary: window(50, null) }, window(50, 300, 100), codex.secondary],
    ["of a new length has no end of the old one", { primary: window(1, 60) }, window(1, 60), codex.secondary],
    [
      "of one length in both slots stays in its slot",
      { primary: window(1, 300, 1), secondary: window(2, 300, 2) },
      window(1, 300, 1),
      window(2, 300, 2)
    ]
  ])("of a window %s", (_name, update, primary, secondary) => {
    const merged = mergeSnapshot(codex, { ...nothing, ...update })
    assert.deepStrictEqual([merged.primary, merged.secondary], [primary, secondary])
  })

  it("clears a reached limit no more than anything else", () => {
    const reached = { ...codex, rateLimitReachedType: "rate_limit_reached" } as const
    assert.strictEqual(mergeSnapshot(reached, nothing).rateLimitReachedType, "rate_limit_reached")
    assert.strictEqual(mergeSnapshot(codex, reached).rateLimitReachedType, "rate_limit_reached")
  })
})

const read = Arbitrary.make(Response)
const told = Arbitrary.make(SnapshotSchema)

it.prop("an update that tells nothing changes nothing", [read], ([read]) => {
  assert.deepStrictEqual(
    mergeRateLimits(read, { ...nothing, limitId: read.rateLimits.limitId }).rateLimits,
    read.rateLimits
  )
})

it.prop(
  "the same update twice is the update once, and nothing that it tells is lost",
  [read, told],
  ([read, update]) => {
    const once = mergeRateLimits(read, update)
    assert.deepStrictEqual(mergeRateLimits(once, update), once)
    const { credits, planType, spendControlReached } = mergeSnapshot(read.rateLimits, update)
    assert.deepStrictEqual(
      [credits, planType, spendControlReached],
      [
        update.credits ?? read.rateLimits.credits,
        update.planType ?? read.rateLimits.planType,
        update.spendControlReached ?? read.rateLimits.spendControlReached
      ]
    )
  }
)
