/** A read of usage, and what it means for whoever is signed in. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { UsageSnapshot } from "../domain/UsageSnapshot.js"
import { verdict, type Verdict } from "../domain/Verdict.js"
import type { WorkspaceRole as Role } from "../domain/WorkspaceRole.js"
import type { RateLimits } from "../services/RateLimits.js"
import { WorkspaceRole } from "../services/WorkspaceRole.js"
import { readUsage } from "./readUsage.js"

export interface UsageView {
  readonly snapshot: UsageSnapshot
  readonly verdict: Verdict
}

/** The usage with its verdict. The role is what the token claims: the live one is not worth a request here. */
export const readJudged = (
  options: { readonly fresh?: boolean } = {}
): Effect.Effect<
  { readonly role: Role; readonly view: UsageView },
  AuthError | BackendError,
  RateLimits | WorkspaceRole
> =>
  Effect.gen(function* () {
    const roles = yield* WorkspaceRole
    const snapshot = yield* readUsage(options)
    const role = yield* roles.claimed
    return { role, view: { snapshot, verdict: verdict(snapshot, { now: yield* DateTime.now, role }) } }
  })
