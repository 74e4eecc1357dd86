import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Ref from "effect/Ref"
import * as TestClock from "effect/TestClock"
import { makeSharedRead } from "../../src/layers/internal/SharedRead.js"
import { during } from "../programs/harness.js"

/** A second's work that gives the number of its start, and tells when it is cut. */
const counted = Effect.gen(function* () {
  const [started, cut] = [yield* Ref.make(0), yield* Ref.make(0)]
  const work = Ref.updateAndGet(started, (n) => n + 1).pipe(
    Effect.delay("0 millis"),
    Effect.zipLeft(Effect.sleep("1 second")),
    Effect.onInterrupt(() => Ref.update(cut, (n) => n + 1))
  )
  return { work, started: Ref.get(started), cut: Ref.get(cut) }
})

const many = <A, E>(n: number, effect: Effect.Effect<A, E>) =>
  Effect.all(
    Array.from({ length: n }, () => effect),
    { concurrency: "unbounded" }
  )

describe("those who ask at the same time", () => {
  it.scoped("share one piece of work and its result", () =>
    Effect.gen(function* () {
      const shared = yield* makeSharedRead<number, never>()
      const { started, work } = yield* counted
      const first = yield* during(many(20, shared("a", work)), "500 millis")
      const late = yield* during(many(20, shared("a", work)), "500 millis")
      assert.deepStrictEqual(new Set([...(yield* first), ...(yield* late)]), new Set([1]))
      assert.strictEqual(yield* started, 1)
    })
  )

  it.scoped("are one reader for the backend, though a thousand start together from a thousand fibers", () =>
    Effect.gen(function* () {
      const shared = yield* makeSharedRead<number, never>()
      const { started, work } = yield* counted
      const readers = yield* Effect.forEach(Array.from({ length: 1_000 }), () =>
        Effect.fork(Effect.zipRight(Effect.yieldNow(), shared("a", work)))
      )
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(new Set(yield* Fiber.join(Fiber.all(readers))), new Set([1]))
      assert.strictEqual(yield* started, 1)
    })
  )

  it.scoped("share its failure, and the next begins anew", () =>
    Effect.gen(function* () {
      const shared = yield* makeSharedRead<number, string>()
      const { started, work } = yield* counted
      const failing = Effect.flatMap(work, (n) => (n === 1 ? Effect.fail(`failed ${n}`) : Effect.succeed(n)))
      const all = yield* during(many(5, Effect.flip(shared("a", failing))), "1 second")
      assert.deepStrictEqual(
        yield* all,
        Array.from({ length: 5 }, () => "failed 1")
      )
      const next = yield* during(shared("a", failing), "1 second")
      assert.strictEqual(yield* next, 2)
      assert.strictEqual(yield* started, 2)
    })
  )

  it.scoped("share its defect", () =>
    Effect.gen(function* () {
      const shared = yield* makeSharedRead<number, never>()
      const all = yield* during(many(3, Effect.exit(shared("a", Effect.delay(Effect.die("broken"), 10)))), 10)
      for (const exit of yield* all) {
        assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
      }
    })
  )

  it.scoped("about different things share nothing", () =>
    Effect.gen(function* () {
      const shared = yield* makeSharedRead<number, never>()
      const { started, work } = yield* counted
      yield* yield* during(Effect.all([shared("a", work), shared("b", work)], { concurrency: 2 }), "1 second")
      assert.strictEqual(yield* started, 2)
    })
  )

  it.scoped("control: one after the other they share nothing", () =>
    Effect.gen(function* () {
      const shared = yield* makeSharedRead<number, never>()
      const { work } = yield* counted
      assert.strictEqual(yield* yield* during(shared("a", work), "1 second"), 1)
      assert.strictEqual(yield* yield* during(shared("a", work), "1 second"), 2)
    })
  )
})

describe("whoever leaves", () => {
  it.scoped("leaves the others their result, even if it was the one who began", () =>
    Effect.gen(function* () {
      const shared = yield* makeSharedRead<number, never>()
      const { cut, started, work } = yield* counted
      const leader = yield* during(shared("a", work), "200 millis")
      const follower = yield* during(shared("a", work), "200 millis")
      yield* Fiber.interrupt(leader)
      yield* TestClock.adjust("600 millis")
      assert.strictEqual(yield* follower, 1)
      assert.strictEqual(yield* started, 1)
      assert.strictEqual(yield* cut, 0)
    })
  )

  it.scoped("last stops the work; the next begins anew", () =>
    Effect.gen(function* () {
      const shared = yield* makeSharedRead<number, never>()
      const { cut, started, work } = yield* counted
      const leader = yield* during(shared("a", work), "200 millis")
      const follower = yield* during(shared("a", work), "200 millis")
      yield* Fiber.interrupt(leader)
      assert.strictEqual(yield* cut, 0)
      yield* Fiber.interrupt(follower)
      yield* TestClock.adjust(0)
      assert.strictEqual(yield* cut, 1)
      const next = yield* during(shared("a", work), "1 second")
      assert.strictEqual(yield* next, 2)
      assert.strictEqual(yield* started, 2)
    })
  )

  it.scoped("does so at once, even if the work takes long to stop, which the next does not wait for", () =>
    Effect.gen(function* () {
      const shared = yield* makeSharedRead<number, never>()
      const { work } = yield* counted
      const stubborn = Effect.onInterrupt(work, () => Effect.sleep("1 hour"))
      const leaving = yield* during(shared("a", stubborn), "200 millis")
      yield* Fiber.interrupt(leaving)
      const next = yield* during(shared("a", work), "1 second")
      assert.strictEqual(yield* next, 2)
      yield* TestClock.adjust("1 hour")
    })
  )

  it.scoped("by a time limit is no different", () =>
    Effect.gen(function* () {
      const shared = yield* makeSharedRead<number, never>()
      const { cut, work } = yield* counted
      const limited = yield* during(Effect.timeoutOption(shared("a", work), "300 millis"), "300 millis")
      assert.strictEqual((yield* limited)._tag, "None")
      assert.strictEqual(yield* cut, 1)
    })
  )
})
