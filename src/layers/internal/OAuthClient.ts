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
import type { BackendError } from "../../domain/BackendError.js"
import type { AccountSettings } from "../../services/AccountConfig.js"
import { malformed, noAnswerOf, refusalOf } from "./backendFailure.js"
import type { WholeHttpClient, WholeResponse } from "./BoundedHttpClient.js"
import type { RenewalTarget } from "./sessionRecord.js"

/**
 * No usable answer. `sent`: whether the server may have done what was asked. `pauseMillis`: how long the same is not asked
 * again, after an answer that says no more; null if there is no such time.
 */
export class NoAnswer extends Data.TaggedError("NoAnswer")<{
  readonly failure: BackendError
  readonly sent: boolean
  readonly pauseMillis: number | null
}> {}

/** Nothing has come back: the server has seen the request, unless no connection was made. */
export const unanswered = (failure: BackendError): NoAnswer =>
  new NoAnswer({ failure, sent: failure.delivery !== "notSent", pauseMillis: null })

/** The name of the exchange in its errors. */
export const refreshCall = "session.refresh"

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

const refusal = (operation: string, response: WholeResponse, nowMillis: number): AuthError | NoAnswer => {
  const code = refusalCode(response)
  const reason = code !== null && Object.hasOwn(permanent, code) ? permanent[code] : undefined
  if (reason !== undefined) return AuthError.of(reason)
  if (response.status === 401 || (response.status === 400 && code === "invalid_grant")) return AuthError.of("Refused")
  const failure = refusalOf(operation, response, nowMillis)
  const asked = failure.retryAfterMillis
  return new NoAnswer({
    failure,
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
  const send = (operation: string, request: HttpClientRequest.HttpClientRequest) =>
    execute(request).pipe(
      Effect.mapError((error) => unanswered(noAnswerOf(operation, error))),
      Effect.filterOrElse(isSuccess, (response) =>
        Effect.flatMap(Clock.currentTimeMillis, (now) => Effect.fail(refusal(operation, response, now)))
      )
    )
  const post = (operation: string, url: string, body: typeof RefreshRequest.Type | typeof RevokeRequest.Type) =>
    send(operation, HttpClientRequest.bodyUnsafeJson(HttpClientRequest.post(url), body))
  const read =
    <A, E>(operation: string, decode: (text: string) => Effect.Effect<A, E>) =>
    (response: WholeResponse) =>
      Effect.mapError(
        decode(response.bodyText),
        () => new NoAnswer({ failure: malformed(operation, response), sent: false, pauseMillis: shortestPauseMillis })
      )

  return {
    /** Exchanges a refresh token, which can be used once. */
    refresh: (token: Redacted.Redacted, { clientId, url }: RenewalTarget, reason: RefreshReason) =>
      post(refreshCall, url, {
        client_id: clientId,
        grant_type: "refresh_token",
        refresh_reason: reason,
        refresh_token: Redacted.value(token)
      }).pipe(Effect.flatMap(read(refreshCall, decodeTokens))),
    /** The owner of a personal access token. */
    whoami: (token: Redacted.Redacted) =>
      Effect.flatMap(send("session.owner", whoamiRequest(settings, token)), read("session.owner", decodeOwner)),
    /** Asks the server to end the session, as the present client. True if it confirmed. */
    revoke: (bearer: Redacted.Redacted, refreshToken: Option.Option<Redacted.Redacted>) =>
      Effect.isSuccess(
        post("session.revoke", settings.revokeUrl, {
          token: Redacted.value(Option.getOrElse(refreshToken, () => bearer)),
          ...(Option.isSome(refreshToken)
            ? { token_type_hint: "refresh_token", client_id: settings.clientId }
            : { token_type_hint: "access_token" })
        })
      )
  }
}

export type OAuthClient = ReturnType<typeof makeOAuthClient>
