/**
 * What a server asks its client.
 *
 * @since 0.1.0
 */
import { make } from "./Method.js"
import { ChatgptAuthTokensRefreshParams, ChatgptAuthTokensRefreshResponse } from "./schemas/Account.js"

/**
 * The one request that this server makes: new tokens, from the client that holds the session.
 *
 * @since 0.1.0
 * @category constants
 */
export const refreshTokens = make("account/chatgptAuthTokens/refresh", {
  params: ChatgptAuthTokensRefreshParams,
  result: ChatgptAuthTokensRefreshResponse
})

/**
 * All requests that the original's servers make (codex-cli 0.169.0). A client refuses any other with `methodNotFound`.
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
