/** The picture of usage. */
import { plainLine } from "../../domain/PlainText.js"
import { planLabel } from "../../domain/Plan.js"
import type { ResetCredit, ResetCredits } from "../../domain/ResetCredit.js"
import type { Credits, SpendControl } from "../../domain/UsageSnapshot.js"
import type { UsageView } from "../../programs/usage.js"
import { amountOf, grouped } from "./amount.js"
import { type Canvas, limitLines, resetText, singleBar } from "./limits.js"
import { wrap } from "./text.js"
import { ageOf, timeAndDistance } from "./time.js"
import { verdictLines } from "./verdict.js"

const creditLine = (credits: Credits | null): ReadonlyArray<string> => {
  if (credits === null) return []
  if (credits.unlimited) return ["Credits: unlimited"]
  if (!credits.hasCredits) return []
  const balance = amountOf(credits.balance ?? "")
  return [`Credits: ${balance === null || balance === 0 ? "available" : grouped(balance)}`]
}

/** The member's own allowance, where its amounts are amounts; else only whether the cap is reached. */
const spendLines = (spend: SpendControl | null, canvas: Canvas): ReadonlyArray<string> => {
  const own = spend?.individualLimit ?? null
  const limit = amountOf(own?.limit ?? "")
  const used = amountOf(own?.used ?? "")
  if (own === null || limit === null || used === null || Number.isNaN(own.remainingPercent)) {
    return spend?.reached === true ? wrap("The workspace's spend cap is reached.", canvas.columns) : []
  }
  return [
    ...singleBar(
      "monthly credit limit",
      Math.min(100, Math.max(0, own.remainingPercent)),
      `${grouped(used)} of ${grouped(limit)} credits used`,
      canvas
    ),
    ...wrap(resetText(own.resetsAt, canvas.now), canvas.columns, "    ").map((line) => canvas.paint("dim", line))
  ]
}

const creditText = (credit: ResetCredit, canvas: Canvas): string => {
  const expiry =
    credit.expiresAt === null ? "does not expire" : `expires ${timeAndDistance(credit.expiresAt, canvas.now)}`
  return `${plainLine(credit.title ?? "", 60) || "Full reset"}, ${expiry}, id ${plainLine(credit.id, 80)}`
}

const resetLines = (credits: ResetCredits | null, canvas: Canvas): ReadonlyArray<string> => {
  if (credits === null) return []
  const some = credits.availableCount > 0
  const told = credits.credits === null && some ? " (the backend did not list them)" : ""
  return [
    ...wrap(`Reset credits: ${some ? `${credits.availableCount} available${told}` : "none"}`, canvas.columns, "", "  "),
    ...credits.redeemable.flatMap((credit) => wrap(creditText(credit, canvas), canvas.columns, "  • ", "    "))
  ]
}

/** What is left, what it means, and what there is besides. */
export const usageLines = ({ snapshot, verdict }: UsageView, canvas: Canvas): ReadonlyArray<string> => {
  const besides = [
    ...creditLine(snapshot.credits),
    ...spendLines(snapshot.spendControl, canvas),
    ...resetLines(snapshot.resetCredits, canvas)
  ]
  const head = `${canvas.paint("bold", "Codex usage")} · ${planLabel(snapshot.plan)} · read ${ageOf(verdict.ageMillis)}`
  return [
    ...wrap(head, canvas.columns),
    "",
    ...limitLines(snapshot, verdict, canvas),
    "",
    ...verdictLines(snapshot, verdict, canvas),
    ...(besides.length === 0 ? [] : ["", ...besides])
  ]
}
