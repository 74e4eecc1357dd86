/** An operation that can't be undone, with the journal around it. */
import * as Cause from "effect/Cause"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { ActError } from "../domain/ActError.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { Identity } from "../domain/Identity.js"
import type { Act, Operation, OperationState } from "../domain/Operation.js"
import { type AttemptEnd, AttemptLog } from "../services/BackendHttp.js"
import { type HeldLease, Lease, type LeaseError, underLease } from "../services/Lease.js"
import type { AuthSession } from "../services/AuthSession.js"
import type { Dialog, DialogError } from "../services/Dialog.js"
import * as Metrics from "../services/Metrics.js"
import { JournalError, OnIntent, OperationJournal } from "../services/OperationJournal.js"

/**
 * Why an operation failed.
 * @since 0.1.0
 * @category models
 */
export type OperationFailure = ActError | AuthError | BackendError | JournalError

/**
 * A program that performs an operation, and one that also asks before it does.
 * @since 0.1.0
 * @category models
 */
export type Operated<A, R = never> = Effect.Effect<A, OperationFailure, Lease | OperationJournal | R>
export type Asked<A, R> = Effect.Effect<
  A,
  DialogError | OperationFailure,
  AuthSession | Dialog | Lease | OperationJournal | R
>

/**
 * `send` makes the request, under its policy. `isRejection` says which answers are a definite refusal; after any other
 * failure of a request that left, the outcome is unknown. `before` checks what must still hold once no other process can
 * run the same kind of operation: nothing is sent when it fails.
 * @since 0.1.0
 * @category models
 */
export interface OperationRequest<A, R = never> {
  readonly key: string
  readonly act: Act
  readonly identity: Identity
  readonly target: string | null
  readonly send: Effect.Effect<A, AuthError | BackendError>
  readonly isRejection: (error: BackendError) => boolean
  readonly outcomeOf: (answer: A, sentBefore: boolean) => string
  readonly before: Effect.Effect<void, OperationFailure, R>
}

/** A definite refusal by HTTP status: 4xx, except 408, which leaves open what became of the request. */
export const isDefiniteRefusal = ({ status }: BackendError): boolean =>
  status !== null && status >= 400 && status < 500 && status !== 408

/** Fails when an operation of this kind has an open outcome: one with the target, where it matters, but not `except`. */
export const ensureNoneOpen = (
  act: Act,
  identity: Identity,
  { except, target }: { readonly except?: string; readonly target?: string }
) =>
  Effect.gen(function* () {
    const filter = { act, identity, state: "open", limit: 2 } as const
    const open = yield* (yield* OperationJournal).list(target === undefined ? filter : { ...filter, target })
    const earlier = open.find(({ key }) => key !== except)
    if (earlier !== undefined) return yield* ActError.unresolved(act, earlier.key)
  })

/** The answer, and whether an attempt before the answered one may have taken effect. */
interface OperationAnswer<A> {
  readonly answer: A
  readonly sentBefore: boolean
}

/**
 * Runs the work while no other process can run this kind of operation for this identity. `Busy` when another process
 * keeps the lease, or has taken it over.
 */
export const withOperationLease = <A, R>(
  operation: Pick<Operation, "act" | "identity" | "key">,
  work: (held: HeldLease) => Effect.Effect<A, LeaseError | OperationFailure, R>
): Effect.Effect<A, OperationFailure, Lease | R> =>
  Effect.flatMap(Lease, (lease) =>
    underLease(
      lease,
      operation.act,
      { name: `${operation.act} ${operation.identity}`, timeToLive: "30 seconds", wait: "5 seconds" },
      work
    )
  ).pipe(
    Effect.mapError((error) => {
      if (error._tag !== "LeaseError") return error
      return error.reason === "Unavailable"
        ? new JournalError({ reason: "Unavailable", key: operation.key, detail: error.detail })
        : ActError.of(operation.act, "Busy", error.detail === null ? null : `It is ${error.detail}.`)
    })
  )

const reasonOf = (error: AuthError | BackendError): string =>
  error._tag === "BackendError" && error.status !== null ? `${error.reason} ${error.status}` : error.reason

/** The cause of a refusal, where it is more than its status. */
const whyRefused = ({ advice, detail, reason, summary }: BackendError): string | null =>
  reason === "RegionUnsupported" || reason === "WorkspaceDeactivated"
    ? `The cause: ${summary}; ${advice}.`
    : detail === null
      ? null
      : `The cause: ${detail}.`

/** What is known of a request that was made: how it ended, and each of its attempts. */
interface Sent<A> {
  readonly exit: Exit.Exit<A, AuthError | BackendError>
  readonly begun: boolean
  /** Whether an earlier request with this key may have taken effect. */
  readonly openBefore: boolean
  readonly attempts: ReadonlyArray<AttemptEnd>
}

/**
 * What the journal has to record, and how the operation ends. One attempt that may have taken effect without a definite
 * answer is enough to make a failure an unknown outcome.
 */
