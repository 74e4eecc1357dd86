/**
 * Taking up a session that another application supplies.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AuthError } from "../domain/AuthError.js"
import type { Session } from "../domain/Session.js"
import type { ExternalTokenSet } from "./ExternalTokens.js"

/**
 * It is a service of its own, so that these tokens reach a session that keeps them in memory, and no other.
 *
 * @since 0.1.0
 * @category tags
 */
export class ExternalSession extends Context.Tag("effect-codex-account/services/ExternalSession")<
  ExternalSession,
  {
    /**
     * Takes up the tokens, in place of what was there. Fails with `Forbidden` where the configuration rules the session
     * out, and with `Malformed` for a token that can't be read.
     */
    readonly signIn: (tokens: ExternalTokenSet) => Effect.Effect<Session, AuthError>
    /** Whether such a session is in force. */
    readonly isActive: Effect.Effect<boolean>
  }
>() {}
