/**
 * An act that cannot be undone, with its journal around it.
 *
 * @since 0.1.0
 */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import { ActError } from "../domain/ActError.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { Identity } from "../domain/Identity.js"
import type { JournalError } from "../domain/JournalError.js"
import type { Act, OperationState } from "../domain/Operation.js"
import { OperationJournal } from "../services/OperationJournal.js"
import type { Around } from "../services/RateLimits.js"

/**
 * `attempt` is one try on the wire, `policy` what goes around it. `isRejection` tells which answers are a definite no;
 * every other failure of a request that left is an unknown outcome.
 *
 * @since 0.1.0
 * @category models
 */
export interface JournaledAct<A> {
  readonly key: string
  readonly act: Act
  readonly identity: Identity
  readonly target: string | null
  readonly attempt: Effect.Effect<A, AuthError | BackendError>
  readonly policy: Around
  readonly isRejection: (error: BackendError) => boolean
  readonly outcomeOf: (answer: A) => string
}

/**
 * The answer, and whether an attempt before the one that was answered may have taken effect.
 *
 * @since 0.1.0
 * @category models
 */
export interface ActAnswer<A> {
  readonly answer: A
  readonly sentBefore: boolean
}

/**
 * Records the intent, sends under the policy, and records the outcome before anybody is told. Whatever happens in
 * between, the journal never says less than what may have been sent.
 *
 * @since 0.1.0
 * @category combinators
 */
export const journaledAct = <A>(
  act: JournaledAct<A>
): Effect.Effect<ActAnswer<A>, ActError | AuthError | BackendError | JournalError, OperationJournal> =>
  Effect.gen(function* () {
    const journal = yield* OperationJournal
    const intended = yield* journal.intend(act)

    // Whether a request may have taken effect that was not answered with a definite word.
    let ambiguous = intended.isOpen
    let begun = false
    const attempt = Effect.suspend(() => {
      begun = true
      return act.attempt
    }).pipe(
      Effect.tapError((error) =>
        Effect.sync(() => {
          if (error._tag === "BackendError" && error.delivery !== "notSent" && !act.isRejection(error)) ambiguous = true
        })
      ),
      // Cut short, by its time limit or by whoever asked: what had left by then can't be told.
      Effect.onInterrupt(() => Effect.sync(() => (ambiguous = true)))
    )

    const fail = (reason: "Rejected" | "OutcomeUnknown" | "IdentityChanged", error: AuthError | BackendError) =>
      new ActError({
        act: act.act,
        reason,
        key: act.key,
        status: error._tag === "BackendError" ? error.status : null,
        detail: null
      })

    const judge = (error: AuthError | BackendError): readonly [OperationState, ActError | AuthError | BackendError] => {
      if (ambiguous) return [{ _tag: "unknown", reason: reasonOf(error) }, fail("OutcomeUnknown", error)]
      if (error._tag === "BackendError" && act.isRejection(error)) {
        return [{ _tag: "rejected", reason: reasonOf(error) }, fail("Rejected", error)]
      }
      return [
        { _tag: "abandoned" },
        error._tag === "BackendError" && error.reason === "IdentityChanged" ? fail("IdentityChanged", error) : error
      ]
    }

    return yield* Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        yield* journal.advance(act.key, { _tag: "sent" })
        const sentBefore = () => ambiguous
        const exit = yield* Effect.exit(restore(act.policy(attempt)))
        if (Exit.isSuccess(exit)) {
          yield* journal
            .advance(act.key, { _tag: "succeeded", outcome: act.outcomeOf(exit.value) })
            .pipe(
              // What succeeded is reported as a success; the journal still says that it was sent.
              Effect.catchAll((error) => Effect.logWarning(`The outcome could not be recorded. ${error.message}`))
            )
          return { answer: exit.value, sentBefore: sentBefore() }
        }
        const failure = Cause.failureOption(exit.cause)
        if (Option.isNone(failure)) {
          const state: OperationState = begun ? { _tag: "unknown", reason: "interrupted" } : { _tag: "abandoned" }
          yield* Effect.ignoreLogged(journal.advance(act.key, state))
          return yield* Effect.failCause(exit.cause)
        }
        const [state, error] = judge(failure.value)
        yield* journal.advance(act.key, state)
        return yield* error
      })
    )
  })

const reasonOf = (error: AuthError | BackendError): string =>
  error._tag === "BackendError" && error.status !== null ? `${error.reason} ${error.status}` : error.reason
