/** The message to the workspace's owner as views. */
import type { CreditType, WorkspaceRole } from "../../../domain/WorkspaceRole.js"
import type { Context, Event, State } from "../../../programs/menu/NudgeFlow.js"
import type { Canvas } from "../../render/limits.js"
import { roleText } from "../../render/status.js"
import { relative } from "../../render/time.js"
import type { Row, View } from "../View.js"
import { accountText, failureLines, list, operationLines, operationText, row, waiting } from "./words.js"

const id = (name: string) => `notify-owner-${name}`

const cancel: Event = { _tag: "Cancel" }
const close = row<Event>("Close", cancel)

interface Words {
  readonly title: string
  readonly problem: string
  readonly question: string
  readonly own: string
  readonly sent: string
  readonly recently: string
}

const words: Readonly<Record<CreditType, Words>> = {
  credits: {
    title: "You've reached your workspace credit limit",
    problem: "Your workspace has no credits left.",
    question: "Notify the owner?",
    own: "Add credits in the workspace's settings.",
    sent: "Workspace owner notified.",
    recently: "The owner was notified not long ago. Nothing was sent this time."
  },
  usage_limit: {
    title: "Usage limit reached",
    problem: "The spend cap of your workspace is reached.",
    question: "Request an increase from the owner?",
    own: "Raise the limit in the workspace's settings.",
    sent: "Limit increase requested.",
    recently: "An increase was requested not long ago. Nothing was sent this time."
  }
}

/** Who says so: the workspace itself, or only the sign-in. */
const roleLine = (role: WorkspaceRole): string => {
  if (role.source === "none") return "Role: not known"
  return role.source === "live" ? `Role: ${roleText(role)}, as the workspace says` : `Role: ${roleText(role)}`
}

/** Null once it is closed. */
export const nudgeView = (state: State, canvas: Canvas): View<Event> | null => {
  const { creditType, session }: Context = state.context
  const said = words[creditType]
  const told = (name: string, lines: ReadonlyArray<string>, rows: ReadonlyArray<Row<Event>> = [close]): View<Event> =>
    list<Event>({ id: id(name), title: said.title, lines, rows, cancel })
  switch (state._tag) {
    case "Closed":
      return null
    case "LoadingRole":
      return waiting({
        id: id("loading"),
        title: said.title,
        line: "Reading your role in the workspace...",
        row: "Loading...",
        event: cancel,
        cancellable: true
      })
    case "RoleFailed":
      return told("role-failed", failureLines(state.error, "notify-owner", canvas), [
        row<Event>("Try again", { _tag: "Retry" }),
        close
      ])
    case "Guidance":
      return told("guidance", [
        `${said.problem} You own this workspace, or administer it: there is nobody to ask.`,
        said.own,
        roleLine(state.role)
      ])
    case "Prompt":
      return list<Event>({
        id: id("confirmation"),
        title: said.title,
        lines: [`${said.problem} ${said.question}`, `Account: ${accountText(session)}`, roleLine(state.role)],
        rows: [
          row<Event>("Yes", { _tag: "Confirm" }, { shortcut: "y" }),
          row<Event>("No (default)", cancel, { shortcut: "n" })
        ],
        initial: 1,
        cancel
      })
    case "Sending":
      return waiting({
        id: id("sending"),
        title: said.title,
        line: "Writing to the workspace owner...",
        row: "Sending...",
        event: cancel,
        cancellable: false
      })
    case "Sent":
      return told("sent", [said.sent, operationText(state.key)])
    case "Cooldown":
      return told("cooldown", [said.recently])
    case "Unknown":
      return told("unknown", [
        "The message left, and whether it arrived could not be confirmed.",
        "Ask the owner before you send another one.",
        ...operationLines(state.error)
      ])
    case "Failed":
      return told("failed", failureLines(state.error, "notify-owner", canvas), [
        row<Event>("Try again", { _tag: "Retry" }),
        close
      ])
    case "Earlier":
      return list<Event>({
        id: id("earlier"),
        title: "Write to the owner again?",
        lines: [
          `A message was sent ${relative(state.operation.updatedAt, canvas.now)}, and its outcome is not known. Ask the owner first.`,
          "Nothing was sent now.",
          operationText(state.operation.key)
        ],
        rows: [row<Event>("Send another one", { _tag: "SendAgain" }), row<Event>("No, go back", cancel)],
        initial: 1,
        cancel
      })
    case "AccountChanged":
      return told("account-changed", ["Another account is signed in by now. Nothing was sent for it. Start again."])
  }
}
