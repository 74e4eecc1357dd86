/** Another program that has exchanged our refresh token, and takes its time to store what it got. */
import { assert, describe } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { Patience } from "../../src/services/AuthSession.js"
import { Fault } from "../../src/testing/index.js"
import { during, run } from "../programs/harness.js"
import { accessToken, record, tokensOf } from "./support/records.js"
import { bearer, exchanges, expectWorld, inWorld, nextProcess, renewal } from "./support/session.js"

const minute = 60_000
const second = 1000
const expired = record({ access: accessToken(-minute) })
const valid = record({ access: accessToken(4 * minute) })
const newer = record({ access: accessToken(60 * minute, "theirs"), refresh: "rt_theirs" })
const whenExpired = inWorld({ record: expired })
const reused = Fault.status(401, { body: JSON.stringify({ error: { code: "refresh_token_reused" } }) })
const within = (duration: Duration.DurationInput) => Effect.provideService(Patience, Duration.decode(duration))

describe("after the answer that the refresh token was used before", () => {
  whenExpired.each([0.5, 5, 30, 44.9])(
    "a record that is stored after %s s is taken up",
    function* ({ store, backend }, s) {
      yield* backend.failNext("oauth.token", reused)
      const [found] = yield* run(
        Effect.all([renewal, Effect.delay(store.put(newer), s * second)], { concurrency: "unbounded" })
      )
      assert.strictEqual(found, "account-1 60")
      yield* expectWorld({ exchanges: 1, stored: newer, writes: 0 })
    }
  )

  whenExpired("nobody is asked to sign in again before an exchange could have ended", function* ({ session, backend }) {
    yield* backend.failNext("oauth.token", reused)
    const waiting = yield* during(Effect.flip(session.refresh), 44 * second)
    assert.isNull(waiting.unsafePoll())
    for (const known of [session, yield* nextProcess]) {
      const hurried = yield* during(Effect.flip(known.refresh.pipe(within("400 millis"))), "400 millis")
      const error = yield* hurried
      assert.deepStrictEqual([error.reason, error.isPermanent], ["Unavailable", false])
      assert.notInclude(error.message, "Sign in again")
    }
    yield* TestClock.adjust("2 seconds")
    for (const error of [yield* waiting, yield* Effect.flip((yield* nextProcess).refresh)]) {
      assert.strictEqual(error.reason, "Reused")
      assert.include(error.message, "Sign in again")
    }
    assert.strictEqual(yield* exchanges, 1)
  })

  whenExpired("a process that starts meanwhile waits too, and asks nothing", function* ({ session, store, backend }) {
    yield* backend.failNext("oauth.token", reused)
    const first = yield* during(session.refresh, 10 * second)
    const other = yield* during((yield* nextProcess).refresh, 10 * second)
    yield* store.put(newer)
    yield* TestClock.adjust("1 second")
    for (const fiber of [first, other]) assert.strictEqual((yield* fiber).accessExpiresAt?.epochMillis, 60 * minute)
    assert.strictEqual(yield* exchanges, 1)
  })

  whenExpired("who has less time hears the cause in time", function* ({ backend }) {
    yield* backend.failNext("oauth.token", reused)
    const waiting = yield* during(renewal.pipe(within("20 seconds")), 19.9 * second)
    assert.isNull(waiting.unsafePoll())
    yield* TestClock.adjust("200 millis")
    assert.strictEqual(yield* waiting, "Unavailable")
  })

  whenExpired("a sign-in and a sign-out need not wait", function* ({ session, backend }) {
    yield* backend.failNext("oauth.token", reused)
    const waiting = yield* during(renewal, second)
    yield* session.signIn(newer)
    yield* TestClock.adjust("1 second")
    assert.strictEqual(yield* waiting, "account-1 60")
    yield* session.signOut({ revoke: false })
    assert.strictEqual(yield* renewal, "NotSignedIn")
  })

  inWorld({ record: valid })("a token that still holds is used at once", function* ({ backend }) {
    yield* backend.failNext("oauth.token", reused)
    const waiting = yield* during(bearer, second)
    assert.isNotNull(waiting.unsafePoll())
    assert.strictEqual(yield* waiting, tokensOf(valid)?.access)
    yield* TestClock.adjust("1 minute")
    assert.strictEqual(yield* bearer, tokensOf(valid)?.access)
    assert.strictEqual(yield* exchanges, 1)
  })

  whenExpired("a clock that was set back does not make it wait for years", function* ({ session, backend }) {
    yield* TestClock.setTime(1000 * minute)
    yield* backend.failNext("oauth.token", reused)
    yield* run(Effect.flip(session.refresh))
    yield* TestClock.setTime(0)
    yield* backend.failNext("oauth.token", reused)
    const next = yield* during(Effect.flip((yield* nextProcess).refresh), "46 seconds")
    assert.strictEqual((yield* next).reason, "Reused")
    assert.strictEqual(yield* exchanges, 2)
  })
})
