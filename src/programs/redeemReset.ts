/**
 * Spend a reset credit, once.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ActError } from "../domain/ActError.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import { type JournalError } from "../domain/JournalError.js"
import type { Operation } from "../domain/Operation.js"
import { type ConsumeOutcome, RedeemKey, ResetCreditId } from "../domain/ResetCredit.js"
import type { UsageSnapshot } from "../domain/UsageSnapshot.js"
import { AuthSession } from "../services/AuthSession.js"
import { Dialog, type DialogError } from "../services/Dialog.js"
import type { Lease } from "../services/Lease.js"
import { OperationJournal } from "../services/OperationJournal.js"
import { Policies } from "../services/Policies.js"
import { RateLimits } from "../services/RateLimits.js"
import { applyPolicy } from "./applyPolicy.js"
import { isDefiniteRefusal, journaledAct } from "./journaledAct.js"
import { readUsage } from "./readUsage.js"
import { afterQuietPeriod, earlier, withoutOpenRedemption } from "./redeemHistory.js"
import { planAgain, planNew } from "./redeemPlan.js"

/**
 * `key` carries on, or begins, the redemption of that key. `creditId` names the credit; without it the person chooses.
 * `again` spends another credit within the quiet period of the last.
 *
 * @since 0.1.0
 * @category models
 */
export interface RedeemOptions {
  readonly key?: string | undefined
  readonly creditId?: string | undefined
  readonly again?: boolean
}

/**
 * `reset`, `alreadyRedeemed`: the windows were reset, now or by an earlier attempt of the same act. `alreadyRedeemedElsewhere`:
 * the key was used by somebody else. `nothingToReset`, `noCredit`, `creditGone`: nothing was spent. `declined`: nothing was
 * sent. `key` is null when no request was made. `usage` is the state after it, null when it could not be read.
 *
 * @since 0.1.0
 * @category models
 */
export interface RedeemResult {
  readonly outcome:
    | "reset"
    | "alreadyRedeemed"
    | "alreadyRedeemedElsewhere"
    | "nothingToReset"
    | "noCredit"
    | "creditGone"
    | "declined"
  readonly key: string | null
  readonly creditId: string | null
  readonly usage: UsageSnapshot | null
}

const input = <A>(schema: Schema.Schema<A, string>, text: string | undefined): Effect.Effect<A | undefined, ActError> =>
  text === undefined
    ? Effect.succeed(undefined)
    : Schema.decode(schema)(text).pipe(
        Effect.mapError((error) => ActError.of("redeem", "InvalidInput", lastLine(error.message)))
      )

/** The schema's own message stands last, below the path to it. */
const lastLine = (message: string): string => message.slice(message.lastIndexOf("\n") + 1)

const outcomes = [
  "reset",
  "alreadyRedeemed",
  "alreadyRedeemedElsewhere",
  "nothingToReset",
  "noCredit",
  "creditGone"
] as const

const asCreditId = Schema.decodeOption(ResetCreditId)

const asOutcome = Schema.decodeUnknownOption(Schema.Literal(...outcomes))

/** The credit of a key that was tried before, and spent nothing. */
const targetOf = (operation: Option.Option<Operation>): ResetCreditId | undefined =>
  Option.getOrUndefined(
    Option.flatMap(operation, ({ target }) => (target === null ? Option.none() : asCreditId(target)))
  )

/** What the backend's word means for this act: a key that we never sent before was used by somebody else. */
const outcomeOf = (
  code: ConsumeOutcome,
  sentBefore: boolean,
  creditId: ResetCreditId | undefined
): (typeof outcomes)[number] => {
  if (code === "alreadyRedeemed") return sentBefore ? "alreadyRedeemed" : "alreadyRedeemedElsewhere"
  return code === "noCredit" && creditId !== undefined ? "creditGone" : code
}

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
    const key = yield* input(RedeemKey, options.key)
    const creditId = yield* input(ResetCreditId, options.creditId)
    const auth = yield* AuthSession
    const policies = yield* Policies
    const limits = yield* RateLimits
    const dialog = yield* Dialog
    const journal = yield* OperationJournal

    const { session } = yield* auth.authorization
    const ended = (outcome: RedeemResult["outcome"]): RedeemResult => ({
      outcome,
      key: null,
      creditId: creditId ?? null,
      usage: null
    })
    /** What there is after a success, which stays one when this can't be read. */
    const concluded = (
      outcome: RedeemResult["outcome"],
      of: { readonly key: string; readonly target: string | null }
    ) =>
      Effect.gen(function* () {
        const isReset = outcome === "reset" || outcome === "alreadyRedeemed"
        const read = dialog
          .progress("Checking what is left", readUsage({ fresh: true }))
          .pipe(
            Effect.catchAll((error) =>
              Effect.as(Effect.logDebug(`The usage after the reset could not be read. ${error.message}`), null)
            )
          )
        yield* Effect.annotateCurrentSpan({ key: of.key, outcome })
        return { outcome, key: of.key, creditId: of.target, usage: isReset ? yield* read : null } satisfies RedeemResult
      })
    /** What the journal has of a redemption that came to its end before this one was sent, if it did. */
    const endedBefore = (operation: Option.Option<Operation>) =>
      Option.map(
        Option.filter(operation, ({ state }) => state._tag === "succeeded"),
        (succeeded) => {
          const recorded = succeeded.state._tag === "succeeded" ? asOutcome(succeeded.state.outcome) : Option.none()
          const outcome = Option.getOrElse(recorded, () => "alreadyRedeemed" as const)
          return concluded(outcome === "reset" ? "alreadyRedeemed" : outcome, succeeded)
        }
      )
    const operation = yield* earlier(session.identity, key)
    const known = endedBefore(operation)
    if (Option.isSome(known)) return yield* known.value
    const goesOn = Option.isSome(operation) && operation.value.isOpen
    const rested = goesOn || options.again === true ? Effect.void : afterQuietPeriod(session.identity)
    const plan = goesOn
      ? yield* planAgain(session, operation.value)
      : yield* Effect.zipRight(rested, planNew(session, key, creditId ?? targetOf(operation)))
    if (plan === "declined" || plan === "noCredit") return ended(plan)

    return yield* dialog
      .progress(
        "Resetting your usage",
        journaledAct({
          key: plan.key,
          act: "redeem",
          identity: session.identity,
          target: plan.creditId ?? null,
          attempt: limits.consume({ as: session.identity, ...plan }),
          policy: applyPolicy(policies.consumeResetCredit, auth),
          isRejection: isDefiniteRefusal,
          outcomeOf: (code, sentBefore) => outcomeOf(code, sentBefore, plan.creditId),
          // Another process may have redeemed while the person was thinking.
          before: Effect.zipRight(withoutOpenRedemption(session.identity, plan.key), rested)
        })
      )
      .pipe(
        Effect.flatMap(({ answer, sentBefore }) =>
          concluded(outcomeOf(answer, sentBefore, plan.creditId), { key: plan.key, target: plan.creditId ?? null })
        ),
        // Another process has carried it on to its end meanwhile.
        Effect.catchIf(
          (error) => error._tag === "JournalError" && error.reason === "Transition",
          (error) =>
            Effect.flatMap(journal.find(plan.key), (found) =>
              Option.getOrElse(endedBefore(found), () => Effect.fail(error))
            )
        )
      )
  }).pipe(Effect.withSpan("redeemReset"))
