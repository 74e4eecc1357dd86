/** Spend a reset credit under somebody else's key. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { ActError } from "../domain/ActError.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import { onlyOnce } from "../domain/CallPolicy.js"
import type { Identity } from "../domain/Identity.js"
import { JournalError } from "../domain/JournalError.js"
import type { ConsumeOutcome, RedeemKey, ResetCreditId } from "../domain/ResetCredit.js"
import type { Lease } from "../services/Lease.js"
import { OperationJournal } from "../services/OperationJournal.js"
import { policyInForce, withPolicy } from "../services/Policies.js"
import { RateLimits } from "../services/RateLimits.js"
import { runDecidedOperation } from "./runOperation.js"
import { redeemOutcomeOf } from "./redeemConfirmed.js"

/**
 * `key` is the caller's, and the same in every attempt that the caller makes. Without `creditId` the backend takes the
 * next credit available.
 */
export interface ConsumeOptions {
  readonly as: Identity
  readonly key: RedeemKey
  readonly creditId?: ResetCreditId | undefined
}

/**
 * One attempt, without any question: whoever calls has decided, knows the key, and tries again with it where the end is
 * not known. A key that has come to its end is sent again as it is, and its record stays: the backend answers for it.
 */
export const consumeReset = ({
  as,
  creditId,
  key
}: ConsumeOptions): Effect.Effect<
  ConsumeOutcome,
  ActError | AuthError | BackendError | JournalError,
  Lease | OperationJournal | RateLimits
> =>
  Effect.gen(function* () {
    const journal = yield* OperationJournal
    const limits = yield* RateLimits
    const policy = onlyOnce(yield* policyInForce("consumeResetCredit"))
    const send = limits.consume({ as, key, creditId }).pipe(withPolicy("consumeResetCredit", policy))

    const earlier = Option.getOrNull(yield* journal.find(key))
    if (earlier !== null && (earlier.act !== "redeem" || earlier.identity !== as.key)) {
      return yield* new JournalError({ reason: "InUse", key })
    }
    if (earlier?.state._tag === "succeeded") return yield* send
    return yield* runDecidedOperation({
      key,
      act: "redeem",
      identity: as,
      // The key is what counts: it spends one credit, whichever is named the second time.
      target: earlier === null ? (creditId ?? null) : earlier.target,
      send,
      outcomeOf: (outcome, sentBefore) => redeemOutcomeOf(outcome, sentBefore, creditId)
    }).pipe(
      // Another process has carried it on to its end meanwhile.
      Effect.catchIf(
        (error) => error._tag === "JournalError" && error.reason === "Transition",
        () => send
      )
    )
  }).pipe(Effect.withSpan("consumeReset"))
