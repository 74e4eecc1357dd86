/** Windows go by their length. Law 11: permuting the slots changes nothing. */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, notDeepStrictEqual, strictEqual } from "node:assert"
import * as Arbitrary from "effect/Arbitrary"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import { UsageResponse } from "../../src/contracts/BackendEndpoints.js"
import { windowMinutes, windowName } from "../../src/domain/RateLimitWindow.js"
import { RateLimit, UsageSnapshot } from "../../src/domain/UsageSnapshot.js"
import { verdict } from "../../src/domain/Verdict.js"
import { usageFromWire } from "../../src/layers/internal/usageFromWire.js"
import { at, fetchedAt, fiveHours, identity, snapshot, week, win } from "./snapshots.js"

describe("windowName", () => {
  it.each([
    [300, "5h"],
    [285, "5h"],
    [315, "5h"],
    [284, "284min"],
    [316, "316min"],
    [1440, "daily"],
    [1368, "daily"],
    [1512, "daily"],
    [10_080, "weekly"],
    [10_584, "weekly"],
    [10_585, "10585min"],
    [43_200, "monthly"],
    [44_640, "monthly"],
    [525_600, "annual"],
    [527_040, "annual"],
    [null, "usage"],
    [60, "1h"],
    [2880, "2d"],
    [20_160, "14d"],
    [45, "45min"],
    [1, "1min"]
  ])("%s minutes: %s", (minutes, name) => strictEqual(windowName(minutes), name))
})

describe("windowMinutes", () => {
  it.prop(
    "is the length, rounded up to minutes",
    [FastCheck.integer({ min: -1000, max: 2 ** 31 - 1 })],
    ([seconds]) => {
      const minutes = windowMinutes(seconds)
      strictEqual(minutes === null, seconds <= 0)
      if (minutes !== null) strictEqual(minutes * 60 >= seconds && (minutes - 1) * 60 < seconds, true)
    }
  )
})

const percent = FastCheck.integer({ min: -10, max: 150 })
const seconds = FastCheck.constantFrom(0, 59, 18_000, 86_400, 604_800, 2_592_000, 31_536_000)
const now = Math.floor(fetchedAt.epochMillis / 1000)
const window = FastCheck.record({
  used_percent: FastCheck.oneof(percent, FastCheck.constant(100)),
  limit_window_seconds: seconds,
  reset_after_seconds: FastCheck.constant(0),
  reset_at: FastCheck.integer({ min: now - 600, max: now + 3600 })
})

const answer = FastCheck.tuple(
  Arbitrary.make(Schema.typeSchema(UsageResponse)),
  FastCheck.boolean(),
  FastCheck.option(window),
  FastCheck.option(window)
).map(([response, allowed, one, other]) => {
  const limit = (first: typeof one, second: typeof one) => ({
    allowed,
    limit_reached: !allowed,
    primary_window: first,
    secondary_window: second
  })
  return {
    straight: { ...response, rate_limit: limit(one, other) },
    permuted: { ...response, rate_limit: limit(other, one) },
    differ: JSON.stringify(one) !== JSON.stringify(other)
  }
})

const read = (response: UsageResponse) => usageFromWire(response, { identity, fetchedAt })

const withoutSlots = (snapshot: UsageSnapshot) =>
  JSON.stringify(Schema.encodeSync(UsageSnapshot)(snapshot), (key, value: unknown) =>
    key === "slot" ? undefined : value
  )

describe("permuting the slots", () => {
  const runs = { fastCheck: { numRuns: 300 } }

  it.prop(
    "changes nothing but the slot",
    [answer],
    ([{ permuted, straight }]) => {
      strictEqual(withoutSlots(read(permuted)), withoutSlots(read(straight)))
      deepStrictEqual(
        read(permuted).main.windows.map((w) => w.name),
        read(straight).main.windows.map((w) => w.name)
      )
    },
    runs
  )

  it.prop(
    "changes no verdict",
    [answer, FastCheck.integer({ min: 0, max: 3600 })],
    ([{ permuted, straight }, later]) => {
      const options = { now: at(later / 60) }
      deepStrictEqual(verdict(read(permuted), options), verdict(read(straight), options))
    },
    runs
  )

  it("nor does the order of the windows in a snapshot that came another way", () => {
    const ordered = snapshot({ allowed: false, windows: [fiveHours(100), week(100), win(1440, 100, 90)] })
    const reversed = new UsageSnapshot({
      ...ordered,
      main: new RateLimit({ ...ordered.main, windows: [...ordered.main.windows].reverse() })
    })
    deepStrictEqual(verdict(reversed, { now: at(1) }), verdict(ordered, { now: at(1) }))
  })

  it.prop(
    "control: the slots themselves do change",
    [answer.filter(({ differ }) => differ)],
    ([{ permuted, straight }]) =>
      notDeepStrictEqual(
        Schema.encodeSync(UsageSnapshot)(read(permuted)),
        Schema.encodeSync(UsageSnapshot)(read(straight))
      ),
    { fastCheck: { numRuns: 50 } }
  )
})
