/** The usage menu, and the flow on top of it, as views. */
import { plainLine } from "../../../domain/PlainText.js"
import {
  type Event,
  type Flow,
  isEnded,
  nudgeWanted,
  redeemEnabled,
  type State
} from "../../../programs/menu/UsageMenu.js"
import type { Canvas } from "../../render/limits.js"
import type { Row, View } from "../View.js"
import { inviteView } from "./invite.js"
import { nudgeView } from "./nudge.js"
import { redeemView } from "./redeem.js"
import { usageView } from "./usage.js"
import { accountText, counted, failureLines, list, mapEvents, row } from "./words.js"

const title = "Usage"
const id = "usage-menu"

const resets = (state: State): string => {
  const { count, countError, countId, isOpen } = state
  if (isOpen) return "One was sent, and its outcome is not known: carry it on."
  if (count !== null) return count > 0 ? `${counted(count, "reset")} available.` : "None available."
  if (!redeemEnabled(state)) return "None available."
  if (countId !== null) return "Check what is available. It is being read right now."
  return countError === null ? "Check what is available." : "Check what is available: the last reading failed."
}

const inviteRow = ({ offer }: State): ReadonlyArray<Row<Event>> =>
  offer === null
    ? []
    : [
        row<Event>(
          "Invite someone to Codex",
          { _tag: "OpenInvite" },
          { description: plainLine(offer.description ?? "", 300) || "There is an offer for this account." }
        )
      ]

const nudgeRow = (state: State): ReadonlyArray<Row<Event>> => {
  const wanted = nudgeWanted(state)
  if (wanted === null) return []
  const isCredits = wanted.creditType === "credits"
  const description = isCredits ? "The workspace has no credits left." : "The workspace's spend cap is reached."
  const label = wanted.byOwner
    ? "What to do about the workspace's limit"
    : isCredits
      ? "Ask the workspace owner for credits"
      : "Ask the workspace owner for a higher limit"
  return [row<Event>(label, { _tag: "OpenNudge" }, { description })]
}

const front = (state: State, canvas: Canvas): View<Event> => {
  const { countError, session } = state
  const leave: Event = { _tag: "Cancel" }
  if (session === null) {
    const lines = ["Nobody is signed in any more. To sign in: codex-account login"]
    return list<Event>({ id: `${id}-signed-out`, title, lines, rows: [row<Event>("Close", leave)], cancel: leave })
  }
  return list<Event>({
    id,
    title,
    lines: [
      accountText(session),
      ...(countError === null ? [] : failureLines(countError, "usage", canvas).slice(0, 1))
    ],
    rows: [
      row<Event>("Show usage", { _tag: "OpenUsage" }, { description: "What is left, and your token activity." }),
      row<Event>(
        "Redeem usage limit reset",
        { _tag: "OpenRedeem" },
        { description: resets(state), enabled: redeemEnabled(state) }
      ),
      ...inviteRow(state),
      ...nudgeRow(state)
    ],
    cancel: leave
  })
}

const onTop = (flow: Flow, canvas: Canvas): View<Event> | null => {
  switch (flow._tag) {
    case "Usage": {
      const view = usageView(flow.state, canvas)
      return view === null ? null : mapEvents(view, (event) => ({ _tag: "Usage", event }))
    }
    case "Redeem": {
      const view = redeemView(flow.state, canvas)
      return view === null ? null : mapEvents(view, (event) => ({ _tag: "Redeem", event }))
    }
    case "Invite": {
      const view = inviteView(flow.state, canvas)
      return view === null ? null : mapEvents(view, (event) => ({ _tag: "Invite", event }))
    }
    case "Nudge": {
      const view = nudgeView(flow.state, canvas)
      return view === null ? null : mapEvents(view, (event) => ({ _tag: "Nudge", event }))
    }
  }
}

/** The flow if there is one, else the menu; null once the person has left. */
export const usageMenuView = (state: State, canvas: Canvas): View<Event> | null => {
  if (isEnded(state)) return null
  const view = state.flow === null ? null : onTop(state.flow, canvas)
  return view ?? front(state, canvas)
}
