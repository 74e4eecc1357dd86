import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as TestClock from "effect/TestClock"
import { AuthSession } from "../../src/services/AuthSession.js"
import { CallLog, FakeBackend, Fault } from "../../src/testing/index.js"
import { during, run } from "../programs/harness.js"
import { accessToken, apiKeyRecord, patRecord, record, tokensOf } from "./support/records.js"
import { bearer, exchanges, StoreControl, world } from "./support/session.js"

const hour = 3_600_000
const first = record({ access: accessToken(hour) })
const second = record({ access: accessToken(hour, "second"), refresh: "rt_second" })

const revocations = Effect.flatMap(FakeBackend.FakeBackend, (backend) => backend.calls("oauth.revoke"))

describe("sign-in", () => {
  it.effect("stores the record and uses it at once", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const signedIn = yield* session.signIn(first)
      assert.strictEqual(signedIn.identity.accountId, "account-1")
      assert.strictEqual(yield* bearer, tokensOf(first)?.access)
      assert.deepStrictEqual(yield* (yield* StoreControl).stored, first)
    }).pipe(Effect.provide(world({ record: null })))
  )

  it.effect("replaces a record that can't be understood", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      assert.strictEqual((yield* Effect.flip(session.current)).reason, "Malformed")
      yield* session.signIn(first)
      assert.strictEqual(yield* bearer, tokensOf(first)?.access)
    }).pipe(Effect.provide(world({ record: record({ id: "nonsense" }) })))
  )

  it.effect("does not revoke or exchange what it replaces", () =>
    Effect.gen(function* () {
      yield* (yield* AuthSession).signIn(second)
      assert.strictEqual((yield* revocations).length, 0)
      assert.strictEqual(yield* exchanges, 0)
    }).pipe(Effect.provide(world({ record: first })))
  )

  it.effect("that can't be stored leaves the old one in use", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      yield* store.failWrites("NoSpace")
      assert.strictEqual((yield* Effect.flip(session.signIn(second))).reason, "NotWritable")
      assert.strictEqual(yield* bearer, tokensOf(first)?.access)
      assert.deepStrictEqual(yield* store.stored, first)
    }).pipe(Effect.provide(world({ record: first })))
  )

  it.effect("with a record that can't be used stores nothing", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      assert.strictEqual((yield* Effect.flip(session.signIn(record({ id: "nonsense" })))).reason, "Malformed")
      assert.deepStrictEqual(yield* (yield* StoreControl).stored, first)
    }).pipe(Effect.provide(world({ record: first })))
  )

  it.effect("forgets that the server refused the one before", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.status(401))
      yield* run(Effect.flip(session.refresh))
      yield* session.signIn((yield* (yield* FakeBackend.FakeBackend).signIn()).record)
      yield* session.refresh
      assert.strictEqual(yield* exchanges, 2)
    }).pipe(Effect.provide(world({ record: first })))
  )
})

