/** The user's role in the workspace, and the message to its owner. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { Identity } from "../domain/Identity.js"
import type { CreditType, WorkspaceRole as Role } from "../domain/WorkspaceRole.js"

/**
 * @since 0.1.0
 * @category tags
 */
export class WorkspaceRole extends Context.Tag("effect-codex-account/services/WorkspaceRole")<
  WorkspaceRole,
  {
    /**
     * The live role, from memory while it is young. When the endpoint fails or is missing, what the token claims; the
     * endpoint is then left alone for a while. Never fails for the backend's sake.
     */
    readonly role: Effect.Effect<Role, AuthError>
    /** What the token claims, without any request. */
    readonly claimed: Effect.Effect<Role, AuthError>
    /** Writes to the owner, as `as` only, in one attempt. `cooldownActive`: the owner got such a message recently. */
    readonly nudge: (options: {
      readonly as: Identity
      readonly creditType: CreditType
    }) => Effect.Effect<"sent" | "cooldownActive", AuthError | BackendError>
  }
>() {}
