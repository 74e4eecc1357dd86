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
import { AuthSession } from "../services/AuthSession.js"
import type { RateLimits } from "../services/RateLimits.js"
import type { WorkspaceRole } from "../services/WorkspaceRole.js"
import { readUsageWithVerdict, type UsageView } from "./usage.js"

/**
 * - `Reading`: what was read; `previous` is the reading before it of the same identity.
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

/** What is known under one epoch of the session. */
interface State {
  readonly epoch: number
  readonly previous: UsageView | null
  /** The last reading that was believed. */
  readonly believed: UsageView | null
  readonly failures: number
  readonly nextAt: DateTime.Utc
}

const reading = Effect.withSpan(readUsageWithVerdict(), "codex.program.watchUsage.read")

/**
 * Usage for as long as somebody listens: the first reading at once, the others as the policy says. Each stream reads by
 * itself; see `shareUsageWatch` for several listeners. It never fails: a reading that does is an event.
 * @since 0.1.0
 * @category programs
 */
export const watchUsage = ({ policy = defaultWatchPolicy }: WatchOptions = {}): Stream.Stream<
  WatchEvent,
  never,
  Services
> =>
  Stream.unwrapScoped(
    Effect.gen(function* () {
      const session = yield* AuthSession
      const changed = yield* Queue.sliding<void>(1)
      yield* Effect.forkScoped(Stream.runForEach(session.changes, () => Queue.offer(changed, undefined)))

      /** The earliest that anything is read again. */
      let soonest = yield* DateTime.now
      const nothingKnown = (epoch: number, now: DateTime.Utc): State => {
        return { epoch, previous: null, believed: null, failures: 0, nextAt: DateTime.max(now, soonest) }
      }
      let state = nothingKnown(yield* session.epoch, soonest)

      /** Forgets everything when the session has changed since, and reports that: the usage is read again as soon as allowed. */
      const crossed = Effect.gen(function* () {
        const epoch = yield* session.epoch
        if (epoch === state.epoch) return []
        state = nothingKnown(epoch, yield* DateTime.now)
        return [{ _tag: "Boundary", nextAt: state.nextAt } satisfies WatchEvent]
      })

      /** When to read again after what the last reading brought. */
      const dueAfter = (last: LastReading) =>
        Effect.zipWith(DateTime.now, Random.next, (now, share) => {
          const wait = Math.ceil(Duration.toMillis(nextReading(policy, last, { now, share })))
          return DateTime.add(now, { millis: wait })
        })

      const succeeded = (view: UsageView) =>
        Effect.map(dueAfter({ _tag: "Read", verdict: view.verdict }), (nextAt): ReadonlyArray<WatchEvent> => {
          const { believed, previous } = state
          state = { ...state, failures: 0, nextAt }
          // Another reader's answer of a moment ago, which was an event already.
          if (previous !== null && DateTime.Equivalence(view.snapshot.fetchedAt, previous.snapshot.fetchedAt)) return []
          const isBelieved = believed === null || isBelievable(believed.snapshot, view.snapshot)
          const transitions = believed !== null && isBelieved ? transitionsBetween(believed, view) : []
          state = { ...state, previous: view, believed: isBelieved ? view : believed }
          return [{ _tag: "Reading", view, previous, isBelieved, transitions, nextAt }]
        })

      const failed = (error: AuthError | BackendError) => {
        const failuresInARow = state.failures + 1
        const retryAfterMillis = error._tag === "BackendError" ? error.retryAfterMillis : null
        return Effect.map(
          dueAfter({ _tag: "Failed", retryAfterMillis, failuresInARow }),
          (nextAt): ReadonlyArray<WatchEvent> => {
            state = { ...state, failures: failuresInARow, nextAt }
            return [{ _tag: "ReadFailed", error, failuresInARow, nextAt }]
          }
        )
      }

      const step = Effect.gen(function* () {
        const wait = Math.max(0, state.nextAt.epochMillis - (yield* Clock.currentTimeMillis))
        const isDue = yield* Effect.raceFirst(
          Effect.as(Effect.sleep(wait), true),
          Effect.as(Queue.take(changed), false)
        )
        if (!isDue) return yield* crossed
        soonest = DateTime.addDuration(yield* DateTime.now, policy.minInterval)
        const result = yield* Effect.either(reading)
        const boundary = yield* crossed
        // What failed may be no more than the change.
        if (boundary.length > 0 && Either.isLeft(result)) return boundary
        return [...boundary, ...(yield* Either.match(result, { onLeft: failed, onRight: succeeded }))]
      })
      return Stream.repeatEffectChunk(Effect.map(step, Chunk.unsafeFromArray<WatchEvent>))
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
