import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import * as DateTime from "effect/DateTime"
import * as Either from "effect/Either"
import { ConsumeRequest, ConsumeResponse, ResetCreditsResponse } from "../../../src/contracts/BackendEndpoints.js"
import { consumeOutcomeFromWire, resetCreditsFromWire } from "../../../src/layers/internal/usageFromWire.js"
import * as Schema from "effect/Schema"
import { decoder, type Json } from "./json.js"

const decode = decoder(ResetCreditsResponse)
const credit = {
  id: "rc_a1",
  reset_type: "codex_rate_limits",
  status: "available",
  granted_at: "2026-06-19T20:13:20Z"
}

const list = (...credits: ReadonlyArray<unknown>): Json => ({ credits, available_count: 3 })
const read = (json: unknown) => resetCreditsFromWire(Either.getOrThrow(decode(json)))
const only = (fields: Json) => {
  const [first] = read(list({ ...credit, ...fields })).credits ?? []
  ok(first)
  return first
}

// The list fails as a whole; the reader then falls back to the count in the usage answer.
const refuses = (json: unknown) => ok(Either.isLeft(decode(json)), JSON.stringify(json))

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
        DateTime.formatIso(c.grantedAt),
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
    [{ credits: [credit] }],
    [{ available_count: 3 }],
    [{ credits: null, available_count: 3 }],
    [{ credits: [credit], available_count: null }],
    [{ credits: [credit], available_count: "3" }],
    [null],
    [[]],
    ["soon"]
  ])("%j is refused", refuses)

  it.each(["id", "reset_type", "status", "granted_at"])(
    "one credit without %s among good ones spoils the list",
    (key) => {
      refuses(list(credit, Object.fromEntries(Object.entries(credit).filter(([k]) => k !== key)), credit))
      refuses(list(credit, { ...credit, [key]: null }))
      refuses(list(credit, { ...credit, [key]: 5 }))
    }
  )

  it.each(["expires_at", "title", "description"])("%s is text, null or absent", (key) => {
    refuses(list({ ...credit, [key]: 5 }))
    deepStrictEqual(read(list({ ...credit, [key]: null })), read(list(credit)))
  })
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
    strictEqual(only({ granted_at: "1969-12-31T23:59:58Z" }).grantedAt.epochMillis, -2000))

  it.each([
    "2026-06-19T20:13:20",
    "2026-06-19",
    "1750363000",
    "",
    "soon",
    "2026-13-01T00:00:00Z",
    "2026-06-19T25:00:00Z"
  ])("%j is refused", (text) => {
    refuses(list({ ...credit, granted_at: text }))
    refuses(list({ ...credit, expires_at: text }))
  })

  it("a number is refused", () => refuses(list({ ...credit, granted_at: 1_750_363_000 })))
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

  it.each([
    [{ code: "maybe" }],
    [{ code: "RESET" }],
    [{ code: "" }],
    [{ code: null }],
    [{}],
    [{ code: "reset", windows_reset: "2" }],
    [{ code: "reset", windows_reset: 0.5 }]
  ])("%j is no outcome", (json) => ok(Either.isLeft(decodeAnswer(json))))

  it("windows_reset is 0 unless it is told", () =>
    strictEqual(Either.getOrThrow(decodeAnswer({ code: "reset" })).windows_reset, 0))

  it("the body holds a credit id only where one was chosen", () => {
    const encode = Schema.encodeSync(ConsumeRequest)
    deepStrictEqual(encode({ redeem_request_id: "k" }), { redeem_request_id: "k" })
    deepStrictEqual(encode({ redeem_request_id: "k", credit_id: "c" }), { redeem_request_id: "k", credit_id: "c" })
  })
})
