/** The menu as a person, the backend and other processes meet it: one thing after another, every step checked. */
import { assert } from "@effect/vitest"
import * as DateTime from "effect/DateTime"
import * as FastCheck from "effect/FastCheck"
import { usageMenuView } from "../../../src/cli/menu/views/usageMenu.js"
import { sameIdentity } from "../../../src/domain/Identity.js"
import { sameOffer } from "../../../src/domain/ReferralOffer.js"
import type { Session } from "../../../src/domain/Session.js"
import { type Command, type Event, type State, type Step, update } from "../../../src/programs/menu/UsageMenu.js"
import { type Answer, answer, identityOf, idOf, renumbered, reply } from "./answers.js"
import { ada, at, bob, credit, credits } from "./support.js"

/** `open` are the requests that were not answered, those of earlier times among them; `all` is every one. */
export interface World {
  state: State
  readonly open: Array<Command>
  readonly all: Array<Command>
  nth: number
  acts: number
}

export const begin = ([state, commands]: Step): World => ({
  state,
  open: [...commands],
  all: [...commands],
  nth: 0,
  acts: 0
})

const canvas = {
  columns: 80,
  paint: (_style: unknown, text: string) => text,
  now: DateTime.setZone(at(0), DateTime.zoneMakeOffset(0))
}

/** What Enter brings about on a row of the present view: the one that is selected at first, or another. */
export const rowEvent = (state: State, row: number | "preselected"): Event | null => {
  const view = usageMenuView(state, canvas)
  if (view === null) return null
  if (view._tag === "Prompt") return view.submit("zoe@friends.test")
  const chosen = view.rows[row === "preselected" ? view.initial : row % view.rows.length]
  return chosen?.enabled === true ? chosen.event : null
}

const escapeEvent = (state: State): Event | null => usageMenuView(state, canvas)?.cancel ?? null

const isAct = (command: Command): boolean =>
  command._tag === "Invite" ||
  (command._tag === "Redeem" && command.command._tag === "Consume") ||
  (command._tag === "Nudge" && command.command._tag === "Nudge")

const numberOf = (command: Command): string => `${"id" in command ? "menu" : "flow"} ${idOf(command)}`

/** Where, and by what, a person says yes to an act. */
const consents: ReadonlyArray<string> = [
  "Redeem Confirm/Confirm",
  "Redeem Resume/Confirm",
  "Redeem ConsumeFailed/Retry",
  "Invite Confirm/Send",
  "Invite Earlier/SendAgain",
  "Nudge Prompt/Confirm",
  "Nudge Earlier/SendAgain",
  "Nudge Failed/Retry"
]

const place = ({ flow }: State, event: Event): string =>
  `${flow?._tag ?? "Menu"} ${flow?.state._tag ?? ""}/${"event" in event ? event.event._tag : event._tag}`

export const isUnderWay = ({ flow }: State): boolean =>
  (flow?._tag === "Redeem" && (flow.state._tag === "Consuming" || flow.state._tag === "Refreshing")) ||
  (flow?._tag === "Invite" && flow.state._tag === "Sending") ||
  (flow?._tag === "Nudge" && flow.state._tag === "Sending")

/** Whether the state waits for the answer to this. */
const awaits = (state: State, command: Command): boolean => {
  if (state._tag === "Ended") return false
  if ("id" in command) return [state.countId, state.offerId, state.expiryId].includes(command.id)
  const { flow } = state
  if (flow === null || flow._tag !== command._tag) return false
  const inner = flow.state
  const { id } = command.command
  return inner._tag === "Open"
    ? [inner.usage, inner.activity].some((part) => part._tag === "Loading" && part.id === id)
    : "id" in inner && inner.id === id
}

/** What is sent is what was confirmed, and a redemption that is tried again has its key and its credit. */
const isAsConfirmed = ({ flow, offer }: State, act: Command): void => {
  if (act._tag === "Redeem" && act.command._tag === "Consume") {
    const { confirmed } = act.command
    const state = flow?._tag === "Redeem" ? flow.state : null
    if (state?._tag === "ConsumeFailed" || state?._tag === "Resume") {
      assert.deepStrictEqual(confirmed, state.confirmed)
      assert.isNotNull(confirmed.key)
    } else {
      assert.isNull(confirmed.key)
      assert.strictEqual(confirmed.creditId, state?._tag === "Confirm" ? (state.credit?.id ?? null) : undefined)
    }
  }
  if (act._tag === "Invite") {
    const state = flow?._tag === "Invite" ? flow.state : null
    const shown = state?._tag === "Confirm" || state?._tag === "Earlier" ? state.offer : null
    assert.isTrue(shown !== null && sameOffer(act.command.offer, shown))
    assert.isTrue(offer !== null && sameOffer(act.command.offer, offer))
    assert.strictEqual(act.command.again, state?._tag === "Earlier")
  }
}

