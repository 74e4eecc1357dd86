/** The requests that a client can make, and those that a server makes of its client. */
import { type RpcError, echoed } from "../../rpc/RpcError.js"
import { invalidRequest, make, withoutParams } from "./Method.js"
import * as Account from "./schemas/Account.js"
import * as AccountSessions from "./schemas/AccountSessions.js"
import * as Initialize from "./schemas/Initialize.js"
import * as Startup from "./schemas/Startup.js"
import * as Threads from "./schemas/Threads.js"
import * as Usage from "./schemas/Usage.js"

/**
 * The table, by the method's name on the wire.
 * @since 0.1.0
 * @category constants
 */
export const methods = {
  initialize: make(Initialize.InitializeParams, Initialize.InitializeResponse),
  "thread/start": make(Threads.ThreadStartParams, Threads.ThreadStartResponse),
  "thread/resume": make(Threads.ThreadResumeParams, Threads.ThreadStartResponse),
  "thread/list": make(Threads.ThreadListParams, Threads.ThreadListResponse),
  "thread/read": make(Threads.ThreadReadParams, Threads.ThreadReadResponse),
  "turn/start": make(Threads.TurnStartParams, Threads.TurnStartResponse),
  "account/login/start": make(Account.LoginAccountParams, Account.LoginAccountResponse, {
    experimental: ({ type }) => (type === "chatgptAuthTokens" ? "account/login/start.chatgptAuthTokens" : null)
  }),
  "account/login/cancel": make(Account.CancelLoginAccountParams, Account.CancelLoginAccountResponse),
  "account/logout": withoutParams(Account.LogoutAccountResponse),
  "account/securitySetup/read": withoutParams(Account.GetAccountSecuritySetupResponse),
  "account/rateLimits/read": make(Usage.GetAccountRateLimitsParams, Usage.GetAccountRateLimitsResponse, {
    presence: "optional"
  }),
  "account/rateLimitResetCredit/consume": make(
    Usage.ConsumeAccountRateLimitResetCreditParams,
    Usage.ConsumeAccountRateLimitResetCreditResponse
  ),
  "account/usage/read": make(Usage.GetAccountTokenUsageParams, Usage.GetAccountTokenUsageResponse, {
    presence: "optional"
  }),
  "account/workspaceMessages/read": withoutParams(Usage.GetWorkspaceMessagesResponse),
  "account/sendAddCreditsNudgeEmail": make(
    Usage.SendAddCreditsNudgeEmailParams,
    Usage.SendAddCreditsNudgeEmailResponse
  ),
  "account/read": make(Account.GetAccountParams, Account.GetAccountResponse),
  "accountSession/list": make(AccountSessions.AccountSessionsListParams, AccountSessions.AccountSessionsResponse, {
    experimental: () => "accountSession/list"
  }),
  "accountSession/switch": make(
    AccountSessions.AccountSessionsSwitchParams,
    AccountSessions.AccountSessionsSwitchResponse,
    { experimental: () => "accountSession/switch" }
  ),
  getAuthStatus: make(Account.GetAuthStatusParams, Account.GetAuthStatusResponse),
  "account/gatewayOAuth/read": make(Startup.NoMembers, Account.GatewayOAuthReadResponse, { presence: "optional" }),
  "account/gatewayOAuth/login": make(Startup.NoMembers, Startup.NoMembers, { presence: "optional" }),
  "account/gatewayOAuth/cancel": make(Startup.NoMembers, Startup.NoMembers, { presence: "optional" }),
  "config/read": make(Startup.ConfigReadParams, Startup.ConfigReadResponse),
  "configRequirements/read": withoutParams(Startup.ConfigRequirementsReadResponse),
  "model/list": make(Startup.ModelListParams, Startup.PageResponse),
  "skills/list": make(Startup.SkillsListParams, Startup.ListResponse),
  "hooks/list": make(Startup.HooksListParams, Startup.ListResponse),
  "mcpServerStatus/list": make(Startup.ListMcpServerStatusParams, Startup.PageResponse),
  "collaborationMode/list": make(Startup.NoMembers, Startup.ListResponse)
} as const

/**
 * @since 0.1.0
 * @category models
 */
export type Methods = typeof methods

/**
 * @since 0.1.0
 * @category models
 */
export type MethodName = keyof Methods

/**
 * The params of the method, decoded.
 * @since 0.1.0
 * @category models
 */
export type Params<Name extends MethodName> = Methods[Name]["params"]["Type"]

/**
 * The result of the method, as a server writes it and a client reads it.
 * @since 0.1.0
 * @category models
 */
export type Result<Name extends MethodName> = Methods[Name]["result"]["Type"]

/**
 * @since 0.1.0
 * @category predicates
 */
export const isMethodName = (name: string): name is MethodName => Object.hasOwn(methods, name)

/**
 * The answer to a request whose method is not in the table.
 * @since 0.1.0
 * @category errors
 */
export const unknownMethod = (name: string): RpcError => invalidRequest(`unknown method \`${echoed(name)}\``)

/**
 * The one request that this server makes: new tokens, from the client that holds the session.
 * @since 0.1.0
 * @category constants
 */
export const refreshTokens = {
  method: "account/chatgptAuthTokens/refresh",
  ...make(Account.ChatgptAuthTokensRefreshParams, Account.ChatgptAuthTokensRefreshResponse)
} as const

/**
 * Every request that the original's servers make (codex-cli 0.171.0). A client refuses any other with `methodNotFound`.
 * @since 0.1.0
 * @category constants
 */
export const serverRequestNames: ReadonlySet<string> = new Set([
  refreshTokens.method,
  "attestation/generate",
  "item/commandExecution/requestApproval",
  "item/fileChange/requestApproval",
  "item/permissions/requestApproval",
  "item/tool/call",
  "item/tool/requestUserInput",
  "mcpServer/elicitation/request",
  "applyPatchApproval",
  "execCommandApproval"
])
