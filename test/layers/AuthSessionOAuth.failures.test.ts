import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import { AuthSession } from "../../src/services/AuthSession.js"
import { FakeBackend, Fault } from "../../src/testing/index.js"
import { during, run } from "../programs/harness.js"
import { accessToken, record, tokensOf } from "./support/records.js"
import { bearer, exchanges, StoreControl, world } from "./support/session.js"

const minute = 60_000

const expired = { record: record({ access: accessToken(-minute) }) }
const stillValid = { record: record({ access: accessToken(4 * minute) }) }

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
  ["500", Fault.status(500)],
  ["503 with a page", Fault.htmlPage(503)],
  ["429", Fault.rateLimited({ seconds: 1 })],
  ["404", Fault.status(404)],
  ["400 with another code", Fault.status(400, json({ error: "invalid_request" }))],
  ["403 invalid_grant", Fault.status(403, json({ error: "invalid_grant" }))],
  ["a redirect", Fault.redirect(307)],
  ["a code that is no own word", Fault.status(400, json({ error: { code: "constructor" } }))],
  ["a success that is no JSON", Fault.malformedJson],
  ["a success that is a page", Fault.htmlPage(200)],
  ["an answer without end", Fault.hugeBody()],
  ["no connection", Fault.refused],
  ["a broken connection", Fault.resetBeforeCommit],
  ["half an answer", Fault.truncated],
  ["no answer", Fault.hang]
] as const

describe("a refusal for good", () => {
  it.effect.each(permanent)("is told and remembered, and costs nothing in the store: %s", ([, fault, reason]) =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      const before = yield* store.stored
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", fault)
      const error = yield* run(Effect.flip(session.refresh))
      assert.strictEqual(error.reason, reason)
      assert.isTrue(error.isPermanent)
      // The server would say yes by now, and is not asked.
      const again = yield* run(Effect.flip(session.refresh))
      assert.strictEqual(again.reason, reason)
      const used = yield* run(Effect.flip(session.authorization))
      assert.strictEqual(used.reason, reason)
      assert.strictEqual(yield* exchanges, 1)
      assert.deepStrictEqual(yield* store.stored, before)
      assert.strictEqual(yield* store.writes, 0)
      assert.strictEqual(yield* store.removals, 0)
    }).pipe(Effect.provide(world(expired)))
  )

  it.effect("ends with the record that it was said of: a newer one is taken up without asking", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.status(401))
      yield* run(Effect.flip(session.refresh))
      const newer = record({ access: accessToken(60 * minute, "2"), refresh: "rt_2" })
      yield* store.put(newer)
      assert.strictEqual((yield* session.refresh).accessExpiresAt?.epochMillis, 60 * minute)
      assert.strictEqual(yield* bearer, tokensOf(newer)?.access)
      assert.strictEqual(yield* exchanges, 1)
    }).pipe(Effect.provide(world(expired)))
  )

  it.effect("leaves a token in use until it expires", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.status(401))
      const old = tokensOf(stillValid.record)?.access
      assert.strictEqual(yield* run(bearer), old)
      yield* TestClock.setTime(4 * minute - 1)
      assert.strictEqual(yield* bearer, old)
      yield* TestClock.setTime(4 * minute)
      assert.strictEqual((yield* Effect.flip(session.authorization)).reason, "Refused")
      assert.strictEqual(yield* exchanges, 1)
    }).pipe(Effect.provide(world(stillValid)))
  )

  it.effect("is not told where a neighbour was faster: its record is taken up", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      const newer = record({ access: accessToken(60 * minute, "2"), refresh: "rt_2" })
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.status(401))
      // The neighbour's record appears a moment after the refusal.
      const slow = Effect.delay(store.put(newer), "300 millis")
      const [renewed] = yield* run(Effect.all([session.refresh, slow], { concurrency: 2 }))
      assert.strictEqual(renewed.accessExpiresAt?.epochMillis, 60 * minute)
      assert.deepStrictEqual(yield* store.stored, newer)
      assert.strictEqual(yield* bearer, tokensOf(newer)?.access)
      assert.strictEqual(yield* exchanges, 1)
    }).pipe(Effect.provide(world(expired)))
  )

  it.effect.each([
    ["at once", "0 millis"],
    ["a moment later", "300 millis"]
  ] as const)("is not told where a neighbour has signed out %s: that stands", ([, later]) =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      // A sign-out revokes the token first, and removes the record then.
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.status(401))
      const slow = Effect.delay(store.put(null), later)
      const [error] = yield* run(Effect.all([Effect.flip(session.refresh), slow], { concurrency: 2 }))
      assert.strictEqual(error.reason, "NotSignedIn")
      assert.strictEqual((yield* Effect.flip(session.current)).reason, "NotSignedIn")
      assert.isNull(yield* store.stored)
    }).pipe(Effect.provide(world(expired)))
  )

  it.effect("is told, and remembered, where somebody has only touched the record", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.status(401))
      const touched = { ...expired.record, somebody_elses: 1 }
      const slow = Effect.delay(store.put(touched), "300 millis")
      const [error] = yield* run(Effect.all([Effect.flip(session.refresh), slow], { concurrency: 2 }))
      assert.strictEqual(error.reason, "Refused")
      assert.strictEqual((yield* Effect.flip(session.refresh)).reason, "Refused")
      assert.strictEqual(yield* exchanges, 1)
      assert.deepStrictEqual(yield* store.stored, touched)
    }).pipe(Effect.provide(world(expired)))
  )
})