/** Checks the step against the laws, and takes it. */
export const step = (world: World, event: Event): void => {
  const before = world.state
  const [after, commands] = update(before, event)

  // No number comes twice, and nothing is asked as anybody else.
  for (const command of commands) {
    assert.isFalse(
      world.all.some((other) => numberOf(other) === numberOf(command)),
      `again ${numberOf(command)}`
    )
    const as = identityOf(command)
    if (as !== null) assert.isTrue(after.session !== null && sameIdentity(as, after.session.identity))
  }

  // One act, and only where a person has just said yes to it.
  const [act, ...more] = commands.filter(isAct)
  if (act !== undefined) {
    assert.isEmpty(more)
    assert.include(consents, place(before, event))
    assert.isFalse(isUnderWay(before))
    isAsConfirmed(before, act)
    world.acts += 1
  }

  // What is under way ends with its own answer or with the session; no key does anything to it.
  if (isUnderWay(before) && after.flow?.state._tag !== before.flow?.state._tag) {
    assert.isTrue(event._tag === "AccountChanged" || ("event" in event && "id" in event.event), place(before, event))
  }

  if (before._tag === "Ended") assert.strictEqual(after, before)
  else if (event._tag === "AccountChanged") {
    const { count, countError, expiryId, flow, offer, session, usage } = after
    assert.deepStrictEqual([count, countError, expiryId, flow, offer, usage], [null, null, null, null, null, null])
    assert.strictEqual(session, event.change._tag === "SignedIn" ? event.change.session : null)
  }

  // Nothing of anybody else's is kept.
  for (const known of [after.usage, after.offer]) {
    if (known !== null) assert.isTrue(after.session !== null && sameIdentity(known.identity, after.session.identity))
  }
  if (after.flow !== null) assert.strictEqual(after.flow.state.context.session, after.session)

  world.state = after
  world.all.push(...commands)
  world.open.push(...commands)
}

/**
 * One thing that happens. `Row`: a row of the present view is accepted, `times` over before anything is drawn. `Key`: any
 * event of a person, whether it belongs there or not. `Answer`: one of the open requests is answered. `Late`: one that
 * nobody waits for. `Stray`: an answer with a number that nobody gave. `Foreign`: an answer that speaks of another account.
 */
export type Move =
  | { readonly _tag: "Row"; readonly row: number; readonly times: number }
  | { readonly _tag: "Key"; readonly event: Event }
  | { readonly _tag: "Answer" | "Late" | "Stray" | "Foreign"; readonly which: number; readonly like: Answer }
  | { readonly _tag: "Escape" }
  | { readonly _tag: "SignIn"; readonly as: Session }
  | { readonly _tag: "SignOut" }

const keys: ReadonlyArray<Event> = [
  { _tag: "OpenUsage" },
  { _tag: "OpenRedeem" },
  { _tag: "OpenInvite" },
  { _tag: "OpenNudge" },
  { _tag: "Redeem", event: { _tag: "Choose", credit: credits[1] ?? null } },
  { _tag: "Redeem", event: { _tag: "Choose", credit: null } },
  { _tag: "Redeem", event: { _tag: "Choose", credit: credit("elsewhere", 1) } },
  { _tag: "Redeem", event: { _tag: "Confirm" } },
  { _tag: "Redeem", event: { _tag: "Retry" } },
  { _tag: "Redeem", event: { _tag: "UseAnother" } },
  { _tag: "Redeem", event: { _tag: "Cancel" } },
  { _tag: "Invite", event: { _tag: "Submit", text: "zoe@friends.test" } },
  { _tag: "Invite", event: { _tag: "Submit", text: " yan@friends.test " } },
  { _tag: "Invite", event: { _tag: "Submit", text: "nobody" } },
  { _tag: "Invite", event: { _tag: "Send" } },
  { _tag: "Invite", event: { _tag: "SendAgain" } },
  { _tag: "Invite", event: { _tag: "EditEmail" } },
  { _tag: "Invite", event: { _tag: "Cancel" } },
  { _tag: "Nudge", event: { _tag: "Confirm" } },
  { _tag: "Nudge", event: { _tag: "Retry" } },
  { _tag: "Nudge", event: { _tag: "SendAgain" } },
  { _tag: "Nudge", event: { _tag: "Cancel" } },
  { _tag: "Usage", event: { _tag: "View", view: "weekly" } },
  { _tag: "Usage", event: { _tag: "Refresh" } },
  { _tag: "Usage", event: { _tag: "Cancel" } }
]

