/**
 * Show the role in the workspace.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import { AuthError } from "../domain/AuthError.js"
import { sameIdentity } from "../domain/Identity.js"
import type { Session } from "../domain/Session.js"
import type { WorkspaceRole as Role } from "../domain/WorkspaceRole.js"
import { AuthSession } from "../services/AuthSession.js"
import { Dialog } from "../services/Dialog.js"
import { underPolicy } from "../services/Policies.js"
import { WorkspaceRole } from "../services/WorkspaceRole.js"

/**
 * The live role where the backend tells it, else the token's claim.
 *
 * @since 0.1.0
 * @category programs
 */
export const showRole: Effect.Effect<
  { readonly session: Session; readonly role: Role },
  AuthError,
  Dialog | AuthSession | WorkspaceRole
> = Effect.gen(function* () {
  const auth = yield* AuthSession
  const roles = yield* WorkspaceRole
  const dialog = yield* Dialog
  const session = yield* auth.current
  const role = yield* dialog.progress(
    "Reading the role",
    roles.role.pipe(underPolicy("readRole", "safe", "15 seconds"))
  )
  const present = yield* auth.current
  if (!sameIdentity(present.identity, session.identity)) return yield* AuthError.of("AccountMismatch")
  return { session, role }
}).pipe(Effect.withSpan("showRole"))
