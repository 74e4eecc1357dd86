/** Sending the referral invite from the menu, as a state machine. */
import * as Either from "effect/Either"
import { type Identity, sameIdentity } from "../../domain/Identity.js"
import { InviteEmail } from "../../domain/InviteEmail.js"
import type { Operation } from "../../domain/Operation.js"
import { type InviteReward, type ReferralOffer, sameOffer } from "../../domain/ReferralOffer.js"
import type { Session } from "../../domain/Session.js"
import { validInput } from "../validInput.js"
import { type Failure, isAnotherAccount } from "./Failure.js"

/** What every state knows. `offer` is the present one: null once it has expired, was used, or is not known to stand. */
export interface Context {
  readonly session: Session
  readonly offer: ReferralOffer | null
  readonly lastId: number
}

/**
 * - `Email`: `initial` is what stands in the line, `problem` why the last text was not taken.
 * - `Confirm`: `offer` is a copy of the one that is shown and confirmed.
 * - `Earlier`: nothing was sent, as the address was invited before, or may have been: `operation` tells which and when.
 * - `Rejected`: a definite no. `Unknown`: a request left, and whether it took effect can't be told.
 * - `Changed`: not the offer, or not the account, that was confirmed. `Gone`: no offer any more. `NotSent`: it failed
 *   before anything was sent.
 * - `Closed` is the end.
 */
export type State = { readonly context: Context } & (
  | { readonly _tag: "Email"; readonly initial: string; readonly problem: string | null }
  | { readonly _tag: "Confirm"; readonly email: InviteEmail; readonly offer: ReferralOffer }
  | {
      readonly _tag: "Sending"
      readonly id: number
      readonly email: InviteEmail
      readonly offer: ReferralOffer
    }
  | {
      readonly _tag: "Earlier"
      readonly email: InviteEmail
      readonly offer: ReferralOffer
      readonly operation: Operation
    }
  | { readonly _tag: "Sent"; readonly email: InviteEmail; readonly reward: InviteReward; readonly key: string }
  | { readonly _tag: "Rejected"; readonly email: InviteEmail; readonly error: Failure }
  | { readonly _tag: "Unknown"; readonly email: InviteEmail; readonly error: Failure }
  | { readonly _tag: "Changed"; readonly what: "offer" | "account" }
  | { readonly _tag: "Gone" }
  | { readonly _tag: "NotSent"; readonly error: Failure }
  | { readonly _tag: "Closed" }
)

/**
 * What the person does: `Submit` an address, `Send` ("Send invite"), `Cancel` (Escape, "Cancel", "Close"), `EditEmail`
 * (after a refusal), `SendAgain` (of `Earlier`, all the same). `OfferIs` tells of another offer, or none. And what became
 * of the request, with its number.
 */
export type Event =
  | { readonly _tag: "Submit"; readonly text: string }
  | { readonly _tag: "Send" }
  | { readonly _tag: "Cancel" }
  | { readonly _tag: "EditEmail" }
  | { readonly _tag: "SendAgain" }
  | { readonly _tag: "OfferIs"; readonly offer: ReferralOffer | null }
  | { readonly _tag: "InviteSent"; readonly id: number; readonly reward: InviteReward; readonly key: string }
  | { readonly _tag: "EarlierFound"; readonly id: number; readonly operation: Operation }
  | { readonly _tag: "SendFailed"; readonly id: number; readonly error: Failure }

/**
 * One confirmed invite, under the offer that was confirmed. `again` sends although an earlier one went, or may have gone,
 * to the same address.
 */
export interface Command {
  readonly _tag: "SendInvite"
  readonly id: number
  readonly as: Identity
  readonly email: InviteEmail
  readonly offer: ReferralOffer
  readonly again: boolean
}

export type Step = readonly [State, ReadonlyArray<Command>]

/** The flow as it opens: the address is asked for, if there is an offer. */
export const initial = (context: Context): Step => [
  context.offer === null ? { _tag: "Gone", context } : { _tag: "Email", context, initial: "", problem: null },
  []
]

