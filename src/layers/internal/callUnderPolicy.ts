/** A call under its policy: the time limits, the repetitions, and the recovery from a 401. */
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { AuthError } from "../../domain/AuthError.js"
import { BackendError } from "../../domain/BackendError.js"
import { type CallName, type CallPolicy, pauseAfter } from "../../domain/CallPolicy.js"
import { type Identity, sameIdentity } from "../../domain/Identity.js"
import { type AuthSession, type Authorization, Patience } from "../../services/AuthSession.js"
import { Progress, timeoutIn } from "./BoundedHttpClient.js"
import { type AttemptEnd, AttemptLog } from "../../services/BackendHttp.js"
import * as Metrics from "../../services/Metrics.js"

type Failure = AuthError | BackendError

/** Fails once the session is no longer that identity's. */
export const ensureStill = (session: Pick<AuthSession["Type"], "current">, identity: Identity, call: CallName) =>
  session.current.pipe(
    Effect.filterOrFail((now) => sameIdentity(now.identity, identity)),
    Effect.mapError(() => BackendError.of(call, "IdentityChanged"))
  )

export interface Call<A> {
  readonly name: CallName
  readonly policy: CallPolicy
  readonly session: Pick<AuthSession["Type"], "authorization" | "recover">
  /** One attempt, with the authorization that it is made with. */
  readonly attempt: (authorization: Authorization) => Effect.Effect<A, Failure>
}

/** A 401, with the authorization that was refused. */
interface Refused {
  readonly _tag: "Refused"
  readonly authorization: Authorization
}

/** The part of its time that a call waits for the session at most, so that it can tell what it waited for. */
const patience = 0.9

/**
 * How long to wait after the n-th failed attempt. Null for no further attempt: a longer `Retry-After` than the policy
 * obeys means that the backend does not want one.
 */
const pause = (policy: CallPolicy, { retryAfterMillis }: BackendError, failed: number) => {
  if (retryAfterMillis !== null) {
    return Effect.succeed(retryAfterMillis <= Duration.toMillis(policy.retryAfterCap) ? retryAfterMillis : null)
  }
  return Effect.map(pauseAfter(failed, policy.backoff), Duration.toMillis)
}

const timeout = <A, E, B>({ name, progress }: Tracked<B>, millis: number, work: Effect.Effect<A, E>) =>
  Effect.timeoutFail(work, { duration: millis, onTimeout: () => BackendError.of(name, timeoutIn(progress)) })

const endOf = (progress: Progress["Type"]) =>
  Exit.match({
    onSuccess: (): AttemptEnd => ({ _tag: "Answered" }),
    onFailure: (cause: Cause.Cause<Failure>): AttemptEnd =>
      Option.match(Cause.failureOption(cause), {
        onNone: () => ({ _tag: progress.phase === "connecting" ? "NotSent" : "CutShort" }),
        onSome: (error) => ({ _tag: "Failed", error })
      })
  })

/** A call, and how far its present attempt has come. */
interface Tracked<A> extends Call<A> {
  readonly progress: Progress["Type"]
}

const outcomeOf = (end: AttemptEnd): string => (end._tag === "Failed" ? end.error.reason : end._tag)

/** Whether the request reached the backend, as `BackendError.delivery` has it. */
const deliveryOf = (end: AttemptEnd): string => {
  if (end._tag === "Answered") return "answered"
  if (end._tag === "CutShort") return "unknown"
  return end._tag === "Failed" && end.error._tag === "BackendError" ? end.error.delivery : "notSent"
}

/** What an attempt is seen as from outside. An error's own members hold no secret, and no text of the backend's. */
const attributesOf = (end: AttemptEnd): Readonly<Record<string, unknown>> => {
  const outcome = { "codex.outcome": outcomeOf(end), "codex.delivery": deliveryOf(end) }
  if (end._tag !== "Failed") return outcome
  const { error } = end
  return error._tag === "AuthError"
    ? { ...outcome, "error.type": error.reason }
    : {
        ...outcome,
        "error.type": error.reason,
        ...(error.status === null ? {} : { "http.response.status_code": error.status }),
        ...(error.retryAfterMillis === null ? {} : { "codex.retry_after_ms": error.retryAfterMillis }),
        ...(error.requestId === null ? {} : { "codex.request_id": error.requestId })
      }
}

/** One attempt in its span, counted by its end. */
const observed = <A>(name: CallName, number: number, attempt: Effect.Effect<A, Failure>, progress: Progress["Type"]) =>
  Effect.useSpan(
    "codex.BackendHttp.attempt",
    {
      kind: "client",
      captureStackTrace: false,
      attributes: { "codex.operation": name, "codex.attempt": number, "http.request.resend_count": number - 1 }
    },
    (span) =>
      Effect.onExit(Effect.withParentSpan(attempt, span), (exit) => {
        const end = endOf(progress)(exit)
        for (const [key, value] of Object.entries(attributesOf(end))) span.attribute(key, value)
        return Metric.increment(Metrics.attempts(name, outcomeOf(end), deliveryOf(end)))
      })
  ).pipe(Metric.trackDurationWith(Metrics.attemptSeconds(name), Duration.toSeconds))

