/** Who is signed in, and signing in and out. */
import * as Schema from "effect/Schema"
import { AuthMode as DomainAuthMode } from "../../../domain/Session.js"
import { Plan } from "../../../domain/Plan.js"
import { RoleName } from "../../../domain/WorkspaceRole.js"
import { flag, nullable, openEnum, opt } from "../../../contracts/Tolerant.js"
import { struct } from "../Method.js"

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

/** With `refreshToken` the session is renewed first, where it can be; a failure to renew is not an error. */
export const GetAccountParams = struct("GetAccountParams", { refreshToken: flag })

/** Where the original sends the requests of a workspace. This server follows none of it. */
export const WorkspaceRouting = struct("WorkspaceRouting", {
  chatgptAccountId: Schema.String,
  backendOrigin: Schema.String,
  accountRoutingOverride: Schema.NullOr(Schema.String)
})

const WorkspaceRole = RoleName.annotations({ identifier: "WorkspaceRole" })

/** The role as far as it is known, and whether it is an owner's; both null when it is not known. */
export const roleMembers = { workspaceRole: nullable(WorkspaceRole), isWorkspaceOwner: nullable(Schema.Boolean) }

/** `workspaceRole` and `isWorkspaceOwner` are additional to the original. */
export const GetAccountResponse = struct("GetAccountResponse", {
  account: nullable(Account),
  userId: nullable(Schema.String),
  requiresOpenaiAuth: Schema.Boolean,
  workspaceRouting: nullable(WorkspaceRouting),
  ...roleMembers
})

export const GetAuthStatusParams = struct("GetAuthStatusParams", {
  includeToken: opt(Schema.Boolean),
  refreshToken: opt(Schema.Boolean)
})

/** `authToken` is the bearer token itself, only where the client asked for it. */
export const GetAuthStatusResponse = struct("GetAuthStatusResponse", {
  authMethod: nullable(AuthMode),
  authToken: nullable(Schema.String),
  requiresOpenaiAuth: nullable(Schema.Boolean)
})

/**
 * `reason` is `workspaceRoutingReady` where the account is the same as before and more is known of it, and null where it
 * may be another. `workspaceRole` and `isWorkspaceOwner` are additional to the original.
 */
export const AccountUpdatedNotification = struct("AccountUpdatedNotification", {
  authMode: nullable(AuthMode),
  planType: nullable(PlanType),
  reason: nullable(openEnum("workspaceRoutingReady").annotations({ identifier: "AccountUpdateReason" })),
  ...roleMembers
})

/** A notice about the account's security; this server has none. */
export const GetAccountSecuritySetupResponse = struct("GetAccountSecuritySetupResponse", {
  notice: nullable(
    Schema.Struct({
      accountId: Schema.String,
      userId: Schema.String,
      title: Schema.String,
      description: Schema.String,
      action: Schema.Struct({ label: Schema.String, url: Schema.String })
    })
  )
})

export const ChatgptAuthTokensRefreshParams = struct("ChatgptAuthTokensRefreshParams", {
  reason: openEnum("unauthorized"),
  previousAccountId: nullable(Schema.String)
})

/** New tokens from the client that holds the session. */
export const ChatgptAuthTokensRefreshResponse = struct("ChatgptAuthTokensRefreshResponse", {
  accessToken: Schema.String,
  chatgptAccountId: Schema.String,
  chatgptPlanType: nullable(Schema.String)
})

/** One of the ways to sign in. */
export const LoginAccountParams = Schema.Union(
  Schema.Struct({ type: Schema.Literal("apiKey"), apiKey: Schema.String }),
  Schema.Struct({
    type: Schema.Literal("chatgpt"),
    codexStreamlinedLogin: flag,
    useHostedLoginSuccessPage: flag,
    appBrand: opt(Schema.Literal("codex", "chatgpt"))
  }),
  Schema.Struct({ type: Schema.Literal("chatgptDeviceCode") }),
  Schema.Struct({
    type: Schema.Literal("chatgptAuthTokens"),
    accessToken: Schema.String,
    chatgptAccountId: Schema.String,
    chatgptPlanType: opt(Schema.String)
  }),
  Schema.Struct({ type: Schema.Literal("amazonBedrock"), apiKey: Schema.String, region: Schema.String }),
  Schema.Struct({
    type: Schema.Literal("amazonBedrockAccessKeys"),
    accessKeyId: Schema.String,
    secretAccessKey: Schema.String,
    sessionToken: opt(Schema.String),
    region: Schema.String
  })
).annotations({ identifier: "LoginAccountParams" })

export type LoginAccountParams = typeof LoginAccountParams.Type

/** `authUrl` and `verificationUrl` are for a browser. `account/login/completed` says how the sign-in ended. */
export const LoginAccountResponse = Schema.Union(
  Schema.Struct({ type: Schema.Literal("apiKey") }),
  Schema.Struct({ type: Schema.Literal("chatgpt"), loginId: Schema.String, authUrl: Schema.String }),
  Schema.Struct({
    type: Schema.Literal("chatgptDeviceCode"),
    loginId: Schema.String,
    verificationUrl: Schema.String,
    userCode: Schema.String
  }),
  Schema.Struct({ type: Schema.Literal("chatgptAuthTokens") }),
  Schema.Struct({ type: Schema.Literal("amazonBedrock") })
).annotations({ identifier: "LoginAccountResponse" })

/** A gateway's own sign-in, which the provider `openai` does not have. */
export const GatewayOAuthReadResponse = struct("GatewayOAuthReadResponse", {
  providerId: Schema.String,
  providerName: Schema.String,
  required: Schema.Boolean,
  supportsDeviceAuth: Schema.Boolean,
  status: Schema.optionalWith(Schema.Unknown, { exact: true, default: () => null }),
  error: nullable(Schema.String)
})

export const CancelLoginAccountParams = struct("CancelLoginAccountParams", { loginId: Schema.String })

export const CancelLoginAccountResponse = struct("CancelLoginAccountResponse", {
  status: openEnum("canceled", "notFound")
})

export const LogoutAccountResponse = struct("LogoutAccountResponse", {})

/** How a sign-in ended. `loginId` is null for one that took no steps. */
export const AccountLoginCompletedNotification = struct("AccountLoginCompletedNotification", {
  loginId: nullable(Schema.String),
  success: Schema.Boolean,
  error: nullable(Schema.String),
  onboardingEntrypoint: nullable(openEnum("life_sciences"))
})
