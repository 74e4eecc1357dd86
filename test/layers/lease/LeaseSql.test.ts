/** What a lease in a database promises when its holder dies, its clock jumps, or its database is gone. */
import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { spawnSync } from "node:child_process"
import * as Fs from "node:fs"
import * as LeaseSql from "../../../src/layers/LeaseSql.js"
import { Lease, type LeaseError } from "../../../src/services/Lease.js"
import { run } from "../../programs/harness.js"
import { configOf, databaseOf, rawSql, temporaryFolder } from "../journal/files.js"
import { cases } from "../../cases.js"

const withHome = cases<[{ readonly file: string; readonly lease: Lease["Type"] }]>(it.scoped, (use) =>
  Effect.flatMap(temporaryFolder, (home) =>
    Effect.flatMap(Lease, (lease) => use({ file: databaseOf(home), lease })).pipe(
      Effect.provide(LeaseSql.layerFile),
      Effect.provide(configOf(home))
    )
  )
)

const name = "redeem ada"
const options = { name, timeToLive: "10 seconds", wait: 0 } as const

/** Somebody took the lease and died: it was held until the given time. */
const dead = (file: string, expiresAt: number) =>
  rawSql(file, `UPDATE codex_account_leases SET fence = fence + 1, beats = 3, expires_at = ${expiresAt}`)
const row = (file: string) => rawSql(file, "SELECT fence, beats, expires_at FROM codex_account_leases")
const reasonOf = <A>(attempt: Effect.Effect<A, LeaseError>) =>
  Effect.map(Effect.either(attempt), (result) => (Either.isLeft(result) ? result.left.reason : "held"))

/** A clock whose wall can jump while its hand goes on. */
const jumping = Effect.map(Effect.clock, (clock) => {
  let offset = 0
  const jumped: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    sleep: (duration) => clock.sleep(duration),
    unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis() + offset,
    unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos(),
    currentTimeMillis: Effect.map(clock.currentTimeMillis, (now) => now + offset),
    currentTimeNanos: clock.currentTimeNanos
  }
  return { clock: jumped, jump: (millis: number) => void (offset += millis) }
})

describe("a lease whose holder died", () => {
  withHome("is taken at once when its time is over, with the next fence", function* ({ file, lease }) {
    yield* lease.withLease(options, () => Effect.void)
    yield* TestClock.setTime(2)
    dead(file, 1)
    assert.strictEqual(yield* lease.withLease(options, ({ fence }) => Effect.succeed(fence)), 3)
  })

  withHome("is taken when its time to live has passed, not before", function* ({ file, lease }) {
    yield* lease.withLease(options, () => Effect.void)
    dead(file, 500)
    assert.strictEqual(yield* reasonOf(lease.withLease(options, () => Effect.void)), "Busy")
    yield* run(lease.withLease({ ...options, wait: "3 seconds" }, () => Effect.void))
    assert.isAtLeast(yield* Clock.currentTimeMillis, 500)
  })

  withHome("is not held for longer by a clock that jumped back", function* ({ file, lease }) {
    const short = { ...options, timeToLive: "400 millis" } as const
    yield* lease.withLease(short, () => Effect.void)
    dead(file, 86_400_000)
    yield* run(lease.withLease({ ...short, wait: "3 seconds" }, () => Effect.void))
    assert.isAtLeast(yield* Clock.currentTimeMillis, 400)
  })

  withHome("control: a holder that gives signs of life keeps it though the clock jumped back", function* ({ lease }) {
    yield* lease.withLease(options, () => Effect.void)
    const { clock, jump } = yield* jumping
    const short = { ...options, timeToLive: "300 millis" } as const
    const work = lease.withLease(short, (held) =>
      Effect.gen(function* () {
        jump(-86_400_000)
        assert.strictEqual(yield* reasonOf(lease.withLease({ ...short, wait: "1 second" }, () => Effect.void)), "Busy")
        yield* held.assertHeld
      })
    )
    const holder = yield* Effect.fork(Effect.withClock(work, clock))
    yield* TestClock.adjust("1 second")
    yield* Fiber.join(holder)
  })
})

