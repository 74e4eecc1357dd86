/** Token activity. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { TokenActivity } from "../domain/TokenActivity.js"

/**
 * @since 0.1.0
 * @category tags
 */
export class TokenUsage extends Context.Tag("effect-codex-account/services/TokenUsage")<
  TokenUsage,
  {
    /** The user's token activity. */
    readonly read: Effect.Effect<TokenActivity, AuthError | BackendError>
  }
>() {}
