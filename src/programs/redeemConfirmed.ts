/** Spend the reset credit that was decided on, and what the journal says of earlier redemptions. */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ActError } from "../domain/ActError.js"
import { CallPolicy } from "../domain/CallPolicy.js"
import type { Identity } from "../domain/Identity.js"
import type { Operation } from "../domain/Operation.js"
import type { ConsumeOutcome, RedeemKey, ResetCreditId } from "../domain/ResetCredit.js"
import { JournalError, OperationJournal } from "../services/OperationJournal.js"
import { policyInForce, underPolicy, withPolicy } from "../services/Policies.js"
import { RateLimits } from "../services/RateLimits.js"
import { ensureNoneOpen, isDefiniteRefusal, type Operated, runDecidedOperation, runOperation } from "./runOperation.js"

/**
 * For how long after a reset the backend may still show the usage from before it, with fresh timestamps: a second credit
 * spent then is wasted.
 */
export const quietPeriod = Duration.minutes(20)

/** Fails when another redemption has an outcome that is not known. */
const ensureNoOtherOpen = (identity: Identity, key: RedeemKey) => ensureNoneOpen("redeem", identity, { except: key })

/** The redemption to carry on: the one of the key given, or the one whose outcome is open. */
export const earlierRedemption = (identity: Identity, key: RedeemKey | undefined) =>
  Effect.gen(function* () {
    const journal = yield* OperationJournal
    if (key === undefined) {
      return Option.fromNullable((yield* journal.list({ act: "redeem", identity, state: "open", limit: 1 }))[0])
    }
    yield* ensureNoOtherOpen(identity, key)
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
    const recent = (yield* journal.list({ act: "redeem", identity, state: "succeeded", within: quietPeriod })).find(
      ({ key, state }) =>
        key !== except &&
        state._tag === "succeeded" &&
        (state.outcome === "reset" || state.outcome === "alreadyRedeemed")
    )
    return Option.map(Option.fromNullable(recent), ({ key, updatedAt }) => ({
      key,
      until: DateTime.addDuration(updatedAt, quietPeriod)
    }))
  })

/** Fails within the quiet period of the last redemption. */
export const ensureQuietPeriodOver = (identity: Identity, key?: RedeemKey) =>
  Effect.flatMap(
    quietReset(identity, key),
    Option.match({
      onNone: () => Effect.void,
      onSome: ({ key, until }) =>
        new ActError({ ...ActError.of("redeem", "TooSoon", `Wait until ${DateTime.formatIso(until)}.`), key })
    })
  )

/** What may come of a redemption, in the journal's words. */
export const redeemOutcomes = [
  "reset",
  "alreadyRedeemed",
  "alreadyRedeemedElsewhere",
  "nothingToReset",
  "noCredit",
  "creditGone"
] as const

/**
 * `reset`, `alreadyRedeemed`: the windows were reset, now or by an earlier attempt of the same operation.
 * `alreadyRedeemedElsewhere`: another program used the key. `nothingToReset`, `noCredit`, `creditGone`: nothing was spent.
 * @since 0.1.0
 * @category models
 */
export type RedeemOutcome = (typeof redeemOutcomes)[number]

/**
 * `target` is the credit that was named.
 * @since 0.1.0
 * @category models
 */
export interface Redemption {
  readonly outcome: RedeemOutcome
  readonly key: string
  readonly target: string | null
}

const asOutcome = Schema.decodeUnknownOption(Schema.Literal(...redeemOutcomes))

/**
 * What the backend's word means for this operation: `alreadyRedeemed` for a key that was never sent before means that
 * another program used it, and a credit that was named may be gone.
 */
const redeemOutcomeOf = (
  code: ConsumeOutcome,
  sentBefore: boolean,
  creditId: ResetCreditId | undefined
): RedeemOutcome => {
  if (code === "alreadyRedeemed") return sentBefore ? "alreadyRedeemed" : "alreadyRedeemedElsewhere"
  return code === "noCredit" && creditId !== undefined ? "creditGone" : code
}

