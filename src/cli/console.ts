/** Where the help goes. */
import type { Console } from "effect/Console"
import * as Effect from "effect/Effect"
import { withoutColor } from "./render/paint.js"
import type { Write } from "./Report.js"
import type { Screen } from "./Screen.js"

/**
 * The console that `@effect/cli` prints to: help and completions on stdout, without colours where the screen has none.
 * What it says about errors is dropped, since every error is reported once, at the end.
 */
export const consoleFor = (console: Console, write: Write, screen: Screen): Console => ({
  ...console,
  log: (...parts) => {
    const text = parts.map(String).join(" ")
    return write("stdout", `${screen.color ? text : withoutColor(text)}\n`)
  },
  error: () => Effect.void
})
