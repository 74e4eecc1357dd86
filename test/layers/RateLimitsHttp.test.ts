/** What a read of usage leaves for the next, and what a redemption makes of it. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import { RedeemKey } from "../../src/domain/ResetCredit.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { RateLimits, type ReadUsage } from "../../src/services/RateLimits.js"
import { FakeAccount, Fault, FaultPlan } from "../../src/testing/index.js"
import { account, count, during } from "../programs/harness.js"

/** What is left to redeem, as a reader sees it. */
const seen = (options?: ReadUsage) =>
  Effect.flatMap(RateLimits, (limits) =>
    Effect.map(limits.read({ details: false, ...options }), ({ resetCredits }) => resetCredits?.availableCount)
  )

const redeem = Effect.gen(function* () {
  const { identity: as } = yield* (yield* AuthSession).current
  const key = yield* Schema.decode(RedeemKey)("key-1")
  return yield* (yield* RateLimits).consume({ as, key })
})

/** Two credits, and backend answers to usage that were true when they left, and come later by so many seconds. */
const world = (...late: ReadonlyArray<number>) =>
  account({
    settings: { usageInterval: Duration.minutes(1) },
    backend: {
      accounts: (now) => [
        {
          resetCredits: [FakeAccount.makeResetCredit(now, "credit-1"), FakeAccount.makeResetCredit(now, "credit-2")]
        }
      ],
      plan: late.map((seconds, index) =>
        FaultPlan.on("usage.read", index + 1, Fault.delay(Duration.seconds(seconds), { afterCommit: true }))
      )
    }
  })

describe("a read that began before a redemption and ends after it", () => {
  it.effect("is answered to who waited for it, and kept for nobody", () =>
    Effect.gen(function* () {
      const early = yield* during(seen(), "1 second")
      assert.strictEqual(yield* redeem, "reset")
      yield* TestClock.adjust("4 seconds")
      assert.strictEqual(yield* Fiber.join(early), 2)
      assert.strictEqual(yield* seen(), 1)
      assert.strictEqual(yield* count("usage.read"), 2)
    }).pipe(Effect.provide(world(5)))
  )

  it.effect("is not waited for by who comes after it", () =>
    Effect.gen(function* () {
      const early = yield* during(seen(), "1 second")
      yield* redeem
      const after = yield* during(seen(), 0)
      yield* TestClock.adjust("4 seconds")
      assert.deepStrictEqual([yield* Fiber.join(early), yield* Fiber.join(after)], [2, 1])
      // The later one's answer stays, though it was the first to come.
      assert.strictEqual(yield* seen(), 1)
      assert.strictEqual(yield* count("usage.read"), 2)
    }).pipe(Effect.provide(world(5)))
  )

  it.effect("control: is kept when there was no redemption", () =>
    Effect.gen(function* () {
      const early = yield* during(seen(), "5 seconds")
      assert.strictEqual(yield* Fiber.join(early), 2)
      assert.strictEqual(yield* seen(), 2)
      assert.strictEqual(yield* count("usage.read"), 1)
    }).pipe(Effect.provide(world(5)))
  )
})

describe("of two reads", () => {
  it.effect("the one that began later is kept, whichever ends first", () =>
    Effect.gen(function* () {
      const early = yield* during(seen(), "1 second")
      const late = yield* during(seen({ fresh: true }), "4 seconds")
      yield* Effect.all([Fiber.join(early), Fiber.join(late)])
      const { fetchedAt } = yield* (yield* RateLimits).read({ details: false })
      assert.strictEqual(fetchedAt.epochMillis, 3_000)
      assert.strictEqual(yield* count("usage.read"), 2)
    }).pipe(Effect.provide(world(5, 2)))
  )

  it.effect("the later takes part in the earlier where it may, and takes no answer of before", () =>
    Effect.gen(function* () {
      const early = yield* during(seen({ fresh: "join" }), "1 second")
      const late = yield* during(seen({ fresh: "join" }), "4 seconds")
      assert.deepStrictEqual(yield* Effect.all([Fiber.join(early), Fiber.join(late)]), [2, 2])
      assert.strictEqual(yield* count("usage.read"), 1)
      yield* seen({ fresh: "join" })
      assert.strictEqual(yield* count("usage.read"), 2)
    }).pipe(Effect.provide(world(5)))
  )
})
