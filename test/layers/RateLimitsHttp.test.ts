/** What a read of usage leaves for the next, and what a redemption makes of it. */
import { assert, describe } from "@effect/vitest"
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
import { over } from "../cases.js"

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
    accounts: (now) => [
      {
        resetCredits: [FakeAccount.makeResetCredit(now, "credit-1"), FakeAccount.makeResetCredit(now, "credit-2")]
      }
    ],
    plan: late.map((seconds, index) =>
      FaultPlan.on("usage.read", index + 1, Fault.delay(Duration.seconds(seconds), { afterCommit: true }))
    )
  })

describe("a read that began before a redemption and ends after it", () => {
  over(world(5))("is answered to who waited for it, and kept for nobody", function* () {
    const early = yield* during(seen(), "1 second")
    assert.strictEqual(yield* redeem, "reset")
    yield* TestClock.adjust("4 seconds")
    assert.deepStrictEqual([yield* early, yield* seen(), yield* count("usage.read")], [2, 1, 2])
  })

  over(world(5))("is not waited for by who comes after it", function* () {
    const early = yield* during(seen(), "1 second")
    yield* redeem
    const after = yield* during(seen(), 0)
    yield* TestClock.adjust("4 seconds")
    // The later one's answer stays, though it was the first to come.
    assert.deepStrictEqual([yield* early, yield* after, yield* seen(), yield* count("usage.read")], [2, 1, 1, 2])
  })

  over(world(5))("control: is kept when there was no redemption", function* () {
    const early = yield* during(seen(), "5 seconds")
    assert.deepStrictEqual([yield* early, yield* seen(), yield* count("usage.read")], [2, 2, 1])
  })
})

describe("of two reads", () => {
  over(world(5, 2))("the one that began later is kept, whichever ends first", function* () {
    const early = yield* during(seen(), "1 second")
    const late = yield* during(seen({ fresh: true }), "4 seconds")
    yield* Effect.all([Fiber.join(early), Fiber.join(late)])
    const { fetchedAt } = yield* (yield* RateLimits).read({ details: false })
    assert.strictEqual(fetchedAt.epochMillis, 3_000)
    assert.strictEqual(yield* count("usage.read"), 2)
  })

  over(world(5))("the later takes part in the earlier where it may, and takes no answer of before", function* () {
    const early = yield* during(seen({ fresh: "join" }), "1 second")
    const late = yield* during(seen({ fresh: "join" }), "4 seconds")
    assert.deepStrictEqual(yield* Effect.all([Fiber.join(early), Fiber.join(late)]), [2, 2])
    assert.strictEqual(yield* count("usage.read"), 1)
    yield* seen({ fresh: "join" })
    assert.strictEqual(yield* count("usage.read"), 2)
  })
})
