/** Watch usage: read it as often as is worth it, and report what has really changed. */
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Queue from "effect/Queue"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import { isBelievable, transitionsBetween, type UsageTransition } from "../domain/UsageTransition.js"
import { defaultWatchPolicy, type LastReading, nextReading, type WatchPolicy } from "../domain/WatchPolicy.js"
import type { WorkspaceRole as Role } from "../domain/WorkspaceRole.js"
import { AuthSession } from "../services/AuthSession.js"
import type { RateLimits } from "../services/RateLimits.js"
import { type WorkspaceRole } from "../services/WorkspaceRole.js"
import { readUsageWithVerdict, type UsageView } from "./usage.js"

/**
 * - `Reading`: what was read, judged with `role`; `previous` is the reading before it of the same identity.
 *   `isBelieved` is false for one that looks older than what is known. `transitions` are what has really changed: none on
 *   a first reading, and none from one that is not believed.
 * - `ReadFailed`: the reading failed, as the n-th in a row; what was read before still stands.
 * - `Boundary`: the session changed hands or ended; drop everything that was read before.
 *
 * `nextAt` is when the next reading is due.
 * @since 0.1.0
 * @category models
 */
export type WatchEvent =
  | {
      readonly _tag: "Reading"
      readonly view: UsageView
      readonly role: Role
      readonly previous: UsageView | null
      readonly isBelieved: boolean
      readonly transitions: ReadonlyArray<UsageTransition>
      readonly nextAt: DateTime.Utc
    }
  | {
      readonly _tag: "ReadFailed"
      readonly error: AuthError | BackendError
      readonly failuresInARow: number
      readonly nextAt: DateTime.Utc
    }
  | { readonly _tag: "Boundary"; readonly nextAt: DateTime.Utc }

/**
 * @since 0.1.0
 * @category models
 */
export type Reading = Extract<WatchEvent, { readonly _tag: "Reading" }>

/**
 * @since 0.1.0
 * @category models
 */
export interface WatchOptions {
  readonly policy?: WatchPolicy | undefined
}

type Services = AuthSession | RateLimits | WorkspaceRole

/** What is known under one epoch of the session. Times are in milliseconds. */
interface State {
  readonly epoch: number
  readonly previous: UsageView | null
  /** The last reading that was believed. */
  readonly believed: UsageView | null
  readonly failures: number
  /** The earliest that anything is read again. */
  readonly soonest: number
  readonly nextAt: number
}

/** The state after a change of session: the usage is read again as soon as allowed. */
const nothingKnown = (epoch: number, now: number, soonest: number): State => ({
  epoch,
  previous: null,
  believed: null,
  failures: 0,
  soonest,
  nextAt: Math.max(now, soonest)
})

const reading = Effect.withSpan(readUsageWithVerdict(), "watchUsage.read")

type Step = Effect.Effect<readonly [Chunk.Chunk<WatchEvent>, State], never, Services>

const timeOf = (millis: number): DateTime.Utc => DateTime.unsafeMake(millis)

/** When to read again after what the last reading brought. */
const dueAfter = (policy: WatchPolicy, last: LastReading): Effect.Effect<number> =>
  Effect.map(Effect.all([DateTime.now, Random.next]), ([now, share]) =>
    Math.ceil(now.epochMillis + Duration.toMillis(nextReading(policy, last, { now, share })))
  )

const afterSuccess = (policy: WatchPolicy, state: State, { role, view }: Effect.Effect.Success<typeof reading>) =>
  Effect.map(
    dueAfter(policy, { _tag: "Read", verdict: view.verdict }),
    (nextAt): readonly [WatchEvent | null, State] => {
      const { believed, previous } = state
      const isNew = previous === null || !DateTime.Equivalence(view.snapshot.fetchedAt, previous.snapshot.fetchedAt)
      // Another reader's answer of a moment ago, which was an event already.
      if (!isNew) return [null, { ...state, failures: 0, nextAt }]
      const isBelieved = believed === null || isBelievable(believed.snapshot, view.snapshot)
      const transitions = believed !== null && isBelieved ? transitionsBetween(believed, view) : []
      return [
        { _tag: "Reading", view, role, previous, isBelieved, transitions, nextAt: timeOf(nextAt) },
        { ...state, previous: view, believed: isBelieved ? view : believed, failures: 0, nextAt }
      ]
    }
  )

