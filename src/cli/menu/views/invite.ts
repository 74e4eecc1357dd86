/** The referral invite as views. */
import { plainLine } from "../../../domain/PlainText.js"
import type { InviteReward, ReferralOffer } from "../../../domain/ReferralOffer.js"
import type { Event, State } from "../../../programs/menu/InviteFlow.js"
import type { Canvas } from "../../render/limits.js"
import { relative } from "../../render/time.js"
import type { Row, View } from "../View.js"
import { accountText, failureLines, list, operationLines, operationText, row, waiting } from "./words.js"

const title = "Invite someone to Codex"
const id = (name: string) => `referral-invite-${name}`

const cancel: Event = { _tag: "Cancel" }
const close = row<Event>("Close", cancel)

const told = (name: string, lines: ReadonlyArray<string>, rows: ReadonlyArray<Row<Event>> = [close]): View<Event> =>
  list<Event>({ id: id(name), title, lines, rows, cancel })

const rewards: Readonly<Record<InviteReward, string>> = {
  included: "A reward comes with it.",
  notIncluded: "No reward comes with it.",
  unknown: "Whether a reward comes with it was not confirmed."
}

const offerText = (offer: ReferralOffer): string =>
  plainLine(offer.description ?? "", 300) || "There is an offer for this account."

/** An address may be long, and has to be read whole. */
const recipient = (email: string): string => plainLine(email, 400)

const question = (state: State & { readonly _tag: "Confirm" }): View<Event> => {
  const { context, email, offer } = state
  return list<Event>({
    id: id("confirmation"),
    title: "Send referral invite?",
    lines: [
      offerText(offer),
      `Recipient: ${recipient(email)}`,
      `From: ${accountText(context.session)}`,
      ...offer.rules.flatMap((rule) => {
        const text = plainLine(rule, 400)
        return text === "" ? [] : [`• ${text}`]
      }),
      ...(offer.requiresExplicitConfirmation
        ? ["By sending you confirm that the recipient wants to hear from you."]
        : [])
    ],
    rows: [row<Event>("Send invite", { _tag: "Send" }), row<Event>("Cancel", cancel)],
    initial: 1,
    cancel
  })
}

/** Null once it is closed. */
export const inviteView = (state: State, canvas: Canvas): View<Event> | null => {
  switch (state._tag) {
    case "Closed":
      return null
    case "Email":
      return {
        _tag: "Prompt",
        id: id("email"),
        title,
        lines: ["To one e-mail address. You see everything once more before it is sent."],
        placeholder: "name@example.com",
        initial: state.initial,
        problem: state.problem,
        submit: (text) => ({ _tag: "Submit", text }),
        cancel
      }
    case "Confirm":
      return question(state)
    case "Sending":
      return waiting({
        id: id("sending"),
        title,
        line: `Sending an invite to ${recipient(state.email)}...`,
        row: "Sending invite...",
        event: cancel,
        cancellable: false
      })
    case "Earlier": {
      const { email, operation } = state
      const when = relative(operation.updatedAt, canvas.now)
      return list<Event>({
        id: id("earlier"),
        title: "Invite this address again?",
        lines: [
          operation.isOpen
            ? `An invite to ${recipient(email)} was sent ${when}, and its outcome is not known. Ask the recipient first.`
            : `An invite to ${recipient(email)} was sent ${when}.`,
          "Nothing was sent now."
        ],
        rows: [row<Event>("Send another one", { _tag: "SendAgain" }), row<Event>("No, go back", cancel)],
        initial: 1,
        cancel
      })
    }
    case "Sent":
      return told("sent", [
        `The invite to ${recipient(state.email)} was sent. ${rewards[state.reward]}`,
        operationText(state.key)
      ])
    case "Rejected":
      return told(
        "rejected",
        [...failureLines(state.error, "invite", canvas), `Check the address: ${recipient(state.email)}`],
        [row<Event>("Edit the address", { _tag: "EditEmail" }), close]
      )
    case "Unknown":
      return told("unknown", [
        "The invite left, and whether it arrived could not be confirmed.",
        `Ask ${recipient(state.email)} before you send another one.`,
        ...operationLines(state.error)
      ])
    case "Changed":
      return told("changed", [
        state.what === "offer"
          ? "The offer has changed since you saw it. Nothing was sent: go back, and confirm the one that stands now."
          : "Another account is signed in by now. Nothing was sent: go back, and start again as that account."
      ])
    case "Gone":
      return told("gone", ["There is no offer any more. Nothing was sent: go back to see what there is."])
    case "NotSent":
      return told("not-sent", failureLines(state.error, "invite", canvas))
  }
}
