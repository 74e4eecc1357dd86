/**
 * Spend a reset credit, once.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { ActError } from "../domain/ActError.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import { type JournalError } from "../domain/JournalError.js"
import type { Operation } from "../domain/Operation.js"
import { ResetCreditId, TypedRedeemKey, TypedResetCreditId } from "../domain/ResetCredit.js"
import type { UsageSnapshot } from "../domain/UsageSnapshot.js"
import { AuthSession } from "../services/AuthSession.js"
import { Dialog, type DialogError } from "../services/Dialog.js"
import type { Lease } from "../services/Lease.js"
import type { OperationJournal } from "../services/OperationJournal.js"
import type { RateLimits } from "../services/RateLimits.js"
import { readUsage } from "./readUsage.js"
import { endedBefore, type Redemption, redeemConfirmed, type RedeemOutcome } from "./redeemConfirmed.js"
import { afterQuietPeriod, earlier } from "./redeemHistory.js"
import { planAgain, planNew } from "./redeemPlan.js"
import { validInput } from "./validInput.js"

/**
 * Why a redemption failed.
 *
 * @since 0.1.0
 * @category models
 */
export type RedeemFailure = ActError | AuthError | BackendError | JournalError

/**
 * `key` carries on, or begins, the redemption of that key. `creditId` names the credit; without it the person chooses.
 * `again` spends another credit within the quiet period of the last. `browse` always shows what there is to choose from,
 * and a no leads back there. `retry` is asked when an attempt has failed: true makes another one, with the same key and the
 * same credit.
 *
 * @since 0.1.0
 * @category models
 */
export interface RedeemOptions {
  readonly key?: string | undefined
  readonly creditId?: string | undefined
  readonly again?: boolean
  readonly browse?: boolean
  readonly retry?: (error: RedeemFailure) => Effect.Effect<boolean, DialogError>
}

/**
 * `declined`: nothing was sent. `key` is null when no request was made. `usage` is the state after it, null when it could
 * not be read.
 *
 * @since 0.1.0
 * @category models
 */
export interface RedeemResult {
  readonly outcome: RedeemOutcome | "declined"
  readonly key: string | null
  readonly creditId: string | null
  readonly usage: UsageSnapshot | null
}

const asCreditId = Schema.decodeOption(ResetCreditId)

/** The credit of a key that was tried before, and spent nothing. */
const targetOf = (operation: Option.Option<Operation>): ResetCreditId | undefined =>
  Option.getOrUndefined(
    Option.flatMap(operation, ({ target }) => (target === null ? Option.none() : asCreditId(target)))
  )

/**
 * Chooses a credit, asks, and redeems it with one key in every attempt. A redemption whose outcome is open is carried on
 * first, whatever the backend says is available now. Success is reported even when the read after it fails.
 *
 * @since 0.1.0
 * @category programs
 */
export const redeemReset = (
  options: RedeemOptions = {}
): Effect.Effect<
  RedeemResult,
  ActError | AuthError | BackendError | DialogError | JournalError,
  AuthSession | Dialog | Lease | OperationJournal | RateLimits
> =>
  Effect.gen(function* () {
    const key = options.key === undefined ? undefined : yield* validInput("redeem", TypedRedeemKey, options.key)
    const creditId =
      options.creditId === undefined ? undefined : yield* validInput("redeem", TypedResetCreditId, options.creditId)
    const auth = yield* AuthSession
    const dialog = yield* Dialog

    const { session } = yield* auth.authorization
    const ended = (outcome: RedeemResult["outcome"]): RedeemResult => ({
      outcome,
      key: null,
      creditId: creditId ?? null,
      usage: null
    })
    /** What there is after a success, which stays one when this can't be read. */
    const concluded = ({ key, outcome, target }: Redemption) =>
      Effect.gen(function* () {
        const isReset = outcome === "reset" || outcome === "alreadyRedeemed"
        const read = dialog
          .progress("Your usage was reset. Checking what is left", readUsage({ fresh: true }), { isAct: true })
          .pipe(
            Effect.catchAll((error) =>
              Effect.as(Effect.logDebug(`The usage after the reset could not be read. ${error.message}`), null)
            )
          )
        yield* Effect.annotateCurrentSpan({ key, outcome })
        return { outcome, key, creditId: target, usage: isReset ? yield* read : null } satisfies RedeemResult
      })
    const operation = yield* earlier(session.identity, key)
    const known = endedBefore(operation)
    if (Option.isSome(known)) return yield* concluded(known.value)
    const goesOn = Option.isSome(operation) && operation.value.isOpen
    const again = goesOn || options.again === true
    if (!again) yield* afterQuietPeriod(session.identity)
    const plan = goesOn
      ? yield* planAgain(session, operation.value)
      : yield* planNew(session, key, creditId ?? targetOf(operation), options.browse === true)
    if (plan === "declined" || plan === "noCredit") return ended(plan)

    const attempt = dialog.progress("Resetting your usage", redeemConfirmed({ as: session.identity, ...plan, again }), {
      isAct: true
    })
    const { retry } = options
    const redeemed = yield* retry === undefined ? attempt : Effect.retry(attempt, { while: retry })
    return yield* concluded(redeemed)
  }).pipe(Effect.withSpan("redeemReset"))
