/**
 * The endpoints of the workspaces of a user: which there are, and a token for another one.
 * Source: what codex-cli 0.171.0 asks for `accountSession/list` and `accountSession/switch`, and before `account/read`.
 */
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as Schema from "effect/Schema"
import { opt, tolerant } from "./Tolerant.js"

/** As an origin: that of the backend itself. */
export const noConstraint = "NO_CONSTRAINT"

/** `structure` is `personal` or `workspace`. The last two say where its requests go, and only a list has them. */
const WireWorkspace = Schema.Struct({
  id: Schema.String,
  name: opt(Schema.String),
  structure: opt(Schema.String),
  profile_picture_url: opt(Schema.String),
  workspace_backend_origin: opt(Schema.String),
  account_routing_override: opt(Schema.String)
}).annotations({ identifier: "WireWorkspace" })

export type WireWorkspace = typeof WireWorkspace.Type

const WireWorkspaceEntry = Schema.Struct({
  account: opt(
    Schema.Struct({
      account_id: Schema.String,
      name: opt(Schema.String),
      structure: opt(Schema.String),
      profile_picture_url: opt(Schema.String)
    })
  )
})

/** A list, or a map of which `account_ordering` names the entries that count. */
export const WorkspacesResponse = tolerant(
  Schema.Struct({
    accounts: opt(
      Schema.Union(Schema.Array(WireWorkspace), Schema.Record({ key: Schema.String, value: WireWorkspaceEntry }))
    ),
    account_ordering: opt(Schema.Array(Schema.String))
  }).annotations({ identifier: "WorkspacesResponse" })
)

export const SwitchWorkspaceRequest = Schema.Struct({
  workspace_id: Schema.String
}).annotations({ identifier: "SwitchWorkspaceRequest" })

/** `access_token` is a JWT for the workspace that was asked for. */
export const SwitchWorkspaceResponse = Schema.Struct({
  access_token: Schema.Redacted(Schema.String)
}).annotations({ identifier: "SwitchWorkspaceResponse" })

/** The same below every base URL. It is asked without the account's id, as it is about the user. */
export const switchWorkspacePath = "/accounts/switch-workspace-token"

export const WorkspacesGroup = HttpApiGroup.make("workspaces")
  .add(HttpApiEndpoint.get("list", "/wham/accounts/check").addSuccess(WorkspacesResponse))
  .add(
    HttpApiEndpoint.post("switch", switchWorkspacePath)
      .setHeaders(Schema.Struct({ originator: Schema.String }))
      .setPayload(SwitchWorkspaceRequest)
      .addSuccess(SwitchWorkspaceResponse)
  )
