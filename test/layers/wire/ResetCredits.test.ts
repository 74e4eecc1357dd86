import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import { ConsumeRequest, ConsumeResponse, ResetCreditsResponse } from "../../../src/contracts/BackendEndpoints.js"
import { consumeOutcomeFromWire, withResetCredits } from "../../../src/layers/internal/usageFromWire.js"
import * as Schema from "effect/Schema"
import { decoder, type Json, read as readUsage, usage } from "./json.js"

const decode = decoder(ResetCreditsResponse)
const credit = {
  id: "rc_a1",
  reset_type: "codex_rate_limits",
  status: "available",
  granted_at: "2026-06-19T20:13:20Z"
}

const list = (...credits: ReadonlyArray<unknown>): Json => ({ credits, available_count: 3 })
const merge = (json: unknown, count: number | null = null) =>
  withResetCredits(
    readUsage(usage(count === null ? {} : { rate_limit_reset_credits: { available_count: count } })),
    Either.getOrThrow(decode(json))
  )
const read = (json: unknown) => {
  const { resetCredits } = merge(json)
  ok(resetCredits)
  return resetCredits
}
const only = (fields: Json) => {
  const [first] = read(list({ ...credit, ...fields })).credits ?? []
  ok(first)
  return first
}

describe("the list of reset credits", () => {
  it("maps the sample of the spec", () => {
    const credits = read({
      credits: [
        { ...credit, expires_at: "2026-07-19T20:13:20Z", redeemed_at: null, title: "Full reset", description: "Ready" },
        { id: "rc_b2", reset_type: "new", status: "pending", granted_at: "2026-06-20T00:00:00Z", expires_at: null }
      ],
      available_count: 3,
      total_earned_count: 6
    })
    strictEqual(credits.availableCount, 3)
    deepStrictEqual(
      credits.credits?.map((c) => [
        c.id,
        c.resetType,
        c.status,
        c.grantedAt && DateTime.formatIso(c.grantedAt),
        c.expiresAt && DateTime.formatIso(c.expiresAt),
        c.title,
        c.description
      ]),
      [
        [
          "rc_a1",
          "codex_rate_limits",
          "available",
          "2026-06-19T20:13:20.000Z",
          "2026-07-19T20:13:20.000Z",
          "Full reset",
          "Ready"
        ],
        ["rc_b2", "unknown", "unknown", "2026-06-20T00:00:00.000Z", null, null, null]
      ]
    )
  })

  it("an empty list stays a list", () => {
    const credits = read({ credits: [], available_count: 0 })
    deepStrictEqual([credits.availableCount, credits.credits], [0, []])
  })

  it.each([-1, 0, 9])("count %d need not agree with the list", (count) => {
    const credits = read({ ...list(credit), available_count: count })
    deepStrictEqual([credits.availableCount, credits.credits?.length], [count, 1])
  })

  it.each(["available", "redeeming", "redeemed"])("status %s is itself and is not filtered", (status) =>
    strictEqual(only({ status }).status, status)
  )

  it.each(["", "AVAILABLE", "unknown", "valueOf"])("status %j is unknown", (status) =>
    strictEqual(only({ status }).status, "unknown")
  )

  it.each([
    [{ credits: [credit] }, 4, 4, 1],
    [{ credits: [credit] }, null, 1, 1],
    [{ available_count: 3 }, 4, 3, undefined],
    [{ credits: null, available_count: "3" }, null, 3, undefined],
    [{ credits: {}, available_count: {} }, 4, 4, undefined, "credits", "available_count"]
  ])("%j beside a count of %s in the usage is %d, listed %s", (json, count, available, listed, ...unread) => {
    const snapshot = merge(json, count)
    const { availableCount, credits } = snapshot.resetCredits ?? {}
    deepStrictEqual([availableCount, credits?.length], [available, listed])
    deepStrictEqual(
      snapshot.unread,
      unread.map((path) => `rate_limit_reset_credits.${path}`)
    )
  })

  it.each([[null], [[]], ["soon"]])("%j is refused", (json) => ok(Either.isLeft(decode(json))))

  it("a credit without an id is left out alone", () => {
    const odd = list(credit, { ...credit, id: null }, 7, { ...credit, id: [] }, { ...credit, id: 5 })
    deepStrictEqual(
      read(odd).credits?.map(({ id }) => id),
      ["rc_a1", "5"]
    )
    deepStrictEqual(
      merge(odd).unread,
      ["1.id", "2", "3.id"].map((path) => `rate_limit_reset_credits.credits.${path}`)
    )
  })

  it.each([
    ["reset_type", null, "resetType", "codex_rate_limits"],
    ["reset_type", 5, "resetType", "unknown"],
    ["status", null, "status", "unknown"],
    ["status", {}, "status", "unknown"],
    ["granted_at", null, "grantedAt", null],
    ["granted_at", "soon", "grantedAt", null],
    ["expires_at", [], "expiresAt", null],
    ["title", {}, "title", null],
    ["description", false, "description", null]
  ] as const)("%s of %j costs itself alone", (key, value, name, expected) => {
    deepStrictEqual({ ...only({ [key]: value }) }, { ...only({}), [name]: expected })
    deepStrictEqual(
      merge(list({ ...credit, [key]: value })).unread,
      value === null ? [] : [`rate_limit_reset_credits.credits.0.${key}`]
    )
  })

  it.each(["expires_at", "title", "description"])("%s may be null", (key) =>
    deepStrictEqual(read(list({ ...credit, [key]: null })), read(list(credit)))
  )
})

