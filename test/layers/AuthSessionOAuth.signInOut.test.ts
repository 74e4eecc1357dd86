import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import type { AuthJson } from "../../src/contracts/AuthJson.js"
import * as TestClock from "effect/TestClock"
import type { AuthSession } from "../../src/services/AuthSession.js"
import { FakeBackend, Fault } from "../../src/testing/index.js"
import * as CallLog from "../../src/testing/CallLog.js"
import { during, finish, run } from "../programs/harness.js"
import { accessToken, apiKeyRecord, patRecord, record, tokensOf } from "./support/records.js"
import { bearer, exchanges, expectWorld, inWorld } from "./support/session.js"

const hour = 3_600_000
const first = record({ access: accessToken(hour) })
const second = record({ access: accessToken(hour, "second"), refresh: "rt_second" })
type SignedOut = Effect.Effect.Success<ReturnType<AuthSession["Type"]["signOut"]>>

const revocations = Effect.flatMap(FakeBackend.FakeBackend, (backend) => backend.calls("oauth.revoke"))
const held = inWorld({ record: first })

describe("sign-in", () => {
  for (const [label, stored, reason] of [
    ["stores the record and uses it at once", null, "NotSignedIn"],
    ["replaces a record that can't be understood", record({ id: "nonsense" }), "Malformed"]
  ] as const) {
    inWorld({ record: stored })(label, function* ({ session }) {
      assert.strictEqual((yield* Effect.flip(session.current)).reason, reason)
      assert.strictEqual((yield* session.signIn(first)).identity.accountId, "account-1")
      assert.strictEqual(yield* bearer, tokensOf(first)?.access)
      yield* expectWorld({ stored: first })
    })
  }

  held("does not revoke or exchange what it replaces", function* ({ session }) {
    yield* session.signIn(second)
    assert.strictEqual((yield* revocations).length, 0)
    assert.strictEqual(yield* exchanges, 0)
  })

  held.each([
    ["can't be stored", second, "NotWritable"],
    ["can't be used", record({ id: "nonsense" }), "Malformed"]
  ] as const)("with a record that %s leaves the old one", function* ({ session, store }, [, mine, reason]) {
    yield* store.failWrites("NoSpace")
    assert.strictEqual((yield* Effect.flip(session.signIn(mine))).reason, reason)
    assert.strictEqual(yield* bearer, tokensOf(first)?.access)
    yield* expectWorld({ stored: first })
  })

  held("forgets that the server refused the one before", function* ({ session, backend }) {
    yield* backend.failNext("oauth.token", Fault.status(401))
    yield* run(Effect.flip(session.refresh))
    yield* session.signIn((yield* backend.signIn()).record)
    yield* session.refresh
    assert.strictEqual(yield* exchanges, 2)
  })
})

const ofRefreshToken = {
  token: CallLog.mask("rt_1"),
  token_type_hint: "refresh_token",
  client_id: "app_EMoamEEZ73f0CkXaXp7hrann"
}
const ofAccessToken = { token: CallLog.mask(accessToken(hour)), token_type_hint: "access_token" }
const withoutRefreshToken = record({ access: accessToken(hour), refresh: "" })
const ofHost = { ...first, auth_mode: "chatgptAuthTokens" as const }
const signOuts: ReadonlyArray<
  readonly [label: string, stored: AuthJson | null, done: SignedOut, sent: ReadonlyArray<unknown>]
> = [
  ["revokes the refresh token, and removes the record", first, { removed: true, revoked: true }, [ofRefreshToken]],
  ["without one revokes the access token", withoutRefreshToken, { removed: true, revoked: true }, [ofAccessToken]],
  ["of an API key asks no server", apiKeyRecord, { removed: true, revoked: null }, []],
  ["of a personal access token asks no server", patRecord, { removed: true, revoked: null }, []],
  ["of the tokens of a host asks no server", ofHost, { removed: true, revoked: null }, []],
  ["of what can't be understood asks no server", record({ id: "nonsense" }), { removed: true, revoked: null }, []],
  ["of nobody changes nothing", null, { removed: false, revoked: null }, []]
]

describe("sign-out", () => {
  for (const [label, stored, done, sent] of signOuts) {
    inWorld({ record: stored })(label, function* ({ session }) {
      assert.deepStrictEqual(yield* session.signOut({ revoke: true }), done)
      const calls = yield* revocations
      assert.deepStrictEqual(
        calls.map(({ body, method, path }) => ({ body, method, path })),
        sent.map((body) => ({ body, method: "POST", path: "/oauth/revoke" }))
      )
      for (const { headers } of calls) assert.isUndefined(headers["authorization"])
      yield* expectWorld({ stored: null })
      assert.strictEqual((yield* Effect.flip(session.authorization)).reason, "NotSignedIn")
    })
  }

  held("only here asks no server", function* ({ session }) {
    assert.deepStrictEqual(yield* session.signOut({ revoke: false }), { removed: true, revoked: null })
    assert.strictEqual((yield* revocations).length, 0)
    yield* expectWorld({ stored: null })
  })

  held("revokes what is stored now, which may be newer than what is held", function* ({ session, store }) {
    yield* session.current
    yield* store.put(second)
    yield* session.signOut({ revoke: true })
    assert.deepInclude((yield* revocations)[0]?.body, { token: CallLog.mask("rt_second") })
  })

  held("leaves a sign-in alone that came while the server was asked", function* ({ session, store, backend }) {
    yield* backend.failNext("oauth.revoke", Fault.delay("3 seconds"))
    const leaving = yield* during(session.signOut({ revoke: true }), "1 second")
    yield* store.put(second)
    yield* TestClock.adjust("3 seconds")
    assert.isFalse((yield* leaving).removed)
    yield* expectWorld({ stored: second })
    assert.strictEqual(yield* bearer, tokensOf(second)?.access)
  })

  held.each([
    ["500", Fault.status(500), 0],
    ["400", Fault.status(400), 0],
    ["a redirect", Fault.redirect(307, { crossOrigin: true }), 0],
    ["no connection", Fault.refused, 0],
    ["a broken connection", Fault.resetBeforeCommit, 0],
    ["no answer in 10 seconds", Fault.hang, 10_000]
  ] as const)("removes the record unconfirmed after %s", function* ({ session, backend }, [, fault, took]) {
    yield* backend.failNext("oauth.revoke", fault)
    const ended = yield* finish(session.signOut({ revoke: true }))
    assert.deepStrictEqual(ended, { exit: Exit.succeed({ removed: true, revoked: false }), took })
    yield* expectWorld({ stored: null })
    assert.isAtMost((yield* revocations).length, 1)
  })
})
