/**
 * `codex-account usage`.
 *
 * @since 0.1.0
 */
import * as Command from "@effect/cli/Command"
import { showUsage } from "../../programs/showUsage.js"
import { usageFields } from "../json/fields.js"
import { usageViewValue } from "../json/values.js"
import { usageLines } from "../render/usage.js"
import { present } from "../Report.js"

/**
 * @since 0.1.0
 * @category commands
 */
export const usage = Command.make("usage", {}, () =>
  showUsage.pipe(present({ command: "usage", fields: usageFields, value: usageViewValue, lines: usageLines }))
)