describe("times", () => {
  it.each([
    "2026-06-19T20:13:20Z",
    "2026-06-19t20:13:20z",
    "2026-06-19 20:13:20Z",
    "2026-06-19T20:13:20.999999999Z",
    "2026-06-19T22:13:20+02:00",
    "2026-06-19T14:43:20.5-05:30"
  ])("%s is read to the second", (text) => {
    const { expiresAt, grantedAt } = only({ granted_at: text, expires_at: text })
    deepStrictEqual(
      [grantedAt, expiresAt].map(String),
      Array(2).fill(String(DateTime.unsafeMake("2026-06-19T20:13:20Z")))
    )
  })

  it("a time may be before 1970", () =>
    strictEqual(only({ granted_at: "1969-12-31T23:59:58Z" }).grantedAt?.epochMillis, -2000))

  it.each([1_750_363_000, 1_750_363_000_000, "1750363000", 1_750_363_000.7])("%j is read to the second", (time) =>
    strictEqual(only({ granted_at: time }).grantedAt?.epochMillis, 1_750_363_000_000)
  )

  it.each(["2026-06-19T20:13:20", "2026-06-19", "", "soon", "2026-13-01T00:00:00Z", "2026-06-19T25:00:00Z"])(
    "%j is no time",
    (text) => strictEqual(only({ granted_at: text }).grantedAt, null)
  )
})

describe("consumption", () => {
  const decodeAnswer = decoder(ConsumeResponse)

  const outcomes = { reset: "reset", nothing_to_reset: "nothingToReset", no_credit: "noCredit" }

  it.each(Object.entries({ ...outcomes, already_redeemed: "alreadyRedeemed" }))("%s is %s", (code, outcome) =>
    strictEqual(
      consumeOutcomeFromWire(Either.getOrThrow(decodeAnswer({ code, credit: { id: "rc_a1" }, windows_reset: 2 }))),
      outcome
    )
  )

  it.each([[{ code: "maybe" }], [{ code: "RESET" }], [{ code: "" }], [{ code: null }], [{}]])(
    "%j is no outcome",
    (json) => ok(Either.isLeft(decodeAnswer(json)))
  )

  it.each([{}, { windows_reset: "2" }, { windows_reset: [] }, { credit: 7 }])(
    "%j beside the code does no harm",
    (more) => strictEqual(consumeOutcomeFromWire(Either.getOrThrow(decodeAnswer({ code: "reset", ...more }))), "reset")
  )

  it("the body holds a credit id only where one was chosen", () => {
    const encode = Schema.encodeSync(ConsumeRequest)
    deepStrictEqual(encode({ redeem_request_id: "k" }), { redeem_request_id: "k" })
    deepStrictEqual(encode({ redeem_request_id: "k", credit_id: "c" }), { redeem_request_id: "k", credit_id: "c" })
  })
})
