/** Which credit to spend, chosen and confirmed. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ActError } from "../domain/ActError.js"
import { BackendError } from "../domain/BackendError.js"
import { sameIdentity } from "../domain/Identity.js"
import type { Operation } from "../domain/Operation.js"
import { plainLine } from "../domain/PlainText.js"
import { RedeemKey, type ResetCredit, ResetCreditId } from "../domain/ResetCredit.js"
import { accountText, type Session } from "../domain/Session.js"
import type { UsageSnapshot } from "../domain/UsageSnapshot.js"
import { Dialog } from "../services/Dialog.js"
import { OperationKeys } from "../services/OperationKeys.js"
import { readUsage } from "./readUsage.js"
import { creditIdOf, nameable } from "./redeemChoice.js"

/** The key and the credit of a redemption that was confirmed. */
export interface Plan {
  readonly key: RedeemKey
  readonly creditId: ResetCreditId | undefined
}

/** What a reset does where the backend does not say it. */
const scopeText = ({ main, plan }: UsageSnapshot): string =>
  plan === "free" || plan === "go" || main.windows.some((window) => window.name === "monthly")
    ? "Resets your monthly limit."
    : "Resets your weekly and your 5h limit."

const describe = (credit: ResetCredit | null, usage: UsageSnapshot) => ({
  value: credit,
  label: plainLine(credit?.title ?? "") || "Full reset",
  hint:
    credit === null
      ? undefined
      : credit.expiresAt === null
        ? "does not expire"
        : `expires ${DateTime.formatIso(credit.expiresAt)}`,
  description: plainLine(credit?.description ?? "", 300) || scopeText(usage)
})

const leftText = (usage: UsageSnapshot): string =>
  usage.main.windows.map((window) => `${window.name} ${Math.round(window.remainingPercent)}% left`).join(", ")

const counted = (count: number): string => `${count} usage limit reset${count === 1 ? "" : "s"} available.`

/** A new redemption: what there is to spend, chosen and confirmed. */
export const planNew = (
  session: Session,
  key: RedeemKey | undefined,
  creditId: ResetCreditId | undefined,
  browse: boolean
) =>
  Effect.gen(function* () {
    const dialog = yield* Dialog
    const keys = yield* OperationKeys
    const usage = yield* dialog.progress("Checking your available resets", readUsage({ fresh: true }))
    if (!sameIdentity(usage.identity, session.identity)) return yield* ActError.of("redeem", "IdentityChanged")
    const credits = usage.resetCredits
    if (credits === null && browse) return yield* BackendError.of("usage.read", "Malformed")
    if (credits !== null && credits.availableCount <= 0) return "noCredit" as const
    const redeemable = credits === null ? [] : nameable(credits)
    const named = redeemable.find((credit) => credit.id === creditId) ?? null
    const all = redeemable.length === 0 ? [null] : redeemable
    const chooses = creditId === undefined && (browse || all.length > 1)
    const choose = dialog.choose({
      id: "redeem.credit",
      title: "Usage limit resets",
      details: [counted(credits?.availableCount ?? 0)],
      choices: all.map((credit) => describe(credit, usage)),
      cancel: "Cancel",
      flag: "--credit"
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
        no: "No, go back",
        flag: "--yes"
      })
      if (agreed) {
        const id = creditId ?? Option.getOrUndefined(creditIdOf(chosen))
        const plan: Plan = { key: key ?? RedeemKey.make(yield* keys.next), creditId: id }
        return plan
      }
      if (!browse) return "declined" as const
    }
  })

/** The redemption that goes on keeps its key and its credit: they can't spend a second one. */
export const planAgain = (session: Session, operation: Operation) =>
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
      no: "No, go back",
      flag: "--yes"
    })
    if (!agreed) return "declined" as const
    const plan: Plan = {
      key: RedeemKey.make(operation.key),
      creditId: operation.target === null ? undefined : ResetCreditId.make(operation.target)
    }
    return plan
  })
