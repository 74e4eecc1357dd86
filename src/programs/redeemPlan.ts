/** Which credit to spend, chosen and confirmed. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ActError } from "../domain/ActError.js"
import { sameIdentity } from "../domain/Identity.js"
import type { Operation } from "../domain/Operation.js"
import { plainLine } from "../domain/PlainText.js"
import { RedeemKey, type ResetCredit, ResetCreditId } from "../domain/ResetCredit.js"
import type { Session } from "../domain/Session.js"
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

/** A new redemption: what there is to spend, chosen and confirmed. */
export const planNew = (session: Session, key: RedeemKey | undefined, creditId: ResetCreditId | undefined) =>
  Effect.gen(function* () {
    const dialog = yield* Dialog
    const keys = yield* OperationKeys
    const usage = yield* dialog.progress("Checking your available resets", readUsage({ fresh: true }))
    if (!sameIdentity(usage.identity, session.identity)) return yield* ActError.of("redeem", "IdentityChanged")
    const credits = usage.resetCredits
    if (credits !== null && credits.availableCount <= 0) return "noCredit" as const
    const redeemable = credits === null ? [] : nameable(credits)
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
    const id = creditId ?? Option.getOrUndefined(creditIdOf(chosen ?? null))
    const plan: Plan = { key: key ?? RedeemKey.make(yield* keys.next), creditId: id }
    return plan
  })

/** The redemption that goes on keeps its key and its credit: they can't spend a second one. */
export const planAgain = (session: Session, operation: Operation) =>
  Effect.gen(function* () {
    const agreed = yield* confirmReset(session, `the redemption ${operation.key}, whose outcome is not known`, null)
    if (!agreed) return "declined" as const
    const plan: Plan = {
      key: RedeemKey.make(operation.key),
      creditId: operation.target === null ? undefined : ResetCreditId.make(operation.target)
    }
    return plan
  })
