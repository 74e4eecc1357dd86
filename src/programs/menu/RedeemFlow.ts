/** Spending a reset credit from the menu, as a state machine. */
import * as Arr from "effect/Array"
import type * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import { type Identity, sameIdentity } from "../../domain/Identity.js"
import { JournalError } from "../../domain/JournalError.js"
import type { Operation } from "../../domain/Operation.js"
import type { RedeemKey, ResetCredit, ResetCreditId } from "../../domain/ResetCredit.js"
import type { Session } from "../../domain/Session.js"
import type { UsageSnapshot } from "../../domain/UsageSnapshot.js"
import { creditIdOf, keyAndCredit, nameable } from "../redeem.js"
import type { RedeemOutcome } from "../redeemConfirmed.js"
import { type Failure, isAnotherAccount, withoutSummary } from "./Failure.js"

/**
 * What every state knows: whose credits they are, how many there are (null when that is not known), and the number of
 * the last request.
 */
export interface Context {
  readonly session: Session
  readonly count: number | null
  readonly lastId: number
}

/**
 * What there is to choose from. `credits` is null when only the count is known: one row that names no credit then.
 * `quietUntil` is the end of the quiet period that the person chose to ignore.
 */
export interface Choices {
  readonly usage: UsageSnapshot
  readonly available: number
  readonly credits: ReadonlyArray<ResetCredit> | null
  readonly quietUntil: DateTime.Utc | null
}

/**
 * What a person said yes to. `key` is null until the first attempt has made one; every attempt after it has the same key
 * and the same credit. `again` ignores the quiet period.
 */
export interface Confirmed {
  readonly key: RedeemKey | null
  readonly creditId: ResetCreditId | null
  readonly again: boolean
}

/** A redemption that reset the windows, now or by an earlier attempt of the same key. */
export interface Redeemed {
  readonly key: RedeemKey
  readonly outcome: "reset" | "alreadyRedeemed"
}

/**
 * Where the flow stands.
 * - `Resume`: a redemption whose outcome is open is asked about first; no other one can begin before it has ended.
 * - `QuietPeriod`: the account was reset a short while ago. `UsedElsewhere`: the key was used by somebody else.
 * - `Done`: `left` is null when what is left could not be read.
 * - `CreditGone`: the credit that was named is gone. `ConsumeFailed`: it can be tried again, with the same key.
 * - `Closed` is the end.
 */
export type State = { readonly context: Context } & (
  | { readonly _tag: "Loading"; readonly id: number }
  | { readonly _tag: "LoadFailed"; readonly error: Failure }
  | { readonly _tag: "Empty" }
  | { readonly _tag: "Resume"; readonly operation: Operation; readonly confirmed: Confirmed }
  | { readonly _tag: "QuietPeriod"; readonly until: DateTime.Utc; readonly choices: Choices }
  | { readonly _tag: "Picker"; readonly choices: Choices }
  | { readonly _tag: "Confirm"; readonly choices: Choices; readonly credit: ResetCredit | null }
  | { readonly _tag: "Consuming"; readonly id: number; readonly confirmed: Confirmed }
  | { readonly _tag: "Refreshing"; readonly id: number; readonly redeemed: Redeemed }
  | { readonly _tag: "Done"; readonly redeemed: Redeemed; readonly left: number | null }
  | { readonly _tag: "NotNeeded" }
  | { readonly _tag: "NoneLeft" }
  | { readonly _tag: "CreditGone" }
  | { readonly _tag: "UsedElsewhere" }
  | { readonly _tag: "AccountChanged" }
  | { readonly _tag: "ConsumeFailed"; readonly confirmed: Confirmed; readonly error: Failure }
  | { readonly _tag: "Closed" }
)

/**
 * What the person does: `Choose` a row of the picker (null is the row without a credit), `Confirm` ("Yes, use reset", and
 * "carry on" of `Resume`), `Cancel` (Escape, "Close", "Cancel", "No, go back"), `Retry` ("Try again"), `UseAnother` (in
 * the quiet period, all the same). And what becomes of requests, each with its number.
 */
