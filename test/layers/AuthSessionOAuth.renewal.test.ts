import { assert, describe, it } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { AuthSession } from "../../src/services/AuthSession.js"
import { CallLog, FakeBackend, Fault } from "../../src/testing/index.js"
import { accessToken, idToken, jwt, record, tokensOf } from "./support/records.js"
import { bearer, exchanges, reasons, StoreControl, world } from "./support/session.js"

const minute = 60_000
const day = 24 * 60 * minute

describe("an access token that tells its expiry is renewed", () => {
  it.effect.each([
    { label: "4 minutes before it", expiresIn: 4 * minute, renewed: true },
    { label: "5 minutes before it", expiresIn: 5 * minute, renewed: true },
    { label: "after it", expiresIn: -minute, renewed: true },
    { label: "but not 5 minutes and a second before it", expiresIn: 5 * minute + 1000, renewed: false },
    { label: "but not 6 minutes before it", expiresIn: 6 * minute, renewed: false }
  ])("$label", ({ expiresIn, renewed }) =>
    Effect.gen(function* () {
      const old = accessToken(expiresIn)
      yield* Effect.gen(function* () {
        const used = yield* bearer
        assert.strictEqual(used === old, !renewed)
        assert.strictEqual(yield* exchanges, renewed ? 1 : 0)
        const stored = tokensOf(yield* (yield* StoreControl).stored)
        assert.strictEqual(stored?.access, used)
      }).pipe(Effect.provide(world({ record: record({ access: old }) })))
    })
  )

  it.effect("as soon as the clock is there, and not a moment earlier", () =>
    Effect.gen(function* () {
      yield* bearer
      yield* TestClock.setTime(5 * minute - 1)
      yield* bearer
      assert.strictEqual(yield* exchanges, 0)
      yield* TestClock.setTime(5 * minute)
      yield* bearer
      assert.deepStrictEqual(yield* reasons, ["proactive_expiry"])
      yield* bearer
      assert.strictEqual(yield* exchanges, 1)
    }).pipe(Effect.provide(world({ backend: { tokens: { accessTokenSeconds: 600 } } })))
  )

  it.effect("at no other time, however long ago the last renewal was", () =>
    Effect.gen(function* () {
      yield* bearer
      assert.strictEqual(yield* exchanges, 0)
    }).pipe(Effect.provide(world({ record: record({ access: accessToken(day), lastRefreshMillis: -9 * day }) })))
  )

  it.effect("even if the last renewal was just now", () =>
    Effect.gen(function* () {
      yield* bearer
      assert.strictEqual(yield* exchanges, 1)
    }).pipe(Effect.provide(world({ record: record({ access: accessToken(-minute), lastRefreshMillis: 0 }) })))
  )

  it.effect("earlier, where the settings say so", () =>
    Effect.gen(function* () {
      yield* bearer
      assert.strictEqual(yield* exchanges, 1)
    }).pipe(
      Effect.provide(
        world({
          record: record({ access: accessToken(9 * minute) }),
          settings: { refreshBefore: Duration.minutes(10) }
        })
      )
    )
  )
})

describe("an opaque access token is renewed", () => {
  it.effect.each([
    { label: "8 days and a moment after the last renewal", lastRefreshMillis: -8 * day - 1, renewed: true },
    { label: "but not at 8 days", lastRefreshMillis: -8 * day, renewed: false },
    { label: "but not where no renewal is on record", lastRefreshMillis: null, renewed: false }
  ])("$label", ({ lastRefreshMillis, renewed }) =>
    Effect.gen(function* () {
      yield* bearer
      assert.deepStrictEqual(yield* reasons, renewed ? ["scheduled"] : [])
    }).pipe(Effect.provide(world({ record: record({ lastRefreshMillis }) })))
  )

  it.effect("not here, where another process has renewed it since", () =>
    Effect.gen(function* () {
      const store = yield* StoreControl
      const session = yield* AuthSession
      const old = record({ lastRefreshMillis: -9 * day })
      yield* store.put(old)
      yield* session.current
      const newer = record({ access: "opaque-2", refresh: "rt_2", lastRefreshMillis: -minute })
      yield* store.put(newer)
      // A server that would refuse shows that it was never asked.
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.status(401))
      assert.strictEqual(yield* bearer, "opaque-2")
      assert.strictEqual(yield* exchanges, 0)
      assert.deepStrictEqual(yield* store.stored, newer)
    }).pipe(Effect.provide(world({ record: record() })))
  )
})

