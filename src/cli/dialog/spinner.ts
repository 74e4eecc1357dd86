/** A sign of life on stderr while work takes long. */
import * as Effect from "effect/Effect"
import * as Ref from "effect/Ref"
import { plainLine } from "../../domain/PlainText.js"
import type { Write } from "../Report.js"

const frames = ["⠋", "⠙", "⠹", "⠸", "⠼", "⠴", "⠦", "⠧", "⠇", "⠏"] as const
const clear = "\r\u001b[2K"

/** Runs the work; after half a second a line turns beside it, and is gone when the work ends, however it ends. */
export const withSpinner =
  (write: Write, columns: number) =>
  <A, E, R>(label: string, work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.gen(function* () {
      const shown = yield* Ref.make(false)
      const text = plainLine(label, Math.max(8, columns - 4))
      const turn = (index: number): Effect.Effect<never> =>
        write("stderr", `${clear}${frames[index % frames.length] ?? "-"} ${text}…`).pipe(
          Effect.zipRight(Effect.sleep("100 millis")),
          Effect.zipRight(Effect.suspend(() => turn(index + 1)))
        )
      const spin = Effect.sleep("500 millis").pipe(
        Effect.zipRight(Ref.set(shown, true)),
        Effect.zipRight(turn(0)),
        Effect.ensuring(Effect.whenEffect(write("stderr", clear), Ref.get(shown)))
      )
      return yield* Effect.acquireUseRelease(
        Effect.fork(Effect.interruptible(spin)),
        () => work,
        (fiber) => fiber.interruptAsFork(fiber.id()).pipe(Effect.zipRight(fiber.await))
      )
    })
