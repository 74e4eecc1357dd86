/**
 * Every request that a client can make.
 *
 * @since 0.1.0
 */
import * as Either from "effect/Either"
import { make, NoParams } from "./Method.js"
import * as Account from "./schemas/Account.js"
import * as Initialize from "./schemas/Initialize.js"
import * as Login from "./schemas/Login.js"
import * as RateLimits from "./schemas/RateLimits.js"
import * as Threads from "./schemas/Threads.js"
import * as Usage from "./schemas/Usage.js"
import { unknownVariant } from "./serde.js"
import { invalidRequest, type RpcError } from "./errors.js"

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
 * What the method takes, once decoded.
 *
 * @since 0.1.0
 * @category models
 */
export type Params<Name extends MethodName> = Methods[Name]["params"]["Type"]

/**
 * What the method answers, as a server writes it and a client reads it.
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
export const unknownMethod = (name: string): RpcError => invalidRequest(unknownVariant(name, Object.keys(methods)))

/**
 * The params of a request, the first thing that is looked at: an unknown method and bad params are refused even before
 * `initialize`.
 *
 * @since 0.1.0
 * @category decoding
 */
export const decodeCall = (method: string, params: unknown): Either.Either<unknown, RpcError> =>
  isMethodName(method) ? methods[method].decodeParams(params) : Either.left(unknownMethod(method))
