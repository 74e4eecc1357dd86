/** Who is signed in. */
import * as Schema from "effect/Schema"
import { AuthMode as DomainAuthMode } from "../../../domain/Session.js"
import { Plan } from "../../../domain/Plan.js"
import { RoleName } from "../../../domain/WorkspaceRole.js"
import { flag, nullable, openEnum } from "../../../contracts/Tolerant.js"

/** How it was signed in. */
export const AuthMode = openEnum(...DomainAuthMode.literals).annotations({ identifier: "AuthMode" })

const isPlan = Schema.is(Plan)

export const PlanType = Schema.transform(Schema.String, Plan, {
  strict: true,
  decode: (word): Plan => (isPlan(word) ? word : "unknown"),
  encode: (plan): string => plan
}).annotations({ identifier: "PlanType" })

const AnotherKind = Schema.transform(Schema.String, Schema.Literal("unknown"), {
  strict: true,
  decode: () => "unknown" as const,
  encode: (word): string => word
})

/** An account of another kind than these reads as `unknown`. */
export const Account = Schema.Union(
  Schema.Struct({ type: Schema.Literal("apiKey") }),
  Schema.Struct({
    type: Schema.Literal("chatgpt"),
    email: nullable(Schema.String),
    planType: PlanType,
    workspaceName: nullable(Schema.String)
  }),
  Schema.Struct({ type: Schema.Literal("amazonBedrock"), usesCodexManagedCredentials: flag }),
  Schema.Struct({ type: Schema.Literal("gcp") }),
  Schema.Struct({ type: AnotherKind })
).annotations({ identifier: "Account" })

export type Account = typeof Account.Type

/** With `refreshToken` the session is renewed first, where it can be; a failure to renew is not an error. */
export const GetAccountParams = Schema.Struct({ refreshToken: flag }).annotations({ identifier: "GetAccountParams" })

/** The original's routing of a workspace; this server always writes null. */
export const WorkspaceRouting = Schema.Struct({
  chatgptAccountId: Schema.String,
  backendOrigin: Schema.String,
  accountRoutingOverride: Schema.NullOr(Schema.String)
}).annotations({ identifier: "WorkspaceRouting" })

const WorkspaceRole = RoleName.annotations({ identifier: "WorkspaceRole" })

/** The role as far as it is known, and whether it is an owner's; both null when it is not known. */
export const roleMembers = { workspaceRole: nullable(WorkspaceRole), isWorkspaceOwner: nullable(Schema.Boolean) }

/** `workspaceRole` and `isWorkspaceOwner` are additional to the original. */
export const GetAccountResponse = Schema.Struct({
  account: nullable(Account),
  userId: nullable(Schema.String),
  requiresOpenaiAuth: Schema.Boolean,
  workspaceRouting: nullable(WorkspaceRouting),
  ...roleMembers
}).annotations({ identifier: "GetAccountResponse" })

export type GetAccountResponse = typeof GetAccountResponse.Type

export const GetAuthStatusParams = Schema.Struct({
  includeToken: Schema.optionalWith(Schema.NullOr(Schema.Boolean), { exact: true }),
  refreshToken: Schema.optionalWith(Schema.NullOr(Schema.Boolean), { exact: true })
}).annotations({ identifier: "GetAuthStatusParams" })

/** `authToken` is the bearer token itself, only where the client asked for it. */
export const GetAuthStatusResponse = Schema.Struct({
  authMethod: nullable(AuthMode),
  authToken: nullable(Schema.String),
  requiresOpenaiAuth: nullable(Schema.Boolean)
}).annotations({ identifier: "GetAuthStatusResponse" })

export type GetAuthStatusResponse = typeof GetAuthStatusResponse.Type

/** `workspaceRole` and `isWorkspaceOwner` are additional to the original. */
export const AccountUpdatedNotification = Schema.Struct({
  authMode: nullable(AuthMode),
  planType: nullable(PlanType),
  ...roleMembers
}).annotations({ identifier: "AccountUpdatedNotification" })

export type AccountUpdatedNotification = typeof AccountUpdatedNotification.Type

/** A notice about the account's security; this server has none. */
export const GetAccountSecuritySetupResponse = Schema.Struct({
  notice: nullable(
    Schema.Struct({
      accountId: Schema.String,
      userId: Schema.String,
      title: Schema.String,
      description: Schema.String,
      action: Schema.Struct({ label: Schema.String, url: Schema.String })
    })
  )
}).annotations({ identifier: "GetAccountSecuritySetupResponse" })

export const ChatgptAuthTokensRefreshParams = Schema.Struct({
  reason: openEnum("unauthorized"),
  previousAccountId: nullable(Schema.String)
}).annotations({ identifier: "ChatgptAuthTokensRefreshParams" })

/** New tokens from the client that holds the session. */
export const ChatgptAuthTokensRefreshResponse = Schema.Struct({
  accessToken: Schema.String,
  chatgptAccountId: Schema.String,
  chatgptPlanType: nullable(Schema.String)
}).annotations({ identifier: "ChatgptAuthTokensRefreshResponse" })

export type ChatgptAuthTokensRefreshResponse = typeof ChatgptAuthTokensRefreshResponse.Type
