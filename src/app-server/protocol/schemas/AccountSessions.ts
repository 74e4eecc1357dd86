/** The active login and the workspaces that it can select. */
import * as Schema from "effect/Schema"
import { flag, Int64, nullable, openEnum } from "../../../contracts/Tolerant.js"
import { struct } from "../Method.js"

/** Without `refreshWorkspaceMetadata` no request is made, and the selected workspace alone is told, by its id. */
export const AccountSessionsListParams = struct("AccountSessionsListParams", { refreshWorkspaceMetadata: flag })

export const AccountSessionWorkspace = struct("AccountSessionWorkspace", {
  accountId: Schema.String,
  name: nullable(Schema.String),
  imageUrl: nullable(Schema.String),
  kind: nullable(openEnum("personal", "workspace").annotations({ identifier: "AccountSessionWorkspaceKind" }))
})

/** `sessionId` is opaque. `lastUsedAt` is in Unix seconds. */
export const AccountSession = struct("AccountSession", {
  sessionId: Schema.String,
  email: nullable(Schema.String),
  userId: nullable(Schema.String),
  displayName: nullable(Schema.String),
  imageUrl: nullable(Schema.String),
  lastUsedAt: Int64,
  isActive: Schema.Boolean,
  selectedWorkspaceAccountId: nullable(Schema.String),
  workspaces: Schema.Array(AccountSessionWorkspace)
})

/** No session where nobody is signed in with ChatGPT, or another application supplies the tokens. */
export const AccountSessionsResponse = struct("AccountSessionsResponse", {
  activeSessionId: nullable(Schema.String),
  sessions: Schema.Array(AccountSession)
})

/** `accountId` is a workspace within that login. This server starts no sign-in for it, with `allowBrowserLogin` neither. */
export const AccountSessionsSwitchParams = struct("AccountSessionsSwitchParams", {
  sessionId: Schema.String,
  accountId: Schema.String,
  allowBrowserLogin: flag
})

/** The sessions after the switch, or, from another server, a sign-in that `account/login/completed` ends. */
export const AccountSessionsSwitchResponse = Schema.Union(
  AccountSessionsResponse,
  Schema.Struct({ auth_url: Schema.String, login_id: Schema.String })
).annotations({ identifier: "AccountSessionsSwitchResponse" })
