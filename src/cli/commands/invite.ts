/** `codex-account invite EMAIL`. */
import * as Args from "@effect/cli/Args"
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import * as Option from "effect/Option"
import type { InviteReward } from "../../domain/ReferralOffer.js"
import { inviteFriend } from "../../programs/invite.js"
import { ExitCode } from "../exitCodes.js"
import { inviteFields } from "../json/fields.js"
import { wrap } from "../render/text.js"
import { present } from "../Report.js"
import { tellInterrupted } from "../tellInterrupted.js"
import { tellOpen } from "../tellOpen.js"

const rewards: Readonly<Record<InviteReward, string>> = {
  included: "A reward comes with it.",
  notIncluded: "No reward comes with it.",
  unknown: "Whether a reward comes with it was not confirmed."
}

export const invite = Command.make(
  "invite",
  {
    again: Options.boolean("again"),
    email: Args.text({ name: "EMAIL" }).pipe(Args.optional)
  },
  ({ again, email }) =>
    inviteFriend({ email: Option.getOrUndefined(email), again }).pipe(
      tellInterrupted("invite"),
      tellOpen,
      present({
        command: "invite",
        fields: inviteFields,
        value: (result) =>
          result._tag === "Sent"
            ? { outcome: "sent" as const, reward: result.reward, key: result.key }
            : { outcome: "declined" as const, reward: null, key: null },
        lines: (result, { columns }) =>
          wrap(
            result._tag === "Sent"
              ? `The invite was sent. ${rewards[result.reward]}`
              : "Nothing was done, and nothing was sent.",
            columns
          ),
        exitCode: ({ _tag }) => (_tag === "Sent" ? ExitCode.done : ExitCode.nothing)
      })
    )
)