describe.skipIf(process.platform !== "linux")("a lease whose holder is known to have died", () => {
  /** Makes another process the holder, for days to come. */
  const give = (file: string, pid: number) =>
    rawSql(
      file,
      `UPDATE codex_account_leases SET fence = fence + 1, expires_at = 99999999999999,
         holder = replace(holder, ' ${process.pid} ', ' ${pid} ')`
    )

  withHome("is taken at once", function* ({ file, lease }) {
    yield* lease.withLease(options, () => Effect.void)
    const { pid, status } = spawnSync("true")
    assert.strictEqual(status, 0)
    give(file, pid)
    assert.strictEqual(yield* lease.withLease(options, ({ fence }) => Effect.succeed(fence)), 3)
  })

  withHome("is taken at once too where its number is another process's by now", function* ({ file, lease }) {
    yield* lease.withLease(options, () => Effect.void)
    give(file, process.ppid)
    assert.strictEqual(yield* lease.withLease(options, ({ fence }) => Effect.succeed(fence)), 3)
  })

  withHome("control: is waited for while its holder lives", function* ({ lease }) {
    yield* lease.withLease(options, () =>
      Effect.gen(function* () {
        assert.strictEqual(yield* reasonOf(lease.withLease(options, () => Effect.void)), "Busy")
      })
    )
  })
})

describe("one that can't be had", () => {
  withHome("names its holder, where that is another process of this machine", function* ({ lease }) {
    const error = yield* lease.withLease(options, () => Effect.flip(lease.withLease(options, () => Effect.void)))
    const holder = process.platform === "linux" ? `process ${process.pid}` : null
    assert.deepStrictEqual([error.reason, error.detail], ["Busy", holder])
  })

  withHome("or else says that it is elsewhere", function* ({ file, lease }) {
    yield* lease.withLease(options, () => Effect.void)
    rawSql(file, "UPDATE codex_account_leases SET expires_at = 99999999999999, holder = 'another boot 12 34'")
    const error = yield* Effect.flip(lease.withLease(options, () => Effect.void))
    assert.strictEqual(error.detail, "a process of another machine or container")
  })

  withHome("for its database names the file, what is wrong with it, and the next step", function* ({ file, lease }) {
    Fs.mkdirSync(file)
    const error = yield* Effect.flip(lease.withLease(options, () => Effect.void))
    assert.strictEqual(error.reason, "Unavailable")
    assert.include(error.detail, `${file}: it is not a file`)
    assert.include(error.message, "move it away to begin a new one")
  })
})

