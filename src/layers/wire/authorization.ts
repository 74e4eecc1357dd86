/** What a session puts on the wire, and what a renewal changes in its record. */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { AuthJson } from "../../contracts/AuthJson.js"
import type { RefreshResponse } from "../../contracts/OAuthApi.js"
import type { Authorization } from "../../services/AuthSession.js"
import { claimsOf, type LiveSession } from "./sessionFromRecord.js"

export const authorizationOf = ({ bearer, session }: LiveSession): Authorization => ({
  session,
  headers: Redacted.make({
    authorization: `Bearer ${Redacted.value(bearer)}`,
    ...(session.identity.accountId === null ? {} : { "chatgpt-account-id": session.identity.accountId }),
    ...(session.isFedramp ? { "x-openai-fedramp": "true" } : {})
  })
})

/**
 * The record with the tokens of an exchange. An ID token that can't be read is left out: the other tokens are worth more
 * than the claims.
 */
export const withNewTokens = (record: AuthJson, fresh: typeof RefreshResponse.Type, now: DateTime.Utc): AuthJson => {
  if (record.tokens === undefined || record.tokens === null) return record
  const idToken = Option.fromNullable(fresh.id_token).pipe(
    Option.map((token) => Redacted.make(token)),
    Option.filter((token) => Option.isSome(claimsOf(token)))
  )
  return {
    ...record,
    tokens: {
      ...record.tokens,
      ...(Option.isSome(idToken) ? { id_token: idToken.value } : {}),
      ...(fresh.access_token ? { access_token: Redacted.make(fresh.access_token) } : {}),
      ...(fresh.refresh_token ? { refresh_token: Redacted.make(fresh.refresh_token) } : {})
    },
    last_refresh: DateTime.formatIso(now)
  }
}
