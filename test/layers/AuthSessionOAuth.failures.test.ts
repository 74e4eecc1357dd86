import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { Fault } from "../../src/testing/index.js"
import { during, run } from "../programs/harness.js"
import { accessToken, record, tokensOf } from "./support/records.js"
import { bearer, bearerOf, exchanges, renewal, inWorld, expectWorld } from "./support/session.js"

const minute = 60_000
const expired = { record: record({ access: accessToken(-minute) }) }
const stillValid = { record: record({ access: accessToken(4 * minute) }) }
const whenExpired = inWorld(expired)
const whileValid = inWorld(stillValid)
const newer = record({ access: accessToken(60 * minute, "2"), refresh: "rt_2" })
const touched = { ...expired.record, somebody_elses: 1 }
const json = (value: unknown) => ({ body: JSON.stringify(value) })
const permanent = [
  ["401 refresh_token_expired", Fault.status(401, json({ error: { code: "refresh_token_expired" } })), "Expired"],
  ["401 refresh_token_reused", Fault.status(401, json({ error: { code: "refresh_token_reused" } })), "Reused"],
  [
    "401 refresh_token_invalidated",
    Fault.status(401, json({ error: { code: "refresh_token_invalidated" } })),
    "Revoked"
  ],
  ["a code as the error itself", Fault.status(400, json({ error: "refresh_token_reused" })), "Reused"],
  ["a code beside the error", Fault.status(400, json({ code: "refresh_token_expired" })), "Expired"],
  ["a code in capitals", Fault.status(403, json({ error: { code: "REFRESH_TOKEN_INVALIDATED" } })), "Revoked"],
  ["a known code with a 500", Fault.status(500, json({ error: { code: "refresh_token_reused" } })), "Reused"],
  ["401 with another code", Fault.status(401, json({ error: { code: "other" } })), "Refused"],
  ["401 with a page", Fault.htmlPage(401), "Refused"],
  ["401 with nothing", Fault.status(401), "Refused"],
  ["400 invalid_grant", Fault.status(400, json({ error: "invalid_grant" })), "Refused"]
] as const

const transient = [
  ["500", Fault.status(500), "ServerError"],
  ["503 with a page", Fault.htmlPage(503), "Challenged"],
  ["429", Fault.rateLimited({ seconds: 1 }), "RateLimited"],
  ["404", Fault.status(404), "NotFound"],
  ["400 with another code", Fault.status(400, json({ error: "invalid_request" })), "Rejected"],
  ["403 invalid_grant", Fault.status(403, json({ error: "invalid_grant" })), "Forbidden"],
  ["a redirect", Fault.redirect(307), "Redirected"],
  ["a code that is no own word", Fault.status(400, json({ error: { code: "constructor" } })), "Rejected"],
  ["a success that is no JSON", Fault.malformedJson, "Malformed"],
  ["a success that is a page", Fault.htmlPage(200), "Malformed"],
  ["an answer without end", Fault.hugeBody(), "TooLarge"],
  ["no connection", Fault.refused, "ConnectionRefused"],
  ["a broken connection", Fault.resetBeforeCommit, "Transport"],
  ["half an answer", Fault.truncated, "Transport"],
  ["no answer", Fault.hang, "Timeout"]
] as const

