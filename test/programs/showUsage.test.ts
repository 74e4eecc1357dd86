import { assert, describe } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as TestClock from "effect/TestClock"
import { guard, readUsage, showUsage } from "../../src/programs/usage.js"
import { redeemReset } from "../../src/programs/redeem.js"
import { showStatus } from "../../src/programs/status.js"
import { signOut } from "../../src/programs/signOut.js"
import { CredentialStore } from "../../src/services/CredentialStore.js"
import { FakeAccount, FakeBackend, Fault } from "../../src/testing/index.js"
import * as FakeState from "../../src/testing/FakeState.js"
import { account, brief, count, finish, requests, run, faulty } from "./harness.js"
import { test } from "../cases.js"

const interval = { usageInterval: Duration.seconds(5) }

describe("usage", () => {
  test("is the windows by their names, with the credits and a verdict", account(), function* () {
    const { snapshot, verdict } = yield* run(showUsage)
    assert.deepStrictEqual(
      snapshot.main.windows.map((window) => [window.name, window.usedPercent]),
      [
        ["5h", 37],
        ["weekly", 61]
      ]
    )
    assert.deepStrictEqual(
      snapshot.resetCredits?.credits?.map((credit) => credit.id),
      ["rc_1", "rc_2"]
    )
    assert.isTrue(verdict.isUsable)
  })

  test.each(
    [
      ["an error", Fault.status(500)],
      ["no permission", Fault.forbidden],
      ["no such endpoint", Fault.status(404)],
      ["no JSON", Fault.malformedJson],
      ["a page", Fault.htmlPage(200)],
      ["a redirect", Fault.redirect(307)],
      ["no connection", Fault.refused],
      ["half an answer", Fault.truncated],
      ["too long an answer", Fault.hugeBody()]
    ] as const,
    ([, fault]) => account(faulty("resetCredits.list", fault))
  )("keeps the number of credits when their list is %s", function* () {
    const { snapshot } = yield* run(showUsage)
    assert.deepStrictEqual([snapshot.resetCredits?.availableCount, snapshot.resetCredits?.credits], [2, null])
  })

  test(
    "waits for the list of credits no longer than the list's own time limit",
    account(faulty("resetCredits.list", Fault.hang)),
    function* () {
      const { exit, took } = yield* finish(showUsage)
      assert.strictEqual((yield* exit).snapshot.resetCredits?.credits, null)
      assert.strictEqual(took, 8_000)
      assert.deepStrictEqual(yield* requests, { "usage.read": [0], "resetCredits.list": [0, 5_250] })
    }
  )

  test(
    "is asked for once when many ask at once, and once in an interval",
    account({ settings: interval }),
    function* () {
      yield* run(
        Effect.all(
          Array.from({ length: 20 }, () => showUsage),
          { concurrency: "unbounded" }
        )
      )
      assert.strictEqual(yield* count("usage.read"), 1)
      yield* TestClock.adjust(4_999)
      yield* run(showUsage)
      assert.strictEqual(yield* count("usage.read"), 1)
      yield* TestClock.adjust(1)
      yield* run(showUsage)
      assert.deepStrictEqual(yield* requests, { "usage.read": [0, 5_000], "resetCredits.list": [0, 5_000] })
    }
  )

  test("that is to be fresh is asked for, whatever was read before", account({ settings: interval }), function* () {
    yield* run(showUsage)
    yield* run(readUsage({ fresh: true }))
    assert.strictEqual(yield* count("usage.read"), 2)
    // What is fresh serves the others.
    yield* run(showUsage)
    assert.strictEqual(yield* count("usage.read"), 2)
  })

  test(
    "from before a redemption is forgotten, also when its outcome is not known",
    account({
      settings: { usageInterval: Duration.hours(1) },
      ...faulty("resetCredits.consume", Fault.status(500, { afterCommit: true }))
    }),
    function* () {
      yield* run(showUsage)
      const error = yield* Effect.flip(run(redeemReset()))
      assert.strictEqual(brief(error), "ActError OutcomeUnknown 500")
      const before = yield* count("usage.read")
      const { snapshot } = yield* run(showUsage)
      assert.strictEqual((yield* count("usage.read")) - before, 1)
      assert.strictEqual(snapshot.resetCredits?.availableCount, 1)
    }
  )

  test("takes a renewed session, once for both requests", account(), function* () {
    yield* (yield* FakeBackend.FakeBackend).update(FakeState.dropAccessTokens)
    const { snapshot } = yield* run(showUsage)
    assert.isNotNull(snapshot.resetCredits?.credits)
    assert.deepStrictEqual(yield* requests, {
      "usage.read": [0, 0],
      "resetCredits.list": [0, 0],
      "oauth.token": [0]
    })
  })
})

test.each(
  [
    [37, true],
    [100, false]
  ] as const,
  ([usedPercent]) =>
    account({
      accounts: (now) => [
        { primary: FakeAccount.makeWindow(now, { lengthSeconds: 18_000, usedPercent }), credits: null }
      ]
    })
)("guard: %s%% of the short window used, usable: %s", function* ([, usable]) {
  assert.strictEqual((yield* run(guard)).usable, usable)
})

describe("status", () => {
  test(
    "tells of acts whose outcome is not known, and only of the present account's",
    account(faulty("resetCredits.consume", Fault.status(500))),
    function* () {
      yield* Effect.flip(run(redeemReset()))
      const { open, session } = yield* run(showStatus)
      assert.deepStrictEqual(
        Either.getOrThrow(open).map((operation) => [operation.key, operation.act, operation.identity]),
        [["key-1", "redeem", session.identity.key]]
      )
    }
  )

  test("fails only when nobody is signed in", account(), function* () {
    yield* (yield* CredentialStore).remove
    assert.strictEqual(brief(yield* Effect.flip(run(showStatus))), "AuthError NotSignedIn")
    assert.deepStrictEqual(yield* requests, {})
  })
})

describe("sign-out", () => {
  const record = Effect.flatMap(CredentialStore, (store) => store.read)

  test("ends the session on the server and removes the record", account(), function* () {
    const outcome = yield* run(signOut({ local: false }))
    assert.deepStrictEqual(outcome, { _tag: "SignedOut", removed: true, revoked: true })
    assert.strictEqual((yield* record)._tag, "None")
  })

  test(
    "of this machine alone asks neither the person nor the server",
    account({ script: { "signOut.confirm": false } }),
    function* () {
      const outcome = yield* run(signOut({ local: true }))
      assert.deepStrictEqual(outcome, { _tag: "SignedOut", removed: true, revoked: null })
      assert.deepStrictEqual(yield* requests, {})
    }
  )

  test("that is declined changes nothing", account({ script: { "signOut.confirm": false } }), function* () {
    assert.deepStrictEqual(yield* run(signOut({ local: false })), { _tag: "Declined" })
    assert.deepStrictEqual([(yield* record)._tag, yield* requests], ["Some", {}])
  })

  test("without a record says so", account(), function* () {
    yield* (yield* CredentialStore).remove
    const outcome = yield* run(signOut({ local: false }))
    assert.deepStrictEqual(outcome, { _tag: "SignedOut", removed: false, revoked: null })
  })
})
