import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as TestClock from "effect/TestClock"
import type { CredentialStoreError } from "../../src/services/CredentialStore.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { accessToken, idToken, record, tokensOf } from "./support/records.js"
import { bearer, exchanges, listen, StoreControl, world } from "./support/session.js"

const minute = 60_000
const due = { record: record({ access: accessToken(4 * minute) }) }

const reasons: ReadonlyArray<CredentialStoreError["reason"]> = ["PermissionDenied", "NotAFile", "NoSpace", "Io"]

describe("a store that can't be written", () => {
  it.effect.each(reasons)("costs no refresh token: nothing is sent (%s)", (reason) =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      yield* store.failChecks(reason)
      const error = yield* Effect.flip(session.refresh)
      assert.strictEqual(error.reason, "NotWritable")
      assert.isFalse(error.isPermanent)
      assert.strictEqual(yield* exchanges, 0)
      // A token that still holds is used.
      assert.strictEqual(yield* bearer, tokensOf(due.record)?.access)
      yield* store.failChecks(null)
      yield* session.refresh
      assert.strictEqual(yield* exchanges, 1)
    }).pipe(Effect.provide(world(due)))
  )
})

describe("tokens that could not be stored", () => {
  it.effect.each(reasons)("are used from memory, and stored as soon as that works (%s)", (reason) =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      const before = yield* store.stored
      yield* store.failWrites(reason)
      const renewed = yield* session.refresh
      const used = yield* bearer
      assert.notStrictEqual(used, tokensOf(before)?.access)
      assert.deepStrictEqual(yield* store.stored, before)
      assert.strictEqual(renewed.accessExpiresAt?.epochMillis, 864_000_000)
      // Nobody looks for a reason to exchange again meanwhile.
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* bearer, used)
      assert.strictEqual(yield* exchanges, 1)
      yield* store.failWrites(null)
      assert.strictEqual(yield* bearer, used)
      assert.strictEqual(tokensOf(yield* store.stored)?.access, used)
      assert.strictEqual(yield* exchanges, 1)
      const writes = yield* store.writes
      yield* bearer
      assert.strictEqual(yield* store.writes, writes)
    }).pipe(Effect.provide(world(due)))
  )

  it.effect("are what the next exchange is made with", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      yield* store.failWrites("NoSpace")
      yield* session.refresh
      yield* store.failWrites(null)
      yield* session.refresh
      // The server would refuse the old token, which was used.
      assert.strictEqual(yield* exchanges, 2)
      assert.strictEqual(tokensOf(yield* store.stored)?.access, yield* bearer)
    }).pipe(Effect.provide(world(due)))
  )

  it.effect("give way to what somebody else has stored meanwhile", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      yield* store.failWrites("NoSpace")
      yield* session.refresh
      const theirs = record({ access: accessToken(60 * minute, "theirs"), refresh: "rt_theirs" })
      yield* store.put(theirs)
      yield* store.failWrites(null)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* bearer, tokensOf(theirs)?.access)
      assert.deepStrictEqual(yield* store.stored, theirs)
    }).pipe(Effect.provide(world(due)))
  )

  it.effect("do not come back after somebody has signed out", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      yield* store.failWrites("NoSpace")
      yield* session.refresh
      yield* store.put(null)
      yield* store.failWrites(null)
      yield* TestClock.adjust("1 second")
      assert.strictEqual((yield* Effect.flip(session.authorization)).reason, "NotSignedIn")
      assert.isNull(yield* store.stored)
    }).pipe(Effect.provide(world(due)))
  )
})

describe("a record that somebody else stores between the exchange and its saving", () => {
  it.effect("stands: the same identity's is taken up", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      const theirs = record({ access: accessToken(60 * minute, "theirs"), refresh: "rt_theirs" })
      yield* store.beforeWrite(store.put(theirs))
      const renewed = yield* session.refresh
      assert.deepStrictEqual(yield* store.stored, theirs)
      assert.strictEqual(renewed.accessExpiresAt?.epochMillis, 60 * minute)
      assert.strictEqual(yield* bearer, tokensOf(theirs)?.access)
      assert.strictEqual(yield* exchanges, 1)
    }).pipe(Effect.provide(world(due)))
  )

  it.scoped("stands: another identity's is a boundary", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      yield* session.current
      const heard = yield* listen
      const theirs = record({ id: idToken({ userId: "user-2", accountId: "account-2" }), accountId: "account-2" })
      yield* store.beforeWrite(store.put(theirs))
      assert.strictEqual((yield* session.refresh).identity.accountId, "account-2")
      assert.deepStrictEqual(yield* store.stored, theirs)
      yield* TestClock.adjust(0)
      assert.deepStrictEqual(yield* heard, ["in account-2"])
    }).pipe(Effect.provide(world(due)))
  )

  it.effect("stands, even where it is nobody's: a sign-out is not undone", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      yield* store.beforeWrite(store.put(null))
      assert.strictEqual((yield* Effect.flip(session.refresh)).reason, "NotSignedIn")
      assert.isNull(yield* store.stored)
    }).pipe(Effect.provide(world(due)))
  )
})