describe("a refusal for good", () => {
  whenExpired.each(permanent)("is remembered: %s", function* ({ session, store, backend }, [, fault, reason]) {
    const before = yield* store.stored
    yield* backend.failNext("oauth.token", fault)
    const error = yield* run(Effect.flip(session.refresh))
    assert.strictEqual(error.reason, reason)
    assert.isTrue(error.isPermanent)
    // The server would say yes by now, and is not asked.
    assert.strictEqual((yield* run(Effect.flip(session.refresh))).reason, reason)
    assert.strictEqual((yield* run(Effect.flip(session.authorization))).reason, reason)
    yield* expectWorld({ exchanges: 1, stored: before, writes: 0, removals: 0 })
  })

  whenExpired("ends with its record: a newer one is taken up unasked", function* ({ session, store, backend }) {
    yield* backend.failNext("oauth.token", Fault.status(401))
    yield* run(Effect.flip(session.refresh))
    yield* store.put(newer)
    assert.strictEqual(yield* renewal, "account-1 60")
    assert.strictEqual(yield* bearer, tokensOf(newer)?.access)
    assert.strictEqual(yield* exchanges, 1)
  })

  whileValid("leaves a token in use until it expires", function* ({ session, backend }) {
    yield* backend.failNext("oauth.token", Fault.status(401))
    const old = tokensOf(stillValid.record)?.access
    assert.strictEqual(yield* run(bearer), old)
    yield* TestClock.setTime(4 * minute - 1)
    assert.strictEqual(yield* bearer, old)
    yield* TestClock.setTime(4 * minute)
    assert.strictEqual((yield* Effect.flip(session.authorization)).reason, "Refused")
    assert.strictEqual(yield* exchanges, 1)
  })

  // A sign-out revokes the token first, and removes the record then.
  whenExpired.each([
    ["has renewed: its record is taken up", newer, "300 millis", "account-1 60"],
    ["has signed out at once: that stands", null, 0, "NotSignedIn"],
    ["has signed out a moment later: that stands", null, "300 millis", "NotSignedIn"],
    ["has only touched the record: told, and remembered", touched, "300 millis", "Refused"]
  ] as const)("where a neighbour %s", function* ({ session, store, backend }, [, theirs, later, outcome]) {
    yield* backend.failNext("oauth.token", Fault.status(401))
    const [found] = yield* run(Effect.all([renewal, Effect.delay(store.put(theirs), later)], { concurrency: 2 }))
    assert.strictEqual(found, outcome)
    const used = yield* Effect.match(session.authorization, { onFailure: ({ reason }) => reason, onSuccess: bearerOf })
    assert.strictEqual(used, theirs === newer ? tokensOf(newer)?.access : outcome)
    yield* expectWorld({ stored: theirs })
    // A sign-out at once may be seen before anything is sent.
    if (later !== 0) assert.strictEqual(yield* exchanges, 1)
  })
})

describe("a failure for now", () => {
  whileValid.each(transient)("costs nothing: %s", function* ({ session, store, backend }, [, fault, cause]) {
    const before = yield* store.stored
    yield* backend.failNext("oauth.token", fault)
    const error = yield* run(Effect.flip(session.refresh))
    assert.deepStrictEqual([error.reason, error.failure?.reason], ["Unavailable", cause])
    assert.isFalse(error.isPermanent)
    yield* expectWorld({ stored: before, writes: 0 })
  })

  whileValid("keeps the old token in use, with one try in 30 seconds", function* ({ backend }) {
    yield* backend.addFaults({ endpoint: "oauth.token", call: "every", fault: Fault.status(500) })
    const old = tokensOf(stillValid.record)?.access
    for (let i = 0; i < 20; i++) assert.strictEqual(yield* run(bearer), old)
    for (const [time, made] of [
      [0, 1],
      [29_999, 1],
      [30_000, 2]
    ] as const) {
      yield* TestClock.setTime(time)
      assert.strictEqual(yield* bearer, old)
      assert.strictEqual(yield* exchanges, made)
    }
  })

  whileValid("is followed by a renewal as soon as the server is back", function* ({ backend }) {
    yield* backend.failNext("oauth.token", Fault.status(500))
    const old = yield* bearer
    yield* TestClock.adjust("30 seconds")
    assert.notStrictEqual(yield* bearer, old)
    assert.strictEqual(yield* exchanges, 2)
  })

  whileValid("does not stop somebody who forces a renewal", function* ({ session, backend }) {
    yield* backend.failNext("oauth.token", Fault.status(500))
    yield* Effect.flip(session.refresh)
    yield* session.refresh
    assert.strictEqual(yield* exchanges, 2)
  })

  whenExpired("of an expired token leaves the word to the backend", function* ({ backend }) {
    yield* backend.failNext("oauth.token", Fault.status(500))
    assert.strictEqual(yield* bearer, tokensOf(expired.record)?.access)
  })

  whileValid("comes after 45 seconds without an answer", function* ({ session, backend }) {
    yield* backend.failNext("oauth.token", Fault.hang)
    const fiber = yield* during(Effect.either(session.refresh), 44_999)
    assert.isNull(fiber.unsafePoll())
    yield* TestClock.adjust(1)
    assert.strictEqual(fiber.unsafePoll()?._tag, "Success")
  })

  whenExpired("names neither a token nor the answer", function* ({ session, backend }) {
    yield* backend.failNext("oauth.token", Fault.echoSecrets(500))
    const error = yield* run(Effect.flip(session.refresh))
    const shown = `${error.message} ${JSON.stringify(error)} ${String(error.stack)} ${String(error.cause)}`
    assert.notInclude(shown, "rt_1")
    assert.notInclude(shown, tokensOf(expired.record)?.access ?? "rt_1")
    assert.include(error.message, "HTTP 500")
  })
})
