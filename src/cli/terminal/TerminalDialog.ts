/** Answers to a program's questions from the person at the terminal, or from `--yes`. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Layer from "effect/Layer"
import { plainLine } from "../../domain/PlainText.js"
import { Dialog, DialogError } from "../../services/Dialog.js"
import { Globals } from "../Command.js"
import { paintFor } from "../render/paint.js"
import { wrap } from "../render/text.js"
import { timeAndDistance, withLocalTimes } from "../render/time.js"
import { Report, type Write } from "../Report.js"
import { inline } from "./frame.js"
import { Left, make as makeTerminal, signAfter, signAt, signEvery, type Terminal } from "./Terminal.js"
import { view, type View } from "./View.js"

type Plain = (text: string) => string
type Questions = Pick<Dialog["Type"], "confirm" | "choose" | "ask">

interface Question {
  readonly id: string
  readonly title: string
  readonly details?: ReadonlyArray<string>
}

/** Text as a person reads it: one line, with local times and how far away they are. */
const plainAt =
  (now: DateTime.Zoned): Plain =>
  (text) =>
    plainLine(withLocalTimes(text, now, timeAndDistance))

/** The questions as views. `left` is run where a person goes back, `answered` when a question has its answer. */
const questionsOn = (
  ask: Terminal["ask"],
  left: (left: Left) => Effect.Effect<void>,
  answered: (title: string, details: ReadonlyArray<string>, answer: string) => Effect.Effect<void>
): Questions => {
  const show = <A>(question: Question, body: (plain: Plain) => Partial<View<A>>): Effect.Effect<A, Left> =>
    ask((canvas) => {
      const plain = plainAt(canvas.now)
      const lines = (question.details ?? []).map(plain)
      return view<A>({ title: plain(question.title), lines, ...body(plain) })
    })
  const toCancelled =
    ({ id }: Question) =>
    <A>(answer: Effect.Effect<A, Left>): Effect.Effect<A, DialogError> =>
      Effect.catchAll(answer, (was) =>
        Effect.zipRight(left(was), new DialogError({ reason: "Cancelled", question: id, detail: null }))
      )
  return {
    confirm: (question) =>
      show<boolean>(question, (plain) => ({
        rows: [
          { label: plain(question.yes), shortcut: "y", enabled: true, value: true },
          { label: plain(question.no), shortcut: "n", enabled: true, value: false }
        ],
        initial: 1
      })).pipe(
        Effect.catchIf(
          ({ byCtrlC }) => !byCtrlC,
          () => Effect.succeed(false)
        ),
        toCancelled(question),
        Effect.tap((yes) => answered(question.title, question.details, yes ? question.yes : question.no))
      ),
    choose: (question) => {
      const { cancel, choices, initial } = question
      return show<(typeof choices)[number] | null>(question, (plain) => ({
        rows: [
          ...choices.map((choice) => ({
            label: plain(choice.label),
            detail: plain(choice.hint ?? ""),
            description: plain(choice.description ?? ""),
            enabled: choice.enabled !== false,
            value: choice
          })),
          ...(cancel === undefined ? [] : [{ label: plain(cancel), enabled: true, value: null }])
        ],
        initial: initial === "cancel" ? choices.length : 0
      })).pipe(
        Effect.filterOrFail(
          (choice) => choice !== null,
          () => new Left({ byCtrlC: false })
        ),
        toCancelled(question),
        Effect.tap(({ label }) => answered(question.title, [], label)),
        Effect.map(({ value }) => value)
      )
    },
    ask: (question) =>
      show<string>(question, () => ({
        field: {
          placeholder: question.placeholder,
          initial: question.initial ?? "",
          read: (text) => {
            const problem = question.check?.(text) ?? null
            return problem === null ? Either.right(text) : Either.left(problem)
          }
        }
      })).pipe(
        toCancelled(question),
        Effect.tap((text) => answered(question.title, [], text))
      )
  }
}

/** Work that is done sooner is not worth another picture. */
const shownAfter = "150 millis"

/**
 * On a screen that stays open for one question after the other. `quit` is run where Ctrl-C ends an act; `left` wherever a
 * person goes back.
 */