const classifyExit = <A>(
  { act, isRejection, key, outcomeOf }: Pick<OperationRequest<A>, "act" | "isRejection" | "key" | "outcomeOf">,
  { attempts, begun, exit, openBefore }: Sent<A>
): readonly [OperationState, Exit.Exit<OperationAnswer<A>, ActError | AuthError | BackendError>] => {
  const leavesOpen = (error: AuthError | BackendError) =>
    error._tag === "BackendError" && error.delivery !== "notSent" && !isRejection(error)
  const sentBefore =
    openBefore || attempts.some((end) => end._tag === "CutShort" || (end._tag === "Failed" && leavesOpen(end.error)))
  if (Exit.isSuccess(exit)) {
    const answer = exit.value
    return [{ _tag: "succeeded", outcome: outcomeOf(answer, sentBefore) }, Exit.succeed({ answer, sentBefore })]
  }
  const failure = Cause.failureOption(exit.cause)
  if (failure._tag === "None") {
    return [begun ? { _tag: "unknown", reason: "interrupted" } : { _tag: "abandoned" }, Exit.failCause(exit.cause)]
  }
  const error = failure.value
  const fail = (reason: "Rejected" | "OutcomeUnknown" | "IdentityChanged", detail: string | null = null) =>
    Exit.fail(new ActError({ act, reason, key, status: error._tag === "BackendError" ? error.status : null, detail }))
  // A service that keeps no list of its attempts is judged by its error alone.
  if (sentBefore || (attempts.length === 0 && leavesOpen(error))) {
    return [{ _tag: "unknown", reason: reasonOf(error) }, fail("OutcomeUnknown")]
  }
  if (error._tag === "BackendError" && error.delivery !== "notSent" && isRejection(error)) {
    // Who stands in the way has refused, not the backend.
    const end = error.reason === "Challenged" ? Exit.fail(error) : fail("Rejected", whyRefused(error))
    return [{ _tag: "rejected", reason: reasonOf(error) }, end]
  }
  const isChanged = error._tag === "BackendError" && error.reason === "IdentityChanged"
  return [{ _tag: "abandoned" }, isChanged ? fail("IdentityChanged") : Exit.fail(error)]
}

/** Makes the request, with a list of its attempts. However it ends, this gives what is known. */
const send = <A>(
  request: OperationRequest<A, never>["send"],
  openBefore: boolean,
  restore: <B, E>(work: Effect.Effect<B, E>) => Effect.Effect<B, E>
): Effect.Effect<Sent<A>> =>
  Effect.gen(function* () {
    const attempts = yield* Ref.make<ReadonlyArray<AttemptEnd>>([])
    const begun = yield* Ref.make(false)
    const work = Effect.provideService(Effect.zipRight(Ref.set(begun, true), request), AttemptLog, attempts)
    const exit = yield* Effect.exit(restore(work))
    return { exit, begun: yield* Ref.get(begun), openBefore, attempts: yield* Ref.get(attempts) }
  })

/** A step of the journal in its span, with the state that it reaches. */
const inJournal = <A, E>(method: "intend" | "advance", state: string, act: Act, step: Effect.Effect<A, E>) =>
  Effect.withSpan(step, `codex.OperationJournal.${method}`, {
    captureStackTrace: false,
    attributes: { "codex.act": act, "codex.state": state }
  })

/** The end of an act for those who watch from outside. */
const reported = ({ act, identity }: Pick<Operation, "act"> & { readonly identity: Identity }, state: string) =>
  Effect.gen(function* () {
    yield* Metric.increment(Metrics.acts(act, state))
    const open = yield* Effect.option((yield* OperationJournal).list({ state: "open", limit: 1000 }))
    if (Option.isSome(open)) yield* Metric.set(Metrics.openOperations(), open.value.length)
    yield* Effect.annotateLogs(Effect.logInfo(`${act}: ${state}.`), {
      service: "OperationJournal",
      method: "advance",
      identity: identity.digest
    })
  })

/** The end as it is for the caller, and as the request itself ended. */
const perform = <A, R>(request: OperationRequest<A, R>) =>
  withOperationLease({ act: request.act, identity: request.identity.key, key: request.key }, (held) =>
    Effect.gen(function* () {
      const journal = yield* OperationJournal
      const advance = (state: OperationState) =>
        inJournal("advance", state._tag, request.act, journal.advance(request.key, state))
      yield* request.before
      const intended = yield* inJournal("intend", "intended", request.act, journal.intend(request))
      yield* (yield* OnIntent)(intended)
      return yield* Effect.uninterruptibleMask((restore) =>
        Effect.gen(function* () {
          yield* held.assertHeld
          yield* advance({ _tag: "sent" })
          const sent = yield* send(request.send, intended.isOpen, restore)
          const [state, end] = classifyExit(request, sent)
          // The end is reported whatever becomes of the journal, which still says that it was sent.
          yield* Effect.catchAll(advance(state), () =>
            Effect.logWarning(`The outcome of operation ${request.key} could not be recorded.`)
          )
          yield* reported(request, state._tag)
          return { end, request: sent.exit }
        })
      )
    })
  )

/**
 * Records the intent, sends, and records the outcome before it is reported, while no other process can run this kind of
 * operation for this identity. Whatever happens in between, the journal never says less than what may have been sent.
 * @since 0.1.0
 * @category combinators
 */
export const runOperation = <A, R>(request: OperationRequest<A, R>): Operated<OperationAnswer<A>, R> =>
  Effect.flatMap(perform(request), ({ end }) => end)

/**
 * As `runOperation`, for a caller that has decided by itself and decides on the next attempt too: a request that failed,
 * definitely or with an unknown outcome, fails with what the backend or the network said.
 */
export const runDecidedOperation = <A, R = never>(
  request: Omit<OperationRequest<A, R>, "isRejection">
): Operated<A, R> =>
  Effect.flatMap(perform({ ...request, isRejection: isDefiniteRefusal }), ({ request: exit }) => exit)
