/** The workspace's messages, as `account/workspaceMessages/read` answers them. */
import type { WorkspaceMessageList } from "../../../domain/WorkspaceMessage.js"
import type { GetWorkspaceMessagesResponse } from "../schemas/Usage.js"
import { unixSecondsOrNull } from "./seconds.js"

/** All messages in their order, archived ones included. */
export const workspaceMessagesResult = (list: WorkspaceMessageList): GetWorkspaceMessagesResponse => ({
  featureEnabled: list.featureEnabled,
  messages: list.messages.map(({ archivedAt, body, createdAt, id, type }) => ({
    messageId: id,
    messageType: type,
    messageBody: body,
    createdAt: unixSecondsOrNull(createdAt),
    archivedAt: unixSecondsOrNull(archivedAt)
  }))
})
