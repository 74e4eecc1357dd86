/** The order of what changes an account, over all connections. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import { Background } from "./Background.js"
import { makeSignal } from "./signal.js"

/** `session` changes who is signed in; `act` is done as whoever is. */
export type Change = "session" | "act"

export class AccountQueue extends Context.Tag("effect-codex-account/app-server/server/AccountQueue")<
  AccountQueue,
  {
    /**
     * Runs the work when all that came before has ended. Who leaves while waiting gives the turn up; what has begun goes
     * on without whoever asked.
     */
    readonly inTurn: (change: Change) => <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
    /** Waits for the changes of session that came before, and for no act that came after them. */
    readonly afterSessionChanges: Effect.Effect<void>
  }
>() {}

const make = Effect.gen(function* () {
  const background = yield* Background
  /** In the order of arrival; the first is at work. */
  const turns: Array<{ readonly change: Change }> = []
  const changed = makeSignal()

  return AccountQueue.of({
    inTurn: (change) => (work) =>
      Effect.uninterruptibleMask((restore) =>
        Effect.suspend(() => {
          const turn = { change }
          turns.push(turn)
          const leave = Effect.sync(() => {
            turns.splice(turns.indexOf(turn), 1)
            changed.fire()
          })
          return restore(changed.until(() => turns[0] === turn)).pipe(
            Effect.onInterrupt(() => leave),
            Effect.zipRight(background.fork(Effect.ensuring(Effect.interruptible(work), leave))),
            Effect.flatMap((fiber) => restore(Fiber.join(fiber)))
          )
        })
      ),
    afterSessionChanges: Effect.suspend(() => {
      const before = turns.filter(({ change }) => change === "session")
      return before.length === 0 ? Effect.void : changed.until(() => !before.some((turn) => turns.includes(turn)))
    })
  })
})

export const layer: Layer.Layer<AccountQueue, never, Background> = Layer.effect(AccountQueue, make)
