/**
 * Workspace messages over the backend's HTTP API.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { BackendHttp } from "../services/BackendHttp.js"
import { WorkspaceMessages } from "../services/WorkspaceMessages.js"
import { noWorkspaceMessages, workspaceMessagesFromWire } from "./wire/WorkspaceMessages.js"

/**
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<WorkspaceMessages, never, BackendHttp> = Layer.effect(
  WorkspaceMessages,
  Effect.map(BackendHttp, (backend) =>
    WorkspaceMessages.of({
      read: backend
        .read("workspace.messages", (client) =>
          Effect.map(client.workspace.messages({ headers: { "cache-control": "no-store" } }), workspaceMessagesFromWire)
        )
        .pipe(
          Effect.catchIf(
            (error) => error._tag === "BackendError" && error.reason === "NotFound",
            () => Effect.succeed(noWorkspaceMessages)
          )
        )
    })
  )
)
