/** Usage and its verdict, for a person. */
import type * as DateTime from "effect/DateTime"
import { limitMessage } from "../../domain/LimitMessage.js"
import { plainLine } from "../../domain/PlainText.js"
import { planLabel } from "../../domain/Plan.js"
import type { ResetCredit, ResetCredits } from "../../domain/ResetCredit.js"
import type { Credits, SpendControl, UsageSnapshot } from "../../domain/UsageSnapshot.js"
import type { Doubt, Remedy, Verdict } from "../../domain/Verdict.js"
import type { Judged } from "../../domain/UsageTransition.js"
import { type Canvas, limitLines, resetText, singleBar } from "./limits.js"
import { amountOf, grouped, wrap } from "./text.js"
import { ageOf, timeAndDistance } from "./time.js"

const doubts: Readonly<Record<Doubt, string>> = {
  stale: "This reading is old: read again.",
  nothingKnown: "The backend reports no limit, so this is a guess.",
  allowedUnknown: "The backend does not say whether requests are allowed.",
  noReason: "The backend gives no reason.",
  presumedReset: "A limit was due to reset after this was read; that is not confirmed yet.",
  contradictory: "The backend contradicts itself."
}

const remedyText = (remedy: Remedy, now: DateTime.Zoned): string => {
  switch (remedy._tag) {
    case "Wait":
      return remedy.until === null ? "Wait: how long is unknown." : `Wait until ${timeAndDistance(remedy.until, now)}.`
    case "Redeem": {
      const expiry =
        remedy.soonestExpiry === null ? "" : `, the next expires ${timeAndDistance(remedy.soonestExpiry, now)}`
      return `Use a reset (${remedy.available} available${expiry}): codex-account redeem`
    }
    case "NudgeOwner":
      return `Ask the owner for ${remedy.creditType === "credits" ? "credits" : "a higher limit"}: codex-account notify-owner`
    case "Invite":
      return "Invite a friend: codex-account invite EMAIL"
    case "AddCredits":
      return "Add credits in the account's settings."
    case "RaiseLimit":
      return "Raise the spend cap in the workspace's settings."
  }
}

const headline = (snapshot: UsageSnapshot, verdict: Verdict, canvas: Canvas): string => {
  const { paint } = canvas
  if (verdict.isUsable) {
    const binding = verdict.binding === null ? "" : ` The ${verdict.binding.name} window is the tightest.`
    return verdict.paidBy === "credits"
      ? `${paint("green", "Usable")}: the plan's limit is used up, and credits pay.`
      : `${paint("green", "Usable.")}${binding}`
  }
  const blocked = verdict.until === null ? "Blocked." : `Blocked until ${timeAndDistance(verdict.until, canvas.now)}.`
  const message = limitMessage(
    { limitName: null, plan: snapshot.plan, reachedType: snapshot.reachedType, retryAt: verdict.until },
    canvas.now
  )
  return `${paint("red", blocked)} ${message}`
}

/** Whether Codex can be used, what is doubtful about it, and what helps. */
export const verdictLines = (snapshot: UsageSnapshot, verdict: Verdict, canvas: Canvas): ReadonlyArray<string> => [
  ...wrap(headline(snapshot, verdict, canvas), canvas.columns),
  ...verdict.doubts.flatMap((doubt) => wrap(doubts[doubt], canvas.columns).map((line) => canvas.paint("yellow", line))),
  ...verdict.remedies
    .filter((remedy) => remedy._tag !== "Wait" || verdict.until === null)
    .flatMap((remedy) => wrap(remedyText(remedy, canvas.now), canvas.columns, "  • ", "    "))
]

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
  const remaining = Math.min(100, Math.max(0, own.remainingPercent))
  return [
    ...singleBar("monthly credit limit", remaining, `${grouped(used)} of ${grouped(limit)} credits used`, canvas),
    ...wrap(resetText(own.resetsAt, canvas.now), canvas.columns, "    ").map((line) => canvas.paint("dim", line))
  ]
}

const creditText = ({ expiresAt, id, title }: ResetCredit, now: DateTime.Zoned): string => {
  const expiry = expiresAt === null ? "does not expire" : `expires ${timeAndDistance(expiresAt, now)}`
  return `${plainLine(title ?? "", 60) || "Full reset"}, ${expiry}, id ${plainLine(id, 80)}`
}

const resetLines = (credits: ResetCredits | null, { columns, now }: Canvas): ReadonlyArray<string> => {
  if (credits === null) return []
  const some = credits.availableCount > 0
  const unlisted = credits.credits === null && some ? " (the backend did not list them)" : ""
  const count = some ? `${credits.availableCount} available${unlisted}` : "none"
  return [
    ...wrap(`Reset credits: ${count}`, columns, "", "  "),
    ...credits.redeemable.flatMap((credit) => wrap(creditText(credit, now), columns, "  • ", "    "))
  ]
}

/** What is left, what it means, and what there is besides. */
export const usageLines = ({ snapshot, verdict }: Judged, canvas: Canvas): ReadonlyArray<string> => {
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
