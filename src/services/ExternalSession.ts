/** Taking up a session that another application supplies. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AuthError } from "../domain/AuthError.js"
import type { Session } from "../domain/Session.js"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/**
 * `accessToken` is ChatGPT's, a JWT. `chatgptPlanType` stands above the token's own claim.
 * @since 0.1.0
 * @category models
 */
export interface ExternalTokenSet {
  readonly accessToken: Redacted.Redacted
  readonly chatgptAccountId: string
  readonly chatgptPlanType?: string | null | undefined
}

/**
 * The host has no token to give.
 * @since 0.1.0
 * @category errors
 */
export class ExternalTokensError extends Schema.TaggedError<ExternalTokensError>()("ExternalTokensError", {}) {
  override get message(): string {
    return "The application that supplies the session has no token to give."
  }
}

/**
 * @since 0.1.0
 * @category tags
 */
export class ExternalTokens extends Context.Tag("effect-codex-account/services/ExternalTokens")<
  ExternalTokens,
  {
    /** Asked after the backend refused the present token, and never before. Interrupted when it takes too long. */
    readonly refresh: (request: {
      readonly reason: "unauthorized"
      readonly previousAccountId: string | null
    }) => Effect.Effect<ExternalTokenSet, ExternalTokensError>
  }
>() {}

/**
 * It is a service of its own, so that these tokens reach a session that keeps them in memory, and no other.
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
