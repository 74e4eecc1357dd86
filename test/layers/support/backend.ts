/** The session and the backend's calls over the real HTTP client. */
import * as NodeContext from "@effect/platform-node/NodeContext"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Record from "effect/Record"
import type { AuthJson } from "../../../src/contracts/AuthJson.js"
import { backendBase } from "../../../src/contracts/BackendEndpoints.js"
import { CallPolicy, defaultPolicies, type PolicyTable } from "../../../src/domain/CallPolicy.js"
import * as AccountConfigEnv from "../../../src/layers/AccountConfigEnv.js"
import * as AuthSessionOAuth from "../../../src/layers/AuthSessionOAuth.js"
import * as BackendHttpContract from "../../../src/layers/BackendHttpContract.js"
import * as CredentialStoreEphemeral from "../../../src/layers/CredentialStoreEphemeral.js"
import * as HttpClientNode from "../../../src/layers/HttpClientNode.js"
import * as LeaseMemory from "../../../src/layers/LeaseMemory.js"
import type { AccountConfig, AccountSettings, ConfigurationError } from "../../../src/services/AccountConfig.js"
import { AuthSession } from "../../../src/services/AuthSession.js"
import { BackendHttp } from "../../../src/services/BackendHttp.js"
import { Policies } from "../../../src/services/Policies.js"
import { accessToken, record } from "./records.js"

/** Far from its expiry, on a real clock too. */
export const secretToken = accessToken(4e12, "secret")
export const calling = (
  origin: string,
  options?: {
    readonly settings?: Partial<AccountSettings>
    readonly record?: AuthJson
    /** Another client than our own. */
    readonly client?: Layer.Layer<HttpClient.HttpClient>
    /** The variables of the environment, instead of the process's. */
    readonly environment?: Readonly<Record<string, string>>
  }
): Layer.Layer<AuthSession | BackendHttp | HttpClient.HttpClient | AccountConfig, ConfigurationError> =>
  BackendHttpContract.layer.pipe(
    Layer.provideMerge(AuthSessionOAuth.layer),
    Layer.provideMerge(options?.client ?? HttpClientNode.layer),
    Layer.provide(CredentialStoreEphemeral.layerMemory(options?.record ?? record({ access: secretToken }))),
    Layer.provide(LeaseMemory.layer),
    Layer.provideMerge(
      AccountConfigEnv.layer({
        codexHome: "/nonexistent",
        backend: backendBase(`${origin}/backend-api`),
        refreshUrl: `${origin}/oauth/token`,
        revokeUrl: `${origin}/oauth/revoke`,
        ...options?.settings
      })
    ),
    Layer.provide(NodeContext.layer),
    Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(options?.environment ?? {})))))
  )

/** The default policies with one attempt for each call, and no recovery from a 401. */
export const onlyOnce = (policy: CallPolicy): CallPolicy =>
  new CallPolicy({ ...policy, repeat: "never", attempts: 1, overallTimeout: policy.attemptTimeout, retryOn: [] })

export const oneAttempt: PolicyTable = Record.map(defaultPolicies, onlyOnce)

/** A read and an act, one attempt each. */
export const readUsage = Effect.flatMap(BackendHttp, (backend) =>
  backend.read("usage.read", (client) => client.usage.read())
).pipe(Effect.provideService(Policies, oneAttempt))

/** An act under the policies of the caller. */
export const consumeOnce = Effect.gen(function* () {
  const backend = yield* BackendHttp
  const { identity } = yield* (yield* AuthSession).current
  return yield* backend.act("resetCredits.consume", identity, (client) =>
    client.resetCredits.consume({ payload: { redeem_request_id: "key-1" } })
  )
})

export const consume = Effect.provideService(consumeOnce, Policies, oneAttempt)

/** Reason and delivery of a failure, in a few words. */
export const brief = (error: { readonly reason: string; readonly delivery?: string }): string =>
  error.delivery === undefined ? error.reason : `${error.reason} ${error.delivery}`

/** How a read, an act and an exchange fail, one after the other. */
export const failures = Effect.gen(function* () {
  const { refresh } = yield* AuthSession
  return [yield* Effect.flip(readUsage), yield* Effect.flip(consume), yield* Effect.flip(refresh)] as const
})

export const usageBody = { plan_type: "pro", rate_limit: null, credits: null }
