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
import { JournalError } from "../domain/JournalError.js"
import type { LeaseError } from "../domain/LeaseError.js"
import type { Act, Operation, OperationState } from "../domain/Operation.js"
import { type HeldLease, Lease } from "../services/Lease.js"
import { OperationJournal } from "../services/OperationJournal.js"
import type { Around } from "../services/RateLimits.js"

/**
 * `attempt` is one try on the wire, `policy` what goes around it. `isRejection` tells which answers are a definite no;
 * every other failure of a request that left is an unknown outcome. `before` is what must still hold when no other process
 * can be at the same act: nothing is sent when it fails.
 *
 * @since 0.1.0
 * @category models
 */
export interface JournaledAct<A, R = never> {
  readonly key: string
  readonly act: Act
  readonly identity: Identity
  readonly target: string | null
  readonly attempt: Effect.Effect<A, AuthError | BackendError>
  readonly policy: Around
  readonly isRejection: (error: BackendError) => boolean
  readonly outcomeOf: (answer: A, sentBefore: boolean) => string
  readonly before: Effect.Effect<void, ActError | AuthError | BackendError | JournalError, R>
}

/**
 * A definite no by HTTP status: 4xx, except 408, which leaves open what became of the request.
 *
 * @since 0.1.0
 * @category predicates
 */
export const isDefiniteRefusal = ({ status }: BackendError): boolean =>
  status !== null && status >= 400 && status < 500 && status !== 408

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
 * Runs the work while no other process can be at this kind of act for this identity. `Busy` when another one stays at it,
 * or has taken it over.
 *
 * @since 0.1.0
 * @category combinators
 */
export const asOnlyOne = <A, R>(
  operation: Pick<Operation, "act" | "identity" | "key">,
  work: (held: HeldLease) => Effect.Effect<A, ActError | AuthError | BackendError | JournalError | LeaseError, R>
): Effect.Effect<A, ActError | AuthError | BackendError | JournalError, Lease | R> =>
  Effect.flatMap(Lease, (lease) =>
    lease.withLease(
      { name: `${operation.act} ${operation.identity}`, timeToLive: "30 seconds", wait: "5 seconds" },
      work
    )
  ).pipe(
    Effect.mapError((error) => {
      if (error._tag !== "LeaseError") return error
      return error.reason === "Unavailable"
        ? new JournalError({ reason: "Unavailable", key: operation.key })
        : ActError.of(operation.act, "Busy")
    })
  )

/**
 * Records the intent, sends under the policy, and records the outcome before anybody is told, as the only one who is at
 * this kind of act for this identity. Whatever happens in between, the journal never says less than what may have been
 * sent.
 *
 * @since 0.1.0
 * @category combinators
 */
export const journaledAct = <A, R>(
  act: JournaledAct<A, R>
): Effect.Effect<ActAnswer<A>, ActError | AuthError | BackendError | JournalError, Lease | OperationJournal | R> =>
  asOnlyOne({ act: act.act, identity: act.identity.key, key: act.key }, (held) =>
    Effect.zipRight(act.before, perform(act, held))
  )

const perform = <A, R>(act: JournaledAct<A, R>, held: HeldLease) =>
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

    // What came of the act is told, whatever becomes of the journal, which still says that it was sent.
    const record = (state: OperationState) =>
      Effect.catchAll(journal.advance(act.key, state), () =>
        Effect.logWarning(`The outcome of operation ${act.key} could not be recorded.`)
      )

    return yield* Effect.uninterruptibleMask((restore) =>
      Effect.gen(function* () {
        yield* held.assertHeld
        yield* journal.advance(act.key, { _tag: "sent" })
        const sentBefore = () => ambiguous
        const exit = yield* Effect.exit(restore(act.policy(attempt)))
        if (Exit.isSuccess(exit)) {
          yield* record({ _tag: "succeeded", outcome: act.outcomeOf(exit.value, sentBefore()) })
          return { answer: exit.value, sentBefore: sentBefore() }
        }
        const failure = Cause.failureOption(exit.cause)
        if (Option.isNone(failure)) {
          const state: OperationState = begun ? { _tag: "unknown", reason: "interrupted" } : { _tag: "abandoned" }
          yield* record(state)
          return yield* Effect.failCause(exit.cause)
        }
        const [state, error] = judge(failure.value)
        yield* record(state)
        return yield* error
      })
    )
  })

const reasonOf = (error: AuthError | BackendError): string =>
  error._tag === "BackendError" && error.status !== null ? `${error.reason} ${error.status}` : error.reason
