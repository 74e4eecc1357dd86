/**
 * Calls of the backend's contract as the current session.
 *
 * @since 0.1.0
 */
import type * as HttpApiClient from "@effect/platform/HttpApiClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpApi from "@effect/platform/HttpApi"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as ParseResult from "effect/ParseResult"
import type { CodexBackendApi } from "../contracts/CodexBackendApi.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { Identity } from "../domain/Identity.js"
import type { Authorization } from "./AuthSession.js"

/**
 * The authorization of the call in progress; provided by `BackendHttp.call`.
 *
 * @since 0.1.0
 * @category tags
 */
export class CallAuthorization extends Context.Tag("effect-codex-account/services/BackendHttp/CallAuthorization")<
  CallAuthorization,
  Authorization
>() {}

type GroupsOf<Api> = Api extends HttpApi.HttpApi<infer _Id, infer Groups, infer _E, infer _R> ? Groups : never

/**
 * The typed client that is derived from the contract.
 *
 * @since 0.1.0
 * @category models
 */
export type BackendClient = HttpApiClient.Client<GroupsOf<typeof CodexBackendApi>, BackendError, CallAuthorization>

/**
 * @since 0.1.0
 * @category tags
 */
export class BackendHttp extends Context.Tag("effect-codex-account/services/BackendHttp")<
  BackendHttp,
  {
    /**
     * One attempt. With `as`, nothing is sent unless the session is that identity's. Every failure is classified once,
     * and a redirect is an error.
     */
    readonly call: <A>(
      options: { readonly operation: string; readonly as?: Identity | undefined },
      request: (
        client: BackendClient,
        authorization: Authorization
      ) => Effect.Effect<
        A,
        BackendError | HttpClientError.HttpClientError | ParseResult.ParseError,
        CallAuthorization
      >
    ) => Effect.Effect<A, AuthError | BackendError>
  }
>() {}