export type Event =
  | { readonly _tag: "Choose"; readonly credit: ResetCredit | null }
  | { readonly _tag: "Confirm" }
  | { readonly _tag: "Cancel" }
  | { readonly _tag: "Retry" }
  | { readonly _tag: "UseAnother" }
  | { readonly _tag: "OpenFound"; readonly id: number; readonly operation: Operation }
  | {
      readonly _tag: "Loaded"
      readonly id: number
      readonly usage: UsageSnapshot
      readonly quietUntil: DateTime.Utc | null
    }
  | { readonly _tag: "LoadFailed"; readonly id: number; readonly error: Failure }
  | { readonly _tag: "Consumed"; readonly id: number; readonly key: RedeemKey; readonly outcome: RedeemOutcome }
  | { readonly _tag: "ConsumeFailed"; readonly id: number; readonly key: RedeemKey; readonly error: Failure }
  | { readonly _tag: "Refreshed"; readonly id: number; readonly usage: UsageSnapshot }
  | { readonly _tag: "RefreshFailed"; readonly id: number; readonly error: Failure }

/**
 * `Load`: the open redemption if there is one, else what there is to spend. `Consume`: one confirmed redemption; without
 * a key it makes one. `Refresh`: what is left after it.
 */
export type Command =
  | { readonly _tag: "Load"; readonly id: number; readonly as: Identity }
  | { readonly _tag: "Consume"; readonly id: number; readonly as: Identity; readonly confirmed: Confirmed }
  | { readonly _tag: "Refresh"; readonly id: number; readonly as: Identity }

export type Step = readonly [State, ReadonlyArray<Command>]

const closed = (context: Context): Step => [{ _tag: "Closed", context }, []]

/** Whatever was begun stays as it is: an event that does not belong here changes nothing. */
const ignored = (state: State): Step => [state, []]

const load = (context: Context): Step => {
  const id = context.lastId + 1
  return [
    { _tag: "Loading", context: { ...context, lastId: id }, id },
    [{ _tag: "Load", id, as: context.session.identity }]
  ]
}

const consume = (context: Context, confirmed: Confirmed): Step => {
  const id = context.lastId + 1
  return [
    { _tag: "Consuming", context: { ...context, lastId: id }, id, confirmed },
    [{ _tag: "Consume", id, as: context.session.identity, confirmed }]
  ]
}

/** The flow as it opens: the available resets are looked up. */
export const initial = (context: Context): Step => load(context)

/** What there is to choose from, or why there is no choice. */
const loaded = (
  context: Context,
  { quietUntil, usage }: { readonly usage: UsageSnapshot; readonly quietUntil: DateTime.Utc | null }
): Step => {
  if (!sameIdentity(usage.identity, context.session.identity)) return [{ _tag: "AccountChanged", context }, []]
  const credits = usage.resetCredits
  if (credits === null) return [{ _tag: "LoadFailed", context, error: withoutSummary }, []]
  const counted = { ...context, count: credits.availableCount }
  if (credits.availableCount <= 0) return [{ _tag: "Empty", context: counted }, []]
  const named = nameable(credits)
  const choices: Choices = {
    usage,
    available: credits.availableCount,
    credits: Arr.isNonEmptyReadonlyArray(named) ? named : null,
    quietUntil: null
  }
  return [
    quietUntil === null
      ? { _tag: "Picker", context: counted, choices }
      : { _tag: "QuietPeriod", context: counted, until: quietUntil, choices },
    []
  ]
}

/** The redemption that is open keeps its key and its credit: they can't spend a second one. */
const openFound = (context: Context, operation: Operation): Step =>
  Option.match(keyAndCredit(operation), {
    onNone: () => [
      { _tag: "LoadFailed", context, error: new JournalError({ reason: "Unavailable", key: operation.key }) },
      []
    ],
    onSome: ({ creditId, key }) => [
      { _tag: "Resume", context, operation, confirmed: { key, creditId, again: true } },
      []
    ]
  })

const loadFailed = (context: Context, error: Failure): Step => [
  isAnotherAccount(error) ? { _tag: "AccountChanged", context } : { _tag: "LoadFailed", context, error },
  []
]

/** The row that was chosen, if the picker has it. */
const choose = (state: State & { readonly _tag: "Picker" }, credit: ResetCredit | null): Step => {
  const { choices, context } = state
  const listed = credit === null ? choices.credits === null : choices.credits?.some(({ id }) => id === credit.id)
  return listed === true ? [{ _tag: "Confirm", context, choices, credit }, []] : ignored(state)
}

