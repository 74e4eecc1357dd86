import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { AuthSession } from "../../src/services/AuthSession.js"
import { FakeBackend, Fault } from "../../src/testing/index.js"
import { during, run } from "../programs/harness.js"
import { accessToken, record, tokensOf } from "./support/records.js"
import { bearer, exchanges, StoreControl, world } from "./support/session.js"

const minute = 60_000
const due = { record: record({ access: accessToken(4 * minute) }) }
const expired = { record: record({ access: accessToken(-minute) }) }

const fifty = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.all(
    Array.from({ length: 50 }, () => effect),
    { concurrency: "unbounded" }
  )

describe("50 fibers at the same time", () => {
  it.effect("make one exchange when each forces one, and all have its result", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.delay("1 second"))
      const all = yield* run(fifty(session.refresh))
      assert.strictEqual(new Set(all.map((one) => one.accessExpiresAt?.epochMillis)).size, 1)
      assert.strictEqual(yield* exchanges, 1)
      assert.strictEqual(yield* (yield* StoreControl).writes, 1)
    }).pipe(Effect.provide(world(due)))
  )

  it.effect("make one exchange when each needs a token, and all have the new one", () =>
    Effect.gen(function* () {
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.delay("1 second"))
      const all = yield* run(fifty(bearer))
      const stored = tokensOf(yield* (yield* StoreControl).stored)
      assert.deepStrictEqual([...new Set(all)], [stored?.access])
      assert.notStrictEqual(stored?.access, tokensOf(due.record)?.access)
      assert.strictEqual(yield* exchanges, 1)
    }).pipe(Effect.provide(world(due)))
  )

  it.effect("make one exchange when each was refused with the same token", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.delay("1 second"))
      const refused = yield* session.authorization
      const all = yield* run(fifty(session.recover(refused)))
      assert.strictEqual(new Set(all).size, 1)
      assert.notStrictEqual(all[0], refused)
      assert.strictEqual(yield* exchanges, 1)
    }).pipe(Effect.provide(world({})))
  )

  it.effect.each([
    ["for now", Fault.status(500)],
    ["for good", Fault.status(401)]
  ] as const)("make one exchange when it fails %s, and all have the same error", ([, fault]) =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const backend = yield* FakeBackend.FakeBackend
      yield* backend.addFaults({ endpoint: "oauth.token", call: "every", fault })
      // All of them are there before the server answers, as with a real one.
      yield* session.current
      const all = yield* run(fifty(Effect.flip(session.refresh)))
      assert.strictEqual(yield* exchanges, 1)
      assert.strictEqual(all.length, 50)
      assert.strictEqual(new Set(all.map((error) => error.message)).size, 1)
    }).pipe(Effect.provide(world(expired)))
  )

  it.effect("and whoever comes while it fails, share its failure", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.hang)
      const first = yield* during(Effect.flip(session.refresh), "10 seconds")
      const late = yield* during(fifty(Effect.flip(session.refresh)), "35 seconds")
      const one = yield* Fiber.join(first)
      assert.isTrue((yield* Fiber.join(late)).every((other) => other.message === one.message))
      assert.strictEqual(yield* exchanges, 1)
    }).pipe(Effect.provide(world(expired)))
  )

  it.effect("control: one after the other they make one each", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      yield* Effect.repeatN(session.refresh, 4)
      assert.strictEqual(yield* exchanges, 5)
    }).pipe(Effect.provide(world(due)))
  )
})

describe("a caller who leaves", () => {
  it.effect("does not cut the exchange: its tokens are stored and used", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      const before = tokensOf(yield* store.stored)
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.delay("5 seconds"))
      const caller = yield* during(session.refresh, "1 second")
      yield* Fiber.interrupt(caller)
      assert.strictEqual(yield* exchanges, 1)
      assert.deepStrictEqual(tokensOf(yield* store.stored), before)
      yield* TestClock.adjust("4 seconds")
      const after = tokensOf(yield* store.stored)
      assert.notStrictEqual(after?.refresh, before?.refresh)
      assert.strictEqual(yield* bearer, after?.access)
      assert.strictEqual(yield* exchanges, 1)
    }).pipe(Effect.provide(world(expired)))
  )

  it.effect("does not disturb those who stay", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.delay("5 seconds"))
      const first = yield* during(session.refresh, "1 second")
      const second = yield* during(session.refresh, "1 second")
      yield* Fiber.interrupt(first)
      yield* TestClock.adjust("3 seconds")
      assert.isTrue(Option.isSome(yield* Fiber.poll(second)))
      assert.isTrue(Exit.isSuccess(yield* Fiber.await(second)))
      assert.strictEqual(yield* exchanges, 1)
    }).pipe(Effect.provide(world(expired)))
  )

  it.effect("leaves at once, and does not wait for the exchange", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.delay("5 seconds"))
      const caller = yield* during(session.refresh, "1 second")
      yield* Fiber.interrupt(caller)
      assert.strictEqual(yield* Clock.currentTimeMillis, 1000)
      yield* TestClock.adjust("5 seconds")
    }).pipe(Effect.provide(world(expired)))
  )

  it.effect("by closing everything has the exchange end first, for its tokens are worth the wait", () =>
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(world(expired), scope)
      yield* Effect.gen(function* () {
        const session = yield* AuthSession
        const store = yield* StoreControl
        yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.delay("5 seconds"))
        const caller = yield* during(Effect.exit(session.refresh), "1 second")
        yield* Fiber.interrupt(caller)
        const closing = yield* during(Scope.close(scope, Exit.void), "3 seconds")
        assert.isTrue(Option.isNone(yield* Fiber.poll(closing)))
        yield* TestClock.adjust("1 second")
        yield* Fiber.join(closing)
        const used = tokensOf(yield* store.stored)
        assert.notStrictEqual(used?.refresh, "rt_1")
        assert.notStrictEqual(used?.access, tokensOf(expired.record)?.access)
        assert.strictEqual(yield* exchanges, 1)
      }).pipe(Effect.provide(context))
    })
  )
})
