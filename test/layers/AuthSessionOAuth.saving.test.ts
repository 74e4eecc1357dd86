/** A renewal that has to wait for the lease, can't be stored, or meets what another process has stored meanwhile. */
import { assert, describe } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import type { AuthJson } from "../../src/contracts/AuthJson.js"
import { BackendError } from "../../src/domain/BackendError.js"
import { CallPolicy, defaultPolicies } from "../../src/domain/CallPolicy.js"
import { callUnderPolicy } from "../../src/layers/internal/callUnderPolicy.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import type { CredentialStoreError } from "../../src/services/CredentialStore.js"
import { LeaseError, type HeldLease, Lease } from "../../src/services/Lease.js"
import { during, run } from "../programs/harness.js"
import { accessToken, idToken, record, tokensOf } from "./support/records.js"
import { bearer, exchanges, expectWorld, inWorld, listen, renewal, StoreControl } from "./support/session.js"

const minute = 60_000
const due = record({ access: accessToken(4 * minute) })
const newer = record({ access: accessToken(60 * minute, "newer"), refresh: "rt_newer" })
const other = record({ id: idToken({ userId: "user-2", accountId: "account-2" }), accountId: "account-2" })
const whileDue = inWorld({ record: due })

/** Leases that come after a second, and are as `held` says. */
const slow = (held: Partial<HeldLease> = {}) =>
  Layer.succeed(Lease, {
    withLease: ({ name }, work) => Effect.delay(work({ name, fence: 1, assertHeld: Effect.void, ...held }), "1 second")
  })

/** Leases that are not given, after a second. */
const refusing = (reason: LeaseError["reason"]) =>
  Layer.succeed(Lease, { withLease: ({ name }) => Effect.delay(new LeaseError({ reason, name }), "1 second") })

const waitingForLease = inWorld({ record: due, lease: slow() })
const refusedLease = inWorld({ record: due, lease: refusing("Busy") })
const meanwhile: ReadonlyArray<readonly [label: string, theirs: AuthJson | null, outcome: string]> = [
  ["renewed it", newer, "account-1 60"],
  ["signed in as somebody else", other, "account-2 0"],
  ["signed out", null, "NotSignedIn"]
]

describe("a renewal that waits for the lease", () => {
  for (const [how, test] of Object.entries({ "gets it": waitingForLease, "is refused it": refusedLease })) {
    test.each(meanwhile)(`and ${how} exchanges nothing where another has %s meanwhile`, function* (given, row) {
      const [, theirs, outcome] = row
      const renewing = yield* during(renewal, "500 millis")
      yield* given.store.put(theirs)
      assert.strictEqual(yield* run(renewing), outcome)
      yield* expectWorld({ exchanges: 0, stored: theirs })
    })
  }

  inWorld({ record: due, lease: slow({ assertHeld: new LeaseError({ reason: "Lost", name: "a" }) }) })(
    "exchanges nothing if it is lost again before the request",
    function* () {
      assert.strictEqual(yield* run(renewal), "Unavailable")
      assert.strictEqual(yield* exchanges, 0)
    }
  )

  refusedLease("in vain exchanges nothing, and a token that still holds is used", function* ({ session }) {
    const error = yield* run(Effect.flip(session.refresh))
    assert.deepStrictEqual([error.reason, error.isPermanent], ["Unavailable", false])
    assert.strictEqual(yield* run(bearer), tokensOf(due)?.access)
    assert.strictEqual(yield* exchanges, 0)
  })

  /** Leases that another process keeps for ever. */
  const kept = Layer.succeed(Lease, {
    withLease: ({ name, wait }) => Effect.delay(new LeaseError({ reason: "Busy", name, detail: "process 1234" }), wait)
  })
  const expired = record({ access: accessToken(-minute) })
  inWorld({ record: expired, lease: kept })("ends before the limit of the call, and names who has it", function* () {
    for (const seconds of [10, 25]) {
      const session = yield* AuthSession
      const policy = new CallPolicy({
        ...defaultPolicies.readUsage,
        attemptTimeout: Duration.seconds(seconds),
        overallTimeout: Duration.seconds(seconds)
      })
      const refused = yield* run(session.authorization)
      const recovering = { ...session, authorization: Effect.succeed(refused) }
      const attempt = () => Effect.fail(BackendError.of("usage.read", "Unauthorized"))
      const start = yield* Clock.currentTimeMillis
      const error = yield* run(
        Effect.flip(callUnderPolicy({ name: "usage.read", policy, session: recovering, attempt }))
      )
      assert.isBelow((yield* Clock.currentTimeMillis) - start, seconds * 1000)
      assert(error._tag === "AuthError")
      assert.deepStrictEqual([error.reason, error.failure], ["Unavailable", null])
      assert.include(error.message, "another process is renewing it: process 1234")
    }
    assert.strictEqual(yield* exchanges, 0)
  })

  inWorld({ record: due, lease: refusing("Unavailable") })("where there can be none exchanges nothing", function* () {
    assert.strictEqual(yield* run(renewal), "Unavailable")
    assert.strictEqual(yield* exchanges, 0)
  })
})