describe("a holder", () => {
  withHome("that lost its lease is told, and leaves the next holder alone", function* ({ file, lease }) {
    yield* lease.withLease(options, (held) =>
      Effect.gen(function* () {
        yield* held.assertHeld
        dead(file, 9_999_999_999_999)
        assert.strictEqual(yield* reasonOf(held.assertHeld), "Lost")
        // It stays so, whatever the row says.
        rawSql(file, "UPDATE codex_account_leases SET fence = 1")
        assert.strictEqual(yield* reasonOf(held.assertHeld), "Lost")
        dead(file, 9_999_999_999_999)
      })
    )
    assert.deepStrictEqual(row(file), [{ fence: 2, beats: 3, expires_at: 9_999_999_999_999 }])
  })

  withHome("is told that a clock that jumped ahead let another one in", function* ({ lease }) {
    const { clock, jump } = yield* jumping
    const work = lease.withLease(options, (held) =>
      Effect.gen(function* () {
        yield* held.assertHeld
        jump(86_400_000)
        // Nobody took it: it is still held, and alive for another while.
        yield* held.assertHeld
        assert.strictEqual(yield* reasonOf(lease.withLease(options, () => Effect.void)), "Busy")
        jump(86_400_000)
        yield* lease.withLease(options, (next) => Effect.sync(() => assert.strictEqual(next.fence, 2)))
        assert.strictEqual(yield* reasonOf(held.assertHeld), "Lost")
      })
    )
    yield* Effect.withClock(work, clock)
  })

  withHome("whose sign of life took longer than the time to live has lost the lease", function* ({ lease }) {
    const clock = yield* Effect.clock
    let delayed = false
    let offset = 0n
    // The statement is written between two looks at the clock.
    const slow: Clock.Clock = {
      [Clock.ClockTypeId]: Clock.ClockTypeId,
      sleep: (duration) => clock.sleep(duration),
      unsafeCurrentTimeMillis: () => clock.unsafeCurrentTimeMillis(),
      unsafeCurrentTimeNanos: () => clock.unsafeCurrentTimeNanos() + offset,
      currentTimeMillis: clock.currentTimeMillis,
      currentTimeNanos: Effect.map(clock.currentTimeNanos, (now) => {
        const seen = now + offset
        if (delayed) offset = 11_000_000_000n
        return seen
      })
    }
    const work = lease.withLease(options, (held) =>
      Effect.gen(function* () {
        yield* held.assertHeld
        delayed = true
        assert.strictEqual(yield* reasonOf(held.assertHeld), "Lost")
      })
    )
    yield* Effect.withClock(work, slow)
  })

  withHome("whose database is gone can't tell, and has lost the lease after its time", function* ({ file, lease }) {
    yield* lease.withLease({ ...options, timeToLive: "400 millis" }, (held) =>
      Effect.gen(function* () {
        rawSql(file, "ALTER TABLE codex_account_leases RENAME TO hidden")
        assert.strictEqual(yield* reasonOf(held.assertHeld), "Unavailable")
        yield* TestClock.adjust("450 millis")
        assert.strictEqual(yield* reasonOf(held.assertHeld), "Lost")
        // Also when the database is back, and nobody took it.
        rawSql(file, "ALTER TABLE hidden RENAME TO codex_account_leases")
        assert.strictEqual(yield* reasonOf(held.assertHeld), "Lost")
      })
    )
  })

  withHome("gives signs of life at a third of the time to live, and none afterwards", function* ({ file, lease }) {
    yield* lease.withLease(options, () => Effect.void)
    const short = { ...options, timeToLive: "300 millis" } as const
    const work = yield* Effect.fork(lease.withLease(short, () => Effect.sleep("370 millis")))
    yield* TestClock.adjust("370 millis")
    yield* Fiber.join(work)
    const after = [{ fence: 2, beats: 3, expires_at: 0 }]
    assert.deepStrictEqual(row(file), after)
    yield* TestClock.adjust("250 millis")
    assert.deepStrictEqual(row(file), after)
  })

  withHome("that can't have a database does not begin", function* ({ file, lease }) {
    Fs.writeFileSync(file, "damaged ".repeat(1000))
    let began = false
    const work = () => Effect.sync(() => (began = true))
    assert.strictEqual(yield* reasonOf(lease.withLease(options, work)), "Unavailable")
    assert.isFalse(began)
    Fs.rmSync(file)
    yield* lease.withLease(options, work)
    assert.isTrue(began)
  })

  withHome("and somebody who waits share a process without a deadlock", function* ({ lease }) {
    const inside = yield* Deferred.make<void>()
    const holder = yield* Effect.fork(
      lease.withLease(options, () => Effect.zipRight(Deferred.succeed(inside, undefined), Effect.sleep("100 millis")))
    )
    yield* Deferred.await(inside)
    const take = lease.withLease({ ...options, wait: "5 seconds" }, ({ fence }) => Effect.succeed(fence))
    const fences = yield* run(Effect.all([take, take, take], { concurrency: "unbounded" }))
    yield* Fiber.join(holder)
    assert.deepStrictEqual(fences.toSorted(), [2, 3, 4])
  })
})
