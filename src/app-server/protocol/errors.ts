/**
 * The errors that a request is answered with: codes and words are the original's.
 *
 * @since 0.1.0
 */
import * as Schema from "effect/Schema"
import { echoed } from "./echo.js"

/**
 * - `invalidRequest`: handshake, undecodable method or params, a precondition that does not hold. An unknown method is
 *   one of these.
 * - `methodNotFound`: only clients say it, to a request of the server that they do not know.
 * - `internal`: the backend, files, shutdown. `overloaded`: try again later. `generic`: a client's refusal.
 *
 * @since 0.1.0
 * @category constants
 */
export const codes = {
  invalidRequest: -32600,
  methodNotFound: -32601,
  invalidParams: -32602,
  internal: -32603,
  overloaded: -32001,
  generic: -32000
} as const

/**
 * `message` is written to the client as it is: it holds no token, no e-mail address, no URL and nothing of a backend's
 * answer.
 *
 * @since 0.1.0
 * @category errors
 */
export class RpcError extends Schema.TaggedError<RpcError>()("RpcError", {
  code: Schema.Int,
  message: Schema.String,
  data: Schema.optionalWith(Schema.Unknown, { exact: true })
}) {}

/**
 * @since 0.1.0
 * @category constructors
 */
export const rpcError = (code: number, message: string): RpcError => new RpcError({ code, message })

const refused = (message: string): RpcError => rpcError(codes.invalidRequest, message)

const failed = (message: string): RpcError => rpcError(codes.internal, message)

const overloadedWith = (message: string): RpcError => rpcError(codes.overloaded, message)

/**
 * Method or params that can't be decoded; `detail` is the decoder's word.
 *
 * @since 0.1.0
 * @category handshake
 */
export const invalidRequest = (detail: string): RpcError => refused(`Invalid request: ${detail}`)

/**
 * @since 0.1.0
 * @category handshake
 */
export const notInitialized = (): RpcError => refused("Not initialized")

/**
 * @since 0.1.0
 * @category handshake
 */
export const alreadyInitialized = (): RpcError => refused("Already initialized")

/**
 * @since 0.1.0
 * @category handshake
 */
export const invalidClientName = (name: string): RpcError =>
  refused(`Invalid clientInfo.name: '${name}'. Must be a valid HTTP header value.`)

/**
 * `descriptor` is a method, a method and its field, or an enum and its case.
 *
 * @since 0.1.0
 * @category handshake
 */
export const experimentalRequired = (descriptor: string): RpcError =>
  refused(`${descriptor} requires experimentalApi capability`)

/**
 * A request that found no room. Nothing was done; clients back off and try again.
 *
 * @since 0.1.0
 * @category handshake
 */
export const overloaded = (): RpcError => overloadedWith("Server overloaded; retry later.")

/**
 * A method of the original that this server knows, and does not do.
 *
 * @since 0.1.0
 * @category handshake
 */
export const notSupported = (method: string): RpcError => refused(`${method} is not supported by this server`)

/**
 * What a sign-in is needed for, in the words that end the message.
 *
 * @since 0.1.0
 * @category models
 */
export type AuthPurpose =
  | "to read rate limits"
  | "for rate limit reset credits"
  | "to notify workspace owner"
  | "to read token usage"
  | "to read workspace messages"

/**
 * Nobody is signed in.
 *
 * @since 0.1.0
 * @category account
 */
export const accountAuthRequired = (purpose: AuthPurpose): RpcError =>
  refused(`codex account authentication required ${purpose}`)

/**
 * Signed in, but not with ChatGPT.
 *
 * @since 0.1.0
 * @category account
 */
export const chatgptAuthRequired = (purpose: AuthPurpose): RpcError =>
  refused(`chatgpt authentication required ${purpose}`)

/**
 * What failed at the backend, in the words that begin the message.
 *
 * @since 0.1.0
 * @category models
 */
export type BackendPrefix =
  | "failed to fetch codex rate limits"
  | "failed to consume rate limit reset"
  | "failed to notify workspace owner"
  | "failed to fetch token usage profile"
  | "failed to fetch thread usage"
  | "failed to fetch workspace messages"

/**
 * `detail` is our own word: the original repeats the backend's answer here, and we do not.
 *
 * @since 0.1.0
 * @category account
 */
export const backendFailed = (prefix: BackendPrefix, detail: string): RpcError => failed(`${prefix}: ${detail}`)

/**
 * What did not come back in time.
 *
 * @since 0.1.0
 * @category account
 */
export const timedOut = (
  what: "rate limit reset consume" | "token usage profile fetch" | "thread usage fetch" | "workspace messages fetch"
): RpcError => failed(`${what} timed out`)

/**
 * @since 0.1.0
 * @category account
 */
