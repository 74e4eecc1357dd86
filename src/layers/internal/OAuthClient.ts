/** The OAuth server's calls that a session needs, each made once. */
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Clock from "effect/Clock"
import * as Data from "effect/Data"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import {
  OAuthErrorBody,
  oauthErrorCode,
  type RefreshReason,
  type RefreshRequest,
  RefreshResponse,
  type RevokeRequest,
  whoamiPath,
  WhoamiResponse
} from "../../contracts/OAuthApi.js"
import { AuthError, type AuthErrorReason } from "../../domain/AuthError.js"
import type { AccountSettings } from "../../services/AccountConfig.js"
import { isUnconnected } from "../../domain/networkCause.js"
import { retryAfterMillis } from "../BackendHttpContract.js"
import type { WholeHttpClient, WholeResponse } from "./BoundedHttpClient.js"
import type { RenewalTarget } from "./sessionRecord.js"

/**
 * No usable answer. `sent`: whether the server may have done what was asked. `pauseMillis`: how long the same is not asked
 * again, after an answer that says no more; null if there is no such time.
 */
export class NoAnswer extends Data.TaggedError("NoAnswer")<{
  readonly detail: string
  readonly sent: boolean
  readonly pauseMillis: number | null
}> {}

/** After a renewal that failed for now. A server may ask for more, up to the longest pause. */
export const shortestPauseMillis = 30_000
const longestPauseMillis = 600_000

const decodeTokens = Schema.decode(Schema.parseJson(RefreshResponse))
const decodeOwner = Schema.decode(Schema.parseJson(WhoamiResponse))
const decodeRefusal = Schema.decodeOption(Schema.parseJson(OAuthErrorBody))

/** The code of a refusal as the server sent it, or null. */
export const refusalCode = (response: WholeResponse): string | null =>
  Option.getOrNull(Option.map(decodeRefusal(response.bodyText), oauthErrorCode))

const permanent: Readonly<Record<string, AuthErrorReason>> = {
  refresh_token_expired: "Expired",
  refresh_token_reused: "Reused",
  refresh_token_invalidated: "Revoked"
}

export const isSuccess = (response: WholeResponse): boolean => response.isSuccess

/** Words of a server that tell a person why. Any other text may hold a secret. */
const knownWord =
  /^(?:unsupported_country_region_territory|(?:account|user|workspace)_(?:deactivated|suspended|disabled)|deactivated_(?:account|user|workspace))$/

/** A page comes from a proxy or a gate before the server. */
const pageOf = ({ headers }: WholeResponse): string | null => {
  if (headers["cf-mitigated"] === "challenge") return "a challenge page"
  return headers["content-type"]?.startsWith("text/html") === true ? "a web page" : null
}

const detailOf = (response: WholeResponse, code: string | null): string => {
  const known = code !== null && knownWord.test(code) ? code : pageOf(response)
  return known === null ? `HTTP ${response.status}` : `HTTP ${response.status}, ${known}`
}

const refusal = (response: WholeResponse, nowMillis: number): AuthError | NoAnswer => {
  const code = refusalCode(response)
  const reason = code !== null && Object.hasOwn(permanent, code) ? permanent[code] : undefined
  if (reason !== undefined) return AuthError.of(reason)
  if (response.status === 401 || (response.status === 400 && code === "invalid_grant")) return AuthError.of("Refused")
  const asked = retryAfterMillis(response.headers["retry-after"], nowMillis)
  return new NoAnswer({
    detail: detailOf(response, code),
    sent: false,
    pauseMillis:
      asked === null && response.status >= 500
        ? null
        : Math.min(Math.max(asked ?? 0, shortestPauseMillis), longestPauseMillis)
  })
}

/** Asks who owns a personal access token. */
export const whoamiRequest = (settings: AccountSettings, token: Redacted.Redacted) =>
  HttpClientRequest.get(`${settings.authApi}${whoamiPath}`).pipe(
    HttpClientRequest.acceptJson,
    HttpClientRequest.setHeader("originator", settings.originator),
    HttpClientRequest.setHeader("authorization", `Bearer ${Redacted.value(token)}`)
  )

export const makeOAuthClient = (execute: WholeHttpClient, settings: AccountSettings) => {
  const send = (request: HttpClientRequest.HttpClientRequest) =>
    execute(request).pipe(
      Effect.mapError(
        (error) =>
          new NoAnswer({
            detail: "the connection failed",
            sent: error._tag !== "RequestError" || (error.reason === "Transport" && !isUnconnected(error.cause)),
            pauseMillis: null
          })
      ),
      Effect.filterOrElse(isSuccess, (response) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.fail(refusal(response, now)))
      )
    )
  const post = (url: string, body: typeof RefreshRequest.Type | typeof RevokeRequest.Type) =>
    send(HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post(url), body))
  const unreadable = () =>
    new NoAnswer({ detail: "the answer held no tokens", sent: false, pauseMillis: shortestPauseMillis })

  return {
    /** Exchanges a refresh token, which can be used once. */
    refresh: (token: Redacted.Redacted, { clientId, url }: RenewalTarget, reason: RefreshReason) =>
      post(url, {
        client_id: clientId,
        grant_type: "refresh_token",
        refresh_reason: reason,
        refresh_token: Redacted.value(token)
      }).pipe(Effect.flatMap((response) => Effect.mapError(decodeTokens(response.bodyText), unreadable))),
    /** The owner of a personal access token. */
    whoami: (token: Redacted.Redacted) =>
      send(whoamiRequest(settings, token)).pipe(
        Effect.flatMap((response) => Effect.mapError(decodeOwner(response.bodyText), unreadable))
      ),
    /** Asks the server to end the session, as the present client. True if it confirmed. */
    revoke: (bearer: Redacted.Redacted, refreshToken: Option.Option<Redacted.Redacted>) =>
      Effect.isSuccess(
        post(settings.revokeUrl, {
          token: Redacted.value(Option.getOrElse(refreshToken, () => bearer)),
          ...(Option.isSome(refreshToken)
            ? { token_type_hint: "refresh_token", client_id: settings.clientId }
            : { token_type_hint: "access_token" })
        })
      )
  }
}

export type OAuthClient = ReturnType<typeof makeOAuthClient>
