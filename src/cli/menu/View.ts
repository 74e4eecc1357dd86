/** What a live dialog shows, as data: the words, the rows, and what each key brings about. */

/**
 * A line that can be chosen. `shortcut` is a letter that selects and accepts it at once. A row that is not enabled is
 * shown dim, without a number, and can't be accepted. `detail` stands behind the label, `description` below it.
 */
export interface Row<Event> {
  readonly label: string
  readonly detail?: string | undefined
  readonly description?: string | undefined
  readonly shortcut?: string | undefined
  readonly enabled: boolean
  readonly event: Event
}

/**
 * A list of rows below a few lines. `id` tells one view from another: the cursor and the typed text are kept while it
 * stays the same. `cancel` is what Escape and Ctrl-C bring about; null where they can't cancel, and Ctrl-C leaves
 * altogether. `keys` are further letters with a meaning. Lines may hold colours of ours; all text that is foreign is
 * already free of control characters. `wide` lines are pictures, made for the width and not to be broken.
 */
export interface ListView<Event> {
  readonly _tag: "List"
  readonly id: string
  readonly title: string
  readonly lines: ReadonlyArray<string>
  readonly wide: ReadonlyArray<string>
  readonly rows: ReadonlyArray<Row<Event>>
  /** The row that is selected at first: the safe one. */
  readonly initial: number
  readonly cancel: Event | null
  readonly keys: Readonly<Record<string, Event>>
  /** Whether it waits for something: a sign of life is shown. */
  readonly busy: boolean
}

/** A line of text to type. `problem` says why the last one was not taken. */
export interface PromptView<Event> {
  readonly _tag: "Prompt"
  readonly id: string
  readonly title: string
  readonly lines: ReadonlyArray<string>
  readonly placeholder: string
  readonly initial: string
  readonly problem: string | null
  /** What a text that is not empty brings about, without the space around it. */
  readonly submit: (text: string) => Event
  readonly cancel: Event
}

export type View<Event> = ListView<Event> | PromptView<Event>
