/** The menu without a terminal: events in, commands performed over the real services, until nothing is left to do. */
import * as Effect from "effect/Effect"
import { type Command, type Event, init, type State, update } from "../../../src/programs/menu/UsageMenu.js"
import { perform } from "../../../src/programs/menu/perform.js"
import { AuthSession } from "../../../src/services/AuthSession.js"
import { FakeBackend } from "../../../src/testing/index.js"
import { run } from "../harness.js"

export interface Driver {
  state: State
  /** The commands that were performed, in their order. */
  readonly performed: Array<string>
}

const nameOf = (command: Command): string =>
  "command" in command ? `${command._tag}.${command.command._tag}` : command._tag

/** Performs the commands, and what follows from them. The wait for the end of an offer is left out. */
const settle = (driver: Driver, commands: ReadonlyArray<Command>): Effect.Effect<void, never, Needs> =>
  Effect.forEach(
    commands.filter(({ _tag }) => _tag !== "AwaitExpiry"),
    (command) => {
      driver.performed.push(nameOf(command))
      return Effect.flatMap(run(perform(command)), (event) => happen(driver, event))
    },
    { discard: true }
  )

type Needs = Effect.Effect.Context<ReturnType<typeof perform>>

/** Lets the event happen, and all that comes of it. */
export const happen = (driver: Driver, event: Event): Effect.Effect<void, never, Needs> =>
  Effect.suspend(() => {
    const [state, commands] = update(driver.state, event)
    driver.state = state
    return settle(driver, commands)
  })

/** The menu of whoever is signed in, with all that it reads as it opens. */
export const openMenu = Effect.gen(function* () {
  const session = yield* (yield* AuthSession).current
  const [state, commands] = init(session)
  const driver: Driver = { state, performed: [] }
  yield* settle(driver, commands)
  return driver
})

/** The events, one after the other. */
export const script = (driver: Driver, events: ReadonlyArray<Event>) =>
  Effect.forEach(events, (event) => happen(driver, event), { discard: true })

/** The flow in front with its state, such as `Redeem Done`; `Menu` without one. */
export const inFront = ({ state }: Driver): string =>
  state.flow === null ? state._tag : `${state.flow._tag} ${state.flow.state._tag}`

/** The acts that reached the backend. */
export const posts = Effect.flatMap(FakeBackend.FakeBackend, (backend) =>
  Effect.map(backend.log, (log) => log.filter(({ method }) => method === "POST").map(({ endpoint }) => endpoint))
)

/** Another account signs in. */
export const signInAs = (key: string) =>
  Effect.gen(function* () {
    const backend = yield* FakeBackend.FakeBackend
    return yield* (yield* AuthSession).signIn((yield* backend.signIn(key)).record)
  }).pipe(Effect.orDie)

export const redeem = (event: Extract<Event, { readonly _tag: "Redeem" }>["event"]): Event => ({
  _tag: "Redeem",
  event
})
export const invite = (event: Extract<Event, { readonly _tag: "Invite" }>["event"]): Event => ({
  _tag: "Invite",
  event
})
export const nudge = (event: Extract<Event, { readonly _tag: "Nudge" }>["event"]): Event => ({ _tag: "Nudge", event })
export const usage = (event: Extract<Event, { readonly _tag: "Usage" }>["event"]): Event => ({ _tag: "Usage", event })
