/**
 * The usage menu as a state machine: what it offers, and which flow is open on top of it.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import { type Identity, sameIdentity } from "../../domain/Identity.js"
import { offerMaxAge, type ReferralOffer } from "../../domain/ReferralOffer.js"
import type { Session, SessionChange } from "../../domain/Session.js"
import type { UsageSnapshot } from "../../domain/UsageSnapshot.js"
import { type NudgeNeed, nudgeNeed } from "../nudge.js"
import { type Failure, withoutSummary } from "./Failure.js"
import * as InviteFlow from "./InviteFlow.js"
import * as NudgeFlow from "./NudgeFlow.js"
import * as RedeemFlow from "./RedeemFlow.js"
import * as UsageFlow from "./UsageFlow.js"

/**
 * The flow on top of the menu.
 *
 * @since 0.1.0
 * @category models
 */
export type Flow =
  | { readonly _tag: "Usage"; readonly state: UsageFlow.State }
  | { readonly _tag: "Redeem"; readonly state: RedeemFlow.State }
  | { readonly _tag: "Invite"; readonly state: InviteFlow.State }
  | { readonly _tag: "Nudge"; readonly state: NudgeFlow.State }

/**
 * - `session` is null when nobody is signed in any more. `lastId` is the number of the menu's last request, `lastFlowId`
 *   that of the last request of any flow: no number comes twice.
 * - `count` is the number of resets, null when it is not known; `countId` the read of it in progress, `countError` why the
 *   last one failed. `isOpen` is whether a redemption has an outcome that is not known. `usage` is what the last read told.
 * - `offer` is the last offer, which stays until `offerId`, the load in progress, has its answer; `expiryId` is the wait
 *   for its end.
 * - `flow` is null while the menu itself is in front.
 *
 * `Ended`: the person left.
 *
 * @since 0.1.0
 * @category models
 */
export interface State {
  readonly _tag: "Menu" | "Ended"
  readonly session: Session | null
  readonly lastId: number
  readonly lastFlowId: number
  readonly count: number | null
  readonly countId: number | null
  readonly countError: Failure | null
  readonly isOpen: boolean
  readonly usage: UsageSnapshot | null
  readonly offer: ReferralOffer | null
  readonly offerId: number | null
  readonly expiryId: number | null
  readonly flow: Flow | null
}

/**
 * What the person does in the menu: `OpenUsage`, `OpenRedeem`, `OpenInvite`, `OpenNudge`, `Cancel` (Escape, "Close").
 * `AccountChanged` is an identity boundary, even when it is the same account. What became of requests, each with its
 * number. And the events of the flow on top.
 *
 * @since 0.1.0
 * @category models
 */
export type Event =
  | { readonly _tag: "OpenUsage"; readonly view?: UsageFlow.ActivityView }
  | { readonly _tag: "OpenRedeem" }
  | { readonly _tag: "OpenInvite" }
  | { readonly _tag: "OpenNudge" }
  | { readonly _tag: "Cancel" }
  | { readonly _tag: "AccountChanged"; readonly change: SessionChange }
  | { readonly _tag: "CountLoaded"; readonly id: number; readonly usage: UsageSnapshot; readonly isOpen: boolean }
  | { readonly _tag: "CountFailed"; readonly id: number; readonly error: Failure }
  | { readonly _tag: "OfferLoaded"; readonly id: number; readonly offer: ReferralOffer | null }
  | { readonly _tag: "OfferFailed"; readonly id: number; readonly error: Failure }
  | { readonly _tag: "OfferExpired"; readonly id: number }
  | { readonly _tag: "Usage"; readonly event: UsageFlow.Event }
  | { readonly _tag: "Redeem"; readonly event: RedeemFlow.Event }
  | { readonly _tag: "Invite"; readonly event: InviteFlow.Event }
  | { readonly _tag: "Nudge"; readonly event: NudgeFlow.Event }

/**
 * `ReadCount`, `LoadOffer`: what the menu's rows need. `AwaitExpiry`: `OfferExpired` when the time has come. And the
 * commands of the flow on top.
 *
 * @since 0.1.0
 * @category models
 */
export type Command =
  | { readonly _tag: "ReadCount"; readonly id: number; readonly as: Identity }
  | { readonly _tag: "LoadOffer"; readonly id: number; readonly as: Identity }
  | { readonly _tag: "AwaitExpiry"; readonly id: number; readonly until: DateTime.Utc }
  | { readonly _tag: "Usage"; readonly command: UsageFlow.Command }
  | { readonly _tag: "Redeem"; readonly command: RedeemFlow.Command }
  | { readonly _tag: "Invite"; readonly command: InviteFlow.Command }
  | { readonly _tag: "Nudge"; readonly command: NudgeFlow.Command }

/**
 * @since 0.1.0
 * @category models
 */
