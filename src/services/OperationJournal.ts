/** The journal of operations that can't be undone: intent before the wire, outcome before it is shown. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Duration from "effect/Duration"
import type * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Identity } from "../domain/Identity.js"
import type { Act, Operation, OperationState } from "../domain/Operation.js"
import { joined } from "../domain/PlainText.js"
import { namesOf, type Words } from "../domain/words.js"

/** What happened, and what to do about it. */
const words = {
  Unavailable: [
    "The journal can't be used, so nothing was sent.",
    "Make its file usable again, or move it away to begin a new one."
  ],
  InUse: ["This key is already in the journal for another act or account, so nothing was sent.", "Use a new key."],
  Transition: ["The journal holds a later state of this act.", "Look at it before you go on."]
} as const satisfies Words

/** The file in `codexHome` that holds the journal, unless a layer says otherwise. */
export const journalFile = "codex-account.sqlite"

/**
 * `key` is the operation's; `detail` is what is wrong with the journal. An act whose intent can't be recorded is not sent.
 * @since 0.1.0
 * @category errors
 */
export class JournalError extends Schema.TaggedError<JournalError>()("JournalError", {
  reason: namesOf(words),
  key: Schema.NullOr(Schema.String),
  detail: Schema.optionalWith(Schema.NullOr(Schema.String), { default: () => null })
}) {
  get summary(): string {
    return words[this.reason][0]
  }

  get advice(): string | null {
    return words[this.reason][1]
  }

  override get message(): string {
    const facts = joined([this.detail, this.key === null ? null : `operation ${this.key}`], "; ")
    return joined([this.summary, this.advice, facts === "" ? null : `(${facts})`])
  }
}

/**
 * Runs for each operation as soon as its intent is recorded, before anything is sent: a caller that is interrupted can
 * then look up by its key what became of it.
 * @since 0.1.0
 * @category tags
 */
export class OnIntent extends Context.Reference<OnIntent>()("effect-codex-account/services/OperationJournal/OnIntent", {
  defaultValue:
    () =>
    (_: Operation): Effect.Effect<void> =>
      Effect.void
}) {}

/**
 * @since 0.1.0
 * @category tags
 */
export class OperationJournal extends Context.Tag("effect-codex-account/services/OperationJournal")<
  OperationJournal,
  {
    /**
     * Records the intent, durably. The same intent again gives the operation as it stands; the same key for another act,
     * identity or target fails with `InUse`.
     */
    readonly intend: (operation: {
      readonly key: string
      readonly act: Act
      readonly identity: Identity
      readonly target: string | null
    }) => Effect.Effect<Operation, JournalError>
    /** Moves the operation on, durably. Fails with `Transition` where the state may not follow. */
    readonly advance: (key: string, state: OperationState) => Effect.Effect<Operation, JournalError>
    readonly find: (key: string) => Effect.Effect<Option.Option<Operation>, JournalError>
    /**
     * Newest first; all of them, or those of an act, an identity, a target or a state, up to `limit`. `within`: those that
     * have changed in this time, as far as the clocks tell; one of the future has not.
     */
    readonly list: (filter?: {
      readonly act?: Act
      readonly identity?: Identity
      readonly target?: string
      readonly state?: "open" | "succeeded"
      readonly within?: Duration.Duration
      readonly limit?: number
    }) => Effect.Effect<ReadonlyArray<Operation>, JournalError>
  }
>() {}

/**
 * One new UUID a call, from the platform's random source unless a layer says otherwise.
 * @since 0.1.0
 * @category tags
 */
export class OperationKeys extends Context.Reference<OperationKeys>()("effect-codex-account/services/OperationKeys", {
  defaultValue: (): { readonly next: Effect.Effect<string> } => ({
    next: Effect.sync(() => globalThis.crypto.randomUUID())
  })
}) {}
