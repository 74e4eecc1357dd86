/** A terminal that asks on stderr, so that stdout holds the answer alone. */
import * as Terminal from "@effect/platform/Terminal"
import * as NodeTerminal from "@effect/platform-node/NodeTerminal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { withoutColor } from "../render/paint.js"
import { Report } from "../Report.js"

export const layer: Layer.Layer<Terminal.Terminal, never, Report> = Layer.effect(
  Terminal.Terminal,
  Effect.gen(function* () {
    const terminal = yield* Terminal.Terminal
    const { screen, write } = yield* Report
    return Terminal.Terminal.of({
      ...terminal,
      columns: Effect.succeed(screen.errorColumns),
      display: (text) => write("stderr", screen.errorColor ? text : withoutColor(text))
    })
  })
).pipe(Layer.provide(NodeTerminal.layer))
