/** Mutual exclusion by name, across processes and machines. */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Schema from "effect/Schema"
import { namesOf, type Words } from "../domain/words.js"
import * as Metrics from "./Metrics.js"

/** What happened, and what to do about it. */
const words = {
  Busy: ["another process holds it", "Try again when it has ended."],
  Lost: ["another process may hold it by now", "Try again."],
  Unavailable: ["the store of leases can't be used", "Make its file usable again, or move it away to begin a new one."]
} as const satisfies Words

/**
 * `detail` is who holds it, as `process 1234`, or which store can't be used and why.
 * @since 0.1.0
 * @category errors
 */
export class LeaseError extends Schema.TaggedError<LeaseError>()("LeaseError", {
  reason: namesOf(words),
  name: Schema.String,
  detail: Schema.NullOr(Schema.String).pipe(
    Schema.propertySignature,
    Schema.withConstructorDefault(() => null)
  )
}) {
  /** What keeps it from being held, without its name. */
  get problem(): string {
    return `${words[this.reason][0]}${this.detail === null ? "" : ` (${this.detail})`}`
  }

  get advice(): string {
    return words[this.reason][1]
  }

  override get message(): string {
    return `The lease ${this.name} is not held: ${this.problem}. ${this.advice}`
  }
}

/**
 * A lease in hand. `fence` grows with every holder of the name. `assertHeld` fails with `Lost` once another process
 * may hold it: check right before what must not happen twice.
 * @since 0.1.0
 * @category models
 */
export interface HeldLease {
  readonly name: string
  readonly fence: number
  readonly assertHeld: Effect.Effect<void, LeaseError>
}

/**
 * @since 0.1.0
 * @category tags
 */
export class Lease extends Context.Tag("effect-codex-account/services/Lease")<
  Lease,
  {
    /**
     * Runs the work as the only holder of the name. Waits up to `wait` for it (then `Busy`), keeps it alive while the
     * work runs, and gives it back at the end, however it ends. A holder that died is outlived after `timeToLive`. A
     * lease that is lost meanwhile does not interrupt the work: the work asks.
     */
    readonly withLease: <A, E, R>(
      options: {
        readonly name: string
        readonly timeToLive: Duration.DurationInput
        readonly wait: Duration.DurationInput
      },
      work: (held: HeldLease) => Effect.Effect<A, E, R>
    ) => Effect.Effect<A, E | LeaseError, R>
  }
>() {}

const isLeaseError = Schema.is(LeaseError)

/**
 * `withLease`, with the waiting in a span of its own, and measured. `kind` says what the lease is for: its name may hold
 * an identity.
 */
export const underLease = <A, E, R>(
  lease: Lease["Type"],
  kind: string,
  options: Parameters<Lease["Type"]["withLease"]>[0],
  work: (held: HeldLease) => Effect.Effect<A, E, R>
): Effect.Effect<A, E | LeaseError, R> =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const start = clock.unsafeCurrentTimeNanos()
    const span = yield* Effect.makeSpan("codex.Lease.wait", {
      attributes: { "codex.lease": kind },
      captureStackTrace: false
    })
    let isWaiting = true
    const waited = (exit: Exit.Exit<unknown, unknown>) =>
      Effect.suspend(() => {
        if (!isWaiting) return Effect.void
        isWaiting = false
        const now = clock.unsafeCurrentTimeNanos()
        span.end(now, exit)
        return Metric.update(Metrics.leaseWaitSeconds(kind), Number(now - start) / 1e9)
      })
    const held = lease.withLease<A, E, R>(options, (held) => Effect.zipRight(waited(Exit.void), work(held)))
    return yield* Effect.tapError(Effect.onExit(held, waited), (error) =>
      isLeaseError(error) ? Metric.increment(Metrics.leaseFailures(kind, error.reason)) : Effect.void
    )
  })
