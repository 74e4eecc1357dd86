/**
 * `codex-account logout`.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import * as Options from "@effect/cli/Options"
import { signOut, type SignOutOutcome } from "../../programs/signOut.js"
import { ExitCode } from "../exitCodes.js"
import { logoutFields } from "../json/fields.js"
import { present } from "../Report.js"

const lines = (outcome: SignOutOutcome): ReadonlyArray<string> => {
  if (outcome._tag === "Declined") return ["Nothing was done, and nothing was sent."]
  if (!outcome.removed) return ["Nobody was signed in."]
  return [
    "Signed out: the stored sign-in was removed.",
    ...(outcome.revoked === false ? ["The server did not confirm that the session has ended elsewhere."] : [])
  ]
}

/**
 * @since 0.1.0
 * @category commands
 */
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
        lines,
        exitCode: (outcome) => (outcome._tag === "SignedOut" && outcome.removed ? ExitCode.done : ExitCode.nothing)
      })
    )
)
