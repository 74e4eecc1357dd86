/** What one process leaves for the next about an exchange that brought no tokens, or that it did not see the end of. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { CredentialStore } from "../../src/services/CredentialStore.js"
import { Fault } from "../../src/testing/index.js"
import { run } from "../programs/harness.js"
import { accessToken, record, tokensOf } from "./support/records.js"
import { bearerOf, exchanges, expectWorld, inWorld, nextProcess } from "./support/session.js"

const minute = 60_000
const expired = record({ access: accessToken(-minute) })
const due = record({ access: accessToken(4 * minute) })
const whenExpired = inWorld({ record: expired })
const whileDue = inWorld({ record: due })
const body = (value: unknown) => ({ body: typeof value === "string" ? value : JSON.stringify(value) })

const noTokens = [
  ["nothing", Fault.status(200, body({})), 30],
  ["other members", Fault.status(200, body({ id_token: "a.b.c", refresh_token: "rt_lost" })), 30],
  ["an empty token", Fault.status(200, body({ access_token: "" })), 30],
  ["null", Fault.status(200, body({ access_token: null })), 30],
  ["a list", Fault.status(200, body("[]")), 30],
  ["a page", Fault.htmlPage(200), 30],
  ["a refusal for now", Fault.status(403, body({ error: "somebody_elses" })), 30],
  ["a request to wait", Fault.rateLimited({ seconds: 90 }), 90],
  ["a request to wait a second", Fault.rateLimited({ seconds: 1 }), 30],
  ["a request to wait a day", Fault.rateLimited({ seconds: 86_400 }), 600],
  ["a server that asks to wait", Fault.status(503, { retryAfter: { seconds: 45 } }), 45]
] as const

describe("an answer without tokens is the last for a while, and changes nothing", () => {
  whenExpired.each(noTokens)("%s", function* ({ session, backend }, [, fault, seconds]) {
    yield* backend.failNext("oauth.token", fault)
    const authorization = yield* session.authorization
    const next = yield* nextProcess
    for (const known of [session, next, yield* nextProcess]) {
      const refused = yield* known.authorization
      assert.strictEqual((yield* Effect.flip(known.refresh)).reason, "Unavailable")
      assert.strictEqual((yield* Effect.flip(known.recover(refused))).reason, "Unavailable")
    }
    assert.strictEqual(bearerOf(authorization), tokensOf(expired)?.access)
    yield* TestClock.setTime(seconds * 1000 - 1)
    yield* Effect.flip(next.refresh)
    yield* expectWorld({ exchanges: 1, stored: expired, writes: 0 })
    yield* TestClock.setTime(seconds * 1000)
    yield* next.refresh
    yield* expectWorld({ exchanges: 2, writes: 1 })
    assert.isTrue(Option.isNone(yield* (yield* CredentialStore).readMark))
  })
})

describe("the reason of a refusal for now", () => {
  whenExpired.each([
    [{ error: { code: "unsupported_country_region_territory" } }, "unsupported_country_region_territory"],
    [{ error: { code: "account_deactivated" } }, "account_deactivated"],
    [{ code: "deactivated_workspace" }, "deactivated_workspace"]
  ] as const)("is told by its word: %j", function* ({ session, backend }, [answer, word]) {
    yield* backend.failNext("oauth.token", Fault.status(403, body(answer)))
    assert.include((yield* Effect.flip(session.refresh)).message, word)
  })

  whenExpired("is a web page, and never in other words of the server", function* ({ session, backend }) {
    yield* backend.failNext("oauth.token", Fault.htmlPage(403))
    assert.include((yield* Effect.flip(session.refresh)).message, "a challenge or block of Cloudflare")
    yield* TestClock.adjust("1 minute")
    yield* backend.failNext("oauth.token", Fault.status(403, body({ error: "rt_secret" })))
    assert.notInclude((yield* Effect.flip(session.refresh)).message, "rt_secret")
  })
})

const lost = [
  ["cut off", Fault.resetAfterCommit],
  ["answered with half an answer", Fault.truncated],
  ["never answered", Fault.hangAfterCommit]
] as const

describe("an exchange of unknown outcome", () => {
  whileDue.each(lost)(
    "is not made again while the access token lasts: %s",
    function* ({ session, backend }, [, fault]) {
      yield* backend.failNext("oauth.token", fault)
      yield* run(Effect.flip(session.refresh))
      const next = yield* nextProcess
      assert.isTrue((yield* next.current).renewalInterrupted)
      for (const known of [session, next]) {
        assert.strictEqual(bearerOf(yield* known.authorization), tokensOf(due)?.access)
        assert.strictEqual((yield* Effect.flip(known.refresh)).reason, "Unavailable")
      }
      yield* expectWorld({ exchanges: 1, stored: due, writes: 0 })
    }
  )

  whileDue("that was never sent is no such exchange", function* ({ session, backend }) {
    yield* backend.failNext("oauth.token", Fault.refused)
    yield* Effect.flip(session.refresh)
    const next = yield* nextProcess
    assert.isFalse((yield* next.current).renewalInterrupted)
    yield* next.refresh
  })

  whileDue("is tried again when the access token has expired", function* ({ session, backend }) {
    yield* backend.failNext("oauth.token", Fault.resetBeforeCommit)
    yield* Effect.flip(session.refresh)
    const next = yield* nextProcess
    yield* TestClock.setTime(4 * minute)
    yield* next.authorization
    assert.strictEqual(yield* exchanges, 2)
    assert.isFalse((yield* next.current).renewalInterrupted)
    yield* next.refresh
    assert.strictEqual(yield* exchanges, 3)
  })

  whileDue("is tried again, once, when the backend refuses the access token", function* ({ session, backend }) {
    yield* backend.failNext("oauth.token", Fault.resetBeforeCommit, Fault.resetBeforeCommit)
    yield* Effect.flip(session.refresh)
    const next = yield* nextProcess
    const refused = yield* next.authorization
    for (let i = 0; i < 3; i++) yield* Effect.flip(next.recover(refused))
    assert.strictEqual(yield* exchanges, 2)
  })

  whileDue("ends with a new sign-in", function* ({ session, store, backend }) {
    yield* backend.failNext("oauth.token", Fault.resetAfterCommit)
    yield* Effect.flip(session.refresh)
    yield* store.put(record({ access: accessToken(60 * minute), refresh: "rt_new" }))
    yield* TestClock.adjust("1 second")
    assert.isFalse((yield* session.current).renewalInterrupted)
    assert.isFalse((yield* (yield* nextProcess).current).renewalInterrupted)
  })
})