export type Step = readonly [State, ReadonlyArray<Command>]

/** An event that does not belong here changes nothing. */
const ignored = (state: State): Step => [state, []]

/** Starts the reads for the menu's rows, those that are not in progress: the menu is in front now. */
const opened = (state: State): Step => {
  const { countId, lastId, offerId, session } = state
  if (session === null || !session.usesBackend) return [state, []]
  const as = session.identity
  const count = countId ?? lastId + 1
  const offer = offerId ?? Math.max(lastId, count) + 1
  return [
    { ...state, lastId: Math.max(lastId, count, offer), countId: count, offerId: offer },
    [
      ...(countId === null ? [{ _tag: "ReadCount", id: count, as } as const] : []),
      ...(offerId === null ? [{ _tag: "LoadOffer", id: offer, as } as const] : [])
    ]
  ]
}

/** The menu for whoever is signed in, knowing nothing yet. */
const fresh = (session: Session | null, numbers: Pick<State, "lastId" | "lastFlowId">): Step =>
  opened({
    _tag: "Menu",
    session,
    lastId: numbers.lastId,
    lastFlowId: numbers.lastFlowId,
    count: null,
    countId: null,
    countError: null,
    isOpen: false,
    usage: null,
    offer: null,
    offerId: null,
    expiryId: null,
    flow: null
  })

/**
 * The menu as it opens for whoever is signed in: the count of resets and the offer are read.
 *
 * @since 0.1.0
 * @category constructors
 */
export const init = (session: Session | null): Step => fresh(session, { lastId: 0, lastFlowId: 0 })

/**
 * Whether the person has left.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isEnded = (state: State): boolean => state._tag === "Ended"

/**
 * Whether resets can be looked up or spent, or a redemption carried on.
 *
 * @since 0.1.0
 * @category accessors
 */
export const redeemEnabled = ({ count, isOpen, session }: State): boolean =>
  isOpen || (count === null ? session?.usesBackend === true : count > 0)

/**
 * What a workspace limit that stops the account calls for; null when the last read told of none. The message to the owner
 * has a row only then.
 *
 * @since 0.1.0
 * @category accessors
 */
export const nudgeWanted = ({ usage }: State): NudgeNeed | null => (usage === null ? null : nudgeNeed(usage))

/** The menu with the flow on top of it; a flow that is closed gives way to the menu. */
const withFlow = (state: State, flow: Flow, commands: ReadonlyArray<Command>): Step =>
  flow.state._tag === "Closed"
    ? opened({ ...state, flow: null })
    : [{ ...state, lastFlowId: flow.state.context.lastId, flow }, commands]

const withUsage = (state: State, [flow, commands]: UsageFlow.Step): Step =>
  withFlow(
    state,
    { _tag: "Usage", state: flow },
    commands.map((command) => ({ _tag: "Usage", command }))
  )

const withRedeem = (state: State, [flow, commands]: RedeemFlow.Step): Step =>
  withFlow(
    state,
    { _tag: "Redeem", state: flow },
    commands.map((command) => ({ _tag: "Redeem", command }))
  )

const withInvite = (state: State, [flow, commands]: InviteFlow.Step): Step =>
  withFlow(
    state,
    { _tag: "Invite", state: flow },
    commands.map((command) => ({ _tag: "Invite", command }))
  )

const withNudge = (state: State, [flow, commands]: NudgeFlow.Step): Step =>
  withFlow(
    state,
    { _tag: "Nudge", state: flow },
    commands.map((command) => ({ _tag: "Nudge", command }))
  )

/** A flow opens only over the menu itself, and only for somebody whose account can be asked about. */
const open = (state: State, event: Event & { readonly _tag: `Open${string}` }): Step => {
  const { count, flow, lastFlowId: lastId, offer, session } = state
  if (flow !== null || session === null || !session.usesBackend) return ignored(state)
  switch (event._tag) {
    case "OpenUsage":
      return withUsage(state, UsageFlow.initial({ session, lastId }, event.view))
    case "OpenRedeem":
      return redeemEnabled(state) ? withRedeem(state, RedeemFlow.initial({ session, count, lastId })) : ignored(state)
    case "OpenInvite":
      return offer === null ? ignored(state) : withInvite(state, InviteFlow.initial({ session, offer, lastId }))
    case "OpenNudge": {
      const wanted = nudgeWanted(state)
      return wanted === null ? ignored(state) : withNudge(state, NudgeFlow.initial({ session, ...wanted, lastId }))
    }
  }
}

const isOurs = (state: State, { identity }: { readonly identity: Identity }): boolean =>
  state.session !== null && sameIdentity(identity, state.session.identity)

