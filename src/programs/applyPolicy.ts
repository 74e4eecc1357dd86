/**
 * A call under its policy.
 *
 * @since 0.1.0
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Random from "effect/Random"
import type { AuthError } from "../domain/AuthError.js"
import { BackendError } from "../domain/BackendError.js"
import type { CallPolicy } from "../domain/CallPolicy.js"
import type { AuthSession, Authorization } from "../services/AuthSession.js"
import type { Around } from "../services/RateLimits.js"

type Failure = AuthError | BackendError

/**
 * How long to wait after the n-th failed attempt, or null when another attempt would not be right: a longer
 * `Retry-After` than the policy obeys means that the backend does not want one.
 */
const pause = (policy: CallPolicy, error: BackendError, failed: number): Effect.Effect<number | null> => {
  if (error.retryAfterMillis !== null) {
    const obeyed = error.retryAfterMillis <= Duration.toMillis(policy.retryAfterCap)
    return Effect.succeed(obeyed ? error.retryAfterMillis : null)
  }
  const { base, cap, factor, jitter } = policy.backoff
  const full = Math.min(Duration.toMillis(base) * factor ** (failed - 1), Duration.toMillis(cap))
  return Effect.map(Random.next, (share) => full * (1 - jitter * share))
}

/**
 * Runs a call as its policy says: each attempt within its timeout, repeated for the reasons and after the waits of the
 * policy, all within the overall timeout. A 401 on a call that may be repeated makes one recovery of the session and one
 * more attempt, if the session is still the same identity's.
 *
 * @since 0.1.0
 * @category combinators
 */
export const applyPolicy = (policy: CallPolicy, session: AuthSession["Type"]): Around => {
  const timedOut = () => BackendError.of(policy.name, "Timeout")
  const attemptMillis = Duration.toMillis(policy.attemptTimeout)
  const overallMillis = Duration.toMillis(policy.overallTimeout)

  return <A>(call: Effect.Effect<A, Failure>): Effect.Effect<A, Failure> => {
    /** One timer an attempt: the attempt's limit, or what is left of the whole. */
    const within = <B>(deadline: number, limit: number, work: Effect.Effect<B, Failure>) =>
      Effect.flatMap(Clock.currentTimeMillis, (now) =>
        deadline <= now
          ? Effect.fail(timedOut())
          : Effect.timeoutFail(work, { duration: Math.min(limit, deadline - now), onTimeout: timedOut })
      )

    const attempt = (deadline: number, number: number, mayRecover: boolean): Effect.Effect<A, Failure> =>
      Effect.suspend(() => {
        let used: Authorization | null = null
        const authorized = Effect.flatMap(session.authorization, (authorization) => {
          used = authorization
          return call
        })
        return Effect.catchAll(within(deadline, attemptMillis, mayRecover ? authorized : call), (error) => {
          if (error._tag === "AuthError") return Effect.fail(error)
          if (error.reason === "Unauthorized" && used !== null) return recovered(deadline, number, used, error)
          if (!policy.retryOn.includes(error.reason) || number >= policy.attempts) return Effect.fail(error)
          return Effect.zipWith(pause(policy, error, number), Clock.currentTimeMillis, (wait, now) =>
            wait === null || now + wait >= deadline
              ? Effect.fail(error)
              : Effect.zipRight(Effect.sleep(wait), attempt(deadline, number + 1, mayRecover))
          ).pipe(Effect.flatten)
        })
      })

    const recovered = (deadline: number, number: number, refused: Authorization, error: BackendError) =>
      within(deadline, overallMillis, session.recover(refused)).pipe(
        // Without a renewed session in time, the refusal is the answer.
        Effect.catchTag("BackendError", () => Effect.fail(error)),
        Effect.zipRight(attempt(deadline, number, false))
      )

    return Effect.flatMap(Clock.currentTimeMillis, (start) =>
      attempt(start + overallMillis, 1, policy.repeat !== "never")
    )
  }
}
