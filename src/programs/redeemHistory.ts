/** What the journal says about earlier redemptions. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ActError } from "../domain/ActError.js"
import { type Identity } from "../domain/Identity.js"
import { JournalError } from "../domain/JournalError.js"
import { type RedeemKey } from "../domain/ResetCredit.js"
import { OperationJournal } from "../services/OperationJournal.js"

/**
 * For how long after a reset the backend may still show the usage from before it, with fresh timestamps: a second credit
 * spent then is spent for nothing.
 */
export const quietPeriod = Duration.minutes(20)

/** Refuses when another redemption has an outcome that is not known. */
export const withoutOpenRedemption = (identity: Identity, key: RedeemKey) =>
  Effect.gen(function* () {
    const journal = yield* OperationJournal
    const open = yield* journal.list({ act: "redeem", identity, open: true })
    const other = open.find((operation) => operation.key !== key)
    if (other !== undefined) {
      return yield* new ActError({ act: "redeem", reason: "Unresolved", key: other.key, status: null, detail: null })
    }
  })

/** The redemption that goes on: the one of the key given, or the one whose outcome is open. */
export const earlier = (identity: Identity, key: RedeemKey | undefined) =>
  Effect.gen(function* () {
    const journal = yield* OperationJournal
    if (key === undefined) {
      return Option.fromNullable((yield* journal.list({ act: "redeem", identity, open: true }))[0])
    }
    yield* withoutOpenRedemption(identity, key)
    const found = yield* journal.find(key)
    if (Option.exists(found, ({ act, identity: of }) => act !== "redeem" || of !== identity.key)) {
      return yield* new JournalError({ reason: "InUse", key })
    }
    return found
  })

/** The last reset that still has its quiet period, and when that ends. The redemption of `except` does not count. */
export const quietReset = (identity: Identity, except?: RedeemKey) =>
  Effect.gen(function* () {
    const journal = yield* OperationJournal
    const since = DateTime.subtractDuration(yield* DateTime.now, quietPeriod)
    const recent = (yield* journal.list({ act: "redeem", identity })).find(
      ({ key, state, updatedAt }) =>
        key !== except &&
        state._tag === "succeeded" &&
        (state.outcome === "reset" || state.outcome === "alreadyRedeemed") &&
        DateTime.greaterThan(updatedAt, since)
    )
    return Option.map(Option.fromNullable(recent), ({ key, updatedAt }) => ({
      key,
      until: DateTime.addDuration(updatedAt, quietPeriod)
    }))
  })

/** Refuses a redemption within the quiet period of the last one. */
export const afterQuietPeriod = (identity: Identity, key?: RedeemKey) =>
  Effect.flatMap(
    quietReset(identity, key),
    Option.match({
      onNone: () => Effect.void,
      onSome: ({ key, until }) =>
        new ActError({
          act: "redeem",
          reason: "TooSoon",
          key,
          status: null,
          detail: `Wait until ${DateTime.formatIso(until)}, or say --again.`
        })
    })
  )
