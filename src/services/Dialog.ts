/**
 * What answers a program's questions: a terminal, flags, or a script.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * `Cancelled`: the person left. `NotInteractive`: there is no one to ask, and no answer was given beforehand. `question`
 * is the id, and `detail` says how to answer.
 *
 * @since 0.1.0
 * @category errors
 */
export class DialogError extends Schema.TaggedError<DialogError>()("DialogError", {
  reason: Schema.Literal("Cancelled", "NotInteractive"),
  question: Schema.String,
  detail: Schema.NullOr(Schema.String)
}) {
  get summary(): string {
    return this.reason === "Cancelled"
      ? "Cancelled. Nothing was sent."
      : "There is no terminal to ask on, so nothing was sent."
  }

  get advice(): string | null {
    return this.reason === "Cancelled" ? null : (this.detail ?? "Give the answer beforehand.")
  }

  override get message(): string {
    return this.advice === null ? this.summary : `${this.summary} ${this.advice}`
  }
}

/**
 * One of several answers. `value` names it for scripts; `label` and `hint` are for a person, and free of control
 * characters.
 *
 * @since 0.1.0
 * @category models
 */
export interface Choice<A> {
  readonly value: A
  readonly label: string
  readonly hint?: string | undefined
}

/**
 * Ids of questions are stable words, such as `redeem.confirm`. Text that is passed in may be untrusted: who shows it
 * removes control characters.
 *
 * @since 0.1.0
 * @category tags
 */
export class Dialog extends Context.Tag("effect-codex-account/services/Dialog")<
  Dialog,
  {
    /** Yes or no; `no` is the default. `details` are lines shown above the question. `flag` names what answers it. */
    readonly confirm: (question: {
      readonly id: string
      readonly title: string
      readonly details: ReadonlyArray<string>
      readonly yes: string
      readonly no: string
      readonly flag: string
    }) => Effect.Effect<boolean, DialogError>
    /** One of the choices; the first is preselected. */
    readonly choose: <A>(question: {
      readonly id: string
      readonly title: string
      readonly choices: ReadonlyArray<Choice<A>>
      readonly flag: string
    }) => Effect.Effect<A, DialogError>
    /** A line of text, as it was typed. */
    readonly ask: (question: {
      readonly id: string
      readonly title: string
      readonly placeholder: string
      readonly flag: string
    }) => Effect.Effect<string, DialogError>
    /** Runs the work, showing that it goes on if it takes long enough to wonder. */
    readonly progress: <A, E, R>(label: string, work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>
    /** A line that needs no answer. */
    readonly notice: (text: string) => Effect.Effect<void>
  }
>() {}