const afterFailure = (policy: WatchPolicy, state: State, error: AuthError | BackendError) => {
  const failuresInARow = state.failures + 1
  const retryAfterMillis = error._tag === "BackendError" ? error.retryAfterMillis : null
  return Effect.map(
    dueAfter(policy, { _tag: "Failed", retryAfterMillis, failuresInARow }),
    (nextAt): readonly [WatchEvent, State] => [
      { _tag: "ReadFailed", error, failuresInARow, nextAt: timeOf(nextAt) },
      { ...state, failures: failuresInARow, nextAt }
    ]
  )
}

/** One reading, reported under the epoch that it was made in. */
const readOnce = (policy: WatchPolicy, state: State): Step =>
  Effect.gen(function* () {
    const session = yield* AuthSession
    const soonest = (yield* Clock.currentTimeMillis) + Duration.toMillis(policy.minInterval)
    const result = yield* Effect.either(reading)
    const epoch = yield* session.epoch
    const crossed = epoch !== state.epoch
    const base = crossed ? nothingKnown(epoch, yield* Clock.currentTimeMillis, soonest) : { ...state, soonest }
    const boundary: ReadonlyArray<WatchEvent> = crossed ? [{ _tag: "Boundary", nextAt: timeOf(base.nextAt) }] : []
    // What failed may be no more than the change.
    if (crossed && Either.isLeft(result)) return [Chunk.unsafeFromArray(boundary), base]
    const [event, next] = yield* Either.match(result, {
      onLeft: (error) => afterFailure(policy, base, error),
      onRight: (read) => afterSuccess(policy, base, read)
    })
    return [Chunk.unsafeFromArray(event === null ? boundary : [...boundary, event]), next]
  })

/**
 * Usage for as long as somebody listens: the first reading at once, the others as the policy says. Each stream reads by
 * itself; see `shareUsageWatch` for several listeners. It never fails: a reading that does is an event.
 * @since 0.1.0
 * @category programs
 */
export const watchUsage = (options: WatchOptions = {}): Stream.Stream<WatchEvent, never, Services> =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      const policy = options.policy ?? defaultWatchPolicy
      const session = yield* AuthSession
      const changed = yield* Queue.sliding<void>(1)
      yield* Effect.forkScoped(Stream.runForEach(session.changes, () => Queue.offer(changed, undefined)))

      const step = (state: State): Step =>
        Effect.gen(function* () {
          const wait = Math.max(0, state.nextAt - (yield* Clock.currentTimeMillis))
          const isDue = yield* Effect.raceFirst(
            Effect.as(Effect.sleep(wait), true),
            Effect.as(Queue.take(changed), false)
          )
          if (isDue) return yield* readOnce(policy, state)
          const epoch = yield* session.epoch
          // The reading that met it reported it.
          if (epoch === state.epoch) return [Chunk.empty(), state]
          const next = nothingKnown(epoch, yield* Clock.currentTimeMillis, state.soonest)
          return [Chunk.of<WatchEvent>({ _tag: "Boundary", nextAt: timeOf(next.nextAt) }), next]
        })

      const start = nothingKnown(yield* session.epoch, yield* Clock.currentTimeMillis, 0)
      return Stream.unfoldChunkEffect(start, (state) => Effect.asSome(step(state)))
    })
  )

/**
 * One watch for all who listen: however many run the stream, there is one reading an interval. It starts with the first
 * listener and ends with the last; one who comes later gets the last event first. Nothing is dropped: a listener who
 * leaves 64 events untaken holds the watch up.
 * @since 0.1.0
 * @category programs
 */
export const shareUsageWatch = (
  options: WatchOptions = {}
): Effect.Effect<Stream.Stream<WatchEvent>, never, Services | Scope.Scope> =>
  Stream.share(watchUsage(options), { capacity: 64, strategy: "suspend", replay: 1 })
