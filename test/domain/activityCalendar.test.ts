/** Days and weeks of token activity, against a slow and simple count of the same. */
import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as FastCheck from "effect/FastCheck"
import { activityCalendar, activityViewOf, addTokens } from "../../src/domain/ActivityCalendar.js"
import { Arbitraries } from "../../src/testing/index.js"

const dayMillis = 86_400_000

interface Bucket {
  readonly startDate: string
  readonly tokens: number
}

const wednesday = DateTime.unsafeMake("2026-06-17T23:59:59Z")

const ago = (now: DateTime.Utc, days: number): string =>
  DateTime.formatIsoDateUtc(DateTime.unsafeMake(now.epochMillis - days * dayMillis))

const tokens = FastCheck.oneof(
  FastCheck.integer({ min: -1000, max: 1_000_000_000 }),
  FastCheck.constantFrom(0, -1, Number.MIN_SAFE_INTEGER)
)

/** A time, and buckets near it: in the calendar, before it, and in the future; some days more than once. */
const given = Arbitraries.time.chain((now) =>
  FastCheck.record({
    now: FastCheck.constant(now),
    buckets: FastCheck.array(
      FastCheck.record({ startDate: FastCheck.integer({ min: -9, max: 380 }).map((days) => ago(now, days)), tokens }),
      { maxLength: 60 }
    )
  })
)

/** What the calendar is to hold: the midnight of every bucket, counted from the first Sunday. */
const inWindow = ({ buckets, now }: { readonly buckets: ReadonlyArray<Bucket>; readonly now: DateTime.Utc }) => {
  const today = Math.floor(now.epochMillis / dayMillis)
  // The first of January 1970 was a Thursday.
  const first = today - ((today + 4) % 7) - 51 * 7
  return buckets.filter(({ startDate }) => {
    const day = Date.parse(`${startDate}T00:00:00Z`) / dayMillis
    return day >= first && day <= today
  })
}

const sum = (values: ReadonlyArray<number>): number => values.reduce((total, value) => total + Math.max(0, value), 0)

describe("the weeks", () => {
  it.prop("are 52, from Sunday to Saturday, and end today", [Arbitraries.time], ([now]) => {
    const { days, weeks } = activityCalendar([], now)
    assert.lengthOf(weeks, 52)
    assert.strictEqual(days.at(-1)?.date, ago(now, 0))
    days.forEach(({ date }, index) => assert.strictEqual(date, ago(now, days.length - 1 - index)))
    weeks.forEach(({ start }, index) => {
      assert.strictEqual(start, days[index * 7]?.date)
      assert.strictEqual(new Date(`${start}T00:00:00Z`).getUTCDay(), 0)
    })
    assert.isAtLeast(days.length, 51 * 7 + 1)
    assert.isAtMost(days.length, 52 * 7)
  })

  it.each([
    ["2026-06-14T00:00:00Z", 1, "2025-06-22"],
    ["2026-06-17T12:00:00Z", 4, "2025-06-22"],
    ["2026-06-20T23:59:59Z", 7, "2025-06-22"],
    ["2024-03-01T00:00:00Z", 6, "2023-03-05"],
    ["2027-01-01T00:00:00Z", 6, "2026-01-04"]
  ])("on %s the present one has %d days, and the first begins on %s", (now, present, first) => {
    const { days, weeks } = activityCalendar([], DateTime.unsafeMake(now))
    assert.deepStrictEqual([days.length - 51 * 7, weeks[0]?.start], [present, first])
  })

  it("are those of UTC, wherever the reader is", () => {
    const tokyo = DateTime.setZone(wednesday, DateTime.zoneMakeOffset(9 * 3_600_000))
    assert.deepStrictEqual(activityCalendar([], tokyo), activityCalendar([], wednesday))
  })
})

