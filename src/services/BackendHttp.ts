/**
 * Calls of the backend's contract as the current session.
 *
 * @since 0.1.0
 */
import type * as HttpApiClient from "@effect/platform/HttpApiClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpApi from "@effect/platform/HttpApi"
import type * as HttpApiError from "@effect/platform/HttpApiError"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as ParseResult from "effect/ParseResult"
import type { CodexBackendApi } from "../contracts/CodexBackendApi.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { Identity } from "../domain/Identity.js"
import type { Authorization } from "./AuthSession.js"

/**
 * The call in progress: its name, and whom it is made as. Provided by `BackendHttp.call`.
 *
 * @since 0.1.0
 * @category tags
 */
export class BackendCall extends Context.Tag("effect-codex-account/services/BackendHttp/BackendCall")<
  BackendCall,
  { readonly operation: string; readonly authorization: Authorization }
>() {}

type GroupsOf<Api> = Api extends HttpApi.HttpApi<infer _Id, infer Groups, infer _E, infer _R> ? Groups : never

/**
 * The typed client that is derived from the contract.
 *
 * @since 0.1.0
 * @category models
 */
export type BackendClient = HttpApiClient.Client<
  GroupsOf<typeof CodexBackendApi>,
  BackendError | HttpApiError.HttpApiDecodeError,
  BackendCall
>

/**
 * Every way in which the derived client can fail, before classification.
 *
 * @since 0.1.0
 * @category models
 */
export type BackendFailure =
  | BackendError
  | HttpClientError.HttpClientError
  | HttpApiError.HttpApiDecodeError
  | ParseResult.ParseError

/**
 * A request through the derived client, with what becomes of its answer.
 *
 * @since 0.1.0
 * @category models
 */
export type BackendRequest<A> = (
  client: BackendClient,
  authorization: Authorization
) => Effect.Effect<A, BackendFailure, BackendCall>

/**
 * Every failure is classified once, here; a redirect is a failure, and nothing is repeated.
 *
 * @since 0.1.0
 * @category tags
 */
export class BackendHttp extends Context.Tag("effect-codex-account/services/BackendHttp")<
  BackendHttp,
  {
    /**
     * One attempt of a read. An answer that arrives after the session changed hands is dropped (`IdentityChanged`).
     */
    readonly read: <A>(operation: string, request: BackendRequest<A>) => Effect.Effect<A, AuthError | BackendError>
    /**
     * One attempt of an act as `as`: nothing is sent unless the session is that identity's.
     */
    readonly act: <A>(
      operation: string,
      as: Identity,
      request: BackendRequest<A>
    ) => Effect.Effect<A, AuthError | BackendError>
  }
>() {}
