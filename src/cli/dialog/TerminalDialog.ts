/**
 * Answers to a program's questions: from flags, or from the person at the terminal.
 *
 * @since 0.1.0
 */
import * as Prompt from "@effect/cli/Prompt"
import * as Terminal from "@effect/platform/Terminal"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { plainLine } from "../../domain/PlainText.js"
import { Dialog, DialogError } from "../../services/Dialog.js"
import { Globals } from "../Globals.js"
import { wrap } from "../render/text.js"
import { Report } from "../Report.js"
import { withSpinner } from "./spinner.js"

const make = Effect.gen(function* () {
  const { yes } = yield* Globals
  const { screen, write } = yield* Report
  const terminal = yield* Terminal.Terminal
  const columns = Math.max(20, screen.columns)

  const run = <A>(id: string, prompt: Prompt.Prompt<A>): Effect.Effect<A, DialogError> =>
    Prompt.run(prompt).pipe(
      Effect.provideService(Terminal.Terminal, terminal),
      Effect.mapError(() => new DialogError({ reason: "Cancelled", question: id, detail: null }))
    )
  const nobody = (id: string, flag: string) =>
    Effect.fail(new DialogError({ reason: "NotInteractive", question: id, detail: `Answer with ${flag}.` }))
  const show = (lines: ReadonlyArray<string>) =>
    write(
      "stderr",
      lines.flatMap((line) => wrap(plainLine(line), columns, "  ", "    ")).map((line) => `${line}\n`).join("")
    )
  /** What has to fit into the line of a prompt, which is drawn anew at every key. */
  const short = (text: string, less: number) => plainLine(text, Math.max(12, columns - less))

  return Dialog.of({
    confirm: ({ details, flag, id, no, title, yes: yesLabel }) => {
      if (yes) return Effect.succeed(true)
      if (!screen.interactive) return nobody(id, flag)
      return Effect.zipRight(
        show(details),
        run(
          id,
          Prompt.confirm({
            message: short(title, 16),
            initial: false,
            label: { confirm: plainLine(yesLabel), deny: plainLine(no) }
          })
        )
      )
    },
    choose: ({ choices, flag, id, title }) => {
      const [first] = choices
      if (first === undefined) return Effect.dieMessage(`The question ${id} has no answers to choose from.`)
      if (yes) return Effect.succeed(first.value)
      if (!screen.interactive) return nobody(id, flag)
      return run(
        id,
        Prompt.select({
          message: short(title, 8),
          choices: choices.map((choice) => ({
            title: short(choice.hint === undefined ? choice.label : `${choice.label}, ${choice.hint}`, 8),
            value: choice.value
          }))
        })
      )
    },
    ask: ({ flag, id, placeholder, title }) =>
      screen.interactive
        ? run(id, Prompt.text({ message: short(`${title} (${placeholder})`, 24) }))
        : nobody(id, flag),
    progress: screen.live ? withSpinner(write, columns) : (_, work) => work,
    notice: (text) => write("stderr", `${plainLine(text)}\n`)
  })
})

/**
 * `--yes` confirms and takes the first of several. Without it and without a terminal nothing is answered, and the
 * program ends before it sends anything. The safe answer is the default.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<Dialog, never, Globals | Report | Terminal.Terminal> = Layer.effect(Dialog, make)
