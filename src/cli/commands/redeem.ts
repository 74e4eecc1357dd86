/** `codex-account redeem`. */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Option from "effect/Option"
import { plainLine } from "../../domain/PlainText.js"
import { redeemReset, type RedeemResult } from "../../programs/redeem.js"
import { ofRedeem } from "../exitCodes.js"
import { redeemFields } from "../json/fields.js"
import { usageValue } from "../json/values.js"
import { bar, percentLeft } from "../render/bar.js"
import type { Canvas } from "../render/limits.js"
import { wrap } from "../render/text.js"
import { present } from "../Report.js"
import { tellInterrupted } from "../tellInterrupted.js"
import { tellOpen } from "../tellOpen.js"

const sentences: Readonly<Record<RedeemResult["outcome"], string>> = {
  reset: "Your usage was reset.",
  alreadyRedeemed: "This reset was done before, with the same key. No further credit was used.",
  alreadyRedeemedElsewhere:
    "Nothing was done: this key was used before, by somebody else. Leave --key out for a new reset.",
  nothingToReset: "Nothing was done: your usage does not need a reset now. No credit was used.",
  noCredit: "Nothing was done: there is no reset credit.",
  creditGone: "Nothing was done: this credit is gone. See the others with codex-account status.",
  declined: "Nothing was done, and nothing was sent."
}

const lines = (result: RedeemResult, { columns, paint }: Canvas): ReadonlyArray<string> => {
  const { usage } = result
  const credits = usage?.resetCredits ?? null
  const done = result.outcome === "reset" || result.outcome === "alreadyRedeemed"
  const cells = Math.max(6, Math.min(24, columns - 24))
  return [
    ...wrap(sentences[result.outcome], columns),
    ...(usage?.main.windows ?? []).map(
      (window) =>
        `  ${window.name.padEnd(8)} ${bar(window.remainingPercent, cells, paint)} ${percentLeft(window.remainingPercent, paint)}`
    ),
    ...(credits === null ? [] : [`Reset credits left: ${credits.availableCount}`]),
    ...(done && usage === null ? ["The usage after it could not be read; see codex-account usage."] : []),
    ...(done && result.key !== null
      ? wrap(`Key: ${plainLine(result.key, 128)}`, columns).map((line) => paint("dim", line))
      : [])
  ]
}

export const redeem = Command.make(
  "redeem",
  {
    key: Options.text("key").pipe(Options.optional),
    credit: Options.text("credit").pipe(Options.optional),
    again: Options.boolean("again")
  },
  ({ again, credit, key }) =>
    redeemReset({ key: Option.getOrUndefined(key), creditId: Option.getOrUndefined(credit), again }).pipe(
      tellInterrupted("redeem"),
      tellOpen,
      present({
        command: "redeem",
        fields: redeemFields,
        value: ({ creditId, key, outcome, usage }) => ({
          outcome,
          key,
          creditId,
          usage: usage === null ? null : usageValue(usage)
        }),
        lines,
        exitCode: ({ outcome }) => ofRedeem(outcome)
      })
    )
)
