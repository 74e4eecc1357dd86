/** What every lease keeps, whatever it is made of. In real time, at most a few hundred milliseconds each. */
import { assert } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberRef from "effect/FiberRef"
import * as Record from "effect/Record"
import type { Steps } from "../../cases.js"
import type { LeaseError, Lease } from "../../../src/services/Lease.js"

type Leases = Lease["Type"]

const named = (name: string, wait: Duration.DurationInput = "15 seconds") => ({
  name,
  timeToLive: Duration.seconds(10),
  wait
})

const busy = (attempt: Effect.Effect<unknown, LeaseError>) =>
  Effect.map(Effect.either(attempt), (result) => {
    assert(Either.isLeft(result), "should have been busy")
    assert.strictEqual(result.left.reason, "Busy")
  })

const lost = (attempt: Effect.Effect<unknown, LeaseError>) =>
  Effect.map(Effect.either(attempt), (result) => {
    assert(Either.isLeft(result), "should have been lost")
    assert.strictEqual(result.left.reason, "Lost")
  })

const isContender = FiberRef.unsafeMake(false)

/**
 * A clock that any machine can keep up with. It stands still until `begin`, and from then on moves to the next wake-up
 * whenever the contender waits, and the holder too if it waited at `begin`.
 */
const turns = Effect.map(Effect.clock, (real) => {
  interface Sleeper {
    readonly at: number
    readonly byContender: boolean
    readonly wake: () => void
  }
  const start = real.unsafeCurrentTimeMillis()
  let passed = 0
  const sleepers = new Set<Sleeper>()
  const sleeps = (byContender: boolean) => Array.from(sleepers).some((sleeper) => sleeper.byContender === byContender)
  let needed: ReadonlyArray<boolean> | undefined
  const move = () => {
    if (needed?.every(sleeps) !== true) return
    const [next] = Array.from(sleepers).sort((a, b) => a.at - b.at)
    if (next === undefined) return
    passed = Math.max(passed, next.at)
    sleepers.delete(next)
    next.wake()
  }
  const clock: Clock.Clock = {
    [Clock.ClockTypeId]: Clock.ClockTypeId,
    unsafeCurrentTimeMillis: () => start + passed,
    unsafeCurrentTimeNanos: () => BigInt(passed) * 1_000_000n,
    currentTimeMillis: Effect.sync(() => start + passed),
    currentTimeNanos: Effect.sync(() => BigInt(passed) * 1_000_000n),
    sleep: (duration) =>
      Effect.flatMap(FiberRef.get(isContender), (byContender) =>
        Effect.async<void>((resume) => {
          const sleeper = { at: passed + Duration.toMillis(duration), byContender, wake: () => resume(Effect.void) }
          sleepers.add(sleeper)
          move()
          return Effect.sync(() => sleepers.delete(sleeper))
        })
      )
  }
  const begin = Effect.sync(() => {
    needed = sleeps(false) ? [true, false] : [true]
  })
  return { begin, clock }
})

const isFree = (lease: Leases, name: string) => lease.withLease(named(name, 0), () => Effect.void)

