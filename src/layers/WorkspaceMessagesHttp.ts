/** Workspace messages over the backend's HTTP API. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { WorkspaceMessagesResponse } from "../contracts/BackendEndpoints.js"
import { WorkspaceMessage, WorkspaceMessageList } from "../domain/WorkspaceMessage.js"
import { BackendHttp } from "../services/BackendHttp.js"
import { WorkspaceMessages } from "../services/WorkspaceMessages.js"
import { logUnread, trusted } from "./internal/usageFromWire.js"
import { perAccount } from "./internal/perAccount.js"

/** All messages in the answer's order, archived ones included. An answer means that the feature is on. */
export const workspaceMessagesFromWire = (response: typeof WorkspaceMessagesResponse.Type): WorkspaceMessageList =>
  new WorkspaceMessageList(
    {
      featureEnabled: true,
      messages: (response.messages ?? []).map(
        (message) =>
          new WorkspaceMessage(
            {
              id: message.message_id ?? "",
              type: message.message_type ?? "unknown",
              body: message.message_body,
              createdAt: message.created_at ?? null,
              archivedAt: message.archived_at ?? null
            },
            trusted
          )
      )
    },
    trusted
  )

/** What a 404 stands for: this account has no workspace messages. */
export const noWorkspaceMessages = new WorkspaceMessageList({ featureEnabled: false, messages: [] }, trusted)

export const layer = perAccount(
  Layer.effect(
    WorkspaceMessages,
    Effect.map(BackendHttp, (backend) =>
      WorkspaceMessages.of({
        read: backend
          .read("workspace.messages", (client) =>
            client.workspace
              .messages({ headers: { "cache-control": "no-store" } })
              .pipe(Effect.tap(logUnread("workspace.messages")), Effect.map(workspaceMessagesFromWire))
          )
          .pipe(
            Effect.catchIf(
              (error) => error._tag === "BackendError" && error.reason === "NotFound",
              () => Effect.succeed(noWorkspaceMessages)
            )
          )
      })
    )
  ),
  BackendHttp
)
