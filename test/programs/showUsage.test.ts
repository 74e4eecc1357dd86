import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { guard, readUsage, showUsage } from "../../src/programs/usage.js"
import { redeemReset } from "../../src/programs/redeem.js"
import { showStatus } from "../../src/programs/status.js"
import { signOut } from "../../src/programs/signOut.js"
import { CredentialStore } from "../../src/services/CredentialStore.js"
import { FakeAccount, FakeBackend, FakeState, Fault, FaultPlan } from "../../src/testing/index.js"
import { account, brief, count, finish, requests, run } from "./harness.js"

const interval = { usageInterval: Duration.seconds(5) }

describe("usage", () => {
  it.effect("is the windows by their names, with the credits and a verdict", () =>
    Effect.gen(function* () {
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
    }).pipe(Effect.provide(account()))
  )

  it.effect.each([
    ["an error", Fault.status(500)],
    ["no permission", Fault.forbidden],
    ["no such endpoint", Fault.status(404)],
    ["no JSON", Fault.malformedJson],
    ["a page", Fault.htmlPage(200)],
    ["a redirect", Fault.redirect(307)],
    ["no connection", Fault.refused],
    ["half an answer", Fault.truncated],
    ["too long an answer", Fault.hugeBody()]
  ] as const)("keeps the number of credits when their list is %s", ([, fault]) =>
    Effect.gen(function* () {
      const { snapshot } = yield* run(showUsage)
      assert.deepStrictEqual([snapshot.resetCredits?.availableCount, snapshot.resetCredits?.credits], [2, null])
    }).pipe(Effect.provide(account({ backend: { plan: [FaultPlan.on("resetCredits.list", "every", fault)] } })))
  )

  it.effect("waits for the list of credits no longer than the list's own time limit", () =>
    Effect.gen(function* () {
      const { exit, took } = yield* finish(showUsage)
      assert.strictEqual((yield* exit).snapshot.resetCredits?.credits, null)
      assert.strictEqual(took, 8_000)
      assert.deepStrictEqual(yield* requests, { "usage.read": [0], "resetCredits.list": [0, 5_250] })
    }).pipe(Effect.provide(account({ backend: { plan: [FaultPlan.on("resetCredits.list", "every", Fault.hang)] } })))
  )

  it.effect("is asked for once when many ask at once, and once in an interval", () =>
    Effect.gen(function* () {
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
    }).pipe(Effect.provide(account({ settings: interval })))
  )

  it.effect("that is to be fresh is asked for, whatever was read before", () =>
    Effect.gen(function* () {
      yield* run(showUsage)
      yield* run(readUsage({ fresh: true }))
      assert.strictEqual(yield* count("usage.read"), 2)
      // What is fresh serves the others.
      yield* run(showUsage)
      assert.strictEqual(yield* count("usage.read"), 2)
    }).pipe(Effect.provide(account({ settings: interval })))
  )

  it.effect("from before a redemption is forgotten, also when its outcome is not known", () =>
    Effect.gen(function* () {
      yield* run(showUsage)
      const error = yield* Effect.flip(run(redeemReset()))
      assert.strictEqual(brief(error), "ActError OutcomeUnknown 500")
      const before = yield* count("usage.read")
      const { snapshot } = yield* run(showUsage)
      assert.strictEqual((yield* count("usage.read")) - before, 1)
      assert.strictEqual(snapshot.resetCredits?.availableCount, 1)
    }).pipe(
      Effect.provide(
        account({
          settings: { usageInterval: Duration.hours(1) },
          backend: { plan: [FaultPlan.on("resetCredits.consume", "every", Fault.status(500, { afterCommit: true }))] }
        })
      )
    )
  )

  it.effect("takes a renewed session, once for both requests", () =>
    Effect.gen(function* () {
      yield* (yield* FakeBackend.FakeBackend).update(FakeState.dropAccessTokens)
      const { snapshot } = yield* run(showUsage)
      assert.isNotNull(snapshot.resetCredits?.credits)
      assert.deepStrictEqual(yield* requests, {
        "usage.read": [0, 0],
        "resetCredits.list": [0, 0],
        "oauth.token": [0]
      })
    }).pipe(Effect.provide(account()))
  )
})

it.effect.each([
  [37, true],
  [100, false]
] as const)("guard: %s%% of the short window used, usable: %s", ([usedPercent, usable]) =>
  Effect.gen(function* () {
    assert.strictEqual((yield* run(guard)).usable, usable)
  }).pipe(
    Effect.provide(
      account({
        backend: {
          accounts: (now) => [
            { primary: FakeAccount.makeWindow(now, { lengthSeconds: 18_000, usedPercent }), credits: null }
          ]
        }
      })
    )
  )
)

describe("status", () => {
  it.effect("tells of acts whose outcome is not known, and only of the present account's", () =>
    Effect.gen(function* () {
      yield* Effect.flip(run(redeemReset()))
      const { open, session } = yield* run(showStatus)
      assert.deepStrictEqual(
        open.map((operation) => [operation.key, operation.act, operation.identity]),
        [["key-1", "redeem", session.identity.key]]
      )
    }).pipe(
      Effect.provide(account({ backend: { plan: [FaultPlan.on("resetCredits.consume", "every", Fault.status(500))] } }))
    )
  )

  it.effect("fails only when nobody is signed in", () =>
    Effect.gen(function* () {
      yield* (yield* CredentialStore).remove
      assert.strictEqual(brief(yield* Effect.flip(run(showStatus))), "AuthError NotSignedIn")
      assert.deepStrictEqual(yield* requests, {})
    }).pipe(Effect.provide(account()))
  )
})

describe("sign-out", () => {
  const record = Effect.flatMap(CredentialStore, (store) => store.read)

  it.effect("ends the session on the server and removes the record", () =>
    Effect.gen(function* () {
      const outcome = yield* run(signOut({ local: false }))
      assert.deepStrictEqual(outcome, { _tag: "SignedOut", removed: true, revoked: true })
      assert.strictEqual((yield* record)._tag, "None")
    }).pipe(Effect.provide(account()))
  )

  it.effect("of this machine alone asks neither the person nor the server", () =>
    Effect.gen(function* () {
      const outcome = yield* run(signOut({ local: true }))
      assert.deepStrictEqual(outcome, { _tag: "SignedOut", removed: true, revoked: null })
      assert.deepStrictEqual(yield* requests, {})
    }).pipe(Effect.provide(account({ script: { "signOut.confirm": false } })))
  )

  it.effect("that is declined changes nothing", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* run(signOut({ local: false })), { _tag: "Declined" })
      assert.deepStrictEqual([(yield* record)._tag, yield* requests], ["Some", {}])
    }).pipe(Effect.provide(account({ script: { "signOut.confirm": false } })))
  )

  it.effect("without a record says so", () =>
    Effect.gen(function* () {
      yield* (yield* CredentialStore).remove
      const outcome = yield* run(signOut({ local: false }))
      assert.deepStrictEqual(outcome, { _tag: "SignedOut", removed: false, revoked: null })
    }).pipe(Effect.provide(account()))
  )
})
