/** Notices that a workspace shows its members. */
import * as Schema from "effect/Schema"

/**
 * `body` is untrusted text.
 * @since 0.1.0
 * @category models
 */
export class WorkspaceMessage extends Schema.Class<WorkspaceMessage>("WorkspaceMessage")({
  id: Schema.String,
  type: Schema.Literal("headline", "announcement", "unknown"),
  body: Schema.String,
  createdAt: Schema.NullOr(Schema.DateTimeUtc),
  archivedAt: Schema.NullOr(Schema.DateTimeUtc)
}) {}

/**
 * `featureEnabled` is false where the backend has no messages for this account.
 * @since 0.1.0
 * @category models
 */
export class WorkspaceMessageList extends Schema.Class<WorkspaceMessageList>("WorkspaceMessageList")({
  featureEnabled: Schema.Boolean,
  messages: Schema.Array(WorkspaceMessage)
}) {}
