/** `codex-account role`. */
import * as Command from "@effect/cli/Command"
import { planLabel } from "../../domain/Plan.js"
import { showRole } from "../../programs/status.js"
import { roleFields } from "../json/fields.js"
import { roleText } from "../render/role.js"
import { wrap } from "../render/text.js"
import { present } from "../Report.js"

export const role = Command.make("role", {}, () =>
  showRole.pipe(
    present({
      command: "role",
      fields: roleFields,
      value: ({ role, session }) => ({
        identity: session.identity,
        plan: session.plan,
        role: role.role,
        isOwner: role.isOwner,
        source: role.source
      }),
      lines: ({ role, session }, { columns }) => wrap(`${planLabel(session.plan)} · ${roleText(role)}`, columns)
    })
  )
)
