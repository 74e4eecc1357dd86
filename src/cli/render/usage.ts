/** Usage and its verdict, for a person. */
import type * as DateTime from "effect/DateTime"
import { limitMessage } from "../../domain/LimitMessage.js"
import { plainLine } from "../../domain/PlainText.js"
import { planLabel } from "../../domain/Plan.js"
import type { ResetCredit, ResetCredits } from "../../domain/ResetCredit.js"
import {
  amountOf as creditAmount,
  type Credits,
  type SpendControl,
  type UsageSnapshot
} from "../../domain/UsageSnapshot.js"
import { allowanceName, type Doubt, type Remedy, type Verdict } from "../../domain/Verdict.js"
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
  contradictory: "The backend contradicts itself.",
  unread: "Parts of the answer were not understood.",
  resetPassed: "A window's reset has passed: what it shows may be from before.",
  allowanceLeft: "Some of the monthly credit limit is left, which may still pay."
}

/** What of the answer was not understood: the first places by name, and how many more there are. */
export const unreadText = (unread: ReadonlyArray<string>): string => {
  const named = unread.slice(0, 3).map((path) => plainLine(path, 80))
  const more = unread.length - named.length
  return `Not understood in the answer: ${named.join(", ")}${more > 0 ? ` and ${more} more` : ""}.`
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
    const binding =
      verdict.binding === null || verdict.binding.name === allowanceName
        ? ""
        : ` The ${verdict.binding.name} window is the tightest.`
    return verdict.paidBy === "credits"
      ? `${paint("green", "Usable")}: the plan's limit is used up, and credits pay.`
      : `${paint("green", "Usable.")}${binding}`
  }
  const blocked = verdict.until === null ? "Blocked." : `Blocked until ${timeAndDistance(verdict.until, canvas.now)}.`
  // While an allowance is left, there is nothing to ask an admin for.
  const plan = verdict.doubts.includes("allowanceLeft") ? "unknown" : snapshot.plan
  const message = limitMessage(
    { limitName: null, plan, reachedType: snapshot.reachedType, retryAt: verdict.until },
    canvas.now
  )
  return `${paint("red", blocked)} ${message}`
}

/** Whether Codex can be used, what is doubtful about it, and what helps. */
export const verdictLines = (snapshot: UsageSnapshot, verdict: Verdict, canvas: Canvas): ReadonlyArray<string> => [
  ...wrap(headline(snapshot, verdict, canvas), canvas.columns),
  ...verdict.doubts
    .map((doubt) => (doubt === "unread" ? unreadText(snapshot.unread) : doubts[doubt]))
    .flatMap((text) => wrap(text, canvas.columns).map((line) => canvas.paint("yellow", line))),
  ...verdict.remedies
    .filter((remedy) => remedy._tag !== "Wait" || verdict.until === null)
    .flatMap((remedy) => wrap(remedyText(remedy, canvas.now), canvas.columns, "  • ", "    "))
]

const creditLine = (credits: Credits | null, { columns }: Canvas): ReadonlyArray<string> => {
  if (credits === null) return []
  if (credits.unlimited) return ["Credits: unlimited"]
  if (!credits.hasCredits) return []
  const balance = creditAmount(credits.balance ?? "")
  const known = balance === null ? "available" : balance <= 0 ? "none" : grouped(balance)
  const capped = credits.overageLimitReached === true ? ", but the cap on their use is reached" : ""
  return wrap(`Credits: ${known}${capped}`, columns, "", "  ")
}

/** The member's own allowance, with its amounts where they are amounts; else only whether the cap is reached. */
const spendLines = (spend: SpendControl | null, canvas: Canvas): ReadonlyArray<string> => {
  const own = spend?.individualLimit ?? null
  if (own === null) return spend?.reached === true ? wrap("The workspace's spend cap is reached.", canvas.columns) : []
  const limit = amountOf(own.limit ?? "")
  const used = amountOf(own.used ?? "")
  const remaining = Math.min(100, Math.max(0, own.remainingPercent))
  const amounts = limit === null || used === null ? "" : `${grouped(used)} of ${grouped(limit)} credits used`
  const reset = resetText(own.resetsAt, canvas.now)
  return [
    ...singleBar(allowanceName, remaining, amounts, canvas),
    ...(reset === "" ? [] : wrap(reset, canvas.columns, "    ").map((line) => canvas.paint("dim", line)))
  ]
}

const creditText = ({ expiresAt, id, title }: ResetCredit, now: DateTime.Zoned): string => {
  const expiry = expiresAt === null ? "does not expire" : `expires ${timeAndDistance(expiresAt, now)}`
  return `${plainLine(title ?? "", 60) || "Full reset"}, ${expiry}, id ${plainLine(id, 80)}`
}

const resetLines = (credits: ResetCredits | null, { columns, now }: Canvas): ReadonlyArray<string> => {
  if (credits === null) return []
  const available = credits.availableAt(now)
  const some = available > 0
  const unlisted = credits.credits === null && some ? " (the backend did not list them)" : ""
  const idle = some && credits.applicableCount === 0 ? ", of which none applies now" : ""
  const count = some ? `${available} available${unlisted}${idle}` : "none"
  return [
    ...wrap(`Reset credits: ${count}`, columns, "", "  "),
    ...credits.redeemableAt(now).flatMap((credit) => wrap(creditText(credit, now), columns, "  • ", "    "))
  ]
}

/** The models that can't be used now. */
const modelLines = ({ models }: UsageSnapshot, { columns, now }: Canvas): ReadonlyArray<string> => {
  const stopped = models.filter(({ available }) => !available)
  const texts = stopped.map(({ availableAt, creditsWouldEnable, slug }) => {
    const until = availableAt === null ? "" : ` until ${timeAndDistance(availableAt, now)}`
    return `${plainLine(slug, 60) || "another model"}${until}${creditsWouldEnable === true ? " without credits" : ""}`
  })
  return texts.length === 0 ? [] : wrap(`Models not available: ${texts.join(", ")}`, columns, "", "  ")
}

/** What is left, what it means, and what there is besides. */
export const usageLines = ({ snapshot, verdict }: Judged, canvas: Canvas): ReadonlyArray<string> => {
  const besides = [
    ...creditLine(snapshot.credits, canvas),
    ...spendLines(snapshot.spendControl, canvas),
    ...resetLines(snapshot.resetCredits, canvas),
    ...modelLines(snapshot, canvas)
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
