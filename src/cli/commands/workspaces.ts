/** `codex-account workspaces` and `codex-account workspace NAME`. */
import { planLabel } from "../../domain/Plan.js"
import { plainLine } from "../../domain/PlainText.js"
import { workspaceLabel } from "../../domain/Workspace.js"
import { changeWorkspace, showWorkspaces } from "../../programs/workspaces.js"
import { ExitCode } from "../exitCodes.js"
import { workspaceFields, workspacesFields } from "../json/outputs.js"
import { table, wrap } from "../render/text.js"
import { present } from "../Report.js"

export const workspaces = showWorkspaces.pipe(
  present({
    fields: workspacesFields,
    value: ({ session: { identity }, workspaces }) => ({
      identity,
      workspaces: workspaces.map((one) => ({ ...one, isCurrent: one.id === identity.accountId }))
    }),
    lines: ({ session: { identity }, workspaces }, canvas) =>
      workspaces.length === 0
        ? ["The backend lists no workspace for this account."]
        : table(
            ["  workspace", "kind", "id"],
            workspaces.map((one) => [
              `${one.id === identity.accountId ? canvas.paint("green", "*") : " "} ${workspaceLabel(one)}`,
              one.kind ?? "",
              plainLine(one.id, 100)
            ]),
            canvas
          ),
    exitCode: ({ workspaces }) => (workspaces.length === 0 ? ExitCode.nothing : ExitCode.done)
  })
)

export const workspace = (name: string | undefined) =>
  changeWorkspace(name).pipe(
    present({
      fields: workspaceFields,
      value: ({ outcome, session, workspace }) => ({
        outcome,
        identity: session.identity,
        plan: session.plan,
        workspace
      }),
      lines: ({ outcome, session, workspace }, { columns }) => {
        const where = `${workspaceLabel(workspace)}, ${planLabel(session.plan)}`
        const text = outcome === "switched" ? `Changed to ${where}.` : `You are in ${where} already.`
        return wrap(text, columns)
      }
    })
  )
