/**
 * The application that supplies the session, where one does.
 *
 * @since 0.1.0
 */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"

/**
 * `accessToken` is ChatGPT's, a JWT. `chatgptPlanType` stands above the token's own claim.
 *
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
 *
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
