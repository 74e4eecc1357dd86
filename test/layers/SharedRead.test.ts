import { assert, describe, it } from "@effect/vitest"
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Ref from "effect/Ref"
import * as TestClock from "effect/TestClock"
import { makeSharedRead } from "../../src/layers/internal/SharedRead.js"
import { during } from "../programs/harness.js"
import { cases } from "../cases.js"

type SharedRead = Effect.Effect.Success<ReturnType<typeof makeSharedRead<number, string>>>

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

const sharing = cases<[Effect.Effect.Success<typeof counted> & { readonly shared: SharedRead }]>(it.scoped, (use) =>
  Effect.flatMap(Effect.all([makeSharedRead<number, string>(), counted]), ([shared, made]) => use({ shared, ...made }))
)

const many = <A, E>(n: number, effect: Effect.Effect<A, E>) =>
  Effect.all(
    Array.from({ length: n }, () => effect),
    { concurrency: "unbounded" }
  )

describe("those who ask at the same time", () => {
  sharing("share one piece of work and its result", function* ({ shared, started, work }) {
    const first = yield* during(many(20, shared("a", work)), "500 millis")
    const late = yield* during(many(20, shared("a", work)), "500 millis")
    assert.deepStrictEqual(new Set([...(yield* first), ...(yield* late)]), new Set([1]))
    assert.strictEqual(yield* started, 1)
  })

  sharing("are one reader, though a thousand fibers start together", function* ({ shared, started, work }) {
    const readers = yield* Effect.forEach(Array.from({ length: 1_000 }), () =>
      Effect.fork(Effect.zipRight(Effect.yieldNow(), shared("a", work)))
    )
    yield* TestClock.adjust("1 second")
    assert.deepStrictEqual(new Set(yield* Fiber.join(Fiber.all(readers))), new Set([1]))
    assert.strictEqual(yield* started, 1)
  })

  sharing("share its failure, and the next begins anew", function* ({ shared, started, work }) {
    const failing = Effect.flatMap(work, (n) => (n === 1 ? Effect.fail(`failed ${n}`) : Effect.succeed(n)))
    const all = yield* during(many(5, Effect.flip(shared("a", failing))), "1 second")
    assert.deepStrictEqual(new Set(yield* all), new Set(["failed 1"]))
    const next = yield* during(shared("a", failing), "1 second")
    assert.strictEqual(yield* next, 2)
    assert.strictEqual(yield* started, 2)
  })

  sharing("share its defect", function* ({ shared }) {
    const all = yield* during(many(3, Effect.exit(shared("a", Effect.delay(Effect.die("broken"), 10)))), 10)
    for (const exit of yield* all) {
      assert.isTrue(Exit.isFailure(exit) && Cause.isDie(exit.cause))
    }
  })

  sharing("about different things share nothing", function* ({ shared, started, work }) {
    yield* yield* during(Effect.all([shared("a", work), shared("b", work)], { concurrency: 2 }), "1 second")
    assert.strictEqual(yield* started, 2)
  })

  sharing("control: one after the other they share nothing", function* ({ shared, work }) {
    assert.strictEqual(yield* yield* during(shared("a", work), "1 second"), 1)
    assert.strictEqual(yield* yield* during(shared("a", work), "1 second"), 2)
  })
})

describe("whoever leaves", () => {
  sharing("leaves the others their result, even if it began", function* ({ shared, cut, started, work }) {
    const leader = yield* during(shared("a", work), "200 millis")
    const follower = yield* during(shared("a", work), "200 millis")
    yield* Fiber.interrupt(leader)
    yield* TestClock.adjust("600 millis")
    assert.strictEqual(yield* follower, 1)
    assert.strictEqual(yield* started, 1)
    assert.strictEqual(yield* cut, 0)
  })

  sharing("last stops the work; the next begins anew", function* ({ shared, cut, started, work }) {
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

  sharing("does so at once: the next does not wait for work that takes long to stop", function* ({ shared, work }) {
    const stubborn = Effect.onInterrupt(work, () => Effect.sleep("1 hour"))
    const leaving = yield* during(shared("a", stubborn), "200 millis")
    yield* Fiber.interrupt(leaving)
    const next = yield* during(shared("a", work), "1 second")
    assert.strictEqual(yield* next, 2)
    yield* TestClock.adjust("1 hour")
  })

  sharing("by a time limit is no different", function* ({ shared, cut, work }) {
    const limited = yield* during(Effect.timeoutOption(shared("a", work), "300 millis"), "300 millis")
    assert.strictEqual((yield* limited)._tag, "None")
    assert.strictEqual(yield* cut, 1)
  })
})
