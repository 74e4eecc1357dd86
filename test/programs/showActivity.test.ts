import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { showActivity } from "../../src/programs/status.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { TokenUsage } from "../../src/services/TokenUsage.js"
import { FakeAccount, FakeBackend, Fault, FaultPlan, ScriptedDialog } from "../../src/testing/index.js"
import * as FakeState from "../../src/testing/FakeState.js"
import { account, brief, count, finish, requests, run } from "./harness.js"

const endpoint = "profile.me"

const failing = (fault: Fault.Fault, call: number | "every" = "every") => ({
  plan: [FaultPlan.on(endpoint, call, fault)]
})

describe("token activity", () => {
  it.effect("is what the backend tells of whoever is signed in, with one request", () =>
    Effect.gen(function* () {
      const activity = yield* run(showActivity)
      const { activity: stats } = FakeAccount.makeAccount(0)
      assert.deepStrictEqual(
        [activity.lifetimeTokens, activity.longestRunningTurnSeconds, activity.daily?.map(({ tokens }) => tokens)],
        [stats.lifetime_tokens, stats.longest_running_turn_sec, [120_000, 0]]
      )
      assert.deepStrictEqual(activity.identity, (yield* (yield* AuthSession).current).identity)
      assert.deepStrictEqual(yield* requests, { [endpoint]: [0] })
      const shown = yield* (yield* ScriptedDialog.ScriptedDialog).transcript
      assert.deepStrictEqual(
        shown.map((entry) => entry._tag),
        ["Progress"]
      )
    }).pipe(Effect.provide(account()))
  )

  it.effect("is read again as its policy says", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* run(showActivity)).currentStreakDays, 4)
      assert.strictEqual(yield* count(endpoint), 2)
    }).pipe(Effect.provide(account({ backend: failing(Fault.status(503), 1) })))
  )

  it.effect("that does not come takes no longer than its policy allows", () =>
    Effect.gen(function* () {
      const { exit, took } = yield* finish(showActivity)
      assert.strictEqual(brief(yield* Effect.flip(exit)), "BackendError Timeout")
      assert.isAtMost(took, 25_000)
    }).pipe(Effect.provide(account({ backend: failing(Fault.hang) })))
  )

  it.effect("takes a renewed session", () =>
    Effect.gen(function* () {
      yield* (yield* FakeBackend.FakeBackend).update(FakeState.dropAccessTokens)
      yield* run(showActivity)
      assert.deepStrictEqual(yield* requests, { [endpoint]: [0, 0], "oauth.token": [0] })
    }).pipe(Effect.provide(account()))
  )

  const both = { accounts: [{}, { userId: "user-B", accountId: "account-B" }] }
  const becomeAnother = Effect.gen(function* () {
    const { record } = yield* (yield* FakeBackend.FakeBackend).signIn("user-B/account-B")
    yield* (yield* AuthSession).signIn(record)
  })

  it.effect("of one account is never another's, who signs in while it is read", () =>
    Effect.gen(function* () {
      const reading = yield* Effect.fork(Effect.flip(showActivity))
      const error = yield* run(
        Effect.delay(becomeAnother, "1 second").pipe(Effect.orDie, Effect.zipRight(Effect.fromFiber(reading)))
      )
      assert.strictEqual(brief(error), "BackendError IdentityChanged")
    }).pipe(Effect.provide(account({ backend: { ...failing(Fault.delay("5 seconds")), ...both } })))
  )

  it.effect("of one account is never another's, who signs in just after", () =>
    Effect.gen(function* () {
      const tokens = yield* TokenUsage
      const change = yield* Effect.map(Effect.context<AuthSession | FakeBackend.FakeBackend>(), (context) =>
        Effect.provide(becomeAnother, context)
      )
      const late = TokenUsage.of({ read: Effect.zipLeft(tokens.read, change) })
      const error = yield* Effect.flip(run(Effect.provideService(showActivity, TokenUsage, late)))
      assert.strictEqual(brief(error), "AuthError AccountMismatch")
    }).pipe(Effect.provide(account({ backend: both })))
  )

  it.effect("is nobody's when nobody is signed in", () =>
    Effect.gen(function* () {
      yield* (yield* AuthSession).signOut({ revoke: false })
      assert.strictEqual(brief(yield* Effect.flip(run(showActivity))), "AuthError NotSignedIn")
      assert.strictEqual(yield* count(endpoint), 0)
    }).pipe(Effect.provide(account()))
  )
})
