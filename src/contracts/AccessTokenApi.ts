/**
 * What an access token says of itself, and what the auth API says of a personal access token.
 * Source: `openai/codex` login crate; codex-cli 0.169.0.
 */
import * as Either from "effect/Either"
import * as Encoding from "effect/Encoding"
import * as Schema from "effect/Schema"
import { opt } from "./Tolerant.js"

export const defaultAuthApi = "https://auth.openai.com/api/accounts"

/** Below the base of the auth API; asked with the token as bearer. */
export const whoamiPath = "/v1/user-auth-credential/whoami"

/** Whose a personal access token is. */
export const WhoamiResponse = Schema.Struct({
  email: opt(Schema.String),
  chatgpt_user_id: Schema.NonEmptyString,
  chatgpt_account_id: Schema.NonEmptyString,
  chatgpt_plan_type: opt(Schema.String),
  chatgpt_account_is_fedramp: opt(Schema.Boolean)
}).annotations({ identifier: "WhoamiResponse" })

const Issued = Schema.parseJson(
  Schema.Struct({
    iss: opt(Schema.String),
    aud: opt(Schema.Union(Schema.String, Schema.Array(Schema.String)))
  })
)

const decodeIssued = Schema.decodeEither(Issued)

const agentIssuer = "https://chatgpt.com/codex-backend/agent-identity"
const agentAudience = "codex-app-server"

/**
 * What kind of access token a text is, by its spelling alone: a personal one begins with `at-`, an agent's names its
 * issuer or audience, and any other JWT is taken for ChatGPT's own.
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