/** The same call, noting how far each attempt comes, and its end in the list of a caller that wants one. */
const tracked = <A>(untracked: Call<A>): Effect.Effect<Tracked<A>> =>
  Effect.map(AttemptLog, (log) => {
    const progress: Progress["Type"] = { phase: null }
    let number = 0
    const call: Tracked<A> = {
      ...untracked,
      progress,
      attempt: (authorization) =>
        Effect.suspend(() => {
          progress.phase = null
          number += 1
          const attempt = Effect.provideService(untracked.attempt(authorization), Progress, progress)
          return observed(untracked.name, number, attempt, progress)
        })
    }
    if (log === null) return call
    const add = (end: AttemptEnd) => Ref.update(log, (ends) => [...ends, end])
    return {
      ...call,
      session: {
        ...call.session,
        authorization: Effect.onError(call.session.authorization, () => add({ _tag: "NotSent" }))
      },
      attempt: (authorization) => Effect.onExit(call.attempt(authorization), (exit) => add(endOf(progress)(exit)))
    }
  })

/** What the session needs until it can be used: all the time that is left, as nothing has been sent. */
const ready = <A>(millis: number, work: Effect.Effect<A, AuthError>): Effect.Effect<A, AuthError> =>
  Effect.timeoutFail(Effect.provideService(work, Patience, Duration.millis(millis * patience)), {
    duration: millis,
    onTimeout: () => AuthError.of("Unavailable", "it was not ready in time")
  })

/** One attempt, whatever the policy allows: only its time limits count. */
export const callOnce = <A>(call: Call<A>): Effect.Effect<A, Failure> => Effect.flatMap(tracked(call), once)

const once = <A>(call: Tracked<A>): Effect.Effect<A, Failure> =>
  Effect.gen(function* () {
    const { attemptTimeout, overallTimeout } = call.policy
    const millis = Math.min(Duration.toMillis(attemptTimeout), Duration.toMillis(overallTimeout))
    const start = yield* Clock.currentTimeMillis
    const authorization = yield* ready(millis, call.session.authorization)
    const left = start + millis - (yield* Clock.currentTimeMillis)
    return yield* timeout(call, left, call.attempt(authorization))
  })

/**
 * Each attempt within its timeout, repeated for the reasons and after the waits of the policy, all within the overall
 * timeout. A 401 makes one recovery of the session and one more attempt as the same identity; the policy's count of
 * attempts does not include that one.
 */
export const callUnderPolicy = <A>(call: Call<A>): Effect.Effect<A, Failure> =>
  Effect.flatMap(tracked(call), (one) => (one.policy.repeat === "never" ? once(one) : repeated(one)))

const repeated = <A>(call: Tracked<A>): Effect.Effect<A, Failure> => {
  const { policy, session } = call
  const attemptMillis = Duration.toMillis(policy.attemptTimeout)
  const overallMillis = Duration.toMillis(policy.overallTimeout)

  const left = (deadline: number) => Effect.map(Clock.currentTimeMillis, (now) => Math.max(0, deadline - now))

  /** Within the attempt's limit, or what is left of the whole. */
  const attempt = (deadline: number, authorization: Authorization) =>
    Effect.flatMap(left(deadline), (millis) =>
      timeout(call, Math.min(attemptMillis, millis), call.attempt(authorization))
    )

  const send = (deadline: number, authorization: Authorization): Effect.Effect<A, Failure | Refused> =>
    Effect.mapError(attempt(deadline, authorization), (error) =>
      error._tag === "BackendError" && error.reason === "Unauthorized" ? { _tag: "Refused", authorization } : error
    )

  const authorized = (deadline: number, work: Effect.Effect<Authorization, AuthError>) =>
    Effect.flatMap(left(deadline), (millis) => ready(millis, work))

  /** The n-th attempt, and those after it. Without `recovered` a 401 is recovered from. */
  const from = (deadline: number, number: number, recovered: Authorization | null): Effect.Effect<A, Failure> =>
    Effect.catchAll(
      recovered === null
        ? Effect.flatMap(authorized(deadline, session.authorization), (fresh) => send(deadline, fresh))
        : attempt(deadline, recovered),
      (error): Effect.Effect<A, Failure> => {
        if (error._tag === "AuthError") return Effect.fail(error)
        if (error._tag === "Refused") return recover(deadline, number, error)
        if (!policy.retryOn.includes(error.reason) || number >= policy.attempts) return Effect.fail(error)
        return Effect.zipWith(pause(policy, error, number), Clock.currentTimeMillis, (wait, now) =>
          wait === null || now + wait >= deadline
            ? Effect.fail(error)
            : Effect.zipRight(
                Effect.zipRight(Metric.update(Metrics.retryWaitSeconds(call.name), wait / 1000), Effect.sleep(wait)),
                from(deadline, number + 1, recovered)
              )
        ).pipe(Effect.flatten)
      }
    )

  const recover = (deadline: number, number: number, { authorization }: Refused) =>
    Effect.flatMap(authorized(deadline, session.recover(authorization)), (fresh) => from(deadline, number, fresh))

  return Effect.flatMap(Clock.currentTimeMillis, (start) => from(start + overallMillis, 1, null))
}
