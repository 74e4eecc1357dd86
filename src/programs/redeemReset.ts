/**
 * Spend a reset credit, once.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ActError } from "../domain/ActError.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import { type Identity, sameIdentity } from "../domain/Identity.js"
import { JournalError } from "../domain/JournalError.js"
import type { Operation } from "../domain/Operation.js"
import { plainLine } from "../domain/PlainText.js"
import { RedeemKey, type ResetCredit, ResetCreditId } from "../domain/ResetCredit.js"
import type { Session } from "../domain/Session.js"
import type { UsageSnapshot } from "../domain/UsageSnapshot.js"
import { AuthSession } from "../services/AuthSession.js"
import { Dialog, type DialogError } from "../services/Dialog.js"
import type { Lease } from "../services/Lease.js"
import { OperationJournal } from "../services/OperationJournal.js"
import { OperationKeys } from "../services/OperationKeys.js"
import { Policies } from "../services/Policies.js"
import { RateLimits } from "../services/RateLimits.js"
import { applyPolicy } from "./applyPolicy.js"
import { journaledAct } from "./journaledAct.js"
import { readUsage } from "./readUsage.js"

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
 * For how long after a reset the backend may still show the usage from before it, with fresh timestamps: a second credit
 * spent then is spent for nothing.
 *
 * @since 0.1.0
 * @category constants
 */
export const quietPeriod = Duration.minutes(20)

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

interface Plan {
  readonly key: RedeemKey
  readonly creditId: ResetCreditId | undefined
}

const describe = (credit: ResetCredit) => ({
  value: credit,
  label: plainLine(credit.title ?? "") || "Full reset",
  hint: credit.expiresAt === null ? "does not expire" : `expires ${DateTime.formatIso(credit.expiresAt)}`
})

const windowLines = (usage: UsageSnapshot): ReadonlyArray<string> =>
  usage.main.windows.map((window) => `${window.name}: ${Math.round(window.remainingPercent)}% left`)

const confirmReset = (session: Session, credit: string, usage: UsageSnapshot | null) =>
  Effect.flatMap(Dialog, (dialog) =>
    dialog.confirm({
      id: "redeem.confirm",
      title: "Use this reset?",
      details: [
        `Account: ${session.email ?? "unknown"}`,
        `Credit: ${credit}`,
        ...(usage === null ? [] : windowLines(usage))
      ],
      yes: "Yes, use reset",
      no: "No, go back",
      flag: "--yes"
    })
  )

/** Refuses when another redemption has an outcome that is not known. */
const withoutOpenRedemption = (identity: Identity, key: RedeemKey) =>
  Effect.gen(function* () {
    const journal = yield* OperationJournal
    const open = yield* journal.list({ act: "redeem", identity, open: true })
    const other = open.find((operation) => operation.key !== key)
    if (other !== undefined) {
      return yield* new ActError({ act: "redeem", reason: "Unresolved", key: other.key, status: null, detail: null })
    }
  })

/** The redemption that goes on: the one of the key given, or the one whose outcome is open. */
const earlier = (identity: Identity, key: RedeemKey | undefined) =>
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

/** Refuses a redemption within the quiet period of the last one. */
const afterQuietPeriod = (identity: Identity) =>
  Effect.gen(function* () {
    const journal = yield* OperationJournal
    const since = DateTime.subtractDuration(yield* DateTime.now, quietPeriod)
    const recent = (yield* journal.list({ act: "redeem", identity })).find(
      ({ state, updatedAt }) =>
        state._tag === "succeeded" &&
        (state.outcome === "reset" || state.outcome === "alreadyRedeemed") &&
        DateTime.greaterThan(updatedAt, since)
    )
    if (recent === undefined) return
    const end = DateTime.formatIso(DateTime.addDuration(recent.updatedAt, quietPeriod))
    return yield* new ActError({
      act: "redeem",
      reason: "TooSoon",
      key: recent.key,
      status: null,
      detail: `Wait until ${end}, or say --again.`
    })
  })

