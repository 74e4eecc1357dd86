/**
 * The OAuth server: exchange of a refresh token, revocation at sign-out, and the owner of a personal access token.
 * Source: `openai/codex` login crate; codex-cli 0.169.0.
 */
import * as HttpApi from "@effect/platform/HttpApi"
import * as HttpApiEndpoint from "@effect/platform/HttpApiEndpoint"
import * as HttpApiGroup from "@effect/platform/HttpApiGroup"
import * as HttpApiSchema from "@effect/platform/HttpApiSchema"
import * as Schema from "effect/Schema"
import { opt } from "./Tolerant.js"

/**
 * The public client id of the Codex CLI.
 * @since 0.1.0
 * @category constants
 */
export const defaultClientId = "app_EMoamEEZ73f0CkXaXp7hrann"

/**
 * @since 0.1.0
 * @category constants
 */
export const defaultIssuer = "https://auth.openai.com"

/**
 * Where a refresh token is exchanged, unless its record or a setting says otherwise.
 * @since 0.1.0
 * @category constants
 */
export const defaultRefreshUrl = `${defaultIssuer}/oauth/token`

/** Whether requests may be sent there: http or https, without credentials in it. */
export const isHttpUrl = (url: string): boolean => {
  const { password, protocol, username } = new URL(URL.canParse(url) ? url : "none:")
  return /^https?:$/.test(protocol) && username === "" && password === ""
}

/**
 * Base of the auth API.
 * @since 0.1.0
 * @category constants
 */
export const defaultAuthApi = "https://auth.openai.com/api/accounts"

/**
 * `refresh_token` can be used once: this request is never repeated.
 * @since 0.1.0
 * @category schemas
 */
export const RefreshRequest = Schema.Struct({
  client_id: Schema.String,
  grant_type: Schema.Literal("refresh_token"),
  refresh_reason: Schema.Literal("forced", "proactive_expiry", "scheduled", "unauthorized_recovery"),
  refresh_token: Schema.String
}).annotations({ identifier: "RefreshRequest" })

/**
 * Why a refresh is asked for; it travels with the request.
 * @since 0.1.0
 * @category models
 */
export type RefreshReason = (typeof RefreshRequest.Type)["refresh_reason"]

/**
 * An ID or refresh token that is absent or empty keeps its stored value. Without an access token nothing was renewed.
 * @since 0.1.0
 * @category schemas
 */
export const RefreshResponse = Schema.Struct({
  id_token: opt(Schema.String),
  access_token: Schema.NonEmptyString,
  refresh_token: opt(Schema.String)
}).annotations({ identifier: "RefreshResponse" })

export type NewTokens = typeof RefreshResponse.Type

/**
 * The refusal's code stands in `error.code`, in `error` itself, or in `code`.
 * @since 0.1.0
 * @category schemas
 */
export const OAuthErrorBody = Schema.Struct({
  error: opt(Schema.Union(Schema.String, Schema.Struct({ code: opt(Schema.String) }))),
  code: opt(Schema.String)
}).annotations({ identifier: "OAuthErrorBody" })

/**
 * The refusal's code in lower case, or null.
 * @since 0.1.0
 * @category accessors
 */
export const oauthErrorCode = (body: typeof OAuthErrorBody.Type): string | null => {
  const code = typeof body.error === "string" ? body.error : (body.error?.code ?? body.code)
  return code?.toLowerCase() ?? null
}

/**
 * `client_id` goes with a refresh token only.
 * @since 0.1.0
 * @category schemas
 */
export const RevokeRequest = Schema.Struct({
  token: Schema.String,
  token_type_hint: Schema.Literal("refresh_token", "access_token"),
  client_id: Schema.optionalWith(Schema.String, { exact: true })
}).annotations({ identifier: "RevokeRequest" })

/**
 * Below the base of the auth API; the token to ask about is the bearer.
 * @since 0.1.0
 * @category constants
 */
export const whoamiPath = "/v1/user-auth-credential/whoami"

/**
 * The owner of a personal access token.
 * @since 0.1.0
 * @category schemas
 */
export const WhoamiResponse = Schema.Struct({
  email: opt(Schema.String),
  chatgpt_user_id: Schema.NonEmptyString,
  chatgpt_account_id: Schema.NonEmptyString,
  chatgpt_plan_type: opt(Schema.String),
  chatgpt_account_is_fedramp: opt(Schema.Boolean)
}).annotations({ identifier: "WhoamiResponse" })

/**
 * @since 0.1.0
 * @category api
 */
export class OAuthApi extends HttpApi.make("OAuth").add(
  HttpApiGroup.make("oauth")
    .add(HttpApiEndpoint.post("token", "/oauth/token").setPayload(RefreshRequest).addSuccess(RefreshResponse))
    .add(HttpApiEndpoint.post("revoke", "/oauth/revoke").setPayload(RevokeRequest).addSuccess(HttpApiSchema.Empty(200)))
) {}
