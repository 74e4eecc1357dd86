/** The commands for what can't be undone: `redeem`, `invite` and `notify-owner`. */
import { identity } from "effect/Function"
import { plainLine } from "../../domain/PlainText.js"
import type { CreditType } from "../../domain/WorkspaceRole.js"
import { inviteFriend } from "../../programs/invite.js"
import { rewards } from "../../programs/menuFlows.js"
import { notifyOwner as notifyOwnerProgram, type NotifyResult } from "../../programs/nudge.js"
import { redeemReset, type RedeemResult } from "../../programs/redeem.js"
import { ExitCode, ofRedeem } from "../exitCodes.js"
import { inviteFields, notifyOwnerFields, redeemFields, shownUsage } from "../json/outputs.js"
import { bar, type Canvas, percentLeft } from "../render/limits.js"
import { wrap } from "../render/text.js"
import { present } from "../Report.js"
import { reportInterrupt, withOpenNotice } from "../unfinished.js"

const nothingSent = "Nothing was done, and nothing was sent."

const redeemed: Readonly<Record<RedeemResult["outcome"], string>> = {
  reset: "Your usage was reset.",
  alreadyRedeemed: "This reset was already made with the same key. No other credit was used.",
  alreadyRedeemedElsewhere:
    "Nothing was done: someone else has already used this key. Leave out --key to make a new reset.",
  nothingToReset: "Nothing was done: your usage does not need a reset now. No credit was used.",
  noCredit: "Nothing was done: you have no reset credit.",
  creditGone: "Nothing was done: this credit is gone. To see the others: codex-account status",
  declined: nothingSent
}

const redeemLines = (result: RedeemResult, { columns, now, paint }: Canvas): ReadonlyArray<string> => {
  const { usage } = result
  const credits = usage?.resetCredits ?? null
  const done = result.outcome === "reset" || result.outcome === "alreadyRedeemed"
  const cells = Math.max(6, Math.min(24, columns - 24))
  return [
    ...wrap(redeemed[result.outcome], columns),
    ...(usage?.main.windows ?? []).map(
      (window) =>
        `  ${window.name.padEnd(8)} ${bar(window.remainingPercent, cells, paint)} ${percentLeft(window.remainingPercent, paint)}`
    ),
    ...(credits === null ? [] : [`Reset credits left: ${credits.availableAt(now)}`]),
    ...(done && usage === null ? ["Your new usage could not be read. To see it: codex-account usage"] : []),
    ...(done && result.key !== null
      ? wrap(`Key: ${plainLine(result.key, 128)}`, columns).map((line) => paint("dim", line))
      : [])
  ]
}

export const redeem = (flags: {
  readonly "--key": string | undefined
  readonly "--credit": string | undefined
  readonly "--again": boolean
}) =>
  redeemReset({ key: flags["--key"], creditId: flags["--credit"], again: flags["--again"] }).pipe(
    reportInterrupt,
    withOpenNotice,
    present({
      fields: redeemFields,
      value: (result) => ({ ...result, usage: result.usage === null ? null : shownUsage(result.usage) }),
      lines: redeemLines,
      exitCode: ({ outcome }) => ofRedeem(outcome)
    })
  )

export const invite = (flags: { readonly "--again": boolean }, email: string | undefined) =>
  inviteFriend({ email, again: flags["--again"] }).pipe(
    reportInterrupt,
    withOpenNotice,
    present({
      fields: inviteFields,
      value: (result) =>
        result._tag === "Sent"
          ? { outcome: "sent" as const, reward: result.reward, key: result.key }
          : { outcome: "declined" as const, reward: null, key: null },
      lines: (result, { columns }) =>
        wrap(result._tag === "Sent" ? `The invite was sent. ${rewards[result.reward]}` : nothingSent, columns),
      exitCode: ({ _tag }) => (_tag === "Sent" ? ExitCode.done : ExitCode.nothing)
    })
  )

const wishes: Readonly<Record<CreditType, string>> = { credits: "more credits", usage_limit: "a higher usage limit" }

const notified = ({ creditType, outcome }: NotifyResult): string =>
  ({
    sent: `The workspace owner was asked for ${wishes[creditType]}.`,
    cooldownActive: `Nothing was sent: the owner was asked for ${wishes[creditType]} not long ago.`,
    declined: nothingSent
  })[outcome]

export const notifyOwner = (flags: { readonly "--type": CreditType | undefined; readonly "--again": boolean }) =>
  notifyOwnerProgram({ creditType: flags["--type"], again: flags["--again"] }).pipe(
    reportInterrupt,
    withOpenNotice,
    present({
      fields: notifyOwnerFields,
      value: identity,
      lines: (result, { columns }) => wrap(notified(result), columns),
      exitCode: ({ outcome }) => (outcome === "sent" ? ExitCode.done : ExitCode.nothing)
    })
  )
