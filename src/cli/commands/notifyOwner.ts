/** `codex-account notify-owner`. */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Option from "effect/Option"
import type { CreditType } from "../../domain/WorkspaceRole.js"
import { notifyOwner as notifyOwnerProgram, type NotifyResult } from "../../programs/nudge.js"
import { ExitCode } from "../exitCodes.js"
import { notifyOwnerFields } from "../json/fields.js"
import { wrap } from "../render/text.js"
import { present } from "../Report.js"
import { tellInterrupted } from "../tellInterrupted.js"
import { tellOpen } from "../tellOpen.js"

const wishes: Readonly<Record<CreditType, string>> = { credits: "more credits", usage_limit: "a higher usage limit" }

const sentence = ({ creditType, outcome }: NotifyResult): string => {
  switch (outcome) {
    case "sent":
      return `The workspace owner was asked for ${wishes[creditType]}.`
    case "cooldownActive":
      return `Nothing was sent: the owner was asked for ${wishes[creditType]} not long ago.`
    case "declined":
      return "Nothing was done, and nothing was sent."
  }
}

export const notifyOwner = Command.make(
  "notify-owner",
  {
    type: Options.choice("type", ["credits", "usage_limit"]).pipe(Options.optional),
    again: Options.boolean("again")
  },
  ({ again, type }) =>
    notifyOwnerProgram({ creditType: Option.getOrUndefined(type), again }).pipe(
      tellInterrupted("notify-owner"),
      tellOpen,
      present({
        command: "notify-owner",
        fields: notifyOwnerFields,
        value: (result) => result,
        lines: (result, { columns }) => wrap(sentence(result), columns),
        exitCode: ({ outcome }) => (outcome === "sent" ? ExitCode.done : ExitCode.nothing)
      })
    )
)
