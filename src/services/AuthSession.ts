/** The session that requests are made as. */
import * as Context from "effect/Context"
import * as Duration from "effect/Duration"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import type * as Stream from "effect/Stream"
import type { AuthJson } from "../contracts/AuthJson.js"
import type { AuthError } from "../domain/AuthError.js"
import type { AccountId, Identity } from "../domain/Identity.js"
import type { Session, SessionChange } from "../domain/Session.js"

/**
 * What one request is authorized with. `headers` hold the bearer token.
 * @since 0.1.0
 * @category models
 */
export interface Authorization {
  readonly session: Session
  readonly headers: Redacted.Redacted<Readonly<Record<string, string>>>
}

/**
 * How long the caller waits for a session that is being renewed: less than the limit of its call, which could only say
 * that time is up. A session that is renewed elsewhere, or slowly, then fails with `Unavailable` and the cause.
 * @since 0.1.0
 * @category tags
 */
export class Patience extends Context.Reference<Patience>()("effect-codex-account/services/AuthSession/Patience", {
  defaultValue: (): Duration.Duration => Duration.infinity
}) {}

/**
 * @since 0.1.0
 * @category tags
 */
export class AuthSession extends Context.Tag("effect-codex-account/services/AuthSession")<
  AuthSession,
  {
    /** Who is signed in, from memory where it is known, without any request. */
    readonly current: Effect.Effect<Session, AuthError>
    /**
     * Authorizes a request to the ChatGPT backend, renewing a session that is about to expire. A renewal that fails for
     * now leaves the old token in use; fails with `WrongAuth` for a sign-in without ChatGPT.
     */
    readonly authorization: Effect.Effect<Authorization, AuthError>
    /** Renews the session, whatever its expiry. Callers at the same time share one renewal. */
    readonly refresh: Effect.Effect<Session, AuthError>
    /**
     * What to do after a 401 on a request made with `refused`: takes up a newer record from the store, else renews.
     * Fails with `AccountMismatch` when the session is another's by now.
     */
    readonly recover: (refused: Authorization) => Effect.Effect<Authorization, AuthError>
    /** Reads the store again and takes up what it finds. */
    readonly reload: Effect.Effect<Session, AuthError>
    /**
     * Stores the access token of another workspace of the same user in place of the present one; ID token and refresh
     * token stay. Fails with `AccountMismatch` when the session is no longer `from`'s.
     */
    readonly enterWorkspace: (options: {
      readonly from: Identity
      readonly id: AccountId
      readonly accessToken: Redacted.Redacted
    }) => Effect.Effect<Session, AuthError>
    /** Stores a new sign-in in place of the old one. */
    readonly signIn: (record: AuthJson) => Effect.Effect<Session, AuthError>
    /**
     * Removes the record; with `revoke` the server is first asked, best effort, to end the session everywhere. Says
     * whether there was a record, and whether the server confirmed.
     */
    readonly signOut: (options: {
      readonly revoke: boolean
    }) => Effect.Effect<{ readonly removed: boolean; readonly revoked: boolean | null }, AuthError>
    /**
     * Why the tokens of a renewal can't be stored, which is tried once more: without that the session ends with this
     * process. Null when there are none to be stored.
     */
    readonly unsaved: Effect.Effect<string | null>
    /** How many identity boundaries there have been: drop what was read under another number. */
    readonly epoch: Effect.Effect<number>
    /** Emits when the identity changes: drop everything cached for the previous one. */
    readonly changes: Stream.Stream<SessionChange>
  }
>() {}
