/** Messages of the workspace. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { WorkspaceMessageList } from "../domain/WorkspaceMessage.js"

/**
 * @since 0.1.0
 * @category tags
 */
export class WorkspaceMessages extends Context.Tag("effect-codex-account/services/WorkspaceMessages")<
  WorkspaceMessages,
  {
    /** The messages; a 404 means that the account has no such feature. */
    readonly read: Effect.Effect<WorkspaceMessageList, AuthError | BackendError>
  }
>() {}
