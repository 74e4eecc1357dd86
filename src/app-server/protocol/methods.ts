/**
 * The requests that a client can make, and those that a server makes of its client.
 *
 * @since 0.1.0
 */
import { type RpcError, echoed } from "../../rpc/RpcError.js"
import { invalidRequest, make, NoParams } from "./Method.js"
import * as Account from "./schemas/Account.js"
import * as Initialize from "./schemas/Initialize.js"
import * as Login from "./schemas/Login.js"
import * as RateLimits from "./schemas/Usage.js"
import * as Threads from "./schemas/Threads.js"
import * as Usage from "./schemas/Usage.js"

/**
 * The table, by the method's name on the wire.
 *
 * @since 0.1.0
 * @category constants
 */
export const methods = {
  initialize: make("initialize", { params: Initialize.InitializeParams, result: Initialize.InitializeResponse }),
  "thread/start": make("thread/start", { params: Threads.ThreadStartParams, result: Threads.ThreadStartResponse }),
  "thread/resume": make("thread/resume", { params: Threads.ThreadResumeParams, result: Threads.ThreadStartResponse }),
  "thread/list": make("thread/list", { params: Threads.ThreadListParams, result: Threads.ThreadListResponse }),
  "thread/read": make("thread/read", { params: Threads.ThreadReadParams, result: Threads.ThreadReadResponse }),
  "turn/start": make("turn/start", { params: Threads.TurnStartParams, result: Threads.TurnStartResponse }),
  "account/login/start": make("account/login/start", {
    params: Login.LoginAccountParams,
    result: Login.LoginAccountResponse,
    experimental: ({ type }) => (type === "chatgptAuthTokens" ? "account/login/start.chatgptAuthTokens" : null)
  }),
  "account/login/cancel": make("account/login/cancel", {
    params: Login.CancelLoginAccountParams,
    result: Login.CancelLoginAccountResponse
  }),
  "account/logout": make("account/logout", {
    presence: "none",
    params: NoParams,
    result: Login.LogoutAccountResponse
  }),
  "account/securitySetup/read": make("account/securitySetup/read", {
    presence: "none",
    params: NoParams,
    result: Account.GetAccountSecuritySetupResponse
  }),
  "account/rateLimits/read": make("account/rateLimits/read", {
    presence: "optional",
    params: RateLimits.GetAccountRateLimitsParams,
    result: RateLimits.GetAccountRateLimitsResponse
  }),
  "account/rateLimitResetCredit/consume": make("account/rateLimitResetCredit/consume", {
    params: RateLimits.ConsumeAccountRateLimitResetCreditParams,
    result: RateLimits.ConsumeAccountRateLimitResetCreditResponse
  }),
  "account/usage/read": make("account/usage/read", {
    presence: "optional",
    params: Usage.GetAccountTokenUsageParams,
    result: Usage.GetAccountTokenUsageResponse
  }),
  "account/workspaceMessages/read": make("account/workspaceMessages/read", {
    presence: "none",
    params: NoParams,
    result: Usage.GetWorkspaceMessagesResponse
  }),
  "account/sendAddCreditsNudgeEmail": make("account/sendAddCreditsNudgeEmail", {
    params: RateLimits.SendAddCreditsNudgeEmailParams,
    result: RateLimits.SendAddCreditsNudgeEmailResponse
  }),
  "account/read": make("account/read", {
    params: Account.GetAccountParams,
    result: Account.GetAccountResponse
  }),
  getAuthStatus: make("getAuthStatus", {
    params: Account.GetAuthStatusParams,
    result: Account.GetAuthStatusResponse
  })
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
 *
 * @since 0.1.0
 * @category models
 */
export type Params<Name extends MethodName> = Methods[Name]["params"]["Type"]

/**
 * The result of the method, as a server writes it and a client reads it.
 *
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
 *
 * @since 0.1.0
 * @category errors
 */
export const unknownMethod = (name: string): RpcError => invalidRequest(`unknown method \`${echoed(name)}\``)

/**
 * The one request that this server makes: new tokens, from the client that holds the session.
 *
 * @since 0.1.0
 * @category constants
 */
export const refreshTokens = make("account/chatgptAuthTokens/refresh", {
  params: Account.ChatgptAuthTokensRefreshParams,
  result: Account.ChatgptAuthTokensRefreshResponse
})

/**
 * Every request that the original's servers make (codex-cli 0.169.0). A client refuses any other with `methodNotFound`.
 *
 * @since 0.1.0
 * @category constants
 */
export const serverRequestNames: ReadonlySet<string> = new Set([
  refreshTokens.method,
  "attestation/generate",
  "currentTime/read",
  "item/commandExecution/requestApproval",
  "item/fileChange/requestApproval",
  "item/permissions/requestApproval",
  "item/tool/call",
  "item/tool/requestUserInput",
  "mcpServer/elicitation/request",
  "applyPatchApproval",
  "execCommandApproval"
])