/** An event that does not belong here changes nothing. */
const ignored = (state: State): Step => [state, []]

const submit = (state: State & { readonly _tag: "Email" }, text: string): Step => {
  const { context } = state
  const trimmed = text.trim()
  if (trimmed === "") return ignored(state)
  const { offer } = context
  if (offer === null) return [{ _tag: "Gone", context }, []]
  return [
    Either.match(validInput("invite", InviteEmail, trimmed), {
      onLeft: ({ detail, message }): State => ({
        _tag: "Email",
        context,
        initial: trimmed,
        problem: detail ?? message
      }),
      onRight: (email): State => ({ _tag: "Confirm", context, email, offer })
    }),
    []
  ]
}

/** Sends what was confirmed, if it is still what is on offer. */
const send = (state: State & { readonly _tag: "Confirm" | "Earlier" }): Step => {
  const { context, email, offer } = state
  if (context.offer === null) return [{ _tag: "Gone", context }, []]
  if (!sameIdentity(offer.identity, context.session.identity))
    return [{ _tag: "Changed", context, what: "account" }, []]
  if (!sameOffer(context.offer, offer)) return [{ _tag: "Changed", context, what: "offer" }, []]
  const id = context.lastId + 1
  // The terms are those that were confirmed; the present copy of them may be younger.
  const terms = context.offer
  return [
    { _tag: "Sending", context: { ...context, lastId: id }, id, email, offer: terms },
    [{ _tag: "SendInvite", id, as: offer.identity, email, offer: terms, again: state._tag === "Earlier" }]
  ]
}

const failed = (state: State & { readonly _tag: "Sending" }, error: Failure): State => {
  const { context, email } = state
  if (error._tag === "ActError" && error.reason === "Rejected") return { _tag: "Rejected", context, email, error }
  if (error._tag === "ActError" && error.reason === "OutcomeUnknown") return { _tag: "Unknown", context, email, error }
  // Nothing was sent. What was shown may not stand any more.
  const without = { ...context, offer: null }
  if (isAnotherAccount(error)) return { _tag: "Changed", context: without, what: "account" }
  if (error.reason === "OfferChanged") return { _tag: "Changed", context: without, what: "offer" }
  if (error.reason === "NotOffered") return { _tag: "Gone", context: without }
  return { _tag: "NotSent", context: without, error }
}

const editEmail = (state: State & { readonly _tag: "Rejected" }): State => {
  const { context, email } = state
  return context.offer === null ? { _tag: "Gone", context } : { _tag: "Email", context, initial: email, problem: null }
}

/**
 * What the event makes of the state, and what is to be done for it. An event that does not belong to the state gives the
 * state itself.
 */
export const update = (state: State, event: Event): Step => {
  switch (event._tag) {
    case "Submit":
      return state._tag === "Email" ? submit(state, event.text) : ignored(state)
    case "Send":
      return state._tag === "Confirm" ? send(state) : ignored(state)
    case "SendAgain":
      return state._tag === "Earlier" ? send(state) : ignored(state)
    case "EditEmail":
      return state._tag === "Rejected" ? [editEmail(state), []] : ignored(state)
    case "Cancel":
      return state._tag === "Sending" || state._tag === "Closed"
        ? ignored(state)
        : [{ _tag: "Closed", context: state.context }, []]
    case "OfferIs":
      return state._tag === "Closed"
        ? ignored(state)
        : [{ ...state, context: { ...state.context, offer: event.offer } }, []]
    case "InviteSent": {
      if (state._tag !== "Sending" || state.id !== event.id) return ignored(state)
      const { context, email } = state
      const { key, reward } = event
      return [{ _tag: "Sent", context: { ...context, offer: null }, email, reward, key }, []]
    }
    case "EarlierFound": {
      if (state._tag !== "Sending" || state.id !== event.id) return ignored(state)
      const { context, email, offer } = state
      return [{ _tag: "Earlier", context, email, offer, operation: event.operation }, []]
    }
    case "SendFailed":
      return state._tag === "Sending" && state.id === event.id ? [failed(state, event.error), []] : ignored(state)
  }
}
