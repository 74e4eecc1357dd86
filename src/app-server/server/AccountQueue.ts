/** The order in which requests change the account, over all connections. */
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import { Background } from "./Background.js"
import { makeCondition } from "../../rpc/condition.js"

/** `session` changes who is signed in; `operation` acts as that account. */
export type Change = "session" | "operation"

// A semaphore is not enough: reads wait for the sessions in the queue, and not for the operations.
export class AccountQueue extends Effect.Service<AccountQueue>()(
  "effect-codex-account/app-server/server/AccountQueue",
  {
    effect: Effect.gen(function* () {
      const background = yield* Background
      /** In the order of arrival; the first one runs. */
      const turns: Array<{ readonly change: Change }> = []
      const changed = makeCondition()

      return {
        /**
         * Runs the work when everything before it has ended. A caller that leaves while waiting loses its turn; work that has
         * begun goes on without its caller.
         */
        inTurn:
          (change: Change) =>
          <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
            Effect.uninterruptibleMask((restore) =>
              Effect.suspend(() => {
                const turn = { change }
                turns.push(turn)
                const leave = Effect.sync(() => {
                  turns.splice(turns.indexOf(turn), 1)
                  changed.notify()
                })
                return restore(changed.until(() => turns[0] === turn)).pipe(
                  Effect.onInterrupt(() => leave),
                  Effect.zipRight(background.fork(Effect.ensuring(Effect.interruptible(work), leave))),
                  Effect.flatMap((fiber) => restore(Fiber.join(fiber)))
                )
              })
            ),
        /** Waits for the changes of session that came before, but for no operation. */
        afterSessionChanges: Effect.suspend(() => {
          const before = turns.filter(({ change }) => change === "session")
          return before.length === 0 ? Effect.void : changed.until(() => !before.some((turn) => turns.includes(turn)))
        })
      }
    })
  }
) {}
