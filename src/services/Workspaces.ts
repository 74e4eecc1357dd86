/** The workspaces of the signed-in user, and the change from one to another. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { AccountId, Identity } from "../domain/Identity.js"
import type { Session } from "../domain/Session.js"
import type { Workspace } from "../domain/Workspace.js"
import type { WorkspaceError } from "../domain/WorkspaceError.js"

/**
 * @since 0.1.0
 * @category tags
 */
export class Workspaces extends Context.Tag("effect-codex-account/services/Workspaces")<
  Workspaces,
  {
    /** All of them in the backend's order: from memory while they are young, unless `fresh`. */
    readonly list: (options?: {
      readonly fresh?: boolean
    }) => Effect.Effect<ReadonlyArray<Workspace>, AuthError | BackendError>
    /**
     * The session with its `workspace`, which is null where the backend does not tell. Never fails for the backend's sake:
     * an endpoint that fails is left alone for a while.
     */
    readonly session: Effect.Effect<Session, AuthError>
    /** The same as far as it is in memory, without any request. */
    readonly known: Effect.Effect<Session, AuthError>
    /**
     * Changes to another workspace of the same user, as `as` only: asks for an access token of it, in one attempt, and
     * stores that in place of the present one. A session that is there already is not touched. Fails with
     * `IdentityChanged` or `AccountMismatch` when the session is no longer the one that it was asked for.
     */
    readonly switchTo: (options: {
      readonly as: Identity
      readonly id: AccountId
    }) => Effect.Effect<Session, AuthError | BackendError | WorkspaceError>
  }
>() {}
