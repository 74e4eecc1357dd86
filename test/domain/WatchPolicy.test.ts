import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual, throws } from "node:assert"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import { verdict } from "../../src/domain/Verdict.js"
import {
  defaultWatchPolicy as policy,
  type LastReading,
  nextReading,
  WatchPolicy,
  withInterval
} from "../../src/domain/WatchPolicy.js"
import { fiveHours, paying, type Said, snapshot, week } from "./snapshots.js"

const seconds = Duration.seconds

describe("a contradictory policy can't be made", () => {
  it.each([
    ["no minimum", { minInterval: Duration.zero }, /longer than nothing/],
    ["near below the minimum", { nearInterval: seconds(9) }, /near interval is at least the minimum/],
    ["usual below near", { interval: seconds(19) }, /the interval is at least the near one/],
    ["far below usual", { farInterval: seconds(59) }, /far interval is at least the interval/],
    ["far without end", { farInterval: Duration.infinity }, /far interval is finite/],
    ["near from where it is far", { nearPercent: 60 }, /near a limit less is left/],
    ["a percent above all", { farPercent: 101 }, /farPercent/],
    ["an endless time after a reset", { afterReset: Duration.infinity }, /after a reset is finite/],
    ["a backoff below the minimum", { backoff: { ...policy.backoff, base: seconds(9) } }, /base is at least/],
    ["a backoff that shrinks", { backoff: { ...policy.backoff, factor: 0.5 } }, /factor/],
    ["a cap below the base", { backoff: { ...policy.backoff, cap: seconds(29) } }, /cap is at least/],
    ["a backoff without cap", { backoff: { ...policy.backoff, cap: Duration.infinity } }, /cap is finite/],
    ["a Retry-After cap below the minimum", { retryAfterCap: seconds(9) }, /Retry-After cap is at least/],
    ["a Retry-After without cap", { retryAfterCap: Duration.infinity }, /Retry-After cap is finite/],
    ["more jitter than wait", { jitter: 1.1 }, /jitter/]
  ])("%s", (_, fields, why) => throws(() => new WatchPolicy({ ...policy, ...fields }), why))

  it("control: the same as JSON and back is a policy", () => {
    const back = Schema.decodeSync(WatchPolicy)(Schema.encodeSync(WatchPolicy)(policy))
    deepStrictEqual(back, policy)
  })
})

/** When the snapshots are taken. */
const noon = DateTime.unsafeMake("2026-06-20T12:00:00Z")

const read = (said: Said): LastReading => ({ _tag: "Read", verdict: verdict(snapshot(said), { now: noon }) })

const failed = (failuresInARow: number, retryAfter: number | null = null): LastReading => ({
  _tag: "Failed",
  failuresInARow,
  retryAfterMillis: retryAfter === null ? null : retryAfter * 1000
})

const waitAfter = (last: LastReading, share = 0): number =>
  Duration.toSeconds(nextReading(policy, last, { now: noon, share }))

describe("the next reading", () => {
  it.each<[string, LastReading, number]>([
    ["half used", read({ windows: [fiveHours(50, 200)] }), 60],
    ["60% left", read({ windows: [fiveHours(40, 200)] }), 60],
    ["more than 60% left", read({ windows: [fiveHours(39, 200), week(10)] }), 300],
    ["the tightest decides", read({ windows: [fiveHours(5, 200), week(50)] }), 60],
    ["10% left", read({ windows: [fiveHours(90, 200)] }), 20],
    ["11% left", read({ windows: [fiveHours(89, 200)] }), 60],
    ["no window", read({ windows: [] }), 60],
    ["used up, and credits pay", read({ windows: [fiveHours(100, 200)], allowed: null, credits: paying() }), 60],
    ["blocked for hours", read({ windows: [fiveHours(100, 200)], allowed: false }), 60],
    ["blocked for four minutes", read({ windows: [fiveHours(100, 4)], allowed: false }), 20],
    ["blocked, and nobody knows how long", read({ allowed: false }), 20],
    ["blocked, and was to be reset", read({ windows: [fiveHours(100, 0)], allowed: false }), 20],
    ["a reset in 2 minutes", read({ windows: [fiveHours(39, 2)] }), 123],
    ["a reset just after the interval", read({ windows: [fiveHours(50, 65 / 60)] }), 68],
    ["a reset somewhat later", read({ windows: [fiveHours(50, 68 / 60)] }), 60],
    ["a reset in 2 seconds", read({ windows: [fiveHours(50, 2 / 60)] }), 10],
    ["blocked by both: the first to end", read({ windows: [fiveHours(100, 0.5), week(100)], allowed: false }), 33],
    ["a failure", failed(1), 30],
    ["the second in a row", failed(2), 60],
    ["the fifth", failed(5), 480],
    ["the sixth", failed(6), 900],
    ["the thousandth", failed(1000), 900],
    ["asked to wait", failed(1, 120), 120],
    ["asked to wait less than it waits anyway", failed(3, 1), 120],
    ["asked to wait for a day", failed(1, 86_400), 900]
  ])("%s", (_, last, expected) => strictEqual(waitAfter(last), expected))

  const lasts = FastCheck.oneof(
    FastCheck.record({
      used: FastCheck.integer({ min: 0, max: 100 }),
      resetsIn: FastCheck.double({ min: -10, max: 400, noNaN: true }),
      week: FastCheck.integer({ min: 0, max: 100 })
    }).map(({ resetsIn, used, week: weekly }) =>
      read({ windows: [fiveHours(used, resetsIn), week(weekly)], allowed: null })
    ),
    FastCheck.record({
      n: FastCheck.integer({ min: 1, max: 40 }),
      asked: FastCheck.option(FastCheck.integer({ min: 0, max: 100_000 }))
    }).map(({ asked, n }) => failed(n, asked))
  )

  it.prop(
    "is neither sooner than the minimum nor later than the longest wait, and jitter only puts it off",
    { last: lasts, share: FastCheck.double({ min: 0, max: 1, noNaN: true }) },
    ({ last, share }) => {
      const wait = waitAfter(last, share)
      ok(wait >= 10)
      ok(wait <= (last._tag === "Failed" ? 900 * 1.1 : 300 * 1.1 + 10))
      ok(wait >= Math.min(waitAfter(last), 900))
      if (last._tag === "Failed") ok(wait * 1000 >= Math.min(last.retryAfterMillis ?? 0, 900_000))
    }
  )

  it.prop(
    "is never in the ten seconds before a known reset",
    [FastCheck.double({ min: 0.2, max: 400, noNaN: true }), FastCheck.integer({ min: 0, max: 100 })],
    ([resetsIn, used]) => {
      const wait = waitAfter(read({ windows: [fiveHours(used, resetsIn)], allowed: null }))
      const toReset = resetsIn * 60 + 3
      ok(wait <= toReset - 10 + 1e-6 || Math.abs(wait - toReset) < 1e-3, `${wait} of ${toReset}`)
    }
  )
})

it("an interval of one's own is the longest between two readings", () => {
  const own = withInterval(policy, seconds(30))
  const wait = (last: LastReading) => Duration.toSeconds(nextReading(own, last, { now: noon }))
  strictEqual(wait(read({ windows: [fiveHours(1, 200)] })), 30)
  strictEqual(wait(read({ windows: [fiveHours(95, 200)] })), 20)
  strictEqual(Duration.toSeconds(withInterval(policy, seconds(1)).interval), 10)
  strictEqual(Duration.toSeconds(withInterval(policy, seconds(15)).nearInterval), 15)
})
