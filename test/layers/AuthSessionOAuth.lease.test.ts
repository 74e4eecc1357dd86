import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { AuthSession } from "../../src/services/AuthSession.js"
import { type HeldLease, Lease, LeaseError } from "../../src/services/Lease.js"
import { during, run } from "../programs/harness.js"
import { accessToken, idToken, record, tokensOf } from "./support/records.js"
import { bearer, exchanges, StoreControl, world } from "./support/session.js"

const minute = 60_000
const due = record({ access: accessToken(4 * minute) })
const newer = record({ access: accessToken(60 * minute, "newer"), refresh: "rt_newer" })
const other = record({ id: idToken({ userId: "user-2", accountId: "account-2" }), accountId: "account-2" })

/** Leases that come after a second, and are as `held` says. */
const slow = (held: Partial<HeldLease> = {}) =>
  Layer.succeed(
    Lease,
    Lease.of({
      withLease: ({ name }, work) =>
        Effect.delay(work({ name, fence: 1, assertHeld: Effect.void, ...held }), "1 second")
    })
  )

/** Leases that are not given, after a second. */
const refusing = (reason: LeaseError["reason"]) =>
  Layer.succeed(
    Lease,
    Lease.of({ withLease: ({ name }) => Effect.delay(Effect.fail(new LeaseError({ reason, name })), "1 second") })
  )

describe("whoever waits for the lease", () => {
  it.effect("exchanges nothing if the session is renewed when it comes", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      const renewing = yield* during(session.refresh, "500 millis")
      yield* store.put(newer)
      const renewed = yield* run(renewing)
      assert.strictEqual(renewed.accessExpiresAt?.epochMillis, 60 * minute)
      assert.strictEqual(yield* exchanges, 0)
      assert.deepStrictEqual(yield* store.stored, newer)
    }).pipe(Effect.provide(world({ record: due, lease: slow() })))
  )

  it.effect("exchanges nothing if somebody else has signed in, or nobody is, when it comes", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      const renewing = yield* during(session.refresh, "500 millis")
      yield* store.put(other)
      assert.strictEqual((yield* run(renewing)).identity.accountId, "account-2")
      const again = yield* during(Effect.flip(session.refresh), "500 millis")
      yield* store.put(null)
      assert.strictEqual((yield* run(again)).reason, "NotSignedIn")
      assert.strictEqual(yield* exchanges, 0)
    }).pipe(Effect.provide(world({ record: due, lease: slow() })))
  )

  it.effect("exchanges nothing if it is lost again before the request", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      assert.strictEqual((yield* run(Effect.flip(session.refresh))).reason, "Unavailable")
      assert.strictEqual(yield* exchanges, 0)
    }).pipe(
      Effect.provide(
        world({ record: due, lease: slow({ assertHeld: Effect.fail(new LeaseError({ reason: "Lost", name: "a" })) }) })
      )
    )
  )
})

describe("whoever does not get the lease", () => {
  it.effect("exchanges nothing, says so, and goes on with a token that still holds", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const error = yield* run(Effect.flip(session.refresh))
      assert.strictEqual(error.reason, "Unavailable")
      assert.isFalse(error.isPermanent)
      assert.strictEqual(yield* run(bearer), tokensOf(due)?.access)
      assert.strictEqual(yield* exchanges, 0)
    }).pipe(Effect.provide(world({ record: due, lease: refusing("Busy") })))
  )

  it.effect("takes up what the holder has stored meanwhile", () =>
    Effect.gen(function* () {
      const renewing = yield* during((yield* AuthSession).refresh, "500 millis")
      yield* (yield* StoreControl).put(newer)
      assert.strictEqual((yield* run(renewing)).accessExpiresAt?.epochMillis, 60 * minute)
      assert.strictEqual(yield* exchanges, 0)
    }).pipe(Effect.provide(world({ record: due, lease: refusing("Busy") })))
  )

  it.effect("because there can be none, exchanges nothing either", () =>
    Effect.gen(function* () {
      const error = yield* run(Effect.flip((yield* AuthSession).refresh))
      assert.strictEqual(error.reason, "NotWritable")
      assert.strictEqual(yield* exchanges, 0)
    }).pipe(Effect.provide(world({ record: due, lease: refusing("Unavailable") })))
  )
})
