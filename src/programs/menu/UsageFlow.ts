/** The usage and the token activity from the menu, as a state machine. */
import { BackendError } from "../../domain/BackendError.js"
import { type Identity, sameIdentity } from "../../domain/Identity.js"
import type { Session } from "../../domain/Session.js"
import type { TokenActivity } from "../../domain/TokenActivity.js"
import type { UsageView } from "../usage.js"
import type { Failure } from "./Failure.js"

/** How the token activity is drawn. */
export type ActivityView = "daily" | "weekly" | "cumulative"

/** One of the two things that are read. They stand by themselves: one may fail and the other be shown. */
export type Part<A> =
  | { readonly _tag: "Loading"; readonly id: number }
  | { readonly _tag: "Ready"; readonly value: A }
  | { readonly _tag: "Failed"; readonly error: Failure }

export interface Context {
  readonly session: Session
  readonly lastId: number
}

/** `Closed` is the end. */
export type State = { readonly context: Context } & (
  | {
      readonly _tag: "Open"
      readonly view: ActivityView
      readonly usage: Part<UsageView>
      readonly activity: Part<TokenActivity>
    }
  | { readonly _tag: "Closed" }
)

/**
 * What the person does: `View` (another drawing), `Refresh` (read again what is not being read), `Cancel` (Escape,
 * "Close"). And what became of requests, each with its number.
 */
export type Event =
  | { readonly _tag: "View"; readonly view: ActivityView }
  | { readonly _tag: "Refresh" }
  | { readonly _tag: "Cancel" }
  | { readonly _tag: "UsageLoaded"; readonly id: number; readonly usage: UsageView }
  | { readonly _tag: "UsageFailed"; readonly id: number; readonly error: Failure }
  | { readonly _tag: "ActivityLoaded"; readonly id: number; readonly activity: TokenActivity }
  | { readonly _tag: "ActivityFailed"; readonly id: number; readonly error: Failure }

export type Command =
  | { readonly _tag: "ReadUsage"; readonly id: number; readonly as: Identity; readonly fresh: boolean }
  | { readonly _tag: "ReadActivity"; readonly id: number; readonly as: Identity }

export type Step = readonly [State, ReadonlyArray<Command>]

type Open = State & { readonly _tag: "Open" }

/** Reads what is not being read, and says how. */
const reads = (open: Open, fresh: boolean): Step => {
  const as = open.context.session.identity
  let lastId = open.context.lastId
  let { activity, usage } = open
  const commands: Array<Command> = []
  if (usage._tag !== "Loading") {
    usage = { _tag: "Loading", id: (lastId += 1) }
    commands.push({ _tag: "ReadUsage", id: lastId, as, fresh })
  }
  if (activity._tag !== "Loading") {
    activity = { _tag: "Loading", id: (lastId += 1) }
    commands.push({ _tag: "ReadActivity", id: lastId, as })
  }
  return commands.length === 0
    ? [open, []]
    : [{ ...open, context: { ...open.context, lastId }, usage, activity }, commands]
}

/** The flow as it opens: both are read, and the activity is drawn by day. */
export const initial = (context: Context, view: ActivityView = "daily"): Step => {
  const usageId = context.lastId + 1
  const activityId = context.lastId + 2
  const as = context.session.identity
  return [
    {
      _tag: "Open",
      context: { ...context, lastId: activityId },
      view,
      usage: { _tag: "Loading", id: usageId },
      activity: { _tag: "Loading", id: activityId }
    },
    [
      { _tag: "ReadUsage", id: usageId, as, fresh: false },
      { _tag: "ReadActivity", id: activityId, as }
    ]
  ]
}

/** An event that does not belong here changes nothing. */
const ignored = (state: State): Step => [state, []]

/** What was read, unless it is somebody else's. */
const part = <A>(context: Context, identity: Identity, operation: string, value: A): Part<A> =>
  sameIdentity(identity, context.session.identity)
    ? { _tag: "Ready", value }
    : { _tag: "Failed", error: BackendError.of(operation, "IdentityChanged") }

const isAwaited = (part: Part<unknown>, id: number): boolean => part._tag === "Loading" && part.id === id

/**
 * What the event makes of the state, and what is to be done for it. An event that does not belong to the state gives the
 * state itself.
 */
export const update = (state: State, event: Event): Step => {
  if (state._tag === "Closed") return ignored(state)
  const { activity, context, usage, view } = state
  switch (event._tag) {
    case "View":
      return event.view === view ? ignored(state) : [{ ...state, view: event.view }, []]
    case "Refresh":
      return reads(state, true)
    case "Cancel":
      return [{ _tag: "Closed", context }, []]
    case "UsageLoaded":
      return isAwaited(usage, event.id)
        ? [{ ...state, usage: part(context, event.usage.snapshot.identity, "usage.read", event.usage) }, []]
        : ignored(state)
    case "UsageFailed":
      return isAwaited(usage, event.id)
        ? [{ ...state, usage: { _tag: "Failed", error: event.error } }, []]
        : ignored(state)
    case "ActivityLoaded":
      return isAwaited(activity, event.id)
        ? [{ ...state, activity: part(context, event.activity.identity, "profile.me", event.activity) }, []]
        : ignored(state)
    case "ActivityFailed":
      return isAwaited(activity, event.id)
        ? [{ ...state, activity: { _tag: "Failed", error: event.error } }, []]
        : ignored(state)
  }
}
