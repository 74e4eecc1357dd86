/** Law 9, where the clock is wrong: the quiet period after a reset lasts 20 minutes, whatever the wall clock says meanwhile. */
import { assert, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as TestClock from "effect/TestClock"
import { Machine } from "../../src/layers/internal/machine.js"
import * as OperationJournalSql from "../../src/layers/OperationJournalSql.js"
import { redeemReset } from "../../src/programs/redeem.js"
import { OperationJournal } from "../../src/services/OperationJournal.js"
import { FakeAccount, FakeBackend } from "../../src/testing/index.js"
import { inFolder } from "../layers/journal/files.js"
import { account, finish } from "../programs/harness.js"
import { runs, test } from "../cases.js"

const minute = 60_000
const year = 365 * 24 * 60 * minute
const start = 30 * year

/** Always in use, with more resets than anybody spends here, which never expire. */
const accounts = (now: number) => [
  {
    primary: FakeAccount.makeWindow(now, { lengthSeconds: 18_000, usedPercent: 50, percentPerHour: 1e9 }),
    secondary: null,
    resetCredits: ["a", "b", "c"].map((name) => FakeAccount.makeResetCredit(now, name, { expiresAt: null }))
  }
]

/** A wall clock that is off by so much. */
const off = (clock: Clock.Clock, millis: number): Clock.Clock => ({
  [Clock.ClockTypeId]: Clock.ClockTypeId,
  sleep: (duration) => clock.sleep(duration),
  unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis() + millis,
  unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos(),
  currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + millis),
  currentTimeNanos: clock.currentTimeNanos
})

/** A redemption by a process whose journal has a clock that is off. */
const redeeming = (millis: number) =>
  Effect.gen(function* () {
    const [clock, journal] = [yield* Effect.clock, yield* OperationJournal]
    const wrong = Effect.withClock(off(clock, millis))
    const mistaken = OperationJournal.of({
      intend: (operation) => wrong(journal.intend(operation)),
      advance: (key, state) => wrong(journal.advance(key, state)),
      find: (key) => wrong(journal.find(key)),
      list: (filter) => wrong(journal.list(filter))
    })
    const { exit } = yield* finish(Effect.provideService(redeemReset(), OperationJournal, mistaken))
    return Exit.match(exit, {
      onSuccess: ({ outcome }): string => outcome,
      onFailure: (cause) => (cause._tag === "Fail" && "reason" in cause.error ? cause.error.reason : cause._tag)
    })
  })

/** Two redemptions, so many minutes apart, and the credits that they have spent. */
const twice = (then: number, now: number, minutes: number, knowsItsUptime = true) =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const machine = {
      boot: knowsItsUptime ? "boot" : null,
      uptimeMillis: () => clock.unsafeCurrentTimeMillis(),
      self: null,
      nameOf: () => null,
      isDead: () => false
    }
    return yield* Effect.gen(function* () {
      yield* TestClock.setTime(start)
      const first = yield* redeeming(then)
      yield* TestClock.adjust(minutes * minute)
      const second = yield* redeeming(now)
      const { redemptions } = yield* (yield* FakeBackend.FakeBackend).account()
      return [first, second, redemptions.length] as const
    }).pipe(Effect.provide(inFolder(OperationJournalSql.layerFile)), Effect.provideService(Machine, machine))
  })

const years = FastCheck.integer({ min: -20, max: 20 }).map((years) => years * year)

it.effect.prop(
  "law 9: a second credit is spent after 20 minutes and not before, by clocks that are wrong by years",
  { then: years, now: years, minutes: FastCheck.integer({ min: 0, max: 45 }).filter((n) => n !== 20) },
  ({ minutes, now, then }) =>
    Effect.gen(function* () {
      const found = yield* twice(then, now, minutes)
      assert.deepStrictEqual(found, minutes > 20 ? ["reset", "reset", 2] : ["reset", "TooSoon", 1])
    }).pipe(Effect.provide(account({ accounts })), Effect.scoped),
  runs(15)
)

test("control: law 9 is broken where only the wall clock tells the time", account({ accounts }), function* () {
  assert.deepStrictEqual(yield* twice(0, 2 * year, 5, false), ["reset", "reset", 2])
})
