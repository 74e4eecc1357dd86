/**
 * Spend the reset credit that was confirmed.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ActError } from "../domain/ActError.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { Identity } from "../domain/Identity.js"
import type { JournalError } from "../domain/JournalError.js"
import type { Operation } from "../domain/Operation.js"
import type { ConsumeOutcome, RedeemKey, ResetCreditId } from "../domain/ResetCredit.js"
import type { Lease } from "../services/Lease.js"
import { OperationJournal } from "../services/OperationJournal.js"
import { underPolicy } from "../services/Policies.js"
import { RateLimits } from "../services/RateLimits.js"
import { isDefiniteRefusal, runOperation } from "./runOperation.js"
import { afterQuietPeriod, withoutOpenRedemption } from "./redeemHistory.js"

/**
 * What was confirmed: whose credit, under which key, and which one; undefined leaves it to the backend. `again` spends it
 * within the quiet period of the last one too.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfirmedRedemption {
  readonly as: Identity
  readonly key: RedeemKey
  readonly creditId: ResetCreditId | undefined
  readonly again: boolean
}

const outcomes = [
  "reset",
  "alreadyRedeemed",
  "alreadyRedeemedElsewhere",
  "nothingToReset",
  "noCredit",
  "creditGone"
] as const

/**
 * `reset`, `alreadyRedeemed`: the windows were reset, now or by an earlier attempt of the same act.
 * `alreadyRedeemedElsewhere`: the key was used by somebody else. `nothingToReset`, `noCredit`, `creditGone`: nothing was
 * spent.
 *
 * @since 0.1.0
 * @category models
 */
export type RedeemOutcome = (typeof outcomes)[number]

/**
 * `target` is the credit that was named.
 *
 * @since 0.1.0
 * @category models
 */
export interface Redemption {
  readonly outcome: RedeemOutcome
  readonly key: string
  readonly target: string | null
}

const asOutcome = Schema.decodeUnknownOption(Schema.Literal(...outcomes))

/**
 * What the backend's word means for this act: a key that we never sent before was used by somebody else, and a credit that
 * was named may be gone.
 *
 * @since 0.1.0
 * @category redemption
 */
export const redeemOutcomeOf = (
  code: ConsumeOutcome,
  sentBefore: boolean,
  creditId: ResetCreditId | undefined
): RedeemOutcome => {
  if (code === "alreadyRedeemed") return sentBefore ? "alreadyRedeemed" : "alreadyRedeemedElsewhere"
  return code === "noCredit" && creditId !== undefined ? "creditGone" : code
}

/**
 * What the journal has of a redemption that came to its end before this one was sent, if it did.
 *
 * @since 0.1.0
 * @category redemption
 */
export const endedBefore = (operation: Option.Option<Operation>): Option.Option<Redemption> =>
  Option.flatMap(operation, ({ key, state, target }) => {
    if (state._tag !== "succeeded") return Option.none()
    const outcome = Option.getOrElse(asOutcome(state.outcome), () => "alreadyRedeemed" as const)
    return Option.some({ key, target, outcome: outcome === "reset" ? "alreadyRedeemed" : outcome })
  })

/**
 * What another process has made of the key while the person was thinking: it has carried it on to its end, or has named
 * another credit for it. In that case nothing is sent: what was confirmed is not what the key can spend.
 */
const meanwhile = (
  as: Identity,
  error: JournalError
): Effect.Effect<Redemption, ActError | JournalError, OperationJournal> =>
  Effect.gen(function* () {
    if (error.key === null || error.reason === "Unavailable") return yield* error
    const journal = yield* OperationJournal
    const found = yield* journal.find(error.key)
    const ours = Option.filter(found, ({ act, identity }) => act === "redeem" && identity === as.key)
    const ended = endedBefore(ours)
    if (Option.isSome(ended)) return ended.value
    return yield* error.reason === "InUse" && Option.isSome(ours) ? ActError.of("redeem", "Busy") : error
  })

/**
 * Sends it, with one key in every attempt, and the journal around it. Nothing is sent while another redemption has an
 * outcome that is not known, and, unless it is said again, within the quiet period of the last one.
 *
 * @since 0.1.0
 * @category programs
 */
export const redeemConfirmed = (
  confirmed: ConfirmedRedemption
): Effect.Effect<
  Redemption,
  ActError | AuthError | BackendError | JournalError,
  Lease | OperationJournal | RateLimits
> =>
  Effect.gen(function* () {
    const { again, as, creditId, key } = confirmed
    const limits = yield* RateLimits

    return yield* runOperation({
      key,
      act: "redeem",
      identity: as,
      target: creditId ?? null,
      send: limits.consume({ as, key, creditId }).pipe(underPolicy("consumeResetCredit", "keyed", "35 seconds")),
      isRejection: isDefiniteRefusal,
      outcomeOf: (code, sentBefore) => redeemOutcomeOf(code, sentBefore, creditId),
      // Another process may have redeemed while the person was thinking.
      before: Effect.zipRight(withoutOpenRedemption(as, key), again ? Effect.void : afterQuietPeriod(as, key))
    }).pipe(
      Effect.map(({ answer, sentBefore }): Redemption => ({
        outcome: redeemOutcomeOf(answer, sentBefore, creditId),
        key,
        target: creditId ?? null
      })),
      Effect.catchTag("JournalError", (error) => meanwhile(as, error))
    )
  })
