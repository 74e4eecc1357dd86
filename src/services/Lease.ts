/** Mutual exclusion by name, across processes and machines. */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import { namesOf, type Words } from "../domain/words.js"

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
