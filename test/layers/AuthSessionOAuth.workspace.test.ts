/** The record in another workspace of its user, whatever else is written to it meanwhile. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import type { AuthJson } from "../../src/contracts/AuthJson.js"
import { AccountId } from "../../src/domain/Identity.js"
import type { AuthSession } from "../../src/services/AuthSession.js"
import { run } from "../programs/harness.js"
import { accessToken, idToken, record, tokensOf } from "./support/records.js"
import { exchanges, inWorld } from "./support/session.js"

const minute = 60_000
const switched = accessToken(60 * minute, "switched")
const first = record({ access: accessToken(60 * minute) })
const test = inWorld({ record: first })

const entering = (session: AuthSession["Type"]) =>
  Effect.flatMap(session.current, ({ identity }) =>
    session.enterWorkspace({ from: identity, id: AccountId.make("account-9"), accessToken: Redacted.make(switched) })
  )

/** The tokens of the record after the switch. */
const inNine = (before: AuthJson) => {
  const tokens = tokensOf(before)
  return tokens && { ...tokens, access: switched, accountId: "account-9" }
}

describe("entering a workspace", () => {
  test("changes access token and account of the stored record", function* ({ session, store }) {
    assert.strictEqual((yield* entering(session)).identity.accountId, "account-9")
    assert.deepStrictEqual(tokensOf(yield* store.stored), inNine(first))
    assert.strictEqual((yield* session.current).identity.accountId, "account-9")
    assert.strictEqual(yield* session.epoch, 1)
  })

  test("begins again from what another program writes just before it does", function* ({ session, store }) {
    const renewed: AuthJson = record({ access: accessToken(60 * minute, "theirs"), refresh: "rt_theirs" })
    yield* store.beforeWrite(store.put(renewed))
    yield* entering(session)
    assert.deepStrictEqual(tokensOf(yield* store.stored), inNine(renewed))
    assert.strictEqual(yield* store.writes, 2)
  })

  test("does not touch another sign-in that is stored just before it", function* ({ session, store }) {
    const other = record({ id: idToken({ userId: "user-2" }), access: accessToken(60 * minute) })
    yield* store.beforeWrite(store.put(other))
    const error = yield* Effect.flip(entering(session))
    assert.strictEqual(error.reason, "AccountMismatch")
    assert.deepStrictEqual(tokensOf(yield* store.stored), tokensOf(other))
  })

  test("that can't be stored leaves the session where it was", function* ({ session, store }) {
    yield* session.current
    yield* store.failWrites("NoSpace")
    const error = yield* Effect.flip(entering(session))
    assert.strictEqual(error.reason, "NotWritable")
    assert.strictEqual((yield* session.current).identity.accountId, "account-1")
  })

  test("stores a renewed session with it that could not be stored before", function* ({ session, store }) {
    yield* store.failWrites("NoSpace")
    yield* run(session.refresh)
    yield* store.failWrites(null)
    yield* entering(session)
    const stored = tokensOf(yield* store.stored)
    assert.deepStrictEqual([stored?.access, stored?.accountId], [switched, "account-9"])
    assert.notStrictEqual(stored?.refresh, "rt_1")
    assert.strictEqual(yield* exchanges, 1)
  })
})
