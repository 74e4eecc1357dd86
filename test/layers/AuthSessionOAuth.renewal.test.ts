import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { defaultRenewal, RenewalPolicy } from "../../src/domain/RenewalPolicy.js"
import { Fault } from "../../src/testing/index.js"
import * as CallLog from "../../src/testing/CallLog.js"
import { type Parts, accessToken, idToken, jwt, record, tokensOf } from "./support/records.js"
import { runs } from "../cases.js"
import { bearer, exchanges, reasons, inWorld, expectWorld, world } from "./support/session.js"

const minute = 60_000
const day = 24 * 60 * minute
const rows: ReadonlyArray<readonly [label: string, parts: Partial<Parts>, reason?: "proactive_expiry" | "scheduled"]> =
  [
    ["9 minutes before its expiry", { access: accessToken(9 * minute) }, "proactive_expiry"],
    ["10 minutes before its expiry", { access: accessToken(10 * minute) }, "proactive_expiry"],
    ["after its expiry", { access: accessToken(-minute) }, "proactive_expiry"],
    ["but not 10 minutes and a second before its expiry", { access: accessToken(10 * minute + 1000) }],
    [
      "half its life before its expiry, where that is shorter",
      { access: jwt({ iat: -6 * 60, exp: 6 * 60 }) },
      "proactive_expiry"
    ],
    ["but not a second before the half of its life", { access: jwt({ iat: -6 * 60 + 2, exp: 6 * 60 }) }],
    ["but not a day before, however old it is", { access: accessToken(day), lastRefreshMillis: -9 * day }],
    ["even if it is new", { access: accessToken(-minute), lastRefreshMillis: 0 }, "proactive_expiry"],
    [
      "where it is opaque, 8 days and a moment after the last renewal",
      { lastRefreshMillis: -8 * day - 1 },
      "scheduled"
    ],
    ["but not at 8 days", { lastRefreshMillis: -8 * day }],
    ["but not where it is opaque and no renewal is on record", { lastRefreshMillis: null }]
  ]

describe("an access token is renewed", () => {
  const punctual = new RenewalPolicy({ ...defaultRenewal, jitter: Duration.zero })
  for (const [label, parts, reason] of rows) {
    const before = record(parts)
    inWorld({ record: before, settings: { renewal: punctual } })(label, function* ({ store }) {
      const used = yield* bearer
      assert.strictEqual(used === tokensOf(before)?.access, reason === undefined)
      assert.deepStrictEqual(yield* reasons, reason === undefined ? [] : [reason])
      assert.strictEqual(tokensOf(yield* store.stored)?.access, used)
    })
  }

  inWorld({ backend: { tokens: { accessTokenSeconds: 600 } } })("when the clock is there, not earlier", function* () {
    yield* bearer
    for (const [time, made] of [
      [5 * minute - 1, []],
      [5 * minute, ["proactive_expiry"]],
      [5 * minute, ["proactive_expiry"]]
    ] as const) {
      yield* TestClock.setTime(time)
      yield* bearer
      assert.deepStrictEqual(yield* reasons, [...made])
    }
  })

  inWorld({
    record: record({ access: accessToken(29 * minute) }),
    settings: { renewal: new RenewalPolicy({ ...defaultRenewal, before: Duration.minutes(30) }) }
  })("earlier, where the settings say so", function* () {
    yield* bearer
    assert.strictEqual(yield* exchanges, 1)
  })

  const share = FastCheck.double({ min: 0, max: 1, noNaN: true })
  it.effect.prop(
    "by a random share earlier, so that few meet there, and none at Codex's five minutes",
    { share },
    ({ share }) =>
      Effect.gen(function* () {
        const due = day - (10 + 10 * share) * minute
        yield* TestClock.setTime(due - 1)
        yield* bearer
        assert.strictEqual(yield* exchanges, 0)
        yield* TestClock.setTime(due + 1)
        yield* bearer
        assert.strictEqual(yield* exchanges, 1)
        assert.isAtMost(due + 1, day - 5 * minute)
      }).pipe(
        Effect.provide(world({ record: record({ access: accessToken(day) }) })),
        Effect.withRandom(Random.fixed([share])),
        Effect.scoped
      ),
    runs(20)
  )

  inWorld({ record: record({ lastRefreshMillis: -9 * day }) })(
    "not where another has renewed it",
    function* ({ session, store, backend }) {
      yield* session.current
      const newer = record({ access: "opaque-2", refresh: "rt_2", lastRefreshMillis: -minute })
      yield* store.put(newer)
      // A server that would refuse shows that it was never asked.
      yield* backend.failNext("oauth.token", Fault.status(401))
      assert.strictEqual(yield* bearer, "opaque-2")
      yield* expectWorld({ exchanges: 0, stored: newer })
    }
  )
})

