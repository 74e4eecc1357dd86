/** What every way to sign in begins and ends with, and how its requests are made. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schedule from "effect/Schedule"
import { AuthError } from "../domain/AuthError.js"
import { LoginError, type LoginStep } from "../domain/LoginError.js"
import type { LoginCall } from "../domain/LoginPolicy.js"
import type { Session } from "../domain/Session.js"
import { AuthSession } from "../services/AuthSession.js"
import { CredentialStore } from "../services/CredentialStore.js"
import { type LoginMethod, type NewSignIn, SignIn } from "../services/SignIn.js"

/**
 * `replaced` is whose session was stored before. It is not ended at the server: other machines and the browser may share
 * it, and `signOut` is there to end it.
 */
export interface SignInOutcome {
  readonly method: LoginMethod
  readonly session: Session
  readonly email: string | null
  readonly replaced: Session | null
}

/**
 * Refuses what could not be stored in the end, before anybody is asked to do something for it. Gives the present
 * session.
 */
export const beforeSignIn = (
  method: LoginMethod
): Effect.Effect<Session | null, AuthError | LoginError, AuthSession | CredentialStore | SignIn> =>
  Effect.gen(function* () {
    const auth = yield* AuthSession
    const signIn = yield* SignIn
    const store = yield* CredentialStore
    yield* signIn.allow(method)
    const present = Option.getOrNull(yield* Effect.option(auth.current))
    if (present?.mode === "chatgptAuthTokens") return yield* LoginError.of("HostManaged", "start")
    yield* store.checkWritable.pipe(
      // A folder that is not there yet is made when the record is written.
      Effect.catchIf(
        (error) => error.reason !== "PermissionDenied" && error.reason !== "NotAFile",
        () => Effect.void
      ),
      Effect.mapError((error) => AuthError.of("NotWritable", error.message))
    )
    return present
  })

/** Stores what is whole in place of the session of before, in one step. */
export const storeSignIn = (
  method: LoginMethod,
  replaced: Session | null,
  { email, record }: NewSignIn
): Effect.Effect<SignInOutcome, AuthError, AuthSession> =>
  Effect.gen(function* () {
    const session = yield* (yield* AuthSession).signIn(record)
    return { method, session, email: session.email ?? email, replaced }
  })

/**
 * A request of a sign-in under its policy: only a `safe` one is made again, and only when there was no usable answer.
 */
export const underLoginPolicy =
  (policy: LoginCall, step: typeof LoginStep.Type) =>
  <A, R>(call: Effect.Effect<A, LoginError, R>): Effect.Effect<A, LoginError, R> => {
    const late = () => LoginError.of("Unavailable", step, "no answer in time")
    return call.pipe(
      Effect.timeoutFail({ duration: policy.attemptTimeout, onTimeout: late }),
      Effect.retry({
        times: policy.repeat === "never" ? 0 : policy.attempts - 1,
        schedule: Schedule.exponential("500 millis").pipe(
          Schedule.union(Schedule.spaced("4 seconds")),
          Schedule.jitteredWith({ min: 0.5, max: 1 })
        ),
        while: (error) => error.reason === "Unavailable"
      }),
      Effect.timeoutFail({ duration: policy.overallTimeout, onTimeout: late })
    )
  }
