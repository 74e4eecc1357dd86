/** Spend a reset credit, once. */
import { ActError, validInput } from "../domain/ActError.js"
import { BackendError } from "../domain/BackendError.js"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { sameIdentity } from "../domain/Identity.js"
import type { Operation } from "../domain/Operation.js"
import { plainLine } from "../domain/PlainText.js"
import { RedeemKey, type ResetCredit, ResetCreditId, type ResetCredits } from "../domain/ResetCredit.js"
import { accountText, type Session } from "../domain/Session.js"
import type { UsageSnapshot } from "../domain/UsageSnapshot.js"
import { AuthSession } from "../services/AuthSession.js"
import { Dialog, type DialogError } from "../services/Dialog.js"
import { OperationKeys } from "../services/OperationJournal.js"
import type { RateLimits } from "../services/RateLimits.js"
import {
  earlierRedemption,
  endedBefore,
  ensureQuietPeriodOver,
  redeemConfirmed,
  type ConfirmedRedemption,
  type RedeemOutcome,
  type Redemption
} from "./redeemConfirmed.js"
import type { Asked, OperationFailure } from "./runOperation.js"
import { readUsage } from "./usage.js"

/** The key and the credit of a redemption that was confirmed. */
type ConfirmedPlan = Pick<ConfirmedRedemption, "key" | "creditId">

/** The id of a credit as a person types or pastes it. */
export const TypedResetCreditId = Schema.String.pipe(
  Schema.pattern(/^[\u0021-\u007e]{1,256}$/, {
    message: () => "A credit id is 1 to 256 printable characters without spaces."
  }),
  Schema.brand("ResetCreditId")
)

/** A key as a person types or pastes it. */
export const TypedRedeemKey = Schema.String.pipe(
  Schema.pattern(/^[\u0021-\u007e]{1,128}$/, {
    message: () => "A key is 1 to 128 printable characters without spaces; a UUID is best."
  }),
  Schema.brand("RedeemKey")
)

const asTypedId = Schema.decodeOption(TypedResetCreditId)
const asCreditId = Schema.decodeOption(ResetCreditId)

/**
 * The credits to choose from, in their order. One whose id can't be sent is left out: another would be spent in its place.
 */
const nameable = (credits: ResetCredits, now: DateTime.Utc) =>
  credits.redeemableAt(now).filter(({ id }) => Option.isSome(asTypedId(id)))

/** What a reset does where the backend does not say it. */
const scopeText = ({ main, plan }: UsageSnapshot): string =>
  plan === "free" || plan === "go" || main.windows.some((window) => window.name === "monthly")
    ? "Resets your monthly limit."
    : "Resets your weekly and your 5h limit."

const expiryText = ({ expiresAt }: ResetCredit): string =>
  expiresAt === null ? "does not expire" : `expires ${DateTime.formatIso(expiresAt)}`

const describe = (credit: ResetCredit | null, usage: UsageSnapshot) => ({
  value: credit,
  label: plainLine(credit?.title ?? "") || "Full reset",
  hint: credit === null ? undefined : expiryText(credit),
  description: plainLine(credit?.description ?? "", 300) || scopeText(usage)
})

const leftText = (usage: UsageSnapshot): string =>
  usage.main.windows.map((window) => `${window.name} ${Math.round(window.remainingPercent)}% left`).join(", ")

const counted = (count: number): string => `${count} usage limit reset${count === 1 ? "" : "s"} available.`

/** A new redemption: what there is to spend, chosen and confirmed. */
const planNew = (session: Session, key: RedeemKey | undefined, creditId: ResetCreditId | undefined, browse: boolean) =>
  Effect.gen(function* () {
    const dialog = yield* Dialog
    const keys = yield* OperationKeys
    const usage = yield* dialog.progress("Checking your available resets", readUsage({ fresh: true }))
    if (!sameIdentity(usage.identity, session.identity)) return yield* ActError.of("redeem", "IdentityChanged")
    const credits = usage.resetCredits
    if (credits === null && browse) return yield* BackendError.of("usage.read", "Malformed")
    const available = credits?.availableAt(usage.fetchedAt) ?? 0
    if (credits !== null && available <= 0) return "noCredit" as const
    const redeemable = credits === null ? [] : nameable(credits, usage.fetchedAt)
    const named = redeemable.find((credit) => credit.id === creditId) ?? null
    const all = redeemable.length === 0 ? [null] : redeemable
    const chooses = creditId === undefined && (browse || all.length > 1)
    const choose = dialog.choose({
      id: "redeem.credit",
      title: "Usage limit resets",
      details: [counted(available)],
      choices: all.map((credit) => describe(credit, usage)),
      cancel: "Cancel"
    })
    while (true) {
      const chosen = chooses ? yield* choose : creditId === undefined ? (all[0] ?? null) : named
      const left = leftText(usage)
      const { description, hint, label } = describe(chosen, usage)
      const credit =
        chosen !== null ? `${label}, ${hint}` : creditId === undefined ? "The next one available" : `Credit ${creditId}`
      const agreed = yield* dialog.confirm({
        id: "redeem.confirm",
        title: "Use this reset?",
        details: [
          credit,
          `Account: ${accountText(session)}`,
          ...(left === "" ? [] : [`Now: ${left}`]),
          ...(chosen === null && creditId !== undefined ? [] : [description])
        ],
        yes: "Yes, use reset",
        no: "No, go back"
      })
      if (agreed) {
        const id = creditId ?? (chosen === null ? undefined : Option.getOrUndefined(asTypedId(chosen.id)))
        const plan: ConfirmedPlan = { key: key ?? RedeemKey.make(yield* keys.next), creditId: id }
        return plan
      }
      if (!browse) return "declined" as const
    }
  })

