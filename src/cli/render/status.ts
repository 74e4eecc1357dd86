/** The whole account on one page. */
import * as Either from "effect/Either"
import { activityCalendar } from "../../domain/ActivityCalendar.js"
import type { Operation } from "../../domain/Operation.js"
import { plainLine } from "../../domain/PlainText.js"
import { planLabel } from "../../domain/Plan.js"
import type { TokenActivity } from "../../domain/TokenActivity.js"
import { workspaceLabel } from "../../domain/Workspace.js"
import type { WorkspaceMessageList } from "../../domain/WorkspaceMessage.js"
import type { WorkspaceRole } from "../../domain/WorkspaceRole.js"
import type { Status } from "../../programs/status.js"
import { sparkline, totalTexts } from "./activity.js"
import type { Canvas } from "./limits.js"
import { wrap, wrapItems } from "./text.js"
import { relative } from "./time.js"
import { usageLines } from "./usage.js"

const roleNames = { "account-owner": "owner", "account-admin": "admin", "standard-user": "member" } as const

export const interruptedText =
  "A renewal of the session was cut off. It is tried again when the access token no longer holds."

/** `owner`, `admin` or `member`; what the token claims if the backend did not say. */
export const roleText = ({ isOwner, role, source }: WorkspaceRole): string => {
  if (role !== null) return roleNames[role]
  if (isOwner === null) return "role not known"
  return `${isOwner ? "owner" : "member"}${source === "claim" ? ", as the sign-in says" : ""}`
}

/** The latest weeks in one line, where there is anything to see, and the totals. */
const activityText = (activity: TokenActivity, { columns, now, paint }: Canvas): ReadonlyArray<string> => {
  const head = "Tokens by week: "
  const { weeks } = activityCalendar(activity.daily ?? [], now)
  const shown = weeks.slice(-Math.max(1, columns - head.length)).map(({ tokens }) => tokens)
  const totals = totalTexts(activity)
  return [
    ...(shown.some((tokens) => tokens > 0) ? [`${head}${paint("green", sparkline(shown))}`] : []),
    ...wrapItems(totals.length === 0 ? ["Tokens: no totals known"] : totals, columns)
  ]
}

const messageLines = ({ messages }: WorkspaceMessageList, columns: number): ReadonlyArray<string> =>
  messages
    .filter((message) => message.archivedAt === null)
    .map((message) => plainLine(message.body, 400))
    .flatMap((text) => (text === "" ? [] : wrap(`Workspace: ${text}`, columns, "", "  ")))

const openText = (operation: Operation, canvas: Canvas): string => {
  const names = { redeem: "A reset", invite: "An invite", nudge: "A message to the owner" }
  const key = plainLine(operation.key, 128)
  const next = operation.act === "redeem" ? ` To carry it on: codex-account redeem --key ${key}` : ""
  const when = relative(operation.updatedAt, canvas.now)
  return `${names[operation.act]} was sent ${when}, and its outcome is unknown.${next}`
}

const unread = (what: string, error: { readonly message: string }): string =>
  `${what} could not be read: ${plainLine(error.message, 200)}`

const usagePage = "https://chatgpt.com/codex/settings/usage"

export const statusLines = (status: Status, canvas: Canvas): ReadonlyArray<string> => {
  const { columns, paint } = canvas
  const { session } = status
  const who = plainLine(session.email ?? session.identity.accountId ?? "an unnamed account", 100)
  const workspace = session.workspace === null ? "" : ` · ${workspaceLabel(session.workspace)}`
  const warn = (text: string) => wrap(text, columns, "", "  ").map((line) => paint("yellow", line))
  return [
    ...wrap(`${paint("bold", who)} · ${planLabel(session.plan)}${workspace} · ${roleText(status.role)}`, columns),
    ...(session.renewalInterrupted ? warn(interruptedText) : []),
    ...Either.match(status.open, {
      onLeft: ({ detail }) => warn(`The journal can't be used: ${plainLine(detail ?? "", 400) || "it failed"}`),
      onRight: (open) => open.flatMap((operation) => warn(openText(operation, canvas)))
    }),
    "",
    ...Either.match(status.usage, {
      onLeft: (error) => warn(unread("Usage", error)),
      onRight: (view) => usageLines(view, canvas)
    }),
    ...wrap(`More: ${usagePage}`, columns).map((line) => paint("dim", line)),
    "",
    ...Either.match(status.activity, {
      onLeft: (error) => warn(unread("Token activity", error)),
      onRight: (activity) => activityText(activity, canvas)
    }),
    ...Either.match(status.messages, {
      onLeft: () => [],
      onRight: (messages) => messageLines(messages, columns)
    })
  ]
}