export const mustNotBeEmpty = (field: "idempotencyKey" | "creditId"): RpcError => refused(`${field} must not be empty`)

/**
 * @since 0.1.0
 * @category sign-in
 */
export const apiKeyLoginDisabled = (): RpcError => refused("API key login is disabled. Use ChatGPT login instead.")

/**
 * @since 0.1.0
 * @category sign-in
 */
export const chatgptLoginDisabled = (): RpcError => refused("ChatGPT login is disabled. Use API key login instead.")

/**
 * @since 0.1.0
 * @category sign-in
 */
export const externalAuthDisabled = (): RpcError =>
  refused("External ChatGPT auth is disabled. Use API key login instead.")

/**
 * @since 0.1.0
 * @category sign-in
 */
export const externalAuthActive = (): RpcError =>
  refused(
    "External auth is active. Use account/login/start (chatgptAuthTokens) to update it or account/logout to clear it."
  )

/**
 * @since 0.1.0
 * @category sign-in
 */
export const externalAuthWorkspace = (allowed: ReadonlyArray<string>, received: string): RpcError =>
  refused(
    `External auth must use one of workspace(s) [${allowed.map((id) => JSON.stringify(id)).join(", ")}], but received ${JSON.stringify(received)}.`
  )

/**
 * @since 0.1.0
 * @category sign-in
 */
export const invalidLoginId = (id: string): RpcError => refused(`invalid login id: ${echoed(id)}`)

/**
 * @since 0.1.0
 * @category sign-in
 */
export const deviceCodeDisabled = (): RpcError =>
  refused("device code login is not enabled for this account. Use the browser login instead.")

/**
 * What failed around a sign-in, in the words that begin the message.
 *
 * @since 0.1.0
 * @category models
 */
export type LoginPrefix =
  | "failed to save api key"
  | "failed to start login server"
  | "failed to request device code"
  | "failed to set external auth"
  | "logout failed"

/**
 * @since 0.1.0
 * @category sign-in
 */
export const loginFailed = (prefix: LoginPrefix, detail: string): RpcError => failed(`${prefix}: ${detail}`)

/**
 * `detail` is what is wrong with the id, as {@link threadIdProblem} tells it.
 *
 * @since 0.1.0
 * @category threads
 */
export const invalidThreadId = (detail: string): RpcError => refused(`invalid thread id: ${detail}`)

/**
 * @since 0.1.0
 * @category threads
 */
export const threadNotFound = (id: string): RpcError => refused(`thread not found: ${echoed(id)}`)

/**
 * @since 0.1.0
 * @category threads
 */
export const threadNotLoaded = (id: string): RpcError => refused(`thread not loaded: ${echoed(id)}`)

/**
 * @since 0.1.0
 * @category threads
 */
export const noRolloutFound = (id: string): RpcError => refused(`no rollout found for thread id ${echoed(id)}`)

/**
 * @since 0.1.0
 * @category threads
 */
export const turnsUnavailable = (id: string): RpcError =>
  refused(`thread ${id} is not materialized yet; includeTurns is unavailable before first user message`)

/**
 * `id` as `idLabel` shows it.
 *
 * @since 0.1.0
 * @category clients
 */
export const duplicateRequestId = (id: string): RpcError => refused(`duplicate request id: ${id}`)

/**
 * @since 0.1.0
 * @category clients
 */
export const requestQueueFull = (): RpcError => overloadedWith("in-process app-server request queue is full")

/**
 * @since 0.1.0
 * @category clients
 */
export const serverRequestQueueFull = (): RpcError => overloadedWith("in-process server request queue is full")

/**
 * @since 0.1.0
 * @category clients
 */
export const eventQueueFull = (): RpcError => overloadedWith("in-process app-server event queue is full")

/**
 * @since 0.1.0
 * @category clients
 */
export const requestProcessorClosed = (): RpcError => failed("in-process app-server request processor is closed")

/**
 * @since 0.1.0
 * @category clients
 */
export const shuttingDown = (): RpcError => failed("in-process app-server runtime is shutting down")

/**
 * @since 0.1.0
 * @category clients
 */
export const serverRequestConsumerClosed = (): RpcError => failed("in-process server request consumer is closed")

/**
 * A client's refusal to be asked for new tokens.
 *
 * @since 0.1.0
 * @category clients
 */
export const tokenRefreshUnsupported = (): RpcError =>
  rpcError(codes.generic, "chatgpt auth token refresh is not supported for in-process app-server clients")

/**
 * A client's answer to a server request that it does not know.
 *
 * @since 0.1.0
 * @category clients
 */
export const unsupportedServerRequest = (method: string): RpcError =>
  rpcError(codes.methodNotFound, `unsupported remote app-server request \`${echoed(method)}\``)
