/** How much is left, and whether work can go on. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { UsageSnapshot } from "../domain/UsageSnapshot.js"
import type { Judged } from "../domain/UsageTransition.js"
import { verdict } from "../domain/Verdict.js"
import type { WorkspaceRole as Role } from "../domain/WorkspaceRole.js"
import { Dialog } from "../services/Dialog.js"
import { underPolicy } from "../services/Policies.js"
import { RateLimits, type ReadUsage } from "../services/RateLimits.js"
import { WorkspaceRole } from "../services/WorkspaceRole.js"

/**
 * The usage, the verdict on it, and the role that it was judged with.
 * @since 0.1.0
 * @category models
 */
export interface UsageView extends Judged {
  readonly role: Role
}

/**
 * The present usage with the list of reset credits, each request under its own policy.
 * @since 0.1.0
 * @category programs
 */
export const readUsage = (
  options: ReadUsage = {}
): Effect.Effect<UsageSnapshot, AuthError | BackendError, RateLimits> =>
  Effect.flatMap(RateLimits, (limits) => limits.read(options)).pipe(
    underPolicy("readUsage", "safe", "25 seconds"),
    underPolicy("readResetCredits", "safe", "8 seconds")
  )

/** The usage with its verdict. The role is the token's claim: the live one is not worth a request here. */
export const readUsageWithVerdict = (options?: ReadUsage) =>
  Effect.gen(function* () {
    const snapshot = yield* readUsage(options)
    const role = yield* (yield* WorkspaceRole).claimed
    const view: UsageView = { snapshot, role, verdict: verdict(snapshot, { now: yield* DateTime.now, role }) }
    return view
  })

/**
 * Shows the usage with its verdict.
 * @since 0.1.0
 * @category programs
 */
export const showUsage: Effect.Effect<UsageView, AuthError | BackendError, Dialog | RateLimits | WorkspaceRole> =
  Effect.flatMap(Dialog, (dialog) => dialog.progress("Reading usage", readUsageWithVerdict())).pipe(
    Effect.withSpan("codex.program.showUsage")
  )

/**
 * Whether requests can be made now, with the usage and the verdict that say so.
 * @since 0.1.0
 * @category programs
 */
export const guard: Effect.Effect<
  UsageView & { readonly usable: boolean },
  AuthError | BackendError,
  Dialog | RateLimits | WorkspaceRole
> = Effect.map(showUsage, (view) => ({ ...view, usable: view.verdict.isUsable })).pipe(
  Effect.withSpan("codex.program.guard")
)