const answering = <Tag extends string>(_tag: Tag) =>
  FastCheck.record({
    _tag: FastCheck.constant(_tag),
    // Most often the request that was made last.
    which: FastCheck.oneof(FastCheck.constant(0), FastCheck.nat({ max: 12 })),
    like: answer
  })

const move: FastCheck.Arbitrary<Move> = FastCheck.oneof(
  {
    weight: 16,
    arbitrary: FastCheck.record({
      _tag: FastCheck.constant("Row" as const),
      row: FastCheck.nat({ max: 4 }),
      times: FastCheck.constantFrom(1, 1, 2)
    })
  },
  { weight: 16, arbitrary: answering("Answer") },
  { weight: 2, arbitrary: answering("Late") },
  { weight: 2, arbitrary: answering("Stray") },
  { weight: 2, arbitrary: answering("Foreign") },
  { weight: 5, arbitrary: FastCheck.constantFrom(...keys).map((event): Move => ({ _tag: "Key", event })) },
  { weight: 1, arbitrary: FastCheck.constant<Move>({ _tag: "Escape" }) },
  {
    weight: 1,
    arbitrary: FastCheck.constantFrom(ada, ada, bob, bob, null).map((as): Move =>
      as === null ? { _tag: "SignOut" } : { _tag: "SignIn", as }
    )
  }
)

export const moves = FastCheck.array(move, { minLength: 10, maxLength: 120, size: "max" })

const escape = (world: World): void => {
  const before = world.state
  const event = escapeEvent(before)
  assert.strictEqual(event === null, isUnderWay(before) || before._tag === "Ended")
  if (event === null) return
  step(world, event)
  // Escape goes back: from the confirmation of a credit to the picker, else to the menu; from there it leaves.
  const asked = before.flow?._tag === "Redeem" && before.flow.state._tag === "Confirm"
  if (asked) assert.strictEqual(world.state.flow?.state._tag, "Picker")
  else if (before.flow !== null) assert.isNull(world.state.flow)
  else assert.strictEqual(world.state._tag, "Ended")
}

const nth = (commands: ReadonlyArray<Command>, which: number): Command | undefined =>
  commands[commands.length - 1 - (which % Math.max(1, commands.length))]

export const take = (world: World, move: Move): void => {
  world.nth += 1
  const before = world.state
  switch (move._tag) {
    case "Row": {
      const event = rowEvent(before, move.row)
      if (event !== null) for (let n = 0; n < move.times; n += 1) step(world, event)
      return
    }
    case "Key":
      return step(world, move.event)
    case "Escape":
      return escape(world)
    case "Answer": {
      const command = nth(world.open, move.which)
      if (command === undefined) return
      world.open.splice(world.open.indexOf(command), 1)
      step(world, reply(command, move.like, world.nth))
      // Who is waited for is heard, and nobody else.
      assert.strictEqual(world.state !== before, awaits(before, command), numberOf(command))
      return
    }
    case "Late": {
      const command = nth(
        world.all.filter((command) => !awaits(before, command)),
        move.which
      )
      if (command !== undefined) step(world, reply(command, move.like, world.nth))
      assert.strictEqual(world.state, before)
      return
    }
    case "Stray": {
      const command = nth(world.all, move.which)
      if (command !== undefined) step(world, reply(renumbered(command, 10_000), move.like, world.nth))
      assert.strictEqual(world.state, before)
      return
    }
    case "Foreign": {
      const command = nth(world.all, move.which)
      const other = before.session === bob ? ada : bob
      // That none of it is kept is checked with every step.
      if (command !== undefined) step(world, reply(command, { ...move.like, fails: false }, world.nth, other))
      return
    }
    case "SignIn":
      return step(world, { _tag: "AccountChanged", change: { _tag: "SignedIn", session: move.as } })
    case "SignOut":
      return step(world, { _tag: "AccountChanged", change: { _tag: "SignedOut" } })
  }
}
