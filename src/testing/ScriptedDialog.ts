/** A `Dialog` that a script answers, and that remembers what was asked and shown. */
import * as Arr from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Ref from "effect/Ref"
import {
  type Choice,
  type Confirmation,
  Dialog,
  DialogError,
  type Selection,
  type TextQuestion
} from "../services/Dialog.js"

/**
 * What was asked or shown, in order. The text is as the program gave it.
 * @since 0.1.0
 * @category models
 */
export type Entry =
  | ({ readonly _tag: "Confirm" } & Confirmation)
  | ({ readonly _tag: "Choose" } & Selection<unknown>)
  | ({ readonly _tag: "Ask" } & TextQuestion)
  | { readonly _tag: "Progress"; readonly label: string }
  | { readonly _tag: "Notice"; readonly text: string }

/**
 * An entry that wanted an answer.
 * @since 0.1.0
 * @category models
 */
export type Question = Extract<Entry, { readonly id: string }>

/**
 * `true` and `false` answer a confirmation and a text answers `ask`. A choice is made by its value, its label, or with
 * `nth`, if it is enabled. `cancel` leaves the dialog.
 * @since 0.1.0
 * @category models
 */
export type Answer =
  | boolean
  | string
  | number
  | { readonly _tag: "Nth"; readonly index: number }
  | { readonly _tag: "Value"; readonly value: unknown }
  | { readonly _tag: "Cancel" }

/**
 * By question id: one answer for every time, a list of answers for one time each, or a function of the question; an
 * Effect may be in place of the function's answer, to let the world change while the person thinks. What gives no answer
 * fails as `NotInteractive`.
 * @since 0.1.0
 * @category models
 */
export type Script = Readonly<
  Record<string, Answer | ReadonlyArray<Answer> | ((question: Question) => Answer | Effect.Effect<Answer> | undefined)>
>

/**
 * @since 0.1.0
 * @category constructors
 */
export const cancel: Answer = { _tag: "Cancel" }

/**
 * The choice at that place, counted from zero.
 * @since 0.1.0
 * @category constructors
 */
export const nth = (index: number): Answer => ({ _tag: "Nth", index })

/**
 * The choice with that value, compared by `Equal`.
 * @since 0.1.0
 * @category constructors
 */
export const value = (value: unknown): Answer => ({ _tag: "Value", value })

/**
 * @since 0.1.0
 * @category tags
 */
export class ScriptedDialog extends Context.Tag("effect-codex-account/testing/ScriptedDialog")<
  ScriptedDialog,
  {
    readonly transcript: Effect.Effect<ReadonlyArray<Entry>>
    /** The ids of the questions, in order. */
    readonly asked: Effect.Effect<ReadonlyArray<string>>
    readonly notices: Effect.Effect<ReadonlyArray<string>>
    /** Puts answers in place of those given before for the same questions. */
    readonly answer: (script: Script) => Effect.Effect<void>
  }
>() {}

const isAnswers = (given: Script[string]): given is ReadonlyArray<Answer> => Array.isArray(given)

const pick = <A>(all: ReadonlyArray<Choice<A>>, answer: Answer): Option.Option<Choice<A>> => {
  const choices = all.filter(({ enabled }) => enabled !== false)
  const find = (wanted: Predicate.Predicate<Choice<A>>) => Arr.findFirst(choices, wanted)
  if (typeof answer !== "object") {
    return Option.orElse(
      find(({ value }) => value === answer),
      () => find(({ label }) => label === answer)
    )
  }
  if (answer._tag === "Nth") return find((choice) => choice === all[answer.index])
  return answer._tag === "Value" ? find(({ value }) => Equal.equals(value, answer.value)) : Option.none()
}

const make = (script: Script) =>
  Effect.gen(function* () {
    const answers = yield* Ref.make(script)
    const transcript = yield* Ref.make<ReadonlyArray<Entry>>([])
    const note = (entry: Entry) => Ref.update(transcript, (entries) => [...entries, entry])
    const fail = (question: Question, detail: string | null) =>
      new DialogError({ reason: detail === null ? "Cancelled" : "NotInteractive", question: question.id, detail })

    /** The script's answer as `read` takes it, which gives none for an answer of the wrong kind. */
    const answered = <A>(question: Question, read: (answer: Answer) => Option.Option<A>, wrong: string) =>
      Effect.gen(function* () {
        yield* note(question)
        const given = yield* Ref.modify(answers, (script): readonly [Script[string] | undefined, Script] => {
          const found = Object.hasOwn(script, question.id) ? script[question.id] : undefined
          return found !== undefined && isAnswers(found)
            ? [found[0], { ...script, [question.id]: found.slice(1) }]
            : [found, script]
        })
        const answer = typeof given === "function" ? given(question) : given
        const ready = Effect.isEffect(answer) ? yield* answer : answer
        if (ready === undefined || isAnswers(ready)) return yield* fail(question, "The script has no answer to this.")
        if (typeof ready === "object" && ready._tag === "Cancel") return yield* fail(question, null)
        return yield* Effect.mapError(read(ready), () => fail(question, wrong))
      })

    const dialog: Context.Tag.Service<Dialog> = {
      confirm: (asked) =>
        answered(
          { _tag: "Confirm", ...asked },
          Option.liftPredicate(Predicate.isBoolean),
          "The script's answer is not true or false."
        ),
      choose: (asked) =>
        answered(
          { _tag: "Choose", ...asked },
          (answer) => Option.map(pick(asked.choices, answer), ({ value }) => value),
          "The script's answer is none of the choices."
        ),
      ask: (asked) =>
        answered(
          { _tag: "Ask", ...asked },
          Option.liftPredicate(Predicate.isString),
          "The script's answer is not a text."
        ),
      progress: (label, work) => Effect.zipRight(note({ _tag: "Progress", label }), work),
      notice: (text) => note({ _tag: "Notice", text })
    }

    return Context.make(Dialog, dialog).pipe(
      Context.add(ScriptedDialog, {
        transcript,
        asked: Effect.map(transcript, (entries) => entries.flatMap((entry) => ("id" in entry ? [entry.id] : []))),
        notices: Effect.map(transcript, (entries) =>
          entries.flatMap((entry) => (entry._tag === "Notice" ? [entry.text] : []))
        ),
        answer: (more) => Ref.update(answers, (script) => ({ ...script, ...more }))
      })
    )
  })

/**
 * A dialog that is answered by the script; `ScriptedDialog` tells what was asked.
 * @since 0.1.0
 * @category layers
 */
export const layer = (script: Script = {}): Layer.Layer<Dialog | ScriptedDialog> => Layer.effectContext(make(script))