const reasons: ReadonlyArray<CredentialStoreError["reason"]> = ["PermissionDenied", "NotAFile", "NoSpace", "Io"]

whileDue.each(reasons)("a store that fails costs no refresh token: %s", function* ({ session, store }, reason) {
  yield* store.failChecks(reason)
  const error = yield* Effect.flip(session.refresh)
  assert.deepStrictEqual([error.reason, error.isPermanent], ["NotWritable", false])
  assert.strictEqual(yield* exchanges, 0)
  // A token that still holds is used.
  assert.strictEqual(yield* bearer, tokensOf(due)?.access)
  yield* store.failChecks(null)
  yield* session.refresh
  assert.strictEqual(yield* exchanges, 1)
})

describe("tokens that could not be stored", () => {
  whileDue.each(reasons)(
    "are used from memory, and stored as soon as that works: %s",
    function* ({ session, store }, reason) {
      assert.isNull(yield* session.unsaved)
      yield* store.failWrites(reason)
      assert.strictEqual(yield* renewal, "account-1 14400")
      assert.include(yield* session.unsaved, "Could not write")
      const used = yield* bearer
      assert.notStrictEqual(used, tokensOf(due)?.access)
      yield* expectWorld({ stored: due })
      // Nothing asks for another exchange meanwhile.
      yield* TestClock.adjust("1 minute")
      assert.strictEqual(yield* bearer, used)
      assert.strictEqual(yield* exchanges, 1)
      yield* store.failWrites(null)
      assert.strictEqual(yield* bearer, used)
      assert.strictEqual(tokensOf(yield* store.stored)?.access, used)
      const writes = yield* store.writes
      yield* bearer
      assert.isNull(yield* session.unsaved)
      yield* expectWorld({ exchanges: 1, writes })
    }
  )

  whileDue("are stored by who asks whether they are", function* ({ session, store }) {
    yield* store.failWrites("NoSpace")
    yield* session.refresh
    yield* store.failWrites(null)
    assert.isNull(yield* session.unsaved)
    assert.notStrictEqual(tokensOf(yield* store.stored)?.refresh, "rt_1")
  })

  whileDue("are what the next exchange is made with", function* ({ session, store }) {
    yield* store.failWrites("NoSpace")
    yield* session.refresh
    yield* store.failWrites(null)
    yield* session.refresh
    // The server would refuse the old token, which was used.
    assert.strictEqual(yield* exchanges, 2)
    assert.strictEqual(tokensOf(yield* store.stored)?.access, yield* bearer)
  })

  whileDue.each([
    ["give way to what somebody else has stored meanwhile", newer],
    ["do not come back after somebody has signed out", null]
  ] as const)("%s", function* ({ session, store }, [, theirs]) {
    yield* store.failWrites("NoSpace")
    yield* session.refresh
    yield* store.put(theirs)
    yield* store.failWrites(null)
    yield* TestClock.adjust("1 second")
    const used = yield* Effect.merge(Effect.mapError(bearer, ({ reason }) => reason))
    assert.strictEqual(used, tokensOf(theirs)?.access ?? "NotSignedIn")
    yield* expectWorld({ stored: theirs })
  })
})

