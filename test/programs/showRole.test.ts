import { assert, describe } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { showRole } from "../../src/programs/status.js"
import { FakeBackend, FakeState, Fault } from "../../src/testing/index.js"
import { account, count, requests, run, faulty, secondSignsIn, recovers } from "./harness.js"
import { test } from "../cases.js"

const check = "workspace.accountsCheck"

const role = Effect.map(run(showRole), ({ role }): ReadonlyArray<unknown> => [role.role, role.isOwner, role.source])

const live = ["standard-user", false, "live"]
const claimed = [null, false, "claim"]

const settings = { roleTimeToLive: Duration.minutes(15), roleCoolDown: Duration.minutes(5) }

const failing = faulty(check, Fault.status(500))

describe("the role", () => {
  test.each(
    [
      ["account-owner", ["account-owner", true, "live"]],
      ["account_owner", ["account-owner", true, "live"]],
      ["account-admin", ["account-admin", true, "live"]],
      ["account_admin", ["account-admin", true, "live"]],
      ["standard-user", ["standard-user", false, "live"]],
      ["member", ["standard-user", false, "live"]],
      ["guest", [null, true, "claim"]],
      [null, [null, true, "claim"]]
    ] as const,
    ([word]) => account({ accounts: [{ role: word, isOrgOwner: true }] })
  )("is what the backend calls %s, where we know the word; else what the token claims", function* ([, expected]) {
    assert.deepStrictEqual(yield* role, [...expected])
  })

  test.each(
    [
      [true, [null, true, "claim"]],
      [false, [null, false, "claim"]],
      [null, [null, null, "none"]]
    ] as const,
    ([isOrgOwner]) => account({ ...failing, accounts: [{ isOrgOwner }] })
  )("is what the token claims when the endpoint fails: %s", function* ([, expected]) {
    assert.deepStrictEqual(yield* role, [...expected])
  })

  test(
    "needs no request where the path style has no such endpoint",
    account({ settings: { style: "codex" } }),
    function* () {
      assert.deepStrictEqual([yield* role, yield* requests], [claimed, {}])
    }
  )
})

describe("the endpoint", () => {
  test("is left alone while the role is young", account({ settings }), function* () {
    for (const [wait, asked] of [
      [Duration.zero, 1],
      [Duration.millis(899_999), 1],
      [Duration.millis(1), 2]
    ] as const) {
      yield* TestClock.adjust(wait)
      assert.deepStrictEqual([yield* role, yield* count(check)], [live, asked])
    }
  })

  test(
    "is left alone for a while when it fails, and then asked again",
    account({ settings, ...failing }),
    function* () {
      assert.deepStrictEqual([yield* role, yield* count(check)], [claimed, 2])
      yield* recovers
      // The second attempt failed at 250 ms.
      yield* TestClock.adjust(Duration.millis(299_999))
      assert.deepStrictEqual([yield* role, yield* count(check)], [claimed, 2])
      yield* TestClock.adjust(1)
      assert.deepStrictEqual([yield* role, yield* count(check)], [live, 3])
    }
  )

  test(
    "is asked once for many who ask at once",
    account({ settings, ...faulty(check, Fault.delay("1 second")) }),
    function* () {
      const all = yield* run(
        Effect.all(
          Array.from({ length: 20 }, () => showRole),
          { concurrency: "unbounded" }
        )
      )
      assert.deepStrictEqual(new Set(all.map(({ role }) => role.source)), new Set(["live"]))
      assert.strictEqual(yield* count(check), 1)
    }
  )

  test(
    "is asked anew for another account",
    account({
      settings,
      accounts: [{}, { userId: "user-B", accountId: "account-B", role: "account-owner" }]
    }),
    function* () {
      assert.deepStrictEqual(yield* role, live)
      yield* secondSignsIn
      assert.deepStrictEqual(yield* role, ["account-owner", true, "live"])
    }
  )

  test("is asked again with a renewed session", account(), function* () {
    yield* (yield* FakeBackend.FakeBackend).update(FakeState.dropAccessTokens)
    assert.deepStrictEqual(yield* role, live)
    assert.deepStrictEqual(yield* requests, { [check]: [0, 0], "oauth.token": [0] })
  })
})
