/**
 * Show how much is left, and what to do when nothing is.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { AuthSession } from "../services/AuthSession.js"
import { Dialog } from "../services/Dialog.js"
import type { RateLimits } from "../services/RateLimits.js"
import type { WorkspaceRole } from "../services/WorkspaceRole.js"
import { readJudged, type UsageView } from "./readJudged.js"

/**
 * The usage with its verdict.
 *
 * @since 0.1.0
 * @category programs
 */
export const showUsage: Effect.Effect<
  UsageView,
  AuthError | BackendError,
  Dialog | RateLimits | AuthSession | WorkspaceRole
> = Effect.flatMap(Dialog, (dialog) => dialog.progress("Reading usage", readJudged())).pipe(
  Effect.map(({ view }) => view),
  Effect.withSpan("showUsage")
)