const confirm = (state: State): Step => {
  switch (state._tag) {
    case "Confirm": {
      const { choices, context, credit } = state
      return consume(context, {
        key: null,
        creditId: Option.getOrNull(creditIdOf(credit)),
        again: choices.quietUntil !== null
      })
    }
    case "Resume":
      return consume(state.context, state.confirmed)
    default:
      return ignored(state)
  }
}

const cancel = (state: State): Step => {
  switch (state._tag) {
    case "Confirm":
      return [{ _tag: "Picker", context: state.context, choices: state.choices }, []]
    case "Consuming":
    case "Refreshing":
    case "Closed":
      return ignored(state)
    default:
      return closed(state.context)
  }
}

const retry = (state: State): Step => {
  switch (state._tag) {
    case "LoadFailed":
    case "CreditGone":
      return load(state.context)
    case "ConsumeFailed":
      return consume(state.context, state.confirmed)
    default:
      return ignored(state)
  }
}

const consumed = (context: Context, key: RedeemKey, outcome: RedeemOutcome): Step => {
  switch (outcome) {
    case "reset":
    case "alreadyRedeemed": {
      const id = context.lastId + 1
      return [
        { _tag: "Refreshing", context: { ...context, count: null, lastId: id }, id, redeemed: { key, outcome } },
        [{ _tag: "Refresh", id, as: context.session.identity }]
      ]
    }
    case "nothingToReset":
      return [{ _tag: "NotNeeded", context }, []]
    case "noCredit":
      return [{ _tag: "NoneLeft", context: { ...context, count: 0 } }, []]
    case "creditGone":
      return [{ _tag: "CreditGone", context: { ...context, count: null } }, []]
    case "alreadyRedeemedElsewhere":
      return [{ _tag: "UsedElsewhere", context: { ...context, count: null } }, []]
  }
}

const consumeFailed = (context: Context, confirmed: Confirmed, error: Failure): Step => {
  if (isAnotherAccount(error)) return [{ _tag: "AccountChanged", context }, []]
  // Somebody else was at it in the meantime, and nothing was sent: what they left behind comes first.
  if (error._tag === "ActError" && (error.reason === "Unresolved" || error.reason === "TooSoon")) return load(context)
  return [{ _tag: "ConsumeFailed", context, confirmed, error }, []]
}

const refreshed = (state: State & { readonly _tag: "Refreshing" }, usage: UsageSnapshot | null): Step => {
  const own = usage !== null && sameIdentity(usage.identity, state.context.session.identity)
  const left = own ? (usage.resetCredits?.availableCount ?? null) : null
  return [{ _tag: "Done", context: { ...state.context, count: left }, redeemed: state.redeemed, left }, []]
}

/**
 * What the event makes of the state, and what is to be done for it. An event that does not belong to the state gives the
 * state itself.
 */
export const update = (state: State, event: Event): Step => {
  switch (event._tag) {
    case "Choose":
      return state._tag === "Picker" ? choose(state, event.credit) : ignored(state)
    case "Confirm":
      return confirm(state)
    case "Cancel":
      return cancel(state)
    case "Retry":
      return retry(state)
    case "UseAnother": {
      if (state._tag !== "QuietPeriod") return ignored(state)
      const choices = { ...state.choices, quietUntil: state.until }
      return [{ _tag: "Picker", context: state.context, choices }, []]
    }
    case "OpenFound":
      return state._tag === "Loading" && state.id === event.id
        ? openFound(state.context, event.operation)
        : ignored(state)
    case "Loaded":
      return state._tag === "Loading" && state.id === event.id ? loaded(state.context, event) : ignored(state)
    case "LoadFailed":
      return state._tag === "Loading" && state.id === event.id ? loadFailed(state.context, event.error) : ignored(state)
    case "Consumed":
      return state._tag === "Consuming" && state.id === event.id
        ? consumed(state.context, event.key, event.outcome)
        : ignored(state)
    case "ConsumeFailed":
      return state._tag === "Consuming" && state.id === event.id
        ? consumeFailed(state.context, { ...state.confirmed, key: event.key }, event.error)
        : ignored(state)
    case "Refreshed":
      return state._tag === "Refreshing" && state.id === event.id ? refreshed(state, event.usage) : ignored(state)
    case "RefreshFailed":
      return state._tag === "Refreshing" && state.id === event.id ? refreshed(state, null) : ignored(state)
  }
}
