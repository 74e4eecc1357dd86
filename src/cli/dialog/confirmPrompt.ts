/** A question that only a clear yes answers with yes. */
import * as Prompt from "@effect/cli/Prompt"
import type * as Terminal from "@effect/platform/Terminal"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Paint } from "../render/paint.js"

const clear = "\r\u001b[2K"
const hideCursor = "\u001b[?25l"
const bell = "\u0007"

/** What a key means; undefined for one that means nothing here. */
const meaningOf = ({ input, key }: Terminal.UserInput): boolean | undefined => {
  if (key.name === "enter" || key.name === "return" || key.name === "escape") return false
  const letter = Option.getOrElse(input, () => "").toLowerCase()
  return letter === "y" ? true : letter === "n" ? false : undefined
}

/**
 * `y` is yes; `n`, Enter and Escape are no. Any other key answers nothing: a word that somebody types, such as `quit`,
 * confirms nothing by one of its letters.
 */
export const confirmPrompt = (options: {
  readonly message: string
  readonly yes: string
  readonly no: string
  readonly paint: Paint
}): Prompt.Prompt<boolean> => {
  const { message, no, paint, yes } = options
  const asked = `${hideCursor}${paint("cyan", "?")} ${paint("bold", message)} › ${paint("dim", "(y/N)")}`
  const answered = (value: boolean) => `${paint("green", "✔")} ${paint("bold", message)} … ${value ? yes : no}\n`
  return Prompt.custom<null, boolean>(null, {
    render: (_, action) => {
      switch (action._tag) {
        case "Beep":
          return Effect.succeed(bell)
        case "NextFrame":
          return Effect.succeed(asked)
        case "Submit":
          return Effect.succeed(answered(action.value))
      }
    },
    process: (input) => {
      // Ctrl-C and Ctrl-D end the prompt by themselves.
      if (input.key.ctrl) return Effect.succeed({ _tag: "NextFrame", state: null })
      const value = meaningOf(input)
      return Effect.succeed(value === undefined ? { _tag: "Beep" } : { _tag: "Submit", value })
    },
    clear: () => Effect.succeed(clear)
  })
}
