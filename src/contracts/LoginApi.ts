/**
 * Signing in at the OAuth server: the authorize page, the exchange of a code, the device flow, and access tokens.
 * Source: `openai/codex` login crate; codex-cli 0.169.0.
 */
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Schema from "effect/Schema"
import { opt } from "./Tolerant.js"

/** Paths below the issuer. */
export const loginPaths = {
  authorize: "/oauth/authorize",
  token: "/oauth/token",
  deviceStart: "/api/accounts/deviceauth/usercode",
  devicePoll: "/api/accounts/deviceauth/token",
  devicePage: "/codex/device",
  deviceRedirect: "/deviceauth/callback"
} as const

/** The loopback ports that are registered as redirect addresses, in the order in which they are tried. */
export const callbackPorts: readonly [number, ...ReadonlyArray<number>] = [1455, 1457]

export const scope = "openid profile email offline_access api.connectors.read api.connectors.invoke"

/** Parameters of the authorize page. `workspaces` restricts the sign-in; empty allows any. */
export interface AuthorizeRequest {
  readonly clientId: string
  readonly redirectUri: string
  readonly challenge: string
  readonly state: string
  readonly originator: string
  readonly workspaces: ReadonlyArray<string>
}

/** The address to open in a browser, with its parameters in the order of the Codex CLI. */
export const authorizeUrl = (issuer: string, request: AuthorizeRequest): string => {
  const parameters: ReadonlyArray<readonly [string, string]> = [
    ["response_type", "code"],
    ["client_id", request.clientId],
    ["redirect_uri", request.redirectUri],
    ["scope", scope],
    ["code_challenge", request.challenge],
    ["code_challenge_method", "S256"],
    ["id_token_add_organizations", "true"],
    ["codex_cli_simplified_flow", "true"],
    ["state", request.state],
    ["originator", request.originator],
    ...(request.workspaces.length === 0 ? [] : [["allowed_workspace_id", request.workspaces.join(",")] as const])
  ]
  const query = parameters.map(([name, value]) => `${name}=${encodeURIComponent(value)}`).join("&")
  return `${issuer}${loginPaths.authorize}?${query}`
}

/** Exchanges the code of the authorize page for tokens. Sent as a form, once: the code works once. */
export const CodeExchangeRequest = Schema.Struct({
  grant_type: Schema.Literal("authorization_code"),
  code: Schema.String,
  redirect_uri: Schema.String,
  client_id: Schema.String,
  code_verifier: Schema.String
}).annotations({ identifier: "CodeExchangeRequest" })

/** All three tokens; an answer that lacks one is no sign-in. */
export const CodeExchangeResponse = Schema.Struct({
  id_token: Schema.NonEmptyString,
  access_token: Schema.NonEmptyString,
  refresh_token: Schema.NonEmptyString
}).annotations({ identifier: "CodeExchangeResponse" })

/** Exchanges an ID token for an API key of its user. Sent as a form. Most accounts are refused. */
export const ApiKeyExchangeRequest = Schema.Struct({
  grant_type: Schema.Literal("urn:ietf:params:oauth:grant-type:token-exchange"),
  client_id: Schema.String,
  requested_token: Schema.Literal("openai-api-key"),
  subject_token: Schema.String,
  subject_token_type: Schema.Literal("urn:ietf:params:oauth:token-type:id_token")
}).annotations({ identifier: "ApiKeyExchangeRequest" })

export const ApiKeyExchangeResponse = Schema.Struct({ access_token: Schema.NonEmptyString }).annotations({
  identifier: "ApiKeyExchangeResponse"
})

export const DeviceStartRequest = Schema.Struct({ client_id: Schema.String }).annotations({
  identifier: "DeviceStartRequest"
})

/** `interval` is the pause between polls in seconds, as text or as a number. */
export const DeviceStartResponse = Schema.Struct({
  device_auth_id: Schema.NonEmptyString,
  user_code: opt(Schema.String),
  usercode: opt(Schema.String),
  interval: opt(Schema.Union(Schema.String, Schema.Number))
}).annotations({ identifier: "DeviceStartResponse" })

export const DevicePollRequest = Schema.Struct({
  device_auth_id: Schema.String,
  user_code: Schema.String
}).annotations({ identifier: "DevicePollRequest" })

/** The server made the PKCE pair itself. */
export const DevicePollResponse = Schema.Struct({
  authorization_code: Schema.NonEmptyString,
  code_challenge: opt(Schema.String),
  code_verifier: Schema.NonEmptyString
}).annotations({ identifier: "DevicePollResponse" })

const publicCodes: ReadonlySet<string> = new Set([
  "access_denied",
  "account_selection_required",
  "authorization_pending",
  "consent_required",
  "expired_token",
  "interaction_required",
  "invalid_client",
  "invalid_grant",
  "invalid_request",
  "invalid_scope",
  "invalid_target",
  "login_required",
  "server_error",
  "slow_down",
  "temporarily_unavailable",
  "unauthorized_client",
  "unsupported_grant_type",
  "unsupported_response_type"
])

/** A known OAuth error code, else null: any other text of a server may hold a secret and is not shown. */
export const oauthCode = (code: string | null): string | null => (code !== null && publicCodes.has(code) ? code : null)

const decodeIssued = Schema.decodeEither(
  Schema.parseJson(
    Schema.Struct({
      iss: opt(Schema.String),
      aud: opt(Schema.Union(Schema.String, Schema.Array(Schema.String)))
    })
  )
)

const agentIssuer = "https://chatgpt.com/codex-backend/agent-identity"
const agentAudience = "codex-app-server"

/**
 * The kind of an access token, by its text alone: a personal one begins with `at-`, an agent's names its issuer or
 * audience, and any other JWT counts as ChatGPT's own.
 */
export const kindOfAccessToken = (token: string): "personal" | "agentIdentity" | "chatgpt" | "unknown" => {
  if (token.startsWith("at-")) return "personal"
  const parts = token.split(".")
  const payload = Encoding.decodeBase64UrlString(parts[1] ?? "")
  if (parts.length !== 3 || parts.includes("") || Either.isLeft(payload)) return "unknown"
  const claims = decodeIssued(payload.right)
  if (Either.isLeft(claims)) return "unknown"
  const { aud, iss } = claims.right
  const audiences = typeof aud === "string" ? [aud] : (aud ?? [])
  return iss === agentIssuer || audiences.includes(agentAudience) ? "agentIdentity" : "chatgpt"
}
