/** Calls of the backend's contract as the current session, each under its policy. */
import type * as HttpApiClient from "@effect/platform/HttpApiClient"
import type * as HttpClientError from "@effect/platform/HttpClientError"
import type * as HttpApi from "@effect/platform/HttpApi"
import type * as HttpApiError from "@effect/platform/HttpApiError"
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as ParseResult from "effect/ParseResult"
import type * as Ref from "effect/Ref"
import type { CodexBackendApi } from "../contracts/CodexBackendApi.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { CallName } from "../domain/CallPolicy.js"
import type { Identity } from "../domain/Identity.js"
import type { Authorization } from "./AuthSession.js"

/**
 * The call in progress: its name, and whom it is made as. Provided by `BackendHttp`.
 * @since 0.1.0
 * @category tags
 */
export class BackendCall extends Context.Tag("effect-codex-account/services/BackendHttp/BackendCall")<
  BackendCall,
  { readonly operation: CallName; readonly authorization: Authorization }
>() {}

type GroupsOf<Api> = Api extends HttpApi.HttpApi<infer _Id, infer Groups, infer _E, infer _R> ? Groups : never

/**
 * The typed client that is derived from the contract.
 * @since 0.1.0
 * @category models
 */
export type BackendClient = HttpApiClient.Client<
  GroupsOf<typeof CodexBackendApi>,
  BackendError | HttpClientError.HttpClientError | HttpApiError.HttpApiDecodeError,
  BackendCall
>

/**
 * Every way in which the derived client can fail, before classification.
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
 * @since 0.1.0
 * @category models
 */
export type BackendRequest<A> = (
  client: BackendClient,
  authorization: Authorization
) => Effect.Effect<A, BackendFailure, BackendCall>

/**
 * How one attempt ended. `NotSent`: before its request was made. `CutShort`: by a time limit or an interruption, so what
 * had left by then is not known.
 * @since 0.1.0
 * @category models
 */
export type AttemptEnd =
  | { readonly _tag: "Answered" | "CutShort" | "NotSent" }
  | { readonly _tag: "Failed"; readonly error: AuthError | BackendError }

/**
 * A list that `BackendHttp` adds each attempt's end to, for a caller that provides one: a failure after several attempts
 * says nothing about the earlier ones.
 * @since 0.1.0
 * @category tags
 */
export class AttemptLog extends Context.Reference<AttemptLog>()(
  "effect-codex-account/services/BackendHttp/AttemptLog",
  {
    defaultValue: (): Ref.Ref<ReadonlyArray<AttemptEnd>> | null => null
  }
) {}

/**
 * The only place where a policy is applied: the one stated around the call (`withPolicy`, `underPolicy`), else the
 * table's. Every failure is classified once; a redirect is a failure.
 * @since 0.1.0
 * @category tags
 */
export class BackendHttp extends Context.Tag("effect-codex-account/services/BackendHttp")<
  BackendHttp,
  {
    /** A read. An answer that arrives after the session changed hands is dropped (`IdentityChanged`). */
    readonly read: <A>(operation: CallName, request: BackendRequest<A>) => Effect.Effect<A, AuthError | BackendError>
    /**
     * An act as `as`, repeated as the policy says: nothing is sent unless the session is that identity's. The request
     * carries a key, with which it takes effect at most once.
     */
    readonly act: <A>(
      operation: CallName,
      as: Identity,
      request: BackendRequest<A>
    ) => Effect.Effect<A, AuthError | BackendError>
    /** An act without a key: one attempt, whatever policy is stated. Only its time limits count. */
    readonly actOnce: <A>(
      operation: CallName,
      as: Identity,
      request: BackendRequest<A>
    ) => Effect.Effect<A, AuthError | BackendError>
  }
>() {}
