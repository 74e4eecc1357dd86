/** The sign-in in progress: at most one. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Scope from "effect/Scope"
import type { AuthError } from "../../domain/AuthError.js"
import type { LoginError } from "../../domain/LoginError.js"
import type { SignInOutcome } from "../../programs/signIn.js"
import { AuthSession } from "../../services/AuthSession.js"
import { AccountEvents } from "./AccountEvents.js"
import { Background, withinClosingTime } from "./Background.js"

export type LoginKind = "browser" | "device"

/** What stops a sign-in: its client, or another sign-in or sign-out. */
export type StopReason = "cancelled" | "replaced"

/** A sign-in that waits for the user. `complete` stores the session. */
export interface LoginFlow {
  readonly kind: LoginKind
  readonly complete: Effect.Effect<SignInOutcome, AuthError | LoginError, AuthSession>
}

/** `tooLate`: it had signed in before it could be stopped. `announce` notifies every client of its end. */
export interface StoppedLogin {
  readonly tooLate: boolean
  readonly announce: Effect.Effect<void>
}

interface Active {
  readonly id: string
  readonly kind: LoginKind
  readonly scope: Scope.CloseableScope
  fiber: Fiber.RuntimeFiber<void> | null
  /** The session is stored, and can't be stopped any more. */
  stored: boolean
}

const browserWords: Record<StopReason, string> = {
  cancelled: "Login server error: Login was not completed",
  replaced: "Login server error: Login cancelled"
}

const stopWords = (kind: LoginKind, how: StopReason): string =>
  kind === "browser" ? browserWords[how] : "Login was not completed"

const failureWords = (kind: LoginKind, error: AuthError | LoginError): string => {
  if (error._tag === "LoginError" && error.reason === "Expired") return "Login timed out"
  if (kind === "device") return error.message
  if (error._tag === "LoginError" && error.reason === "Cancelled") return browserWords.replaced
  return `Login server error: ${error.message}`
}

export class Logins extends Effect.Service<Logins>()("effect-codex-account/app-server/server/Logins", {
  scoped: Effect.gen(function* () {
    const auth = yield* AuthSession
    const background = yield* Background
    const events = yield* AccountEvents
    let active: Active | null = null

    const succeeded = (login: Active) => Effect.zipRight(events.loginCompleted(login.id, null), events.changed)

    const closeScope = (login: Active) => withinClosingTime(Scope.close(login.scope, Exit.void))

    /** The session; what this sign-in stores is recorded as a change of this server. */
    const storing = (login: Active): AuthSession["Type"] => ({
      ...auth,
      signIn: (record) =>
        Effect.uninterruptible(
          Effect.tap(events.changing(auth.signIn(record)), () => {
            login.stored = true
          })
        )
    })

    const ended = (login: Active, exit: Exit.Exit<SignInOutcome, AuthError | LoginError>): Effect.Effect<void> => {
      if (active !== login) return Effect.void
      active = null
      if (login.stored || Exit.isSuccess(exit)) return succeeded(login)
      const { cause } = exit
      const why = cause._tag === "Fail" ? failureWords(login.kind, cause.error) : stopWords(login.kind, "cancelled")
      return events.loginCompleted(login.id, why)
    }

    yield* Effect.addFinalizer(() => (active === null ? Effect.void : closeScope(active)))

    return {
      /** Begins a sign-in: `open` sets it up, in a scope of its own. `run` completes it and notifies every client. */
      begin: <A extends LoginFlow, E, R>(open: Effect.Effect<A, E, R | Scope.Scope>) =>
        Effect.uninterruptibleMask((restore) =>
          Effect.gen(function* () {
            const scope = yield* Scope.make()
            const flow = yield* Effect.onError(restore(Scope.extend(open, scope)), (cause) =>
              Scope.close(scope, Exit.failCause(cause))
            )
            const login: Active = {
              id: globalThis.crypto.randomUUID(),
              kind: flow.kind,
              scope,
              fiber: null,
              stored: false
            }
            active = login
            const complete = Effect.exit(Effect.provideService(flow.complete, AuthSession, storing(login))).pipe(
              Effect.flatMap((exit) => ended(login, exit)),
              Effect.ensuring(closeScope(login))
            )
            const run = Effect.suspend(() =>
              active === login ? background.fork(complete) : Effect.succeed(null)
            ).pipe(
              Effect.map((fiber) => {
                login.fiber = fiber
              })
            )
            return { loginId: login.id, flow, run }
          })
        ),
      /** Ends the sign-in with that id, or whichever is in progress; null when there is none. */
      stop: (how: StopReason, loginId?: string): Effect.Effect<StoppedLogin | null> =>
        Effect.gen(function* () {
          const login = active
          if (login === null || (loginId !== undefined && login.id !== loginId)) return null
          active = null
          if (login.fiber !== null) yield* withinClosingTime(Fiber.interrupt(login.fiber))
          yield* closeScope(login)
          return {
            tooLate: login.stored,
            announce: login.stored ? succeeded(login) : events.loginCompleted(login.id, stopWords(login.kind, how))
          }
        }).pipe(Effect.uninterruptible)
    }
  })
}) {}
