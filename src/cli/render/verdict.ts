/** The verdict in words. */
import type * as DateTime from "effect/DateTime"
import { limitMessage } from "../../domain/LimitMessage.js"
import type { Remedy } from "../../domain/Remedy.js"
import type { UsageSnapshot } from "../../domain/UsageSnapshot.js"
import type { Doubt, Verdict } from "../../domain/Verdict.js"
import type { Canvas } from "./limits.js"
import { wrap } from "./text.js"
import { timeAndDistance } from "./time.js"

const doubts: Readonly<Record<Doubt, string>> = {
  stale: "This reading is old: read again.",
  nothingKnown: "The backend tells of no limit, so this is a guess.",
  allowedUnknown: "The backend does not say whether requests are allowed.",
  noReason: "The backend gives no reason.",
  presumedReset: "A limit was to be reset since this was read; nobody has seen it yet.",
  contradictory: "The backend contradicts itself."
}

const remedyText = (remedy: Remedy, now: DateTime.Zoned): string => {
  switch (remedy._tag) {
    case "Wait":
      return remedy.until === null
        ? "Wait: nobody tells how long."
        : `Wait until ${timeAndDistance(remedy.until, now)}.`
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
