/** Who renews the session. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AuthError } from "../domain/AuthError.js"

/**
 * - `Cooperate`: we do, one process at a time, and take up what others have renewed.
 * - `ReadOnly`: others do; we only take up what they have renewed.
 * - `Delegate`: somebody else does when we ask, with `renew`; that it worked shows in the store.
 * @since 0.1.0
 * @category models
 */
export type RenewalMode =
  | { readonly _tag: "Cooperate" }
  | { readonly _tag: "ReadOnly" }
  | { readonly _tag: "Delegate"; readonly renew: Effect.Effect<void, AuthError> }

/**
 * Without a layer it is `Cooperate`.
 * @since 0.1.0
 * @category tags
 */
export class SessionRenewal extends Context.Reference<SessionRenewal>()(
  "effect-codex-account/services/SessionRenewal",
  { defaultValue: (): RenewalMode => ({ _tag: "Cooperate" }) }
) {}
