/** Sign out. */
import * as Effect from "effect/Effect"
import type { AuthError } from "../domain/AuthError.js"
import { AuthSession } from "../services/AuthSession.js"
import { Dialog, type DialogError } from "../services/Dialog.js"

/**
 * `revoked` is null when the server was not asked, and false when it did not confirm.
 * @since 0.1.0
 * @category models
 */
export type SignOutOutcome =
  | { readonly _tag: "SignedOut"; readonly removed: boolean; readonly revoked: boolean | null }
  | { readonly _tag: "Declined" }

/**
 * Ends the session everywhere and removes its record; with `local` it only removes the record.
 * @since 0.1.0
 * @category programs
 */
export const signOut = (options: {
  readonly local: boolean
}): Effect.Effect<SignOutOutcome, AuthError | DialogError, AuthSession | Dialog> =>
  Effect.gen(function* () {
    const auth = yield* AuthSession
    const dialog = yield* Dialog
    if (!options.local) {
      const agreed = yield* dialog.confirm({
        id: "signOut.confirm",
        title: "Sign out everywhere?",
        details: ["The session is also ended on other machines and in the browser that share it."],
        yes: "Yes, sign out",
        no: "No, stay signed in"
      })
      if (!agreed) return { _tag: "Declined" as const }
    }
    const outcome = yield* dialog.progress("Signing out", auth.signOut({ revoke: !options.local }))
    return { _tag: "SignedOut" as const, ...outcome }
  }).pipe(Effect.withSpan("codex.program.signOut"))
