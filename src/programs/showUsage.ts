/**
 * Show how much is left, and what to do when nothing is.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { UsageSnapshot } from "../domain/UsageSnapshot.js"
import { verdict, type Verdict } from "../domain/Verdict.js"
import type { AuthSession } from "../services/AuthSession.js"
import { Dialog } from "../services/Dialog.js"
import type { RateLimits } from "../services/RateLimits.js"
import { WorkspaceRole } from "../services/WorkspaceRole.js"
import { readUsage } from "./readUsage.js"

/**
 * @since 0.1.0
 * @category models
 */
export interface UsageView {
  readonly snapshot: UsageSnapshot
  readonly verdict: Verdict
}

/**
 * The usage with its verdict. The role is what the token claims: the live one is not worth a request here.
 *
 * @since 0.1.0
 * @category programs
 */
export const showUsage: Effect.Effect<
  UsageView,
  AuthError | BackendError,
  Dialog | RateLimits | AuthSession | WorkspaceRole
> = Effect.gen(function* () {
  const dialog = yield* Dialog
  const roles = yield* WorkspaceRole
  const snapshot = yield* dialog.progress("Reading usage", readUsage())
  const role = yield* roles.claimed
  return { snapshot, verdict: verdict(snapshot, { now: yield* DateTime.now, role }) }
}).pipe(Effect.withSpan("showUsage"))
