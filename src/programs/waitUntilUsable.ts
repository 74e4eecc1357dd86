/** Wait until work can go on. */
import * as Clock from "effect/Clock"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Stream from "effect/Stream"
import type { AuthError } from "../domain/AuthError.js"
import { BackendError, type BackendErrorReason } from "../domain/BackendError.js"
import type { AuthSession } from "../services/AuthSession.js"
import type { RateLimits } from "../services/RateLimits.js"
import type { WorkspaceRole } from "../services/WorkspaceRole.js"
import type { UsageView } from "./usage.js"
import { type WatchEvent, type WatchOptions, watchUsage } from "./watchUsage.js"

/**
 * Without `timeout` there is no limit. `onEvent` gets every event of the watch, the last reading included.
 * @since 0.1.0
 * @category models
 */
export interface WaitOptions<R> extends WatchOptions {
  readonly timeout?: Duration.DurationInput | undefined
  readonly onEvent?: ((event: WatchEvent) => Effect.Effect<unknown, never, R>) | undefined
}

const refused: ReadonlySet<BackendErrorReason> = new Set([
  "Unsupported",
  "Misconfigured",
  "Redirected",
  "CertificateUntrusted",
  "ProxyAuthRequired",
  "Forbidden",
  "RegionUnsupported",
  "WorkspaceDeactivated",
  "NotFound",
  "Rejected"
])

/**
 * Whether it is of no use to read again. A refusal after a good reading may be a whim of the backend's; without a session
 * nothing is read.
 */
export const isHopeless = (error: AuthError | BackendError, hasRead: boolean): boolean =>
  error._tag === "AuthError"
    ? error.isPermanent
    : error.reason === "Unauthorized" || (!hasRead && refused.has(error.reason))

/**
 * The usage as soon as requests can be made, at once where they can be now; with the usage as it was read last when the
 * time given is over, `usable` false. Fails without a session, when the backend refuses the reads, and when the time
 * is over before anything was read.
 * @since 0.1.0
 * @category programs
 */
export const waitUntilUsable = <R = never>(
  options: WaitOptions<R> = {}
): Effect.Effect<
  UsageView & { readonly usable: boolean; readonly waitedMillis: number },
  AuthError | BackendError,
  R | AuthSession | RateLimits | WorkspaceRole
> =>
  Effect.gen(function* () {
    const { onEvent = () => Effect.void, timeout } = options
    const startedAt = yield* Clock.currentTimeMillis
    const known: { last: UsageView | null; failure: AuthError | BackendError } = {
      last: null,
      failure: BackendError.of("usage.read", "Timeout")
    }

    /** Whether the wait is over. */
    const follow = (event: WatchEvent): Either.Either<boolean, AuthError | BackendError> => {
      if (event._tag === "Boundary") known.last = null
      if (event._tag === "ReadFailed") {
        known.failure = event.error
        if (isHopeless(event.error, known.last !== null)) return Either.left(event.error)
      }
      if (event._tag !== "Reading" || !event.isBelieved) return Either.right(false)
      known.last = event.view
      return Either.right(event.view.verdict.isUsable)
    }
    const waiting = watchUsage(options).pipe(
      Stream.mapEffect((event) => Effect.zipRight(onEvent(event), follow(event))),
      Stream.takeUntil((isOver) => isOver),
      Stream.runDrain
    )
    const ended = yield* timeout === undefined ? Effect.asSome(waiting) : Effect.timeoutOption(waiting, timeout)
    const { failure, last } = known
    if (last === null) return yield* failure
    const waitedMillis = (yield* Clock.currentTimeMillis) - startedAt
    return { ...last, usable: Option.isSome(ended), waitedMillis }
  }).pipe(Effect.withSpan("codex.program.waitUntilUsable"))