describe("an exchange", () => {
  it.effect("is one request, and its tokens replace the old ones in the store", () =>
    Effect.gen(function* () {
      const backend = yield* FakeBackend.FakeBackend
      const session = yield* AuthSession
      const store = yield* StoreControl
      const before = yield* store.stored
      yield* TestClock.adjust("1 minute")
      const renewed = yield* session.refresh
      const calls = yield* backend.calls("oauth.token")
      assert.strictEqual(calls.length, 1)
      assert.strictEqual(calls[0]?.method, "POST")
      assert.strictEqual(calls[0]?.headers["content-type"], "application/json")
      assert.isUndefined(calls[0]?.headers["authorization"])
      assert.deepStrictEqual(calls[0]?.body, {
        client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
        grant_type: "refresh_token",
        refresh_reason: "forced",
        refresh_token: CallLog.mask(tokensOf(before)?.refresh ?? "")
      })
      const after = yield* store.stored
      const [old, fresh] = [tokensOf(before), tokensOf(after)]
      assert.notStrictEqual(fresh?.access, old?.access)
      assert.notStrictEqual(fresh?.refresh, old?.refresh)
      assert.notStrictEqual(fresh?.id, old?.id)
      assert.strictEqual(fresh?.accountId, old?.accountId)
      assert.strictEqual(after?.last_refresh, "1970-01-01T00:01:00.000Z")
      assert.strictEqual(renewed.lastRefreshAt?.epochMillis, minute)
      assert.strictEqual(yield* bearer, fresh?.access)
      assert.strictEqual(yield* store.writes, 1)
    }).pipe(Effect.provide(world()))
  )

  it.effect("keeps what the answer leaves out, and everything in the record that is not a token", () =>
    Effect.gen(function* () {
      const backend = yield* FakeBackend.FakeBackend
      const store = yield* StoreControl
      const kept = { ...record(), somebody_elses: { key: [1] }, OPENAI_API_KEY: Redacted.make("sk-kept") }
      yield* store.put(kept)
      const body = JSON.stringify({ access_token: "opaque-2", refresh_token: null })
      yield* backend.failNext("oauth.token", Fault.status(200, { body }))
      yield* (yield* AuthSession).refresh
      const after = yield* store.stored
      assert.deepStrictEqual(tokensOf(after), { ...tokensOf(kept), access: "opaque-2" })
      assert.deepStrictEqual(after?.["somebody_elses"], { key: [1] })
      assert.deepStrictEqual(after?.OPENAI_API_KEY, Redacted.make("sk-kept"))
      assert.strictEqual(after?.last_refresh, DateTime.formatIso(DateTime.unsafeMake(0)))
    }).pipe(Effect.provide(world()))
  )

  it.effect.each([
    ["is not a token", "not-a-jwt"],
    ["has a payload that is no JSON", "aaa.bm90IGpzb24.ccc"],
    ["is empty", ""]
  ])("keeps the old ID token where the new one %s", ([, broken]) =>
    Effect.gen(function* () {
      const backend = yield* FakeBackend.FakeBackend
      const body = JSON.stringify({ id_token: broken, access_token: "opaque-2", refresh_token: "rt_2" })
      yield* backend.failNext("oauth.token", Fault.status(200, { body }))
      const session = yield* (yield* AuthSession).refresh
      assert.strictEqual(session.email, "ada@example.test")
      assert.deepStrictEqual(tokensOf(yield* (yield* StoreControl).stored), {
        id: idToken(),
        access: "opaque-2",
        refresh: "rt_2",
        accountId: "account-1"
      })
    }).pipe(Effect.provide(world({ record: record() })))
  )

  it.effect("takes up new claims", () =>
    Effect.gen(function* () {
      const backend = yield* FakeBackend.FakeBackend
      const body = JSON.stringify({ id_token: idToken({ plan: "enterprise" }), access_token: "opaque-2" })
      yield* backend.failNext("oauth.token", Fault.status(200, { body }))
      const auth = yield* AuthSession
      assert.strictEqual((yield* auth.current).plan, "pro")
      assert.strictEqual((yield* auth.refresh).plan, "enterprise")
    }).pipe(Effect.provide(world({ record: record() })))
  )

  it.effect("does not move the session to another account, whatever the claims say", () =>
    Effect.gen(function* () {
      const backend = yield* FakeBackend.FakeBackend
      const body = JSON.stringify({ id_token: idToken({ accountId: "account-2" }), access_token: "opaque-2" })
      yield* backend.failNext("oauth.token", Fault.status(200, { body }))
      const session = yield* (yield* AuthSession).refresh
      assert.strictEqual(session.identity.accountId, "account-1")
      assert.strictEqual(tokensOf(yield* (yield* StoreControl).stored)?.accountId, "account-1")
    }).pipe(Effect.provide(world({ record: record() })))
  )

  it.effect("is asked for again and again by those who force it", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      yield* session.refresh
      yield* session.refresh
      assert.deepStrictEqual(yield* reasons, ["forced", "forced"])
    }).pipe(Effect.provide(world()))
  )

  it.effect("is not made for a session without a refresh token", () =>
    Effect.gen(function* () {
      const error = yield* Effect.flip((yield* AuthSession).refresh)
      assert.strictEqual(error.reason, "NotRefreshable")
      assert.strictEqual(yield* exchanges, 0)
    }).pipe(Effect.provide(world({ record: record({ access: jwt({ exp: 3600 }), refresh: "" }) })))
  )
})