export const onScreen = (
  terminal: Terminal,
  given: { readonly quit: Effect.Effect<void>; readonly left: (left: Left) => Effect.Effect<void> }
): Dialog["Type"] => ({
  ...questionsOn(terminal.ask, given.left, () => Effect.void),
  progress: (label, work, { isAct = false } = {}) => {
    const title = plainLine(label)
    const shown = Effect.catchAll(
      terminal.ask<never>(() => view({ title: `${title}…`, canLeave: !isAct, busy: true })),
      (left) =>
        isAct ? Effect.zipRight(given.quit, Effect.never) : Effect.zipRight(given.left(left), Effect.interrupt)
    )
    return Effect.raceFirst(work, Effect.delay(shown, shownAfter))
  },
  notice: (text) =>
    Effect.ignore(
      terminal.ask(() => view({ title: plainLine(text), rows: [{ label: "Close", enabled: true, value: null }] }))
    )
})

/** Runs the work; after half a second a line turns beside it, and is gone when the work ends, however it ends. */
const withSpinner = (write: Write, columns: number): Dialog["Type"]["progress"] => {
  const clear = "\r\u001b[2K"
  return (label, work) => {
    const text = plainLine(label, Math.max(8, columns - 4))
    const turn = (waited: number): Effect.Effect<never> =>
      write("stderr", `${clear}${signAt(waited)} ${text}…`).pipe(
        Effect.zipRight(Effect.sleep(signEvery)),
        Effect.zipRight(Effect.suspend(() => turn(waited + signEvery)))
      )
    const spin = Effect.ensuring(turn(signAfter), write("stderr", clear))
    return Effect.raceFirst(work, Effect.interruptible(Effect.delay(spin, signAfter)))
  }
}

/** What gives the answer to a question beforehand, by the question's id. `--yes` confirms everything. */
const givenBy: ReadonlyMap<string, string> = new Map([
  ["redeem.credit", "--credit"],
  ["journal.finding", "--found"],
  ["invite.email", "the EMAIL argument"],
  ["workspace.choose", "the NAME argument"]
])

const makeInline = Effect.gen(function* () {
  const { yes } = yield* Globals
  const report = yield* Report
  const { print, screen, write } = report
  const columns = screen.errorColumns
  const paint = paintFor(screen.errorColor)

  const ask: Terminal["ask"] = (viewOf) =>
    Effect.scoped(Effect.flatMap(makeTerminal(inline), (terminal) => terminal.ask(viewOf))).pipe(
      Effect.provideService(Report, report)
    )
  /** What a question that was answered leaves on the terminal. */
  const leaveBehind = (title: string, details: ReadonlyArray<string>, answer: string) =>
    Effect.flatMap(DateTime.now, (now) => {
      const plain = plainAt(DateTime.setZone(now, screen.zone()))
      return print("stderr", [
        ...details.flatMap((line) => wrap(plain(line), columns, "  ", "    ")),
        `${paint("green", "✔")} ${paint("bold", plain(title))} … ${plain(answer)}`
      ])
    })
  const questions = questionsOn(ask, () => Effect.void, leaveBehind)
  const notInteractive = (question: string, detail: string | null) =>
    new DialogError({ reason: "NotInteractive", question, detail })

  return Dialog.of({
    confirm: (question) => {
      if (yes) return Effect.succeed(true)
      return screen.interactive ? questions.confirm(question) : notInteractive(question.id, "Answer with --yes.")
    },
    choose: (question) => {
      const [first] = question.choices
      if (yes && first !== undefined) return Effect.succeed(first.value)
      if (screen.interactive) return questions.choose(question)
      const given = givenBy.get(question.id)
      return notInteractive(
        question.id,
        given === undefined ? "Take the first with --yes." : `Choose with ${given}, or take the first with --yes.`
      )
    },
    ask: (question) => {
      if (screen.interactive) return questions.ask(question)
      const given = givenBy.get(question.id)
      return notInteractive(question.id, given === undefined ? null : `Give ${given}.`)
    },
    progress: screen.live ? withSpinner(write, columns) : (_, work) => work,
    // The address of a sign-in page has to arrive whole.
    notice: (text) => write("stderr", `${plainLine(text, 4000)}\n`)
  })
})

/**
 * Between the lines of the terminal. `--yes` confirms and takes the first of several. Without it and without a terminal
 * nothing is answered, and the program ends before it sends anything. The safe answer is the default.
 */
export const layer = Layer.effect(Dialog, makeInline)
