/** The session, as clients see it. */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Layer from "effect/Layer"
import type { AuthError, AuthErrorReason } from "../../domain/AuthError.js"
import type { Session } from "../../domain/Session.js"
import { AuthSession } from "../../services/AuthSession.js"
import type { RpcError } from "../../rpc/RpcError.js"
import { accountAuthRequired, type AuthPurpose, chatgptAuthRequired } from "../protocol/errors.js"

/** Errors after which the session will never be renewed. */
const refusals: ReadonlySet<AuthErrorReason> = new Set<AuthErrorReason>(["Expired", "Reused", "Revoked", "Refused"])

export class CurrentSession extends Context.Tag("effect-codex-account/app-server/server/CurrentSession")<
  CurrentSession,
  {
    /** Makes no request; null when signed out, and for a stored sign-in that can't be used. */
    readonly present: Effect.Effect<Session | null>
    /** Whether the issuer has refused to renew this session, as far as it was asked. */
    readonly isRefused: (session: Session) => boolean
    /** Renews the session, where it can be. A failure is only logged. */
    readonly renewed: Effect.Effect<void>
    /** The session for a request to the backend; the error names the purpose. */
    readonly require: (purpose: AuthPurpose) => Effect.Effect<Session, RpcError>
    /** Remembers when the work fails because the session will not be renewed. */
    readonly recordingRefusal: <A, E extends { readonly _tag: string }, R>(
      work: Effect.Effect<A, E | AuthError, R>
    ) => Effect.Effect<A, E | AuthError, R>
  }
>() {}

export const layer = Layer.effect(
  CurrentSession,
  Effect.gen(function* () {
    const auth = yield* AuthSession
    let refused: Session | null = null

    const present = Effect.catchAll(auth.current, (error) =>
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
      isRefused: (session) => refused !== null && Equal.equals(refused, session),
      renewed: Effect.flatMap(present, (session) =>
        session?.isRefreshable === true
          ? Effect.catchAll(auth.refresh, (error) =>
              Effect.zipRight(note(error), Effect.logWarning(`The session was not renewed. ${error.message}`))
            )
          : Effect.void
      ),
      require: (purpose) =>
        Effect.flatMap(present, (session) => {
          if (session === null) return Effect.fail(accountAuthRequired(purpose))
          return session.usesBackend ? Effect.succeed(session) : Effect.fail(chatgptAuthRequired(purpose))
        }),
      recordingRefusal: (work) => Effect.tapError(work, (error) => (isAuthError(error) ? note(error) : Effect.void))
    }
  })
)

const isAuthError = (error: { readonly _tag: string } | AuthError): error is AuthError => error._tag === "AuthError"
