/** The errors of this server and its clients. Clients of the original match on these codes, and some on these words. */
import { codes, echoed, type RpcError, rpcError } from "../../rpc/RpcError.js"

const refused = (message: string): RpcError => rpcError(codes.invalidRequest, message)
const failed = (message: string): RpcError => rpcError(codes.internal, message)
const overloadedWith = (message: string): RpcError => rpcError(codes.overloaded, message)
export const notInitialized = (): RpcError => refused("Not initialized")
export const alreadyInitialized = (): RpcError => refused("Already initialized")
export const invalidClientName = (name: string): RpcError =>
  refused(`Invalid clientInfo.name: '${name}'. Must be a valid HTTP header value.`)

/** `descriptor` is a method, a method and its field, or an enum and its case. */
export const experimentalRequired = (descriptor: string): RpcError =>
  refused(`${descriptor} requires experimentalApi capability`)

/** A request that found no room. Nothing was done; clients back off and try again. */
export const overloaded = (): RpcError => overloadedWith("Server overloaded; retry later.")

/** A method of the original that this server does not implement. */
export const notSupported = (method: string): RpcError => refused(`${method} is not supported by this server`)

/** Signed out; `purpose` is what a sign-in is needed for. */
export const accountAuthRequired = (purpose: string): RpcError =>
  refused(`codex account authentication required ${purpose}`)

/** Signed in, but not with ChatGPT. */
export const chatgptAuthRequired = (purpose: string): RpcError => refused(`chatgpt authentication required ${purpose}`)

/** `detail` is ours: the original repeats the backend's answer here, which may hold secrets. */
export const failedTo = (what: string, detail: string): RpcError => failed(`${what}: ${detail}`)
export const timedOut = (what: string): RpcError => failed(`${what} timed out`)

export const mustNotBeEmpty = (field: "idempotencyKey" | "creditId" | "accountId"): RpcError =>
  refused(`${field} must not be empty`)
export const apiKeyLoginDisabled = (): RpcError => refused("API key login is disabled. Use ChatGPT login instead.")
export const chatgptLoginDisabled = (): RpcError => refused("ChatGPT login is disabled. Use API key login instead.")
export const externalAuthDisabled = (): RpcError =>
  refused("External ChatGPT auth is disabled. Use API key login instead.")
export const externalAuthActive = (): RpcError =>
  refused(
    "External auth is active. Use account/login/start (chatgptAuthTokens) to update it or account/logout to clear it."
  )

export const externalAuthWorkspace = (allowed: ReadonlyArray<string>, received: string): RpcError =>
  refused(
    `External auth must use one of workspace(s) [${allowed.map((id) => JSON.stringify(id)).join(", ")}], but received ${JSON.stringify(received)}.`
  )

export const invalidLoginId = (id: string): RpcError => refused(`invalid login id: ${echoed(id)}`)
export const deviceCodeDisabled = (): RpcError =>
  refused("device code login is not enabled for this account. Use the browser login instead.")

export const managedLoginRequired = (): RpcError => refused("Workspace switching requires a managed ChatGPT login")
export const notTheActiveSession = (): RpcError => refused("Only the active managed account session can be switched")
export const workspaceRestricted = (allowed: ReadonlyArray<string>): RpcError =>
  refused(`Login is restricted to workspace id(s) ${allowed.join(", ")}.`)

export const metadataFailed = (): RpcError => failed("Failed to fetch workspace metadata")
export const workspaceUnavailable = (): RpcError => refused("The selected workspace is unavailable")

/** `status` is the HTTP status with its words. */
export const switchRejected = (status: string): RpcError => refused(`Workspace switch was rejected (HTTP ${status})`)
export const switchUnreadable = (): RpcError => refused("error decoding response body")

/** `detail` is ours: the original tells the URL here. */
export const switchNotSent = (detail: string): RpcError => refused(`error sending request: ${detail}`)
export const invalidIdToken = (): RpcError => refused("invalid ID token format")
export const otherWorkspaceToken = (): RpcError => refused("Workspace exchange returned a different user or workspace")

export const credentialsChanged = (): RpcError => refused("Account credentials changed")

export const noGatewaySignIn = (): RpcError => refused("The selected provider does not use gateway OAuth")
export const invalidThreadId = (id: string): RpcError => refused(`invalid thread id: ${echoed(id)}`)
export const threadNotLoaded = (id: string): RpcError => refused(`thread not loaded: ${echoed(id)}`)
export const noRolloutFound = (id: string): RpcError => refused(`no rollout found for thread id ${echoed(id)}`)
export const turnsUnavailable = (id: string): RpcError =>
  refused(`thread ${id} is not materialized yet; includeTurns is unavailable before first user message`)

/** A question to a client whose events are not read in time. */
export const eventQueueFull = (): RpcError => overloadedWith("the client's event queue is full")

/** A question to a client that reads no more events. */
export const eventsClosed = (): RpcError => failed("the client reads no more events")
