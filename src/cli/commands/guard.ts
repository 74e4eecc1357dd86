/**
 * `codex-account guard`.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import { guard as guardProgram } from "../../programs/guard.js"
import { ExitCode } from "../exitCodes.js"
import { guardFields } from "../json/fields.js"
import { usageViewValue } from "../json/values.js"
import { verdictLines } from "../render/verdict.js"
import { present } from "../Report.js"

/**
 * @since 0.1.0
 * @category commands
 */
export const guard = Command.make("guard", {}, () =>
  guardProgram.pipe(
    present({
      command: "guard",
      fields: guardFields,
      value: (view) => ({ usable: view.usable, ...usageViewValue(view) }),
      lines: ({ snapshot, verdict }, canvas) => verdictLines(snapshot, verdict, canvas),
      exitCode: ({ usable }) => (usable ? ExitCode.done : ExitCode.blocked)
    })
  )
)
