/** Answers to a program's questions: from flags, or from the person at the terminal. */
import * as Prompt from "@effect/cli/Prompt"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { plainLine } from "../../domain/PlainText.js"
import { Dialog, DialogError } from "../../services/Dialog.js"
import { Globals } from "../Globals.js"
import { paintFor } from "../render/paint.js"
import { wrap } from "../render/text.js"
import { withLocalTimes } from "../render/time.js"
import { Report } from "../Report.js"
import { confirmPrompt } from "./confirmPrompt.js"
import { withSpinner } from "./spinner.js"

/** The address of a sign-in page has to arrive whole. */
const longestNotice = 4000

const make = Effect.gen(function* () {
  const { yes } = yield* Globals
  const { screen, write } = yield* Report
  const environment = yield* Effect.context<Prompt.Prompt.Environment>()
  const columns = screen.errorColumns

  const run = <A>(id: string, prompt: Prompt.Prompt<A>): Effect.Effect<A, DialogError> =>
    Prompt.run(prompt).pipe(
      Effect.provide(environment),
      // The prompt leaves the cursor in its line.
      Effect.catchAll(() =>
        Effect.zipRight(
          write("stderr", "\n"),
          Effect.fail(new DialogError({ reason: "Cancelled", question: id, detail: null }))
        )
      )
    )
  const nobody = (id: string, detail: string) =>
    Effect.fail(new DialogError({ reason: "NotInteractive", question: id, detail }))
  /** Text as a person reads it: one line, with local times. */
  const toPlain = Effect.map(DateTime.now, (now) => {
    const here = DateTime.setZone(now, screen.zone())
    return (text: string, maxLength?: number) => plainLine(withLocalTimes(text, here), maxLength)
  })
  /** What fits into the line of a prompt, which is drawn anew at every key. */
  const room = (less: number) => Math.max(12, columns - less)

  return Dialog.of({
    confirm: ({ details, flag, id, no, title, yes: yesLabel }) => {
      if (yes) return Effect.succeed(true)
      if (!screen.interactive) return nobody(id, `Answer with ${flag}.`)
      return Effect.flatMap(toPlain, (plain) => {
        const lines = details.flatMap((line) => wrap(plain(line), columns, "  ", "    "))
        const message = plain(title, room(16))
        const prompt = confirmPrompt({
          message,
          yes: plain(yesLabel),
          no: plain(no),
          paint: paintFor(screen.errorColor)
        })
        return Effect.zipRight(write("stderr", lines.map((line) => `${line}\n`).join("")), run(id, prompt))
      })
    },
    choose: ({ choices, flag, id, title }) => {
      const [first] = choices
      if (first === undefined) return Effect.dieMessage(`The question ${id} has no answers to choose from.`)
      if (yes) return Effect.succeed(first.value)
      if (!screen.interactive) return nobody(id, `Choose with ${flag}, or take the first with --yes.`)
      return Effect.flatMap(toPlain, (plain) => {
        const titled = choices.map(({ hint, label, value }) => ({
          title: plain(hint === undefined ? label : `${label}, ${hint}`, room(8)),
          value
        }))
        return run(id, Prompt.select({ message: plain(title, room(8)), choices: titled }))
      })
    },
    ask: ({ flag, id, placeholder, title }) =>
      screen.interactive
        ? run(id, Prompt.text({ message: plainLine(`${title} (${placeholder})`, room(24)) }))
        : nobody(id, `Give ${flag}.`),
    progress: screen.live ? withSpinner(write, columns) : (_, work) => work,
    notice: (text) => write("stderr", `${plainLine(text, longestNotice)}\n`)
  })
})

/**
 * `--yes` confirms and takes the first of several. Without it and without a terminal nothing is answered, and the
 * program ends before it sends anything. The safe answer is the default.
 */
export const layer: Layer.Layer<Dialog, never, Globals | Report | Prompt.Prompt.Environment> = Layer.effect(
  Dialog,
  make
)