describe("an exchange", () => {
  inWorld()("is one request, whose tokens replace the old ones", function* ({ session, store, backend }) {
    const before = yield* store.stored
    yield* TestClock.adjust("1 minute")
    assert.strictEqual((yield* session.refresh).lastRefreshAt?.epochMillis, minute)
    const [call, ...more] = yield* backend.calls("oauth.token")
    assert.lengthOf(more, 0)
    assert.deepInclude(
      { ...call },
      {
        method: "POST",
        body: {
          client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
          grant_type: "refresh_token",
          refresh_reason: "forced",
          refresh_token: CallLog.mask(tokensOf(before)?.refresh ?? "")
        }
      }
    )
    assert.strictEqual(call?.headers["content-type"], "application/json")
    assert.isUndefined(call?.headers["authorization"])
    const after = yield* store.stored
    const [old, fresh] = [tokensOf(before), tokensOf(after)]
    for (const key of ["access", "refresh", "id"] as const) assert.notStrictEqual(fresh?.[key], old?.[key])
    assert.strictEqual(fresh?.accountId, old?.accountId)
    assert.strictEqual(after?.last_refresh, "1970-01-01T00:01:00.000Z")
    assert.strictEqual(yield* bearer, fresh?.access)
    yield* expectWorld({ writes: 1 })
  })

  inWorld()("keeps what the answer leaves out, and all that is no token", function* ({ session, store, backend }) {
    const kept = { ...record(), somebody_elses: { key: [1] }, OPENAI_API_KEY: Redacted.make("sk-kept") }
    yield* store.put(kept)
    const body = JSON.stringify({ access_token: "opaque-2", refresh_token: null })
    yield* backend.failNext("oauth.token", Fault.status(200, { body }))
    yield* session.refresh
    const after = yield* store.stored
    assert.deepStrictEqual(tokensOf(after), { ...tokensOf(kept), access: "opaque-2" })
    assert.deepStrictEqual<unknown>({ ...after, tokens: kept.tokens }, kept)
  })

  inWorld({ record: record() }).each([
    ["is not a token", "not-a-jwt"],
    ["has a payload that is no JSON", "aaa.bm90IGpzb24.ccc"],
    ["is empty", ""]
  ])("keeps the old ID token where the new one %s", function* ({ session, store, backend }, [, broken]) {
    const body = JSON.stringify({ id_token: broken, access_token: "opaque-2", refresh_token: "rt_2" })
    yield* backend.failNext("oauth.token", Fault.status(200, { body }))
    assert.strictEqual((yield* session.refresh).email, "ada@example.test")
    assert.deepStrictEqual(tokensOf(yield* store.stored), {
      id: idToken(),
      access: "opaque-2",
      refresh: "rt_2",
      accountId: "account-1"
    })
  })

  inWorld({ record: record() })("takes up new claims", function* ({ session, backend }) {
    const body = JSON.stringify({ id_token: idToken({ plan: "enterprise" }), access_token: "opaque-2" })
    yield* backend.failNext("oauth.token", Fault.status(200, { body }))
    assert.strictEqual((yield* session.current).plan, "pro")
    assert.strictEqual((yield* session.refresh).plan, "enterprise")
  })

  inWorld({ record: record() })("never moves the session to another account", function* ({ session, store, backend }) {
    const body = JSON.stringify({ id_token: idToken({ accountId: "account-2" }), access_token: "opaque-2" })
    yield* backend.failNext("oauth.token", Fault.status(200, { body }))
    assert.strictEqual((yield* session.refresh).identity.accountId, "account-1")
    assert.strictEqual(tokensOf(yield* store.stored)?.accountId, "account-1")
  })

  inWorld()("is asked for again and again by those who force it", function* ({ session }) {
    yield* session.refresh
    yield* session.refresh
    assert.deepStrictEqual(yield* reasons, ["forced", "forced"])
  })

  inWorld({ record: record({ access: jwt({ exp: 3600 }), refresh: "" }) })(
    "is not made for a session without a refresh token",
    function* ({ session }) {
      assert.strictEqual((yield* Effect.flip(session.refresh)).reason, "NotRefreshable")
      assert.strictEqual(yield* exchanges, 0)
    }
  )
})
