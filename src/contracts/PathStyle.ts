/**
 * Two spellings of the same paths. A base URL that contains `/backend-api` takes `/wham/...`; any other takes
 * `/api/codex/...`, where the referral and live-role endpoints do not exist.
 */

export type PathStyle = "chatgpt" | "codex"

/** Where requests go: a base URL without trailing slash, and the style its host speaks. */
export interface BackendBase {
  readonly url: string
  readonly style: PathStyle
}

/**
 * Reads `chatgpt_base_url` as the Codex CLI does: trailing slashes go, the two ChatGPT hosts get `/backend-api` if it
 * is missing, and the style follows from the text.
 */
export const backendBase = (baseUrl: string): BackendBase => {
  const trimmed = baseUrl.replace(/\/+$/, "")
  const isChatGpt = trimmed.startsWith("https://chatgpt.com") || trimmed.startsWith("https://chat.openai.com")
  const url = isChatGpt && !trimmed.includes("/backend-api") ? `${trimmed}/backend-api` : trimmed
  return { url, style: url.includes("/backend-api") ? "chatgpt" : "codex" }
}

/** The contract's path in the given style, or undefined where that style has no such endpoint. */
export const styledPath = (style: PathStyle, path: string): string | undefined => {
  if (style === "chatgpt") return path
  if (!path.startsWith("/wham/") || path.startsWith("/wham/referrals/")) return undefined
  return `/api/codex/${path.slice("/wham/".length)}`
}

/** The contract's path for a path that a server in the given style received, or undefined if there is none. */
export const contractPath = (style: PathStyle, path: string): string | undefined => {
  if (style === "chatgpt") return path
  const contract = path.startsWith("/api/codex/") ? `/wham/${path.slice("/api/codex/".length)}` : undefined
  return contract !== undefined && styledPath(style, contract) !== undefined ? contract : undefined
}