/** What the journal has of a redemption that had ended before this one was sent, if it had. */
export const endedBefore = (operation: Option.Option<Operation>): Option.Option<Redemption> =>
  Option.flatMap(operation, ({ key, state, target }) => {
    if (state._tag !== "succeeded") return Option.none()
    const outcome = Option.getOrElse(asOutcome(state.outcome), () => "alreadyRedeemed" as const)
    return Option.some({ key, target, outcome: outcome === "reset" ? "alreadyRedeemed" : outcome })
  })

/**
 * What another process has done with the key while the person was thinking: it has carried it on to its end, or has named
 * another credit for it. In that case nothing is sent: what was confirmed is not what the key can spend.
 */
const meanwhile = (as: Identity, error: JournalError) =>
  Effect.gen(function* () {
    if (error.key === null || error.reason === "Unavailable") return yield* error
    const found = yield* (yield* OperationJournal).find(error.key)
    const ours = Option.filter(found, ({ act, identity }) => act === "redeem" && identity === as.key)
    const ended = endedBefore(ours)
    if (Option.isSome(ended)) return ended.value
    return yield* error.reason === "InUse" && Option.isSome(ours) ? ActError.of("redeem", "Busy") : error
  })

/**
 * What was confirmed: whose credit, under which key, and which one; undefined leaves it to the backend. `again` spends it
 * within the quiet period of the last one too.
 */
export interface ConfirmedRedemption {
  readonly as: Identity
  readonly key: RedeemKey
  readonly creditId: ResetCreditId | undefined
  readonly again: boolean
}

/**
 * Redeems the confirmed credit, with one key in every attempt and the journal around it. Nothing is sent while another
 * redemption has an outcome that is not known, nor, unless `again` is set, within the quiet period of the last one.
 * @since 0.1.0
 * @category programs
 */
export const redeemConfirmed = ({ again, as, creditId, key }: ConfirmedRedemption): Operated<Redemption, RateLimits> =>
  Effect.gen(function* () {
    const limits = yield* RateLimits
    const { answer, sentBefore } = yield* runOperation({
      key,
      act: "redeem",
      identity: as,
      target: creditId ?? null,
      send: limits.consume({ as, key, creditId }).pipe(underPolicy("consumeResetCredit", "keyed", "35 seconds")),
      isRejection: isDefiniteRefusal,
      outcomeOf: (code, sentBefore) => redeemOutcomeOf(code, sentBefore, creditId),
      // Another process may have redeemed while the person was thinking.
      before: Effect.zipRight(ensureNoOtherOpen(as, key), again ? Effect.void : ensureQuietPeriodOver(as, key))
    })
    return { outcome: redeemOutcomeOf(answer, sentBefore, creditId), key, target: creditId ?? null }
  }).pipe(Effect.catchTag("JournalError", (error) => meanwhile(as, error)))

/**
 * One attempt, without any question: the caller has decided, knows the key, and tries again with it where the outcome is
 * not known. Without `creditId` the backend takes the next credit available. A key that has come to its end is sent again as it is, and its record stays: the backend answers for it.
 */
export const consumeReset = ({
  as,
  creditId,
  key
}: Parameters<RateLimits["Type"]["consume"]>[0]): Operated<ConsumeOutcome, RateLimits> =>
  Effect.gen(function* () {
    const journal = yield* OperationJournal
    const limits = yield* RateLimits
    const policy = yield* policyInForce("consumeResetCredit")
    const { attemptTimeout: overallTimeout } = policy
    // The caller repeats it, so a 401 is not recovered from here either.
    const once = new CallPolicy({ ...policy, repeat: "never", attempts: 1, overallTimeout, retryOn: [] })
    const send = limits.consume({ as, key, creditId }).pipe(withPolicy("consumeResetCredit", once))

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
      outcomeOf: (outcome, sentBefore) => redeemOutcomeOf(outcome, sentBefore, creditId),
      before: Effect.void
    }).pipe(
      // Another process has carried it on to its end meanwhile.
      Effect.catchIf(
        (error) => error._tag === "JournalError" && error.reason === "Transition",
        () => send
      )
    )
  }).pipe(Effect.withSpan("codex.program.consumeReset"))
