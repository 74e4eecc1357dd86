/** Where a program's questions go: to a terminal, to flags, or to a script. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"

/**
 * `Cancelled`: the person left. `NotInteractive`: there is no one to ask, and no answer was given beforehand. `question`
 * is the id, and `detail` says how to answer.
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
 * One of several answers. `value` names it for scripts; the texts are for a person, and free of control characters: `hint`
 * beside the label, `description` below it. One that is not enabled is shown, and can't be chosen.
 * @since 0.1.0
 * @category models
 */
export interface Choice<A> {
  readonly value: A
  readonly label: string
  readonly hint?: string | undefined
  readonly description?: string | undefined
  readonly enabled?: boolean
}

/**
 * Yes or no; `no` is the default. `details` are lines shown above the answers.
 * @since 0.1.0
 * @category models
 */
export interface Confirmation {
  readonly id: string
  readonly title: string
  readonly details: ReadonlyArray<string>
  readonly yes: string
  readonly no: string
}

/**
 * One of the choices. `cancel` is the label of a last row that leaves, as Escape does: with no choices beside it, it closes
 * a text that is only to be read. `initial` is the row that is selected at first: the first one, or `cancel`.
 * @since 0.1.0
 * @category models
 */
export interface Selection<A> {
  readonly id: string
  readonly title: string
  readonly details?: ReadonlyArray<string>
  readonly choices: ReadonlyArray<Choice<A>>
  readonly cancel?: string
  readonly initial?: "cancel"
}

/**
 * A line of text. `initial` stands in it at first. `check` says why a text can't be taken: a person is asked again then,
 * and what flags and scripts give is left to the program to refuse.
 * @since 0.1.0
 * @category models
 */
export interface TextQuestion {
  readonly id: string
  readonly title: string
  readonly details?: ReadonlyArray<string>
  readonly placeholder: string
  readonly initial?: string
  readonly check?: (text: string) => string | null
}

/**
 * Ids of questions are stable words, such as `redeem.confirm`. Text that is passed in may be untrusted: control characters
 * are removed where it is shown.
 * @since 0.1.0
 * @category tags
 */
export class Dialog extends Context.Tag("effect-codex-account/services/Dialog")<
  Dialog,
  {
    readonly confirm: (question: Confirmation) => Effect.Effect<boolean, DialogError>
    readonly choose: <A>(question: Selection<A>) => Effect.Effect<A, DialogError>
    /** A line of text, as it was typed. */
    readonly ask: (question: TextQuestion) => Effect.Effect<string, DialogError>
    /**
     * Runs the work, with a sign of life if it takes long. A person who leaves meanwhile interrupts it. `isAct`: the work
     * can't be called back, so that only Ctrl-C leaves, and that ends everything.
     */
    readonly progress: <A, E, R>(
      label: string,
      work: Effect.Effect<A, E, R>,
      options?: { readonly isAct?: boolean }
    ) => Effect.Effect<A, E, R>
    /** A line that needs no answer. */
    readonly notice: (text: string) => Effect.Effect<void>
  }
>() {}
