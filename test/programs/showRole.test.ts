import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { showRole } from "../../src/programs/status.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { FakeBackend, Fault, FaultPlan } from "../../src/testing/index.js"
import * as FakeState from "../../src/testing/FakeState.js"
import { account, count, requests, run } from "./harness.js"

const check = "workspace.accountsCheck"

const role = Effect.map(run(showRole), ({ role }): ReadonlyArray<unknown> => [role.role, role.isOwner, role.source])

const live = ["standard-user", false, "live"]
const claimed = [null, false, "claim"]

const settings = { roleTimeToLive: Duration.minutes(15), roleCoolDown: Duration.minutes(5) }

const failing = { plan: [FaultPlan.on(check, "every", Fault.status(500))] }

describe("the role", () => {
  it.effect.each([
    ["account-owner", ["account-owner", true, "live"]],
    ["account_owner", ["account-owner", true, "live"]],
    ["account-admin", ["account-admin", true, "live"]],
    ["account_admin", ["account-admin", true, "live"]],
    ["standard-user", ["standard-user", false, "live"]],
    ["member", ["standard-user", false, "live"]],
    ["guest", [null, true, "claim"]],
    [null, [null, true, "claim"]]
  ] as const)("is what the backend calls %s, where we know the word; else what the token claims", ([word, expected]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* role, [...expected])
    }).pipe(Effect.provide(account({ backend: { accounts: [{ role: word, isOrgOwner: true }] } })))
  )

  it.effect.each([
    [true, [null, true, "claim"]],
    [false, [null, false, "claim"]],
    [null, [null, null, "none"]]
  ] as const)("is what the token claims when the endpoint fails: %s", ([isOrgOwner, expected]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* role, [...expected])
    }).pipe(Effect.provide(account({ backend: { ...failing, accounts: [{ isOrgOwner }] } })))
  )

  it.effect("needs no request where the path style has no such endpoint", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual([yield* role, yield* requests], [claimed, {}])
    }).pipe(Effect.provide(account({ settings: { style: "codex" } })))
  )
})

describe("the endpoint", () => {
  it.effect("is left alone while the role is young", () =>
    Effect.gen(function* () {
      for (const [wait, asked] of [
        [Duration.zero, 1],
        [Duration.millis(899_999), 1],
        [Duration.millis(1), 2]
      ] as const) {
        yield* TestClock.adjust(wait)
        assert.deepStrictEqual([yield* role, yield* count(check)], [live, asked])
      }
    }).pipe(Effect.provide(account({ settings })))
  )

  it.effect("is left alone for a while when it fails, and then asked again", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual([yield* role, yield* count(check)], [claimed, 2])
      yield* (yield* FakeBackend.FakeBackend).setPlan([])
      // The second attempt failed at 250 ms.
      yield* TestClock.adjust(Duration.millis(299_999))
      assert.deepStrictEqual([yield* role, yield* count(check)], [claimed, 2])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual([yield* role, yield* count(check)], [live, 3])
    }).pipe(Effect.provide(account({ settings, backend: failing })))
  )

  it.effect("is asked once for many who ask at once", () =>
    Effect.gen(function* () {
      const all = yield* run(
        Effect.all(
          Array.from({ length: 20 }, () => showRole),
          { concurrency: "unbounded" }
        )
      )
      assert.deepStrictEqual(new Set(all.map(({ role }) => role.source)), new Set(["live"]))
      assert.strictEqual(yield* count(check), 1)
    }).pipe(
      Effect.provide(account({ settings, backend: { plan: [FaultPlan.on(check, "every", Fault.delay("1 second"))] } }))
    )
  )

  it.effect("is asked anew for another account", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* role, live)
      const backend = yield* FakeBackend.FakeBackend
      yield* (yield* AuthSession).signIn((yield* backend.signIn("user-B/account-B")).record)
      assert.deepStrictEqual(yield* role, ["account-owner", true, "live"])
    }).pipe(
      Effect.provide(
        account({
          settings,
          backend: { accounts: [{}, { userId: "user-B", accountId: "account-B", role: "account-owner" }] }
        })
      )
    )
  )

  it.effect("is asked again with a renewed session", () =>
    Effect.gen(function* () {
      yield* (yield* FakeBackend.FakeBackend).update(FakeState.dropAccessTokens)
      assert.deepStrictEqual(yield* role, live)
      assert.deepStrictEqual(yield* requests, { [check]: [0, 0], "oauth.token": [0] })
    }).pipe(Effect.provide(account()))
  )
})
