/** Asking the workspace's owner from the menu, as a state machine. */
import type { Identity } from "../../domain/Identity.js"
import type { Operation } from "../../domain/Operation.js"
import type { Session } from "../../domain/Session.js"
import type { CreditType, WorkspaceRole } from "../../domain/WorkspaceRole.js"
import { type Failure, isAnotherAccount } from "./Failure.js"

/**
 * What every state knows. `creditType` is what is missing, and `byOwner` says that the backend takes this user for the
 * owner.
 */
export interface Context {
  readonly session: Session
  readonly creditType: CreditType
  readonly byOwner: boolean
  readonly lastId: number
}

/**
 * - `Guidance`: owners and admins are told what they can do themselves; nobody is asked.
 * - `Cooldown`: the owner was told recently, and nothing was sent this time.
 * - `Unknown`: a request left, and whether it took effect can't be told. `Failed`: a definite no, or nothing was sent.
 * - `Earlier`: nothing was sent, as the outcome of an earlier message is open.
 * - `Closed` is the end.
 */
export type State = { readonly context: Context } & (
  | { readonly _tag: "LoadingRole"; readonly id: number }
  | { readonly _tag: "RoleFailed"; readonly error: Failure }
  | { readonly _tag: "Guidance"; readonly role: WorkspaceRole }
  | { readonly _tag: "Prompt"; readonly role: WorkspaceRole }
  | { readonly _tag: "Sending"; readonly id: number; readonly role: WorkspaceRole; readonly again: boolean }
  | { readonly _tag: "Sent"; readonly role: WorkspaceRole; readonly key: string }
  | { readonly _tag: "Cooldown"; readonly role: WorkspaceRole }
  | { readonly _tag: "Unknown"; readonly role: WorkspaceRole; readonly error: Failure }
  | { readonly _tag: "Failed"; readonly role: WorkspaceRole; readonly again: boolean; readonly error: Failure }
  | { readonly _tag: "Earlier"; readonly role: WorkspaceRole; readonly operation: Operation }
  | { readonly _tag: "AccountChanged" }
  | { readonly _tag: "Closed" }
)

/**
 * What the person does: `Confirm` ("Yes", y), `Cancel` ("No", n, Escape, "Close"), `Retry` ("Try again"), `SendAgain` (of
 * `Earlier`, all the same). And what became of requests, each with its number.
 */
export type Event =
  | { readonly _tag: "Confirm" }
  | { readonly _tag: "Cancel" }
  | { readonly _tag: "Retry" }
  | { readonly _tag: "SendAgain" }
  | { readonly _tag: "RoleLoaded"; readonly id: number; readonly role: WorkspaceRole }
  | { readonly _tag: "RoleFailed"; readonly id: number; readonly error: Failure }
  | {
      readonly _tag: "Nudged"
      readonly id: number
      readonly outcome: "sent" | "cooldownActive"
      readonly key: string
    }
  | { readonly _tag: "EarlierFound"; readonly id: number; readonly operation: Operation }
  | { readonly _tag: "NudgeFailed"; readonly id: number; readonly error: Failure }

/**
 * `ReadRole`: the live role, else the token's claim. `Nudge`: one confirmed message; `again` sends although the outcome of
 * an earlier one is open.
 */
export type Command =
  | { readonly _tag: "ReadRole"; readonly id: number; readonly as: Identity }
  | {
      readonly _tag: "Nudge"
      readonly id: number
      readonly as: Identity
      readonly creditType: CreditType
      readonly again: boolean
    }

export type Step = readonly [State, ReadonlyArray<Command>]

const readRole = (context: Context): Step => {
  const id = context.lastId + 1
  return [
    { _tag: "LoadingRole", context: { ...context, lastId: id }, id },
    [{ _tag: "ReadRole", id, as: context.session.identity }]
  ]
}

/** The flow as it opens: the role is looked up. */
export const initial = (context: Context): Step => readRole(context)

/** An event that does not belong here changes nothing. */
const ignored = (state: State): Step => [state, []]

const send = (context: Context, role: WorkspaceRole, again: boolean): Step => {
  const id = context.lastId + 1
  const { creditType, session } = context
  return [
    { _tag: "Sending", context: { ...context, lastId: id }, id, role, again },
    [{ _tag: "Nudge", id, as: session.identity, creditType, again }]
  ]
}

const retry = (state: State): Step => {
  switch (state._tag) {
    case "RoleFailed":
      return readRole(state.context)
    case "Failed":
      return send(state.context, state.role, state.again)
    default:
      return ignored(state)
  }
}

/** Owners and admins have nobody to ask. */
const roleLoaded = (context: Context, role: WorkspaceRole): State => ({
  _tag: context.byOwner || role.isOwner === true ? "Guidance" : "Prompt",
  context,
  role
})

const failed = (state: State & { readonly _tag: "Sending" }, error: Failure): State => {
  const { again, context, role } = state
  if (isAnotherAccount(error)) return { _tag: "AccountChanged", context }
  return error._tag === "ActError" && error.reason === "OutcomeUnknown"
    ? { _tag: "Unknown", context, role, error }
    : { _tag: "Failed", context, role, again, error }
}

/**
 * What the event makes of the state, and what is to be done for it. An event that does not belong to the state gives the
 * state itself.
 */
export const update = (state: State, event: Event): Step => {
  const { context } = state
  switch (event._tag) {
    case "Confirm":
      return state._tag === "Prompt" ? send(context, state.role, false) : ignored(state)
    case "SendAgain":
      return state._tag === "Earlier" ? send(context, state.role, true) : ignored(state)
    case "Retry":
      return retry(state)
    case "Cancel":
      return state._tag === "Sending" || state._tag === "Closed" ? ignored(state) : [{ _tag: "Closed", context }, []]
    case "RoleLoaded":
      return state._tag === "LoadingRole" && state.id === event.id
        ? [roleLoaded(context, event.role), []]
        : ignored(state)
    case "RoleFailed": {
      if (state._tag !== "LoadingRole" || state.id !== event.id) return ignored(state)
      const { error } = event
      return [
        isAnotherAccount(error) ? { _tag: "AccountChanged", context } : { _tag: "RoleFailed", context, error },
        []
      ]
    }
    case "Nudged": {
      if (state._tag !== "Sending" || state.id !== event.id) return ignored(state)
      const { role } = state
      return [
        event.outcome === "sent"
          ? { _tag: "Sent", context, role, key: event.key }
          : { _tag: "Cooldown", context, role },
        []
      ]
    }
    case "EarlierFound":
      return state._tag === "Sending" && state.id === event.id
        ? [{ _tag: "Earlier", context, role: state.role, operation: event.operation }, []]
        : ignored(state)
    case "NudgeFailed":
      return state._tag === "Sending" && state.id === event.id ? [failed(state, event.error), []] : ignored(state)
  }
}
