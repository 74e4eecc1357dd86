import { assert, describe } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { AuthSession } from "../../src/services/AuthSession.js"
import { FakeBackend, Fault } from "../../src/testing/index.js"
import { during, run } from "../programs/harness.js"
import { accessToken, record, tokensOf } from "./support/records.js"
import { bearer, exchanges, StoreControl, world, inWorld, expectWorld } from "./support/session.js"
import { virtual } from "../cases.js"

const minute = 60_000
const due = record({ access: accessToken(4 * minute) })
const expired = record({ access: accessToken(-minute) })
const whileDue = inWorld({ record: due })
const whenExpired = inWorld({ record: expired })
const fifty = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.all(
    Array.from({ length: 50 }, () => effect),
    { concurrency: "unbounded" }
  )

describe("50 fibers at the same time", () => {
  whileDue("make one exchange when each forces one, and all have its result", function* ({ session, backend }) {
    yield* backend.failNext("oauth.token", Fault.delay("1 second"))
    const all = yield* run(fifty(session.refresh))
    assert.strictEqual(new Set(all.map((one) => one.accessExpiresAt?.epochMillis)).size, 1)
    yield* expectWorld({ exchanges: 1, writes: 1 })
  })

  whileDue("make one exchange when each needs a token, and all have the new one", function* ({ store, backend }) {
    yield* backend.failNext("oauth.token", Fault.delay("1 second"))
    const all = yield* run(fifty(bearer))
    const stored = tokensOf(yield* store.stored)
    assert.deepStrictEqual([...new Set(all)], [stored?.access])
    assert.notStrictEqual(stored?.access, tokensOf(due)?.access)
    assert.strictEqual(yield* exchanges, 1)
  })

  inWorld()("make one exchange when each was refused with the same token", function* ({ session, backend }) {
    yield* backend.failNext("oauth.token", Fault.delay("1 second"))
    const refused = yield* session.authorization
    const all = yield* run(fifty(session.recover(refused)))
    assert.strictEqual(new Set(all).size, 1)
    assert.notStrictEqual(all[0], refused)
    assert.strictEqual(yield* exchanges, 1)
  })

  whenExpired.each([
    ["for now", Fault.status(500)],
    ["for good", Fault.status(401)]
  ] as const)("make one exchange when it fails %s, and have one error", function* ({ session, backend }, [, fault]) {
    yield* backend.addFaults({ endpoint: "oauth.token", call: "every", fault })
    // All of them are there before the server answers, as with a real one.
    yield* session.current
    const all = yield* run(fifty(Effect.flip(session.refresh)))
    assert.strictEqual(all.length, 50)
    assert.strictEqual(new Set(all.map((error) => error.message)).size, 1)
    assert.strictEqual(yield* exchanges, 1)
  })

  whenExpired("and those who come while it fails share its failure", function* ({ session, backend }) {
    yield* backend.failNext("oauth.token", Fault.hang)
    const first = yield* during(Effect.flip(session.refresh), "10 seconds")
    const late = yield* during(fifty(Effect.flip(session.refresh)), "35 seconds")
    const one = yield* first
    assert.isTrue((yield* late).every((other) => other.message === one.message))
    assert.strictEqual(yield* exchanges, 1)
  })

  whileDue("control: one after the other they make one each", function* ({ session }) {
    yield* Effect.repeatN(session.refresh, 4)
    assert.strictEqual(yield* exchanges, 5)
  })
})

describe("a caller who leaves", () => {
  whenExpired("leaves at once and cuts nothing: the tokens are stored", function* ({ session, store, backend }) {
    yield* backend.failNext("oauth.token", Fault.delay("5 seconds"))
    yield* Fiber.interrupt(yield* during(session.refresh, "1 second"))
    assert.strictEqual(yield* Clock.currentTimeMillis, 1000)
    yield* expectWorld({ exchanges: 1, stored: expired })
    yield* TestClock.adjust("4 seconds")
    const after = tokensOf(yield* store.stored)
    assert.notStrictEqual(after?.refresh, "rt_1")
    assert.strictEqual(yield* bearer, after?.access)
    assert.strictEqual(yield* exchanges, 1)
  })

  whenExpired("does not disturb those who stay", function* ({ session, backend }) {
    yield* backend.failNext("oauth.token", Fault.delay("5 seconds"))
    const first = yield* during(session.refresh, "1 second")
    const second = yield* during(session.refresh, "1 second")
    yield* Fiber.interrupt(first)
    yield* TestClock.adjust("3 seconds")
    assert.strictEqual(second.unsafePoll()?._tag, "Success")
    assert.strictEqual(yield* exchanges, 1)
  })

  virtual("by closing everything has the exchange end first, for its tokens are worth the wait", function* () {
    const scope = yield* Scope.make()
    const context = yield* Layer.buildWithScope(world({ record: expired }), scope)
    yield* Effect.gen(function* () {
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.delay("5 seconds"))
      yield* Fiber.interrupt(yield* during(Effect.exit((yield* AuthSession).refresh), "1 second"))
      const closing = yield* during(Scope.close(scope, Exit.void), "3 seconds")
      assert.isNull(closing.unsafePoll())
      yield* TestClock.adjust("1 second")
      yield* closing
      const used = tokensOf(yield* (yield* StoreControl).stored)
      assert.notStrictEqual(used?.refresh, "rt_1")
      assert.notStrictEqual(used?.access, tokensOf(expired)?.access)
      assert.strictEqual(yield* exchanges, 1)
    }).pipe(Effect.provide(context))
  })
})