/** A new redemption: what there is to spend, chosen and confirmed. */
const planNew = (session: Session, key: RedeemKey | undefined, creditId: ResetCreditId | undefined) =>
  Effect.gen(function* () {
    const dialog = yield* Dialog
    const keys = yield* OperationKeys
    const usage = yield* dialog.progress("Checking your available resets", readUsage({ fresh: true }))
    if (!sameIdentity(usage.identity, session.identity)) return yield* ActError.of("redeem", "IdentityChanged")
    const credits = usage.resetCredits
    if (credits !== null && credits.availableCount <= 0) return "noCredit" as const
    const redeemable = credits?.redeemable ?? []
    const named = redeemable.find((credit) => credit.id === creditId)
    const chosen =
      creditId !== undefined
        ? named
        : redeemable.length > 1
          ? yield* dialog.choose({
              id: "redeem.credit",
              title: `${credits?.availableCount} usage limit resets available.`,
              choices: redeemable.map(describe),
              flag: "--credit"
            })
          : redeemable[0]
    const label =
      chosen === undefined
        ? (creditId ?? "the next one available")
        : `${describe(chosen).label}, ${describe(chosen).hint}`
    if (!(yield* confirmReset(session, label, usage))) return "declined" as const
    const id = creditId ?? Option.getOrUndefined(Schema.decodeOption(ResetCreditId)(chosen?.id ?? ""))
    const plan: Plan = { key: key ?? RedeemKey.make(yield* keys.next), creditId: id }
    return plan
  })

/** The redemption that goes on keeps its key and its credit: they can't spend a second one. */
const planAgain = (session: Session, operation: Operation) =>
  Effect.gen(function* () {
    const agreed = yield* confirmReset(session, `the redemption ${operation.key}, whose outcome is not known`, null)
    if (!agreed) return "declined" as const
    const plan: Plan = {
      key: RedeemKey.make(operation.key),
      creditId: operation.target === null ? undefined : ResetCreditId.make(operation.target)
    }
    return plan
  })

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

    const { session } = yield* auth.authorization
    const ended = (outcome: RedeemResult["outcome"]): RedeemResult => ({
      outcome,
      key: null,
      creditId: creditId ?? null,
      usage: null
    })
    const operation = yield* earlier(session.identity, key)
    if (Option.isSome(operation) && operation.value.state._tag === "succeeded") {
      return {
        outcome: "alreadyRedeemed" as const,
        key: operation.value.key,
        creditId: operation.value.target,
        usage: null
      }
    }
    const goesOn = Option.isSome(operation) && operation.value.isOpen
    const rested = goesOn || options.again === true ? Effect.void : afterQuietPeriod(session.identity)
    const plan = goesOn
      ? yield* planAgain(session, operation.value)
      : yield* Effect.zipRight(rested, planNew(session, key, creditId))
    if (plan === "declined" || plan === "noCredit") return ended(plan)

    const { answer, sentBefore } = yield* dialog.progress(
      "Resetting your usage",
      journaledAct({
        key: plan.key,
        act: "redeem",
        identity: session.identity,
        target: plan.creditId ?? null,
        attempt: limits.consume({ as: session.identity, ...plan }),
        policy: applyPolicy(policies.consumeResetCredit, auth),
        isRejection: (error) =>
          error.status !== null && error.status >= 400 && error.status < 500 && error.status !== 408,
        outcomeOf: (outcome) => outcome,
        // Another process may have redeemed while the person was thinking.
        before: Effect.zipRight(withoutOpenRedemption(session.identity, plan.key), rested)
      })
    )
    const outcome = (() => {
      switch (answer) {
        case "alreadyRedeemed":
          return sentBefore ? "alreadyRedeemed" : "alreadyRedeemedElsewhere"
        case "noCredit":
          return plan.creditId === undefined ? "noCredit" : "creditGone"
        default:
          return answer
      }
    })()
    const usage =
      outcome === "reset" || outcome === "alreadyRedeemed"
        ? yield* dialog
            .progress("Checking what is left", readUsage({ fresh: true }))
            .pipe(
              Effect.catchAll((error) =>
                Effect.as(Effect.logDebug(`The usage after the reset could not be read. ${error.message}`), null)
              )
            )
        : null
    yield* Effect.annotateCurrentSpan({ key: plan.key, outcome })
    return { outcome, key: plan.key, creditId: plan.creditId ?? null, usage } satisfies RedeemResult
  }).pipe(Effect.withSpan("redeemReset"))
