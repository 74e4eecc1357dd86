/** The order of what changes an account. */
import { assert, describe, it } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as AccountQueue from "../../../src/app-server/server/AccountQueue.js"
import * as Background from "../../../src/app-server/server/Background.js"
import { FakeBackend, Fault, FaultPlan } from "../../../src/testing/index.js"
import { count } from "../../programs/harness.js"
import { errorOf, initialized, order, planned, resultOf, server, withClient } from "./harness.js"
import { test } from "../../cases.js"

const consume = "account/rateLimitResetCredit/consume"
const nudge = "account/sendAddCreditsNudgeEmail"

const hanging = (endpoint: FaultPlan.EndpointName) => planned(FaultPlan.on(endpoint, 1, Fault.hang))

const acts = [
  [consume, { idempotencyKey: "k" }, "resetCredits.consume"],
  [nudge, { creditType: "credits" }, "workspace.nudge"]
] as const

describe.each(acts)("a hung %s", (method, params, endpoint) => {
  test("holds no read up, and a logout no longer than it takes", hanging(endpoint), function* () {
    const [client, other] = [yield* initialized(), yield* initialized()]
    yield* TestClock.adjust("1 second")
    yield* client.rest
    yield* other.rest
    yield* client.send(1, method, params)
    for (const [id, read] of [
      [2, "account/read"],
      [3, "getAuthStatus"],
      [4, "account/rateLimits/read"]
    ] as const) {
      yield* client.send(id, read, {})
    }
    yield* client.send(5, "account/read", { refreshToken: true })
    assert.sameMembers([...order(yield* client.rest)], ["Response 2", "Response 3", "Response 4", "Response 5"])
    yield* other.send(6, "account/logout")
    // What comes after the logout shows what the logout leaves.
    yield* other.send(7, "account/read", {})
    yield* TestClock.adjust("9 seconds")
    assert.deepStrictEqual([yield* client.rest, yield* other.rest], [[], []])
    yield* TestClock.adjust("1 second")
    assert.deepStrictEqual(order(yield* client.rest), ["ErrorResponse 1", "account/updated"])
    const after = yield* other.rest
    assert.deepStrictEqual(order(after), ["Response 6", "account/updated", "Response 7"])
    assert.deepInclude(after.slice(2).map(resultOf)[0], { account: null })
  })

  test("ends by itself when its client leaves, and holds the next up no longer", hanging(endpoint), function* () {
    const other = yield* initialized()
    const scope = yield* Scope.make()
    const client = yield* Scope.extend(initialized(), scope)
    yield* client.send(1, method, params)
    yield* client.send(2, method, params)
    yield* TestClock.adjust("1 second")
    yield* Scope.close(scope, Exit.void)
    yield* other.send(3, "account/login/cancel", { loginId: "7b4d2b0e-0000-4000-8000-000000000000" })
    yield* other.rest
    yield* TestClock.adjust("9 seconds")
    assert.deepStrictEqual(order(yield* other.rest), ["Response 3"])
    // The second had not begun.
    assert.strictEqual(yield* count(endpoint), 1)
  })
})

const slow = planned(FaultPlan.on("resetCredits.consume", "every", Fault.delay("2 seconds")))

test("acts of all connections are made in the order in which they came", slow, function* () {
  const clients = [yield* initialized(), yield* initialized(), yield* initialized()]
  yield* Effect.forEach(
    Array.from({ length: 9 }),
    (_, i) => clients[i % 3]?.send(i, consume, { idempotencyKey: `key-${i}` }) ?? Effect.void
  )
  yield* TestClock.adjust("20 seconds")
  const backend = yield* FakeBackend.FakeBackend
  const sent = (yield* backend.calls("resetCredits.consume")).map(({ atMillis, body }) => [atMillis, body])
  assert.deepStrictEqual(
    sent,
    Array.from({ length: 9 }, (_, i) => [i * 2_000, { redeem_request_id: `key-${i}` }])
  )
})

withClient("a failed act gives its turn to the next", server(), function* (client) {
  assert.strictEqual(errorOf(yield* client.call(consume, { idempotencyKey: "" }))[0], -32600)
  resultOf(yield* client.call("account/logout"))
})

const queue = Layer.provide(AccountQueue.layer, Background.layer)

it.effect.prop(
  "turns are taken one at a time in the order of arrival, without those who left, and reads wait for sessions alone",
  {
    comers: FastCheck.array(
      FastCheck.record({
        kind: FastCheck.constantFrom("session" as const, "operation" as const, "read" as const),
        leaves: FastCheck.boolean()
      }),
      { maxLength: 12 }
    )
  },
  ({ comers }) =>
    Effect.gen(function* () {
      const { afterSessionChanges, inTurn } = yield* AccountQueue.AccountQueue
      const gate = yield* Deferred.make<void>()
      const log: Array<string> = []
      let atWork = 0
      const blocker = yield* Effect.fork(inTurn("operation")(Deferred.await(gate)))
      yield* Effect.yieldNow()
      const fibers = yield* Effect.forEach(comers, ({ kind }, i) =>
        Effect.zipLeft(
          Effect.fork(
            kind === "read"
              ? Effect.zipRight(
                  afterSessionChanges,
                  Effect.sync(() => log.push(`read ${i}`))
                )
              : inTurn(kind)(
                  Effect.gen(function* () {
                    atWork += 1
                    assert.strictEqual(atWork, 1)
                    log.push(`start ${i}`)
                    yield* Effect.yieldNow()
                    log.push(`end ${i}`)
                    atWork -= 1
                  })
                )
          ),
          Effect.yieldNow()
        )
      )
      const before = [...log]
      yield* Effect.forEach(fibers, (fiber, i) => (comers[i]?.leaves === true ? Fiber.interrupt(fiber) : Effect.void))
      yield* Deferred.succeed(gate, undefined)
      yield* Fiber.join(blocker)
      yield* Fiber.awaitAll(fibers)
      // Reads that no change of session came before were not held up by the act at work.
      const free = comers.flatMap(({ kind }, i) =>
        kind === "read" && !comers.slice(0, i).some((one) => one.kind === "session") ? [`read ${i}`] : []
      )
      assert.deepStrictEqual(before, free)
      const stays = comers.flatMap(({ kind, leaves }, i) => (kind !== "read" && !leaves ? [i] : []))
      assert.deepStrictEqual(
        log.filter((entry) => !entry.startsWith("read")),
        stays.flatMap((i) => [`start ${i}`, `end ${i}`])
      )
      for (const [i, { kind, leaves }] of comers.entries()) {
        if (kind !== "read" || leaves) continue
        const at = log.indexOf(`read ${i}`)
        assert.isAtLeast(at, 0)
        for (const j of stays.filter((j) => j < i && comers[j]?.kind === "session")) {
          assert.isBelow(log.indexOf(`end ${j}`), at)
        }
      }
    }).pipe(Effect.provide(queue))
)
