/** The session, as clients see it. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Schema from "effect/Schema"
import { AuthError, type AuthErrorReason } from "../../domain/AuthError.js"
import type { Session } from "../../domain/Session.js"
import { AuthSession, Patience } from "../../services/AuthSession.js"
import { accountAuthRequired, chatgptAuthRequired } from "../protocol/errors.js"

/** Errors after which the session will never be renewed. */
const refusals: ReadonlySet<AuthErrorReason> = new Set<AuthErrorReason>(["Expired", "Reused", "Revoked", "Refused"])

/** A client is answered after so long, as by the original. */
const patience = Duration.seconds(10)

const isAuthError = Schema.is(AuthError)

export class CurrentSession extends Effect.Service<CurrentSession>()(
  "effect-codex-account/app-server/server/CurrentSession",
  {
    effect: Effect.gen(function* () {
      const auth = yield* AuthSession
      let refused: Session | null = null

      /** Makes no request; null when signed out, and for a stored sign-in that can't be used. */
      const present: Effect.Effect<Session | null> = Effect.catchAll(auth.current, (error) =>
        Effect.as(
          error.reason === "NotSignedIn"
            ? Effect.void
            : Effect.logDebug(`The stored sign-in can't be used. ${error.message}`),
          null
        )
      )

      const note = (error: AuthError) =>
        refusals.has(error.reason)
          ? Effect.map(present, (session) => {
              refused = session
            })
          : Effect.void

      return {
        present,
        /** Whether the issuer has refused to renew this session, as far as it was asked. */
        isRefused: (session: Session) => refused !== null && Equal.equals(refused, session),
        /** Renews the session, where it can be. A failure is only logged. */
        renewed: Effect.flatMap(present, (session) =>
          session?.isRefreshable === true
            ? Effect.catchAll(Effect.provideService(auth.refresh, Patience, patience), (error) =>
                Effect.zipRight(note(error), Effect.logWarning(`The session was not renewed. ${error.message}`))
              )
            : Effect.void
        ),
        /** The session for a request to the backend; the error names the purpose. */
        require: (purpose: string) =>
          Effect.flatMap(present, (session) => {
            if (session === null) return Effect.fail(accountAuthRequired(purpose))
            return session.usesBackend ? Effect.succeed(session) : Effect.fail(chatgptAuthRequired(purpose))
          }),
        /** Remembers when the work fails because the session will not be renewed. */
        recordingRefusal: <A, E, R>(work: Effect.Effect<A, E, R>) =>
          Effect.tapError(work, (error) => (isAuthError(error) ? note(error) : Effect.void))
      }
    })
  }
) {}