/** What a read of usage in a flow tells the menu. A count that is still being read is older than that. */
const learned = (state: State, usage: UsageSnapshot): State => {
  if (!isOurs(state, usage)) return state
  const { resetCredits } = usage
  return resetCredits === null
    ? { ...state, usage }
    : { ...state, usage, count: resetCredits.availableCount, countId: null, countError: null }
}

const countLoaded = (state: State, usage: UsageSnapshot, isOpen: boolean): State => {
  const read = { ...state, countId: null, isOpen }
  if (!isOurs(state, usage)) return read
  const { resetCredits } = usage
  return resetCredits === null
    ? { ...read, usage, countError: withoutSummary }
    : { ...read, usage, count: resetCredits.availableCount, countError: null }
}

/** The present offer, for the menu and for the invite that is being made. */
const withOffer = (state: State, offer: ReferralOffer | null): Step => {
  const known = { ...state, offer }
  return state.flow?._tag === "Invite"
    ? withInvite(known, InviteFlow.update(state.flow.state, { _tag: "OfferIs", offer }))
    : [known, []]
}

const offerLoaded = (state: State, offer: ReferralOffer | null): Step => {
  if (offer === null || !isOurs(state, offer)) return withOffer({ ...state, offerId: null, expiryId: null }, null)
  const id = state.lastId + 1
  const [next, commands] = withOffer({ ...state, lastId: id, offerId: null, expiryId: id }, offer)
  const until = DateTime.addDuration(offer.loadedAt, offerMaxAge)
  return [next, [...commands, { _tag: "AwaitExpiry", id, until }]]
}

const inUsage = (state: State, before: UsageFlow.State, event: UsageFlow.Event): Step => {
  const step = UsageFlow.update(before, event)
  if (step[0] === before) return ignored(state)
  return withUsage(event._tag === "UsageLoaded" ? learned(state, event.usage.snapshot) : state, step)
}

const inRedeem = (state: State, before: RedeemFlow.State, event: RedeemFlow.Event): Step => {
  const step = RedeemFlow.update(before, event)
  const [after] = step
  if (after === before) return ignored(state)
  // What was read before a reset is no longer true, and what is being read was begun before it.
  if (after._tag === "Refreshing") {
    return withRedeem({ ...state, count: null, countId: null, countError: null, usage: null }, step)
  }
  const told = event._tag === "Loaded" || event._tag === "Refreshed" ? learned(state, event.usage) : state
  const { count } = after.context
  return withRedeem(count === before.context.count ? told : { ...told, count, countId: null, countError: null }, step)
}

const inInvite = (state: State, before: InviteFlow.State, event: InviteFlow.Event): Step => {
  const step = InviteFlow.update(before, event)
  const [after] = step
  if (after === before) return ignored(state)
  const { offer } = after.context
  return withInvite(offer === before.context.offer ? state : { ...state, offer, offerId: null, expiryId: null }, step)
}

const inNudge = (state: State, before: NudgeFlow.State, event: NudgeFlow.Event): Step => {
  const step = NudgeFlow.update(before, event)
  return step[0] === before ? ignored(state) : withNudge(state, step)
}

/**
 * What the event makes of the state, and what is to be done for it. An event that does not belong to the state gives the
 * state itself.
 *
 * @since 0.1.0
 * @category combinators
 */
export const update = (state: State, event: Event): Step => {
  if (state._tag === "Ended") return ignored(state)
  const { flow } = state
  switch (event._tag) {
    case "OpenUsage":
    case "OpenRedeem":
    case "OpenInvite":
    case "OpenNudge":
      return open(state, event)
    case "Cancel":
      return flow === null ? [{ ...state, _tag: "Ended" }, []] : ignored(state)
    case "AccountChanged":
      return fresh(event.change._tag === "SignedIn" ? event.change.session : null, state)
    case "CountLoaded":
      return event.id === state.countId ? [countLoaded(state, event.usage, event.isOpen), []] : ignored(state)
    case "CountFailed":
      return event.id === state.countId ? [{ ...state, countId: null, countError: event.error }, []] : ignored(state)
    case "OfferLoaded":
      return event.id === state.offerId ? offerLoaded(state, event.offer) : ignored(state)
    case "OfferFailed":
      return event.id === state.offerId ? offerLoaded(state, null) : ignored(state)
    case "OfferExpired":
      return event.id === state.expiryId ? withOffer({ ...state, expiryId: null }, null) : ignored(state)
    case "Usage":
      return flow?._tag === "Usage" ? inUsage(state, flow.state, event.event) : ignored(state)
    case "Redeem":
      return flow?._tag === "Redeem" ? inRedeem(state, flow.state, event.event) : ignored(state)
    case "Invite":
      return flow?._tag === "Invite" ? inInvite(state, flow.state, event.event) : ignored(state)
    case "Nudge":
      return flow?._tag === "Nudge" ? inNudge(state, flow.state, event.event) : ignored(state)
  }
}
