/**
 * Show how many tokens were used, and when.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import { sameIdentity } from "../domain/Identity.js"
import type { TokenActivity } from "../domain/TokenActivity.js"
import { AuthSession } from "../services/AuthSession.js"
import { Dialog } from "../services/Dialog.js"
import { underPolicy } from "../services/Policies.js"
import { TokenUsage } from "../services/TokenUsage.js"

/**
 * The token activity of whoever is signed in.
 *
 * @since 0.1.0
 * @category programs
 */
export const showActivity: Effect.Effect<TokenActivity, AuthError | BackendError, AuthSession | Dialog | TokenUsage> =
  Effect.gen(function* () {
    const auth = yield* AuthSession
    const dialog = yield* Dialog
    const tokens = yield* TokenUsage
    const read = tokens.read.pipe(underPolicy("readTokenActivity", "safe", "25 seconds"))
    const activity = yield* dialog.progress("Reading token activity", read)
    const present = yield* auth.current
    if (!sameIdentity(present.identity, activity.identity)) return yield* AuthError.of("AccountMismatch")
    return activity
  }).pipe(Effect.withSpan("showActivity"))