const laws: Readonly<Record<string, (lease: Leases) => Steps<never>>> = {
  *"there is one holder at a time"(lease) {
    let counter = 0
    let inside = 0
    let most = 0
    const work = Effect.gen(function* () {
      inside += 1
      most = Math.max(most, inside)
      const seen = counter
      yield* Effect.sleep("2 millis")
      counter = seen + 1
      inside -= 1
    })
    yield* Effect.forEach(Array.from({ length: 12 }), () => lease.withLease(named("one"), () => work), {
      concurrency: "unbounded"
    })
    assert.deepStrictEqual({ counter, most }, { counter: 12, most: 1 })
  },

  *"the fence grows with every holder"(lease) {
    const fences: Array<number> = []
    const take = lease.withLease(named("fenced"), (held) => Effect.sync(() => void fences.push(held.fence)))
    yield* take
    yield* Effect.all([take, take, take], { concurrency: "unbounded" })
    assert.lengthOf(fences, 4)
    assert.isTrue(fences.every((fence, index) => index === 0 || fence > (fences[index - 1] ?? Infinity)))
  },

  *"names have nothing to do with one another"(lease) {
    yield* lease.withLease(named("a"), (a) =>
      lease.withLease(named("A", 0), (b) => Effect.sync(() => assert.deepStrictEqual([a.name, b.name], ["a", "A"])))
    )
  },

  *"a lease that is not given back in time is busy, and nothing is done"(lease) {
    yield* lease.withLease(named("busy"), () =>
      Effect.gen(function* () {
        let done = false
        const work = () => Effect.sync(() => (done = true))
        yield* busy(lease.withLease(named("busy", 0), work))
        const [elapsed] = yield* Effect.timed(
          busy(lease.withLease({ name: "busy", timeToLive: "10 seconds", wait: "120 millis" }, work))
        ).pipe(Effect.timeout("3 seconds"), Effect.orDie)
        assert.isFalse(done)
        assert.isAtLeast(Duration.toMillis(elapsed), 100)
      })
    )
  },

  *"it is given back however the work ends"(lease) {
    const works = [Effect.void, Effect.fail("no"), Effect.dieMessage("broken"), Effect.interrupt]
    for (const work of works) {
      yield* Effect.exit(lease.withLease(named("ends"), () => work))
      yield* isFree(lease, "ends")
    }
    const holder = yield* Effect.fork(lease.withLease(named("ends"), () => Effect.never))
    yield* Effect.sleep("50 millis")
    yield* busy(isFree(lease, "ends"))
    yield* Fiber.interrupt(holder)
    yield* isFree(lease, "ends")
  },

  *"who waits has it when it is given back"(lease) {
    const held = yield* Deferred.make<void>()
    const finish = yield* Deferred.make<void>()
    const holder = yield* Effect.fork(
      lease.withLease(named("next"), () => Effect.zipRight(Deferred.succeed(held, undefined), Deferred.await(finish)))
    )
    yield* Deferred.await(held)
    const next = yield* Effect.fork(lease.withLease(named("next"), ({ fence }) => Effect.succeed(fence)))
    yield* Effect.sleep("50 millis")
    assert.isNull(next.unsafePoll())
    yield* Deferred.succeed(finish, undefined)
    assert.strictEqual(yield* Fiber.join(next), 2)
    yield* Fiber.join(holder)
  },

  *"who gives up waiting leaves nothing behind"(lease) {
    yield* lease.withLease(named("queue"), () =>
      Effect.gen(function* () {
        const waiting = yield* Effect.fork(isFree(lease, "queue").pipe(Effect.retry({ times: 3 })))
        const interrupted = yield* Effect.fork(lease.withLease(named("queue"), () => Effect.void))
        yield* Effect.sleep("30 millis")
        const exit = yield* Effect.timeout(Fiber.interrupt(interrupted), "1 second").pipe(Effect.orDie)
        assert.isTrue(Exit.isInterrupted(exit))
        assert.isTrue(Exit.isFailure(yield* Fiber.await(waiting)))
      })
    )
    yield* isFree(lease, "queue")
  },

  *"who gives up in the moment in which it comes passes it on"(lease) {
    for (let steps = 0; steps < 12; steps++) {
      const held = yield* Deferred.make<void>()
      const finish = yield* Deferred.make<void>()
      const holder = yield* Effect.fork(
        lease.withLease(named("moment"), () =>
          Effect.zipRight(Deferred.succeed(held, undefined), Deferred.await(finish))
        )
      )
      yield* Deferred.await(held)
      const waiting = yield* Effect.fork(lease.withLease(named("moment"), () => Effect.void))
      yield* Effect.yieldNow()
      yield* Deferred.succeed(finish, undefined)
      for (let step = 0; step < steps; step++) yield* Effect.yieldNow()
      yield* Fiber.interrupt(waiting)
      yield* Fiber.join(holder)
      yield* isFree(lease, "moment")
    }
  },

  *"it is kept alive while the work runs"(lease) {
    yield* Effect.flatMap(turns, ({ begin, clock }) =>
      lease
        .withLease({ name: "long", timeToLive: "300 millis", wait: 0 }, (held) =>
          Effect.gen(function* () {
            // By then a heartbeat has begun to wait.
            yield* Effect.repeatN(Effect.yieldNow(), 20)
            yield* begin
            const contender = lease.withLease(
              { name: "long", timeToLive: "300 millis", wait: "900 millis" },
              () => Effect.void
            )
            yield* busy(Effect.locally(contender, isContender, true))
            yield* held.assertHeld
          })
        )
        .pipe(Effect.withClock(clock))
    )
  },

  *"after the work it is lost"(lease) {
    const held = yield* lease.withLease(named("over"), (held) => Effect.as(held.assertHeld, held))
    yield* lost(held.assertHeld)
    yield* lease.withLease(named("over"), () => lost(held.assertHeld))
  }
}

export const leaseLaws = Record.map(laws, (law) => (lease: Leases) => Effect.gen(() => law(lease)))