describe("a failure for now", () => {
  it.effect.each(transient)("is not permanent, and costs nothing in the store: %s", ([, fault]) =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      const before = yield* store.stored
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", fault)
      const error = yield* run(Effect.flip(session.refresh))
      assert.strictEqual(error.reason, "Unavailable")
      assert.isFalse(error.isPermanent)
      assert.deepStrictEqual(yield* store.stored, before)
      assert.strictEqual(yield* store.writes, 0)
    }).pipe(Effect.provide(world(stillValid)))
  )

  it.effect("keeps the old token in use, and does not hammer: one try in 30 seconds", () =>
    Effect.gen(function* () {
      const backend = yield* FakeBackend.FakeBackend
      yield* backend.addFaults({ endpoint: "oauth.token", call: "every", fault: Fault.status(500) })
      const old = tokensOf(stillValid.record)?.access
      for (let i = 0; i < 20; i++) assert.strictEqual(yield* run(bearer), old)
      assert.strictEqual(yield* exchanges, 1)
      yield* TestClock.setTime(30_000 - 1)
      assert.strictEqual(yield* bearer, old)
      assert.strictEqual(yield* exchanges, 1)
      yield* TestClock.setTime(30_000)
      assert.strictEqual(yield* bearer, old)
      assert.strictEqual(yield* exchanges, 2)
    }).pipe(Effect.provide(world(stillValid)))
  )

  it.effect("is followed by a renewal as soon as the server is back", () =>
    Effect.gen(function* () {
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.status(500))
      const old = yield* bearer
      yield* TestClock.adjust("30 seconds")
      assert.notStrictEqual(yield* bearer, old)
      assert.strictEqual(yield* exchanges, 2)
    }).pipe(Effect.provide(world(stillValid)))
  )

  it.effect("does not stop somebody who forces a renewal", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.status(500))
      yield* Effect.flip(session.refresh)
      yield* session.refresh
      assert.strictEqual(yield* exchanges, 2)
    }).pipe(Effect.provide(world(stillValid)))
  )

  it.effect("of an expired token leaves the word to the backend", () =>
    Effect.gen(function* () {
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.status(500))
      assert.strictEqual(yield* bearer, tokensOf(expired.record)?.access)
    }).pipe(Effect.provide(world(expired)))
  )

  it.effect("comes after 45 seconds without an answer, and the request is given up", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.hang)
      const fiber = yield* during(Effect.either(session.refresh), 44_999)
      assert.isNull(fiber.unsafePoll())
      yield* TestClock.adjust(1)
      assert.strictEqual(fiber.unsafePoll()?._tag, "Success")
    }).pipe(Effect.provide(world(stillValid)))
  )

  it.effect("names neither a token nor the answer", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.echoSecrets(500))
      const error = yield* run(Effect.flip(session.refresh))
      const shown = `${error.message} ${JSON.stringify(error)} ${String(error.stack)} ${String(error.cause)}`
      assert.notInclude(shown, "rt_1")
      assert.notInclude(shown, tokensOf(expired.record)?.access ?? "rt_1")
      assert.include(error.message, "HTTP 500")
    }).pipe(Effect.provide(world(expired)))
  )
})
