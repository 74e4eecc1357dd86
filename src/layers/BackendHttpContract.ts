/** Backend calls through the client that is derived from the contract. */
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
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
import * as Struct from "effect/Struct"
import { styledPath } from "../contracts/BackendEndpoints.js"
import { CodexBackendApi } from "../contracts/CodexBackendApi.js"
import { BackendError } from "../domain/BackendError.js"
import { type CallName, policyOfCall } from "../domain/CallPolicy.js"
import { type Identity, sameIdentity } from "../domain/Identity.js"
import { causeOfNoAnswer, causeOfRefusal } from "../domain/networkCause.js"
import { AccountConfig, ConfigurationError } from "../services/AccountConfig.js"
import { AuthSession, type Authorization } from "../services/AuthSession.js"
import { BackendCall, type BackendFailure, BackendHttp, type BackendRequest } from "../services/BackendHttp.js"
import { policyInForce } from "../services/Policies.js"
import { boundedHttpClient, WholeResponse } from "./internal/BoundedHttpClient.js"
import { type Call, callOnce, callUnderPolicy, ensureStill } from "./internal/callUnderPolicy.js"

/** Milliseconds to wait, from a number of seconds or an HTTP date. Null when the header is absent or neither. */
export const retryAfterMillis = (header: string | undefined, nowMillis: number): number | null => {
  if (header === undefined) return null
  const text = header.trim()
  if (/^\d+(\.\d+)?$/.test(text)) return Math.min(Number(text) * 1000, Number.MAX_SAFE_INTEGER)
  // The oldest of the three forms has no zone, and means GMT too.
  const zoned = /\d$/.test(text) ? `${text} GMT` : text
  const date = /^[A-Za-z]{3,9},? /.test(text) ? Date.parse(zoned) : Number.NaN
  return Number.isNaN(date) ? null : Math.max(0, date - nowMillis)
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
        ...causeOfRefusal(response),
        status: response.status,
        retryAfterMillis: retryAfterMillis(response.headers["retry-after"], now),
        requestId: requestIdOf(response, Redacted.value(authorization.headers)["authorization"] ?? "")
      })
    )
  )

/** Without the account's id where the request is about the user. */
const headersOf = (operation: CallName, { headers }: Authorization) =>
  operation === "workspaces.switch"
    ? Struct.omit(Redacted.value(headers), "chatgpt-account-id")
    : Redacted.value(headers)

const isConfigurationError = Schema.is(ConfigurationError)

const misconfigured = (operation: CallName, { detail, message, reason }: ConfigurationError) =>
  BackendError.of(operation, "Misconfigured", reason === "InvalidValue" ? detail : message)

/** The last answer of the present call. */
const lastAnswer = FiberRef.unsafeMake<WholeResponse | null>(null)

/** Content type and length of an answer, such as `text/html, 512 bytes`. */
const receivedText = ({ bytes, headers }: WholeResponse): string => {
  const type = /^[\w.+-]{1,40}\/[\w.+-]{1,40}/.exec(headers["content-type"] ?? "")?.[0] ?? "of no content type"
  return `${type}, ${bytes.byteLength} bytes`
}

const malformed = (operation: CallName, answer: WholeResponse | null) =>
  BackendError.of(operation, "Malformed", answer === null ? null : `it is ${receivedText(answer)}`)

const classify =
  (operation: CallName) =>
  (failure: BackendFailure): Effect.Effect<never, BackendError> => {
    switch (failure._tag) {
      case "BackendError":
        return failure
      case "ParseError":
      case "HttpApiDecodeError":
        return Effect.flatMap(FiberRef.get(lastAnswer), (answer) => malformed(operation, answer))
      case "RequestError": {
        if (isConfigurationError(failure.cause)) return misconfigured(operation, failure.cause)
        if (failure.reason !== "Transport") return BackendError.of(operation, "Unreachable")
        const { detail, reason } = causeOfNoAnswer(failure.cause)
        return BackendError.of(operation, reason, detail)
      }
      case "ResponseError":
        return BackendError.of(operation, failure.reason === "StatusCode" ? "Redirected" : "Transport")
    }
  }

const make = Effect.gen(function* () {
  const config = yield* AccountConfig
  const session = yield* AuthSession
  const execute = boundedHttpClient(yield* HttpClient.HttpClient, config)

  const authorized = (request: HttpClientRequest.HttpClientRequest) =>
    Effect.flatMap(BackendCall, ({ authorization, operation }) => {
      if (config.backendFault !== null) return Effect.fail(misconfigured(operation, config.backendFault))
      const path = styledPath(config.backend.style, request.url)
      return path === undefined
        ? Effect.fail(BackendError.of(operation, "Unsupported"))
        : Effect.succeed(
            request.pipe(
              HttpClientRequest.setUrl(`${config.backend.url}${path}`),
              HttpClientRequest.setHeaders(headersOf(operation, authorization))
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
