/**
 * The whole account on one page.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import type { Operation } from "../../domain/Operation.js"
import { plainLine } from "../../domain/PlainText.js"
import { planLabel } from "../../domain/Plan.js"
import type { TokenActivity } from "../../domain/TokenActivity.js"
import type { WorkspaceMessageList } from "../../domain/WorkspaceMessage.js"
import type { Status } from "../../programs/showStatus.js"
import type { Canvas } from "./limits.js"
import { roleText } from "./role.js"
import { wrap } from "./text.js"
import { lengthOf, relative } from "./time.js"
import { usageLines } from "./usage.js"

const compact = (amount: number): string =>
  new Intl.NumberFormat("en-US", { notation: "compact", maximumFractionDigits: 1 }).format(amount)

const activityText = (activity: TokenActivity): string => {
  const parts = [
    activity.lifetimeTokens === null ? [] : [`${compact(activity.lifetimeTokens)} in all`],
    activity.peakDailyTokens === null ? [] : [`${compact(activity.peakDailyTokens)} on the busiest day`],
    activity.currentStreakDays === null ? [] : [`streak ${activity.currentStreakDays}d`],
    activity.longestRunningTurnSeconds === null
      ? []
      : [`longest task ${lengthOf(activity.longestRunningTurnSeconds * 1000)}`]
  ].flat()
  return `Tokens: ${parts.length === 0 ? "nothing known yet" : parts.join(", ")}`
}

const messageLines = ({ messages }: WorkspaceMessageList, columns: number): ReadonlyArray<string> =>
  messages
    .filter((message) => message.archivedAt === null)
    .flatMap((message) => wrap(`Workspace: ${plainLine(message.body, 400)}`, columns, "", "  "))

const openText = (operation: Operation, canvas: Canvas): string => {
  const names = { redeem: "A reset", invite: "An invite", nudge: "A message to the owner" }
  const next = operation.act === "redeem" ? ` To carry it on: codex-account redeem --key ${operation.key}` : ""
  const when = relative(operation.updatedAt, canvas.now)
  return `${names[operation.act]} was sent ${when}, and its outcome is not known.${plainLine(next, 200)}`
}

const unread = (what: string, error: { readonly message: string }): string =>
  `${what} could not be read: ${plainLine(error.message, 200)}`

/**
 * @since 0.1.0
 * @category rendering
 */
export const statusLines = (status: Status, canvas: Canvas): ReadonlyArray<string> => {
  const { columns, paint } = canvas
  const { session } = status
  const who = plainLine(session.email ?? session.identity.accountId ?? "an unnamed account", 100)
  const warn = (text: string) => wrap(text, columns, "", "  ").map((line) => paint("yellow", line))
  return [
    ...wrap(`${paint("bold", who)} · ${planLabel(session.plan)} · ${roleText(status.role)}`, columns),
    ...status.open.flatMap((operation) => warn(openText(operation, canvas))),
    "",
    ...Either.match(status.usage, {
      onLeft: (error) => warn(unread("Usage", error)),
      onRight: (view) => usageLines(view, canvas)
    }),
    "",
    ...Either.match(status.activity, {
      onLeft: (error) => warn(unread("Token activity", error)),
      onRight: (activity) => wrap(activityText(activity), columns, "", "  ")
    }),
    ...Either.match(status.messages, {
      onLeft: () => [],
      onRight: (messages) => messageLines(messages, columns)
    })
  ]
}
