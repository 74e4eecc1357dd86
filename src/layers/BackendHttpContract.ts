/** Backend calls through the client that is derived from the contract. */
import * as HttpApiClient from "@effect/platform/HttpApiClient"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import * as Layer from "effect/Layer"
import * as Metric from "effect/Metric"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as Struct from "effect/Struct"
import { styledPath } from "../contracts/BackendEndpoints.js"
import { CodexBackendApi } from "../contracts/CodexBackendApi.js"
import type { AuthError } from "../domain/AuthError.js"
import { BackendError } from "../domain/BackendError.js"
import { type CallName, policyOfCall } from "../domain/CallPolicy.js"
import { type Identity, sameIdentity } from "../domain/Identity.js"
import { AccountConfig } from "../services/AccountConfig.js"
import { AuthSession, type Authorization } from "../services/AuthSession.js"
import { BackendCall, type BackendFailure, BackendHttp, type BackendRequest } from "../services/BackendHttp.js"
import * as Metrics from "../services/Metrics.js"
import { policyInForce } from "../services/Policies.js"
import { malformed, misconfigured, noAnswerOf, refusalOf } from "./internal/backendFailure.js"
import { boundedHttpClient, WholeResponse } from "./internal/BoundedHttpClient.js"
import { type Call, callOnce, callUnderPolicy, ensureStill } from "./internal/callUnderPolicy.js"
import { perAccount } from "./internal/perAccount.js"

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
    refusalOf(operation, response, now, Redacted.value(authorization.headers)["authorization"])
  )

/** Without the account's id where the request is about the user. */
const headersOf = (operation: CallName, { headers }: Authorization) =>
  operation === "workspaces.switch"
    ? Struct.omit(Redacted.value(headers), "chatgpt-account-id")
    : Redacted.value(headers)

/** The last answer of the present call. */
const lastAnswer = FiberRef.unsafeMake<WholeResponse | null>(null)

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
      case "ResponseError":
        return noAnswerOf(operation, failure)
    }
  }

/** A call in its span, counted by its end. */
const seen = <A>(method: string, name: CallName, call: Effect.Effect<A, AuthError | BackendError>) =>
  Effect.onExit(call, (exit) => {
    const outcome = Exit.isSuccess(exit)
      ? "Answered"
      : Option.match(Cause.failureOption(exit.cause), {
          onNone: () => "Interrupted",
          onSome: ({ reason }) => reason
        })
    return Metric.increment(Metrics.requests(name, outcome))
  }).pipe(
    Effect.withSpan(`codex.BackendHttp.${method}`, {
      captureStackTrace: false,
      attributes: { "codex.operation": name }
    })
  )

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
              Effect.catchTag("BodyTooLarge", (error) => noAnswerOf(call.operation, error)),
              Effect.tap(({ status }) => Effect.annotateCurrentSpan("http.response.status_code", status)),
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
      seen(
        "read",
        operation,
        Effect.flatMap(
          call(operation, (authorization) =>
            Effect.tap(attempt(operation, authorization, request), () =>
              ensureStill(session, authorization.session.identity, operation)
            )
          ),
          callUnderPolicy
        )
      ),
    act: (operation, as, request) =>
      seen("act", operation, Effect.flatMap(call(operation, actAs(operation, as, request)), callUnderPolicy)),
    actOnce: (operation, as, request) =>
      seen("actOnce", operation, Effect.flatMap(call(operation, actAs(operation, as, request)), callOnce))
  })
})

export const layer = perAccount(Layer.effect(BackendHttp, make), AccountConfig, AuthSession, HttpClient.HttpClient)
