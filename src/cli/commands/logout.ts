/** `codex-account logout`. */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { signOut, type SignOutOutcome } from "../../programs/signOut.js"
import { ExitCode } from "../exitCodes.js"
import { logoutFields } from "../json/fields.js"
import { wrap } from "../render/text.js"
import { present } from "../Report.js"

const revocations = {
  confirmed: "The session was ended at the server too: other machines and the browser that shared it are signed out.",
  unconfirmed: "The server did not confirm that the session has ended elsewhere."
}

const lines = (outcome: SignOutOutcome): ReadonlyArray<string> => {
  if (outcome._tag === "Declined") return ["Nothing was done, and nothing was sent."]
  if (!outcome.removed) return ["Nobody was signed in."]
  return [
    "Signed out: the stored sign-in was removed.",
    ...(outcome.revoked === null ? [] : [revocations[outcome.revoked ? "confirmed" : "unconfirmed"]])
  ]
}

export const logout = Command.make(
  "logout",
  {
    local: Options.boolean("local")
  },
  ({ local }) =>
    signOut({ local }).pipe(
      present({
        command: "logout",
        fields: logoutFields,
        value: (outcome) =>
          outcome._tag === "Declined"
            ? { outcome: "declined" as const, removed: false, revoked: null }
            : { outcome: "signedOut" as const, removed: outcome.removed, revoked: outcome.revoked },
        lines: (outcome, { columns }) => lines(outcome).flatMap((line) => wrap(line, columns)),
        exitCode: (outcome) => (outcome._tag === "SignedOut" && outcome.removed ? ExitCode.done : ExitCode.nothing)
      })
    )
)
