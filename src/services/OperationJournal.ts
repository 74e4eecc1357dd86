/**
 * The journal of operations that can't be undone: intent before the wire, outcome before it is shown.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { Identity } from "../domain/Identity.js"
import type { JournalError } from "../domain/JournalError.js"
import type { Act, Operation, OperationState } from "../domain/Operation.js"

/**
 * Runs for each operation as soon as its intent is recorded, before anything is sent: a caller that is interrupted can
 * then look up by its key what became of it.
 *
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
    /** Newest first; all of them, or those of an act, an identity, or whose outcome is open. */
    readonly list: (filter?: {
      readonly act?: Act
      readonly identity?: Identity
      readonly open?: boolean
    }) => Effect.Effect<ReadonlyArray<Operation>, JournalError>
  }
>() {}
