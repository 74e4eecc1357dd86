/** Auth records as a sign-in leaves them, with every part that a test may want otherwise. */
import * as DateTime from "effect/DateTime"
import * as Encoding from "effect/Encoding"
import * as Redacted from "effect/Redacted"
import type { AuthJson } from "../../../src/contracts/AuthJson.js"

export const jwt = (payload: object): string =>
  `${Encoding.encodeBase64Url('{"alg":"none"}')}.${Encoding.encodeBase64Url(JSON.stringify(payload))}.c2ln`

export const idToken = (
  claims: { readonly userId?: string; readonly accountId?: string; readonly plan?: string } = {}
) =>
  jwt({
    email: "ada@example.test",
    "https://api.openai.com/auth": {
      chatgpt_plan_type: claims.plan ?? "pro",
      chatgpt_user_id: claims.userId ?? "user-1",
      chatgpt_account_id: claims.accountId ?? "account-1"
    }
  })

/** An access token that expires at a Unix time in milliseconds; `serial` tells two of them apart. */
export const accessToken = (expiresAtMillis: number, serial = "1"): string =>
  jwt({ exp: expiresAtMillis / 1000, jti: serial })

export interface Parts {
  readonly id: string
  readonly access: string
  readonly refresh: string
  readonly accountId: string | null
  readonly lastRefreshMillis: number | null
}

export const record = (parts: Partial<Parts> = {}): AuthJson => ({
  auth_mode: "chatgpt",
  OPENAI_API_KEY: null,
  tokens: {
    id_token: Redacted.make(parts.id ?? idToken()),
    access_token: Redacted.make(parts.access ?? "opaque-access"),
    refresh_token: Redacted.make(parts.refresh ?? "rt_1"),
    account_id: parts.accountId === undefined ? "account-1" : parts.accountId
  },
  ...(parts.lastRefreshMillis === null
    ? {}
    : { last_refresh: DateTime.formatIso(DateTime.unsafeMake(parts.lastRefreshMillis ?? 0)) })
})

export const apiKeyRecord: AuthJson = { auth_mode: "apikey", OPENAI_API_KEY: Redacted.make("sk-example") }
export const patRecord: AuthJson = { OPENAI_API_KEY: null, personal_access_token: Redacted.make("at-example") }

/** The tokens of a record in the clear, to compare. */
export const tokensOf = (record: AuthJson | null) => {
  const tokens = record?.tokens
  return tokens === undefined || tokens === null
    ? null
    : {
        id: Redacted.value(tokens.id_token),
        access: Redacted.value(tokens.access_token),
        refresh: Redacted.value(tokens.refresh_token),
        accountId: tokens.account_id
      }
}
