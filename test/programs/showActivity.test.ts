import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { showActivity } from "../../src/programs/status.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { TokenUsage } from "../../src/services/TokenUsage.js"
import { FakeAccount, FakeBackend, FakeState, Fault, ScriptedDialog } from "../../src/testing/index.js"
import { account, brief, count, finish, requests, run, faulty, secondSignsIn, two } from "./harness.js"
import { test } from "../cases.js"

const endpoint = "profile.me"

const failing = (fault: Fault.Fault, call: number | "every" = "every") => faulty(endpoint, fault, call)

describe("token activity", () => {
  test("is what the backend tells of whoever is signed in, with one request", account(), function* () {
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
  })

  test("is read again as its policy says", account(failing(Fault.status(503), 1)), function* () {
    assert.strictEqual((yield* run(showActivity)).currentStreakDays, 4)
    assert.strictEqual(yield* count(endpoint), 2)
  })

  test("that does not come takes no longer than its policy allows", account(failing(Fault.hang)), function* () {
    const { exit, took } = yield* finish(showActivity)
    assert.strictEqual(brief(yield* Effect.flip(exit)), "BackendError Timeout")
    assert.isAtMost(took, 25_000)
  })

  test("takes a renewed session", account(), function* () {
    yield* (yield* FakeBackend.FakeBackend).update(FakeState.dropAccessTokens)
    yield* run(showActivity)
    assert.deepStrictEqual(yield* requests, { [endpoint]: [0, 0], "oauth.token": [0] })
  })

  test(
    "of one account is never another's, who signs in while it is read",
    account({ ...failing(Fault.delay("5 seconds")), ...two }),
    function* () {
      const reading = yield* Effect.fork(Effect.flip(showActivity))
      const error = yield* run(
        Effect.delay(secondSignsIn, "1 second").pipe(Effect.orDie, Effect.zipRight(Effect.fromFiber(reading)))
      )
      assert.strictEqual(brief(error), "BackendError IdentityChanged")
    }
  )

  test("of one account is never another's, who signs in just after", account(two), function* () {
    const tokens = yield* TokenUsage
    const change = yield* Effect.map(Effect.context<AuthSession | FakeBackend.FakeBackend>(), (context) =>
      Effect.provide(secondSignsIn, context)
    )
    const late = TokenUsage.of({ read: Effect.zipLeft(tokens.read, change) })
    const error = yield* Effect.flip(run(Effect.provideService(showActivity, TokenUsage, late)))
    assert.strictEqual(brief(error), "AuthError AccountMismatch")
  })

  test("is nobody's when nobody is signed in", account(), function* () {
    yield* (yield* AuthSession).signOut({ revoke: false })
    assert.strictEqual(brief(yield* Effect.flip(run(showActivity))), "AuthError NotSignedIn")
    assert.strictEqual(yield* count(endpoint), 0)
  })
})
