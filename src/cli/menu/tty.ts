/** The terminal of this process, taken over for as long as a live view is open. */
import type * as Terminal from "@effect/platform/Terminal"
import * as NodeTerminal from "@effect/platform-node/NodeTerminal"
import * as Effect from "effect/Effect"
import type * as Mailbox from "effect/Mailbox"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { withoutColor } from "../render/paint.js"
import { Report } from "../Report.js"
import { ownScreen } from "./paintFrame.js"

/** `keys` are what is typed, Ctrl-C among it. `resizes` has an element for every change of the size. */
export interface Tty {
  readonly keys: Mailbox.ReadonlyMailbox<Terminal.UserInput>
  readonly size: Effect.Effect<{ readonly columns: number; readonly rows: number }>
  readonly resizes: Stream.Stream<void>
  readonly write: (text: string) => Effect.Effect<void>
}

/**
 * Reads single keys from stdin and draws on stderr, on a screen of its own. However the scope ends, the terminal is as it
 * was: its settings, its cursor, and what was on it.
 */
export const make: Effect.Effect<Tty, never, Report | Scope.Scope> = Effect.gen(function* () {
  const { screen, write } = yield* Report
  const { stderr } = process
  // No key ends the reading: what Ctrl-C means depends on what is shown.
  const terminal = yield* NodeTerminal.make(() => false)
  const keys = yield* terminal.readInput
  yield* Effect.acquireRelease(write("stderr", ownScreen.open), () => write("stderr", ownScreen.close))
  return {
    keys,
    size: Effect.sync(() => ({ columns: stderr.columns || screen.errorColumns, rows: stderr.rows || 24 })),
    resizes: Stream.asyncPush<void>(
      (emit) =>
        Effect.acquireRelease(
          Effect.sync(() => {
            const resized = () => void emit.single(undefined)
            stderr.on("resize", resized)
            return resized
          }),
          (resized) => Effect.sync(() => void stderr.off("resize", resized))
        ),
      { bufferSize: 1, strategy: "sliding" }
    ),
    write: (text) => write("stderr", screen.errorColor ? text : withoutColor(text))
  }
})