describe("sign-out", () => {
  it.effect("asks the server to revoke the refresh token, and removes the record", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      assert.deepStrictEqual(yield* session.signOut({ revoke: true }), { removed: true, revoked: true })
      const calls = yield* revocations
      assert.deepStrictEqual(
        calls.map(({ body, method, path }) => ({ body, method, path })),
        [
          {
            method: "POST",
            path: "/oauth/revoke",
            body: {
              token: CallLog.mask("rt_1"),
              token_type_hint: "refresh_token",
              client_id: "app_EMoamEEZ73f0CkXaXp7hrann"
            }
          }
        ]
      )
      assert.isUndefined(calls[0]?.headers["authorization"])
      assert.isNull(yield* (yield* StoreControl).stored)
      assert.strictEqual((yield* Effect.flip(session.authorization)).reason, "NotSignedIn")
    }).pipe(Effect.provide(world({ record: first })))
  )

  it.effect("without a refresh token revokes the access token, and names no client", () =>
    Effect.gen(function* () {
      yield* (yield* AuthSession).signOut({ revoke: true })
      assert.deepStrictEqual((yield* revocations)[0]?.body, {
        token: CallLog.mask(accessToken(hour)),
        token_type_hint: "access_token"
      })
    }).pipe(Effect.provide(world({ record: record({ access: accessToken(hour), refresh: "" }) })))
  )

  it.effect("revokes what is in the store now, which may be newer than what is held", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      yield* session.current
      yield* (yield* StoreControl).put(second)
      yield* session.signOut({ revoke: true })
      const body = (yield* revocations)[0]?.body
      assert.deepInclude(body, { token: CallLog.mask("rt_second") })
    }).pipe(Effect.provide(world({ record: first })))
  )

  it.effect("leaves alone who has signed in while the server was asked", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.revoke", Fault.delay("3 seconds"))
      const leaving = yield* Effect.fork(session.signOut({ revoke: true }))
      yield* TestClock.adjust("1 second")
      yield* (yield* StoreControl).put(second)
      yield* TestClock.adjust("3 seconds")
      assert.isFalse((yield* Fiber.join(leaving)).removed)
      assert.deepStrictEqual(yield* (yield* StoreControl).stored, second)
      assert.strictEqual(yield* bearer, tokensOf(second)?.access)
    }).pipe(Effect.provide(world({ record: first })))
  )

  it.effect.each([
    ["500", Fault.status(500)],
    ["400", Fault.status(400)],
    ["a redirect", Fault.redirect(307, { crossOrigin: true })],
    ["no connection", Fault.refused],
    ["a broken connection", Fault.resetBeforeCommit]
  ] as const)("removes the record all the same after %s, and says that nothing was confirmed", ([, fault]) =>
    Effect.gen(function* () {
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.revoke", fault)
      const done = yield* (yield* AuthSession).signOut({ revoke: true })
      assert.deepStrictEqual(done, { removed: true, revoked: false })
      assert.isNull(yield* (yield* StoreControl).stored)
      assert.isAtMost((yield* revocations).length, 1)
    }).pipe(Effect.provide(world({ record: first })))
  )

  it.effect("waits 10 seconds for the server, and no longer", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.revoke", Fault.hang)
      const leaving = yield* during(Effect.zip(session.signOut({ revoke: true }), Clock.currentTimeMillis), 9_999)
      assert.isNull(leaving.unsafePoll())
      yield* TestClock.adjust(1)
      const [done, at] = yield* leaving
      assert.deepStrictEqual(done, { removed: true, revoked: false })
      assert.strictEqual(at, 10_000)
      assert.isNull(yield* (yield* StoreControl).stored)
    }).pipe(Effect.provide(world({ record: first })))
  )

  it.effect("only here asks no server", () =>
    Effect.gen(function* () {
      const done = yield* (yield* AuthSession).signOut({ revoke: false })
      assert.deepStrictEqual(done, { removed: true, revoked: null })
      assert.strictEqual((yield* revocations).length, 0)
      assert.isNull(yield* (yield* StoreControl).stored)
    }).pipe(Effect.provide(world({ record: first })))
  )

  it.effect.each([
    ["an API key", apiKeyRecord],
    ["a personal access token", patRecord],
    ["tokens of a host", { ...first, auth_mode: "chatgptAuthTokens" as const }],
    ["a record that can't be understood", record({ id: "nonsense" })]
  ] as const)("of %s removes it, and asks no server", ([, stored]) =>
    Effect.gen(function* () {
      const done = yield* (yield* AuthSession).signOut({ revoke: true })
      assert.deepStrictEqual(done, { removed: true, revoked: null })
      assert.strictEqual((yield* revocations).length, 0)
      assert.isNull(yield* (yield* StoreControl).stored)
    }).pipe(Effect.provide(world({ record: stored })))
  )

  it.effect("of nobody changes nothing, and says so", () =>
    Effect.gen(function* () {
      const done = yield* (yield* AuthSession).signOut({ revoke: true })
      assert.deepStrictEqual(done, { removed: false, revoked: null })
      assert.strictEqual((yield* revocations).length, 0)
    }).pipe(Effect.provide(world({ record: null })))
  )
})