whileDue.each(meanwhile)(
  "before the saving another has %s: that stands",
  function* ({ session, store }, [, theirs, outcome]) {
    yield* session.current
    const heard = yield* listen
    yield* store.beforeWrite(store.put(theirs))
    assert.strictEqual(yield* renewal, outcome)
    yield* expectWorld({ exchanges: 1, stored: theirs })
    yield* TestClock.adjust(0)
    assert.deepStrictEqual(yield* heard, theirs === newer ? [] : theirs === other ? ["in account-2"] : ["out"])
    const used = yield* Effect.merge(Effect.mapError(bearer, ({ reason }) => reason))
    assert.strictEqual(used, tokensOf(theirs)?.access ?? "NotSignedIn")
  }
)

/** What other programs do to a record while its refresh token is being exchanged. */
const touched = { ...due, somebody_elses: 1 }
const switched = record({ access: accessToken(90 * minute, "switched"), accountId: "account-two" })
const rewrites: ReadonlyArray<readonly [label: string, theirs: AuthJson, accountId: string]> = [
  ["an unrelated key", touched, "account-1"],
  ["the workspace, as Codex switches it", switched, "account-two"],
  ["a member of the tokens", { ...due, tokens: { ...due.tokens!, login_owner_id: "owner" } }, "account-1"]
]

/** Their record in everything but the tokens, which are the session's. */
const expectBoth = (theirs: AuthJson) =>
  Effect.gen(function* () {
    const stored = yield* (yield* StoreControl).stored
    const { access_token, id_token, refresh_token, ...rest } = stored!.tokens!
    const { access_token: a, id_token: i, refresh_token: r, ...theirRest } = theirs.tokens!
    assert.deepStrictEqual(
      { ...stored, tokens: rest, last_refresh: null },
      { ...theirs, tokens: theirRest, last_refresh: null }
    )
    assert.notStrictEqual(Redacted.value(refresh_token), "rt_1")
    assert.strictEqual(yield* bearer, Redacted.value(access_token))
    yield* expectWorld({ exchanges: 1 })
  })

describe("new tokens go into the newer record where another program has changed", () => {
  whileDue.each(rewrites)("%s before the saving", function* ({ store }, [, theirs, accountId]) {
    yield* store.beforeWrite(store.put(theirs))
    assert.strictEqual(yield* renewal, `${accountId} 14400`)
    yield* expectBoth(theirs)
  })

  whileDue.each(rewrites)("%s while they could not be stored", function* ({ session, store }, [, theirs]) {
    yield* store.failWrites("NoSpace")
    yield* session.refresh
    yield* store.put(theirs)
    yield* TestClock.adjust("1 second")
    yield* bearer
    yield* store.failWrites(null)
    yield* bearer
    yield* expectBoth(theirs)
  })

  whileDue("it again and again", function* ({ store }) {
    yield* store.beforeWrite(
      Effect.zipRight(store.put(touched), store.beforeWrite(Effect.zipRight(store.put(switched), Effect.void)))
    )
    yield* renewal
    yield* expectBoth(switched)
  })

  whileDue("the user too: that one stands", function* ({ store }) {
    const theirs = record({ id: idToken({ userId: "user-2" }), access: accessToken(90 * minute, "theirs") })
    yield* store.beforeWrite(store.put(theirs))
    yield* renewal
    yield* expectWorld({ exchanges: 1, stored: theirs })
  })
})