describe("the tokens", () => {
  it.prop("of the weeks are those of the days, and both those given", [given], ([all]) => {
    const { days, weeks } = activityCalendar(all.buckets, all.now)
    const expected = sum(inWindow(all).map((bucket) => bucket.tokens))
    assert.strictEqual(sum(days.map((day) => day.tokens)), expected)
    assert.strictEqual(sum(weeks.map((week) => week.tokens)), expected)
    assert.strictEqual(weeks.at(-1)?.total, expected)
    weeks.forEach((week, index) => {
      const own = days.slice(index * 7, index * 7 + 7).map((day) => day.tokens)
      assert.strictEqual(week.tokens, sum(own))
      assert.strictEqual(week.total - (weeks[index - 1]?.total ?? 0), week.tokens)
    })
  })

  it.prop("of each day are the sum of what was given for it", [given], ([all]) => {
    for (const { date, tokens } of activityCalendar(all.buckets, all.now).days) {
      const own = all.buckets.filter(({ startDate }) => startDate === date)
      assert.strictEqual(tokens, sum(own.map((bucket) => bucket.tokens)))
    }
  })

  it.prop(
    "do not depend on the order, also of amounts that can't be added exactly",
    [
      FastCheck.array(
        FastCheck.record({
          startDate: FastCheck.integer({ min: 0, max: 20 }).map((days) => ago(wednesday, days)),
          tokens: FastCheck.oneof(tokens, FastCheck.maxSafeNat(), FastCheck.double())
        }),
        { maxLength: 30 }
      ).chain((buckets) =>
        FastCheck.tuple(
          FastCheck.constant(buckets),
          FastCheck.shuffledSubarray(buckets, { minLength: buckets.length, maxLength: buckets.length })
        )
      )
    ],
    ([[buckets, shuffled]]) => {
      assert.deepStrictEqual(activityCalendar(shuffled, wednesday), activityCalendar(buckets, wednesday))
    }
  )

  it.prop(
    "are not changed by what is no date of these weeks",
    [
      given,
      FastCheck.array(
        FastCheck.oneof(
          Arbitraries.untrustedText,
          FastCheck.constantFrom(
            "2026-02-30",
            "2026-6-17",
            "2026-06-17T00:00:00Z",
            " 2026-06-17",
            "20260617",
            "1999-12-31",
            "2101-01-01",
            "-000001-01-01",
            "__proto__"
          )
        ),
        { maxLength: 10 }
      )
    ],
    ([{ buckets, now }, texts]) => {
      const days = new Set(activityCalendar([], now).days.map(({ date }) => date))
      const junk = texts.filter((text) => !days.has(text)).map((startDate) => ({ startDate, tokens: 5 }))
      assert.deepStrictEqual(activityCalendar([...junk, ...buckets, ...junk], now), activityCalendar(buckets, now))
    }
  )

  it("end at the greatest exact number", () => {
    const most = Number.MAX_SAFE_INTEGER
    const buckets = [0, 0, 1, 9].map((days) => ({ startDate: ago(wednesday, days), tokens: most - 1 }))
    const { days, weeks } = activityCalendar(buckets, wednesday)
    assert.deepStrictEqual([days.at(-1)?.tokens, days.at(-2)?.tokens, weeks.at(-1)?.total], [most, most - 1, most])
    assert.deepStrictEqual([addTokens(Infinity, 1), addTokens(NaN, -3), addTokens(0.9, 2.5)], [most, 0, 2])
  })
})

describe("the levels", () => {
  it.each([
    [0, 0],
    [-5, 0],
    [1, 1],
    [250, 1],
    [251, 2],
    [500, 2],
    [501, 3],
    [750, 3],
    [751, 4],
    [1000, 4]
  ])("%d of 1000 is %d", (tokens, level) => {
    const { days } = activityCalendar(
      [
        { startDate: ago(wednesday, 1), tokens: 1000 },
        { startDate: ago(wednesday, 0), tokens }
      ],
      wednesday
    )
    assert.deepStrictEqual([days.at(-2)?.level, days.at(-1)?.level], [4, level])
  })

  it.prop("are quarters of the greatest day", [given], ([all]) => {
    const { days } = activityCalendar(all.buckets, all.now)
    const most = Math.max(...days.map((day) => day.tokens))
    for (const { level, tokens } of days) {
      assert.isAtMost(4 * tokens, level * most)
      assert.isTrue(tokens === 0 ? level === 0 : 4 * tokens > (level - 1) * most)
    }
  })

  it("are of the calendar alone: an older or a future day sets no measure", () => {
    const { days } = activityCalendar(
      [
        { startDate: ago(wednesday, 400), tokens: 1_000_000 },
        { startDate: ago(wednesday, -1), tokens: 1_000_000 },
        { startDate: ago(wednesday, 0), tokens: 1 }
      ],
      wednesday
    )
    assert.strictEqual(days.at(-1)?.level, 4)
  })
})

it.each([
  ["daily", "daily"],
  ["DAY", "daily"],
  ["Weekly", "weekly"],
  ["week", "weekly"],
  ["cumulative", "cumulative"],
  ["CUMULATIVE", "cumulative"],
  ["total", null],
  ["days", null],
  [" day", null],
  ["", null],
  ["constructor", null]
])("the word %j names the view %s", (word, view) => {
  assert.strictEqual(activityViewOf(word), view)
})
