/** Backend calls through the client that is derived from the contract. */
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as FiberRef from "effect/FiberRef"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import { styledPath } from "../contracts/BackendEndpoints.js"
import { CodexBackendApi } from "../contracts/CodexBackendApi.js"
import { BackendError, type BackendErrorReason } from "../domain/BackendError.js"
import { type CallName, policyOfCall } from "../domain/CallPolicy.js"
import { type Identity, sameIdentity } from "../domain/Identity.js"
import { AccountConfig } from "../services/AccountConfig.js"
import { AuthSession, type Authorization } from "../services/AuthSession.js"
import { BackendCall, type BackendFailure, BackendHttp, type BackendRequest } from "../services/BackendHttp.js"
import { policyInForce } from "../services/Policies.js"
import { boundedHttpClient, WholeResponse } from "./internal/BoundedHttpClient.js"
import { type Call, callOnce, callUnderPolicy, ensureStill } from "./internal/callUnderPolicy.js"

/** Failures of name look-up, connecting and the TLS handshake: all before the first byte of a request. */
const beforeSending: ReadonlySet<string> = new Set([
  "ECONNREFUSED",
  "ENOTFOUND",
  "EAI_AGAIN",
  "EHOSTUNREACH",
  "ENETUNREACH",
  "EADDRNOTAVAIL",
  "UND_ERR_CONNECT_TIMEOUT",
  "UND_ERR_INVALID_ARG",
  "CERT_HAS_EXPIRED",
  "DEPTH_ZERO_SELF_SIGNED_CERT",
  "SELF_SIGNED_CERT_IN_CHAIN",
  "UNABLE_TO_GET_ISSUER_CERT_LOCALLY",
  "UNABLE_TO_VERIFY_LEAF_SIGNATURE",
  "ERR_TLS_CERT_ALTNAME_INVALID",
  "ERR_SSL_WRONG_VERSION_NUMBER"
])

const codesOf = (cause: unknown, depth = 0): ReadonlyArray<string> => {
  if (!Predicate.isRecord(cause) || depth > 4) return []
  const own = typeof cause["code"] === "string" ? [cause["code"]] : []
  const many = Array.isArray(cause["errors"]) ? cause["errors"].flatMap((error) => codesOf(error, depth + 1)) : []
  return [...own, ...many, ...codesOf(cause["cause"], depth + 1)]
}

/** A proxy that makes no tunnel has passed nothing on; undici says so only in the message. */
const isRefusedTunnel = (cause: unknown): boolean =>
  cause instanceof Error && (cause.message.startsWith("Proxy response (") || isRefusedTunnel(cause.cause))

/** Whether it is certain that nothing of the request left. */
const isConnectFailure = (error: HttpClientError.RequestError): boolean =>
  error.reason !== "Transport" ||
  codesOf(error.cause).some((code) => beforeSending.has(code)) ||
  isRefusedTunnel(error.cause)

/** Milliseconds to wait, from a number of seconds or an HTTP date. Null when the header is absent or neither. */
export const retryAfterMillis = (header: string | undefined, nowMillis: number): number | null => {
  if (header === undefined) return null
  const text = header.trim()
  if (/^\d{1,9}(\.\d+)?$/.test(text)) return Number(text) * 1000
  const date = /^[A-Za-z]{3},? /.test(text) ? Date.parse(text) : Number.NaN
  return Number.isNaN(date) ? null : Math.max(0, date - nowMillis)
}

const reasonOfStatus = (status: number): BackendErrorReason => {
  if (status < 400) return "Redirected"
  if (status === 401) return "Unauthorized"
  if (status === 403) return "Forbidden"
  if (status === 404) return "NotFound"
  if (status === 429) return "RateLimited"
  return status < 500 ? "Rejected" : "ServerError"
}

/** The id for a report; one that holds the bearer, or a part of it, is no id. */
const requestIdOf = (response: WholeResponse, bearer: string): string | null => {
  const id = response.headers["x-request-id"] ?? response.headers["x-oai-request-id"] ?? response.headers["cf-ray"]
  return id !== undefined && /^[\w.-]{4,128}$/.test(id) && !bearer.includes(id) ? id : null
}

/** The refusals of a redemption that are outcomes: nothing was spent. */
const isOutcome = Schema.is(Schema.Literal("no_credit", "nothing_to_reset"))
const decodeJson = Schema.decodeOption(Schema.parseJson())

/** The outcome that a refused redemption names, in its body or in the error in it, as the answer that it stands for. */
const outcomeOf = (operation: CallName, { bodyText, headers, request, status }: WholeResponse) => {
  if (operation !== "resetCredits.consume" || status < 400 || status >= 500) return undefined
  const body = Option.getOrNull(decodeJson(bodyText))
  const named = [body, ...(Predicate.isRecord(body) ? [body["error"], body["detail"]] : [])]
  const code = named.map((part) => (Predicate.isRecord(part) ? part["code"] : part)).find(isOutcome)
  if (code === undefined) return undefined
  return new WholeResponse(request, 200, headers, new TextEncoder().encode(`{"code":"${code}"}`).buffer)
}

