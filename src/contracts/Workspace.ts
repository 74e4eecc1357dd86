/** The workspace: live role, the e-mail that nudges the owner, and workspace messages. */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import { openEnum, opt, Rfc3339Seconds } from "./Tolerant.js"

/** `accounts/check/v4-2023-04-27`: the role of the signed-in user in each of their accounts. */
export const AccountsCheckResponse = Schema.Struct({
  accounts: Schema.optionalWith(
    Schema.Record({
      key: Schema.String,
      value: Schema.Struct({ account: opt(Schema.Struct({ account_user_role: opt(Schema.String) })) })
    }),
    { default: () => ({}) }
  ),
  account_ordering: Schema.optionalWith(Schema.Array(Schema.String), { default: () => [] })
}).annotations({ identifier: "AccountsCheckResponse" })

/** What the owner is asked for. */
export const NudgeRequest = Schema.Struct({
  credit_type: Schema.Literal("credits", "usage_limit")
}).annotations({ identifier: "NudgeRequest" })

export const WireWorkspaceMessage = Schema.Struct({
  message_id: Schema.String,
  message_type: openEnum("headline", "announcement"),
  message_body: Schema.String,
  created_at: opt(Rfc3339Seconds),
  archived_at: opt(Rfc3339Seconds)
}).annotations({ identifier: "WireWorkspaceMessage" })

export const WorkspaceMessagesResponse = Schema.Struct({
  messages: Schema.optionalWith(Schema.Array(WireWorkspaceMessage), { default: () => [] })
}).annotations({ identifier: "WorkspaceMessagesResponse" })

/** The nudge answers 2xx with any body: sent. 429: the owner was told recently. */
export const WorkspaceGroup = HttpApiGroup.make("workspace")
  .add(HttpApiEndpoint.get("accountsCheck", "/accounts/check/v4-2023-04-27").addSuccess(AccountsCheckResponse))
  .add(
    HttpApiEndpoint.post("nudge", "/wham/accounts/send_add_credits_nudge_email")
      .setPayload(NudgeRequest)
      .addSuccess(HttpApiSchema.Empty(200))
  )
  .add(
    HttpApiEndpoint.get("messages", "/wham/workspace-messages")
      .setHeaders(Schema.Struct({ "cache-control": Schema.Literal("no-store") }))
      .addSuccess(WorkspaceMessagesResponse)
  )
