/** The requests of a sign-in, each made once, and what their answers mean. */
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Effect from "effect/Effect"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Login from "../../contracts/LoginApi.js"
import { WhoamiResponse } from "../../contracts/OAuthApi.js"
import { BackendError, type BackendErrorReason } from "../../domain/BackendError.js"
import { LoginError, type LoginStep } from "../../domain/LoginError.js"
import { causeOfRefusal } from "../../domain/networkCause.js"
import type { AccountSettings } from "../../services/AccountConfig.js"
import type { DevicePoll, Grant } from "../../services/SignIn.js"
import { noAnswerOf } from "./backendFailure.js"
import type { WholeHttpClient, WholeResponse } from "./BoundedHttpClient.js"
import { isSuccess, refusalCode as rawCode, whoamiRequest } from "./OAuthClient.js"

type Step = typeof LoginStep.Type

const refusalCode = (response: WholeResponse): string | null => Login.oauthCode(rawCode(response))

/** Whether the same request may succeed a little later. */
const isTransient = (status: number): boolean => status >= 500 || status === 408 || status === 425 || status === 429

const callOf = (step: Step): string => `signIn.${step}`

/** Answers of something between here and the server, or about where the person is. */
const foreign: ReadonlySet<BackendErrorReason> = new Set(["Challenged", "ProxyAuthRequired", "RegionUnsupported"])

const refusal = (step: Step, response: WholeResponse): LoginError => {
  const { detail, reason } = causeOfRefusal(response)
  if (!foreign.has(reason)) return refused(step, response)
  const failure = BackendError.of(callOf(step), reason, detail)
  return LoginError.unanswered(step, new BackendError({ ...failure, status: response.status }))
}

const refused = (step: Step, response: WholeResponse): LoginError =>
  LoginError.of(isTransient(response.status) ? "Unavailable" : "Refused", step, refusalCode(response), response.status)

/** An answer by its schema; the parse error would quote it. */
const decoder = <A, I>(step: Step, schema: Schema.Schema<A, I>) => {
  const decode = Schema.decode(Schema.parseJson(schema))
  return (response: WholeResponse): Effect.Effect<A, LoginError> =>
    Effect.mapError(decode(response.bodyText), () => LoginError.of("Malformed", step))
}

const readTokens = decoder("exchange", Login.CodeExchangeResponse)
const readApiKey = decoder("apiKeyExchange", Login.ApiKeyExchangeResponse)
const readDevice = decoder("device", Login.DeviceStartResponse)
const readGrant = decoder("poll", Login.DevicePollResponse)
const readOwner = decoder("whoami", WhoamiResponse)

export const makeLoginClient = (execute: WholeHttpClient, settings: AccountSettings) => {
  const { clientId, issuer } = settings
  const tokenUrl = `${issuer}${Login.loginPaths.token}`

  const post = (url: string) =>
    HttpClientRequest.post(url).pipe(
      HttpClientRequest.acceptJson,
      HttpClientRequest.setHeader("originator", settings.originator)
    )

  const send = (step: Step, request: HttpClientRequest.HttpClientRequest) =>
    Effect.mapError(execute(request), (error) =>
      error._tag === "BodyTooLarge"
        ? LoginError.of("Malformed", step, null, error.status)
        : LoginError.unanswered(step, noAnswerOf(callOf(step), error))
    )

  const sendJson = (
    step: Step,
    url: string,
    body: typeof Login.DeviceStartRequest.Type | typeof Login.DevicePollRequest.Type
  ) => send(step, HttpClientRequest.bodyUnsafeJson(post(url), body))

  const ask = (step: Step, request: HttpClientRequest.HttpClientRequest) =>
    Effect.filterOrFail(send(step, request), isSuccess, (response) => refusal(step, response))

  const poll = (response: WholeResponse): Effect.Effect<DevicePoll, LoginError> => {
    if (isSuccess(response)) {
      return Effect.map(readGrant(response), (answer) => ({
        _tag: "Granted",
        grant: {
          code: Redacted.make(answer.authorization_code),
          verifier: Redacted.make(answer.code_verifier),
          redirectUri: `${issuer}${Login.loginPaths.deviceRedirect}`
        }
      }))
    }
    if (response.status === 403 || response.status === 404) return Effect.succeed({ _tag: "Pending" })
    switch (refusalCode(response)) {
      case "authorization_pending":
        return Effect.succeed({ _tag: "Pending" })
      case "slow_down":
        return Effect.succeed({ _tag: "SlowDown" })
      case "expired_token":
        return Effect.fail(LoginError.of("Expired", "poll", null, response.status))
      case "access_denied":
        return Effect.fail(LoginError.of("Denied", "poll", null, response.status))
      default:
        return response.status === 429 ? Effect.succeed({ _tag: "SlowDown" }) : Effect.fail(refusal("poll", response))
    }
  }

  return {
    /** Exchanges a code, which works once. */
    exchange: (grant: Grant) => {
      const form: typeof Login.CodeExchangeRequest.Type = {
        grant_type: "authorization_code",
        code: Redacted.value(grant.code),
        redirect_uri: grant.redirectUri,
        client_id: clientId,
        code_verifier: Redacted.value(grant.verifier)
      }
      return Effect.flatMap(ask("exchange", HttpClientRequest.bodyUrlParams(post(tokenUrl), form)), readTokens)
    },

    /** Asks for an API key of the ID token's user. */
    apiKey: (idToken: Redacted.Redacted) => {
      const form: typeof Login.ApiKeyExchangeRequest.Type = {
        grant_type: "urn:ietf:params:oauth:grant-type:token-exchange",
        client_id: clientId,
        requested_token: "openai-api-key",
        subject_token: Redacted.value(idToken),
        subject_token_type: "urn:ietf:params:oauth:token-type:id_token"
      }
      return ask("apiKeyExchange", HttpClientRequest.bodyUrlParams(post(tokenUrl), form)).pipe(
        Effect.flatMap(readApiKey),
        Effect.map((answer) => Redacted.make(answer.access_token))
      )
    },

    startDevice: sendJson("device", `${issuer}${Login.loginPaths.deviceStart}`, { client_id: clientId }).pipe(
      Effect.filterOrFail(isSuccess, (response) =>
        response.status === 404 ? LoginError.of("DeviceDisabled", "device") : refusal("device", response)
      ),
      Effect.flatMap(readDevice)
    ),

    pollDevice: (device: { readonly id: Redacted.Redacted; readonly userCode: Redacted.Redacted }) =>
      sendJson("poll", `${issuer}${Login.loginPaths.devicePoll}`, {
        device_auth_id: Redacted.value(device.id),
        user_code: Redacted.value(device.userCode)
      }).pipe(Effect.flatMap(poll)),

    /** The owner of a personal access token. */
    whoami: (token: Redacted.Redacted) => Effect.flatMap(ask("whoami", whoamiRequest(settings, token)), readOwner)
  }
}