const refused = ({ authorization, operation }: BackendCall["Type"], response: WholeResponse) =>
  Effect.flatMap(Clock.currentTimeMillis, (now) =>
    Effect.fail(
      new BackendError({
        operation,
        reason: reasonOfStatus(response.status),
        status: response.status,
        retryAfterMillis: retryAfterMillis(response.headers["retry-after"], now),
        requestId: requestIdOf(response, Redacted.value(authorization.headers)["authorization"] ?? "")
      })
    )
  )

/** The last answer of the present call. */
const lastAnswer = FiberRef.unsafeMake<WholeResponse | null>(null)

/** Content type and length of an answer, such as `text/html, 512 bytes`. */
const receivedText = ({ bytes, headers }: WholeResponse): string => {
  const type = /^[\w.+-]{1,40}\/[\w.+-]{1,40}/.exec(headers["content-type"] ?? "")?.[0] ?? "of no content type"
  return `${type}, ${bytes.byteLength} bytes`
}

const malformed = (operation: CallName, answer: WholeResponse | null) =>
  answer === null
    ? BackendError.of(operation, "Malformed")
    : new BackendError({ ...BackendError.of(operation, "Malformed"), received: receivedText(answer) })

const classify =
  (operation: CallName) =>
  (failure: BackendFailure): Effect.Effect<never, BackendError> => {
    switch (failure._tag) {
      case "BackendError":
        return failure
      case "ParseError":
      case "HttpApiDecodeError":
        return Effect.flatMap(FiberRef.get(lastAnswer), (answer) => malformed(operation, answer))
      case "RequestError":
        return BackendError.of(operation, isConnectFailure(failure) ? "Unreachable" : "Transport")
      case "ResponseError":
        return BackendError.of(operation, "Transport")
    }
  }

const make = Effect.gen(function* () {
  const config = yield* AccountConfig
  const session = yield* AuthSession
  const execute = boundedHttpClient(yield* HttpClient.HttpClient, config)

  const authorized = (request: HttpClientRequest.HttpClientRequest) =>
    Effect.flatMap(BackendCall, ({ authorization, operation }) => {
      const path = styledPath(config.backend.style, request.url)
      return path === undefined
        ? Effect.fail(BackendError.of(operation, "Unsupported"))
        : Effect.succeed(
            request.pipe(
              HttpClientRequest.setUrl(`${config.backend.url}${path}`),
              HttpClientRequest.setHeaders(Redacted.value(authorization.headers))
            )
          )
    })

  // The client needs nothing of the layers' context, which it would otherwise merge into every call's.
  const client = yield* Effect.mapInputContext(
    HttpApiClient.makeWith(CodexBackendApi, {
      httpClient: HttpClient.makeWith(
        (request: Effect.Effect<HttpClientRequest.HttpClientRequest, BackendError, BackendCall>) =>
          Effect.flatMap(BackendCall, (call) =>
            request.pipe(
              Effect.flatMap(execute),
              Effect.catchTag(
                "BodyTooLarge",
                ({ status }) =>
                  new BackendError({
                    operation: call.operation,
                    reason: "TooLarge",
                    status,
                    retryAfterMillis: null,
                    requestId: null
                  })
              ),
              Effect.flatMap((whole) =>
                // Any 2xx is a success of the one status that the contract declares.
                whole.isSuccess
                  ? Effect.as(
                      FiberRef.set(lastAnswer, whole),
                      new WholeResponse(whole.request, 200, whole.headers, whole.bytes)
                    )
                  : Option.fromNullable(outcomeOf(call.operation, whole)).pipe(
                      Option.match({ onNone: () => refused(call, whole), onSome: Effect.succeed })
                    )
              )
            )
          ),
        authorized
      )
    }),
    (_: Context.Context<never>) => Context.empty()
  )

  const attempt = <A>(operation: CallName, authorization: Authorization, request: BackendRequest<A>) =>
    request(client, authorization).pipe(
      Effect.catchAll(classify(operation)),
      Effect.provideService(BackendCall, { operation, authorization })
    )

  const call = <A>(name: CallName, attempt: Call<A>["attempt"]) =>
    Effect.map(policyInForce(policyOfCall[name]), (policy): Call<A> => ({ name, policy, session, attempt }))

  const actAs =
    <A>(operation: CallName, as: Identity, request: BackendRequest<A>): Call<A>["attempt"] =>
    (authorization) =>
      sameIdentity(authorization.session.identity, as)
        ? attempt(operation, authorization, request)
        : Effect.fail(BackendError.of(operation, "IdentityChanged"))

  return BackendHttp.of({
    read: (operation, request) =>
      Effect.flatMap(
        call(operation, (authorization) =>
          Effect.tap(attempt(operation, authorization, request), () =>
            ensureStill(session, authorization.session.identity, operation)
          )
        ),
        callUnderPolicy
      ),
    act: (operation, as, request) => Effect.flatMap(call(operation, actAs(operation, as, request)), callUnderPolicy),
    actOnce: (operation, as, request) => Effect.flatMap(call(operation, actAs(operation, as, request)), callOnce)
  })
})

export const layer = Layer.effect(BackendHttp, make)
