/** Who is signed in. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { Session } from "../../../domain/Session.js"
import { AuthSession } from "../../../services/AuthSession.js"
import { CredentialStore } from "../../../services/CredentialStore.js"
import { accountResult, authStatusResult } from "../results.js"
import { AccountEvents } from "../AccountEvents.js"
import { CurrentSession } from "../CurrentSession.js"
import type { Handlers } from "../Handler.js"

type Methods = "account/read" | "account/securitySetup/read" | "getAuthStatus"

/** The session to show, after it was renewed where that was asked for. */
const shown = (refreshToken: boolean | null | undefined) =>
  Effect.flatMap(CurrentSession, (sessions) =>
    refreshToken === true ? Effect.zipRight(sessions.renewed, sessions.present) : sessions.present
  )

/** What the session's requests are made with; null where there is nothing, or it is of no use any more. */
const tokenOf = (
  session: Session
): Effect.Effect<string | null, never, AuthSession | CredentialStore | CurrentSession> =>
  Effect.gen(function* () {
    const auth = yield* AuthSession
    const sessions = yield* CurrentSession
    const store = yield* CredentialStore
    if (sessions.isRefused(session)) return null
    if (session.usesBackend) {
      const authorization = yield* Effect.option(sessions.recordingRefusal(auth.authorization))
      return Option.match(authorization, {
        onNone: () => null,
        onSome: ({ headers }) => Redacted.value(headers)["authorization"]?.replace(/^Bearer /, "") ?? null
      })
    }
    const stored = Option.flatten(yield* Effect.option(store.read))
    const key = Option.getOrNull(stored)?.record.OPENAI_API_KEY ?? null
    return key === null ? null : Redacted.value(key)
  })

export const accountHandlers: Handlers<Methods, AccountEvents | AuthSession | CredentialStore | CurrentSession> = {
  "account/read": ({ refreshToken }) =>
    Effect.gen(function* () {
      const events = yield* AccountEvents
      const sessions = yield* CurrentSession
      const session = yield* shown(refreshToken)
      // Who can't be renewed any more has to sign in again.
      if (session === null || sessions.isRefused(session)) return accountResult(null, null)
      return accountResult(session, yield* events.knownRole(session))
    }),
  "account/securitySetup/read": () => Effect.succeed({ notice: null }),
  getAuthStatus: ({ includeToken, refreshToken }) =>
    Effect.gen(function* () {
      const session = yield* shown(refreshToken)
      return authStatusResult(session, session !== null && includeToken === true ? yield* tokenOf(session) : null)
    })
}
