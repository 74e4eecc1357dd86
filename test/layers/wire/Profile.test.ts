import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { ProfileResponse } from "../../../src/contracts/BackendEndpoints.js"
import { tokenActivityFromWire } from "../../../src/layers/TokenUsageHttp.js"
import { decoder, fetchedAt, identity } from "./json.js"

const decode = decoder(ProfileResponse)
const read = (json: unknown) => tokenActivityFromWire(Either.getOrThrow(decode(json)), { identity, fetchedAt })
const totals = {
  lifetime_tokens: 987_654_321,
  peak_daily_tokens: 4_321_000,
  longest_running_turn_sec: 5400,
  current_streak_days: 4,
  longest_streak_days: 19
}

describe("token activity", () => {
  it("maps all totals and buckets as they are", () => {
    const activity = read({
      name: "ignored",
      stats: {
        ...totals,
        daily_usage_buckets: [
          { start_date: "2026-06-15", tokens: 0 },
          { start_date: "2026-06-14", tokens: 120_000 },
          { start_date: "some day", tokens: -1 }
        ]
      }
    })
    deepStrictEqual(
      [
        activity.identity,
        activity.fetchedAt,
        activity.lifetimeTokens,
        activity.peakDailyTokens,
        activity.longestRunningTurnSeconds,
        activity.currentStreakDays,
        activity.longestStreakDays
      ],
      [identity, fetchedAt, 987_654_321, 4_321_000, 5400, 4, 19]
    )
    deepStrictEqual(
      activity.daily?.map((day) => [day.startDate, day.tokens]),
      [
        ["2026-06-15", 0],
        ["2026-06-14", 120_000],
        ["some day", -1]
      ]
    )
  })

  it("absent and null read the same", () => {
    const nulls = Object.fromEntries([...Object.keys(totals), "daily_usage_buckets"].map((key) => [key, null]))
    deepStrictEqual(read({ stats: nulls }), read({ stats: {} }))
    strictEqual(read({ stats: {} }).daily, null)
  })

  it("the largest 64-bit number is read", () => {
    const text = '{"stats":{"lifetime_tokens":9223372036854775807}}'
    strictEqual(Schema.decodeSync(Schema.parseJson(ProfileResponse))(text).stats?.lifetime_tokens, 2 ** 63)
  })

  const odd: ReadonlyArray<readonly [json: unknown, same: unknown, ...unread: ReadonlyArray<string>]> = [
    [{}, { stats: {} }],
    [{ stats: null }, { stats: {} }],
    [{ stats: "many" }, { stats: {} }, "stats"],
    [{ stats: { ...totals, daily_usage_buckets: {} } }, { stats: totals }, "stats.daily_usage_buckets"],
    [
      {
        stats: {
          daily_usage_buckets: [{ start_date: "2026-06-14" }, { start_date: 20_260_614, tokens: "1" }, { tokens: 1 }]
        }
      },
      { stats: { daily_usage_buckets: [{ start_date: "20260614", tokens: 1 }] } },
      "stats.daily_usage_buckets.0.tokens",
      "stats.daily_usage_buckets.2.start_date"
    ],
    ...Object.keys(totals).flatMap((key) => [
      [{ stats: { [key]: 1.5 } }, { stats: { [key]: 1 } }] as const,
      [{ stats: { [key]: "1" } }, { stats: { [key]: 1 } }] as const,
      [{ stats: { ...totals, [key]: [] } }, { stats: { ...totals, [key]: null } }, `stats.${key}`] as const
    ])
  ]

  it.each(odd)("%j reads as %j", (json, same, ...unread) => {
    deepStrictEqual(read(json), read(same))
    deepStrictEqual(Either.getOrThrow(decode(json)).unread ?? [], unread)
  })

  it.each([null, [], "text", 3])("%j fails the call", (json) => ok(Either.isLeft(decode(json))))
})