/** The redemption to carry on keeps its key and its credit: they can't spend a second one. */
const planAgain = (session: Session, operation: Operation) =>
  Effect.gen(function* () {
    const dialog = yield* Dialog
    const agreed = yield* dialog.confirm({
      id: "redeem.confirm",
      title: "Carry on an earlier reset?",
      details: [
        `A reset was sent at ${DateTime.formatIso(operation.updatedAt)}, and its outcome is not known.`,
        "It is sent again with the same key, so it can't use a second credit. No other reset can begin before it has ended.",
        `Account: ${accountText(session)}`,
        `Key: ${operation.key}`
      ],
      yes: "Yes, carry it on",
      no: "No, go back"
    })
    if (!agreed) return "declined" as const
    const plan: ConfirmedPlan = {
      key: RedeemKey.make(operation.key),
      creditId: operation.target === null ? undefined : ResetCreditId.make(operation.target)
    }
    return plan
  })

/**
 * `key` carries on, or begins, the redemption of that key. `creditId` names the credit; without it the person chooses.
 * `again` spends another credit within the quiet period of the last. `browse` always shows what there is to choose from,
 * and a no leads back there. `retry` decides after a failed attempt: true makes another one, with the same key and the same
 * credit.
 * @since 0.1.0
 * @category models
 */
export interface RedeemOptions {
  readonly key?: string | undefined
  readonly creditId?: string | undefined
  readonly again?: boolean
  readonly browse?: boolean
  readonly retry?: (error: OperationFailure) => Effect.Effect<boolean, DialogError>
}

/**
 * `declined`: nothing was sent. `key` is null when no request was made. `usage` is the state after it, null when it could
 * not be read.
 * @since 0.1.0
 * @category models
 */
export interface RedeemResult {
  readonly outcome: RedeemOutcome | "declined"
  readonly key: string | null
  readonly creditId: string | null
  readonly usage: UsageSnapshot | null
}

/** The result with what is left after it. A success stays one when that can't be read. */
const concluded = ({ key, outcome, target }: Redemption) =>
  Effect.gen(function* () {
    const dialog = yield* Dialog
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

/**
 * Chooses a credit, asks, and redeems it with one key in every attempt. A redemption whose outcome is open is carried on
 * first, whatever the backend says is available now. Success is reported even when the read after it fails.
 * @since 0.1.0
 * @category programs
 */
export const redeemReset = (options: RedeemOptions = {}): Asked<RedeemResult, RateLimits> =>
  Effect.gen(function* () {
    const key = options.key === undefined ? undefined : yield* validInput("redeem", TypedRedeemKey, options.key)
    const creditId =
      options.creditId === undefined ? undefined : yield* validInput("redeem", TypedResetCreditId, options.creditId)
    const auth = yield* AuthSession
    const dialog = yield* Dialog

    const { session } = yield* auth.authorization
    const operation = yield* earlierRedemption(session.identity, key)
    const known = endedBefore(operation)
    if (Option.isSome(known)) return yield* concluded(known.value)
    const goesOn = Option.isSome(operation) && operation.value.isOpen
    const again = goesOn || options.again === true
    if (!again) yield* ensureQuietPeriodOver(session.identity)
    // The credit of a key that was tried before, and spent nothing.
    const before = Option.flatMap(operation, ({ target }) => asCreditId(target ?? ""))
    const plan = goesOn
      ? yield* planAgain(session, operation.value)
      : yield* planNew(session, key, creditId ?? Option.getOrUndefined(before), options.browse === true)
    if (plan === "declined" || plan === "noCredit") {
      return { outcome: plan, key: null, creditId: creditId ?? null, usage: null }
    }
    const attempt = dialog.progress("Resetting your usage", redeemConfirmed({ as: session.identity, ...plan, again }), {
      isAct: true
    })
    const { retry } = options
    const redeemed = yield* retry === undefined ? attempt : Effect.retry(attempt, { while: retry })
    return yield* concluded(redeemed)
  }).pipe(Effect.withSpan("codex.program.redeemReset"))
