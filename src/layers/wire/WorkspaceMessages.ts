/** The workspace's messages to what they mean. */
import type { WorkspaceMessagesResponse } from "../../contracts/BackendEndpoints.js"
import { WorkspaceMessage, WorkspaceMessageList } from "../../domain/WorkspaceMessage.js"
import { decoded } from "./decoded.js"

/** All messages in the answer's order, archived ones included. An answer means that the feature is on. */
export const workspaceMessagesFromWire = (response: typeof WorkspaceMessagesResponse.Type): WorkspaceMessageList =>
  new WorkspaceMessageList(
    {
      featureEnabled: true,
      messages: response.messages.map(
        (message) =>
          new WorkspaceMessage(
            {
              id: message.message_id,
              type: message.message_type,
              body: message.message_body,
              createdAt: message.created_at ?? null,
              archivedAt: message.archived_at ?? null
            },
            decoded
          )
      )
    },
    decoded
  )

/** What a 404 stands for: this account has no workspace messages. */
export const noWorkspaceMessages = new WorkspaceMessageList({ featureEnabled: false, messages: [] }, decoded)
