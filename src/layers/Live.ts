/**
 * The composition of all layers, in parts: settings, the machine's own resources, a session, and the services over them.
 *
 * @since 0.1.0
 */
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import { AccountConfig, type ConfigurationError } from "../services/AccountConfig.js"
import type { AuthSession } from "../services/AuthSession.js"
import type { BackendHttp } from "../services/BackendHttp.js"
import type { CredentialStore } from "../services/CredentialStore.js"
import type { Lease } from "../services/Lease.js"
import type { OperationJournal } from "../services/OperationJournal.js"
import type { Policies } from "../services/Policies.js"
import type { RateLimits } from "../services/RateLimits.js"
import type { Referrals } from "../services/Referrals.js"
import { SessionRenewal } from "../services/SessionRenewal.js"
import { SignIn } from "../services/SignIn.js"
import type { TokenUsage } from "../services/TokenUsage.js"
import type { WorkspaceMessages } from "../services/WorkspaceMessages.js"
import type { WorkspaceRole } from "../services/WorkspaceRole.js"
import * as AccountConfigEnv from "./AccountConfigEnv.js"
import * as AuthSessionOAuth from "./AuthSessionOAuth.js"
import * as BackendHttpContract from "./BackendHttpContract.js"
import * as CredentialStoreEphemeral from "./CredentialStoreEphemeral.js"
import * as CredentialStoreFile from "./CredentialStoreFile.js"
import * as HttpClientNode from "./HttpClientNode.js"
import * as LeaseSql from "./LeaseSql.js"
import * as OperationJournalSql from "./OperationJournalSql.js"
import * as PoliciesConfig from "./PoliciesConfig.js"
import * as RateLimitsHttp from "./RateLimitsHttp.js"
import * as ReferralsHttp from "./ReferralsHttp.js"
import * as TokenUsageHttp from "./TokenUsageHttp.js"
import * as WorkspaceMessagesHttp from "./WorkspaceMessagesHttp.js"
import * as WorkspaceRoleHttp from "./WorkspaceRoleHttp.js"

/**
 * The services that call the backend with the session in use.
 *
 * @since 0.1.0
 * @category models
 */
export type BackendServices = BackendHttp | RateLimits | Referrals | WorkspaceRole | TokenUsage | WorkspaceMessages

/**
 * The session, and the services over it.
 *
 * @since 0.1.0
 * @category models
 */
export type AccountServices = AuthSession | BackendServices

/**
 * The backend's services over a session of the caller's choice.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerBackend: Layer.Layer<BackendServices, never, AccountConfig | AuthSession | HttpClient.HttpClient> =
  Layer.mergeAll(
    RateLimitsHttp.layer,
    ReferralsHttp.layer,
    WorkspaceRoleHttp.layer,
    TokenUsageHttp.layer,
    WorkspaceMessagesHttp.layer
  ).pipe(Layer.provideMerge(BackendHttpContract.layer))

/**
 * The account services over settings, an HTTP client, a credential store and leases of the caller's choice.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerServices: Layer.Layer<
  AccountServices,
  never,
  AccountConfig | CredentialStore | HttpClient.HttpClient | Lease
> = Layer.provideMerge(layerBackend, AuthSessionOAuth.layer)

/**
 * Signing in, loaded when it is first used.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerSignIn: Layer.Layer<SignIn, never, AccountConfig | HttpClient.HttpClient> = Layer.effect(
  SignIn,
  Effect.gen(function* () {
    const context = yield* Effect.context<AccountConfig | HttpClient.HttpClient>()
    const signIn = yield* Effect.cached(
      Effect.promise(() => import("./SignInHttp.js")).pipe(
        Effect.flatMap(({ make }) => make()),
        Effect.provide(context)
      )
    )
    return SignIn.of({
      allow: (method) => Effect.flatMap(signIn, (steps) => steps.allow(method)),
      browser: Effect.flatMap(signIn, (steps) => steps.browser),
      device: Effect.flatMap(signIn, (steps) => steps.device),
      exchange: (grant) => Effect.flatMap(signIn, (steps) => steps.exchange(grant)),
      withApiKey: (record) => Effect.flatMap(signIn, (steps) => steps.withApiKey(record)),
      accessToken: (token) => Effect.flatMap(signIn, (steps) => steps.accessToken(token)),
      apiKey: (key) => Effect.flatMap(signIn, (steps) => steps.apiKey(key))
    })
  })
)

type StoreLayer = Layer.Layer<CredentialStore, never, AccountConfig | FileSystem.FileSystem | Path.Path>

/**
 * The credential store that `cli_auth_credentials_store` names. Those over a keyring are loaded when they are needed.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerCredentialStore: StoreLayer = Layer.unwrapEffect(
  Effect.flatMap(AccountConfig, ({ credentialStore }): Effect.Effect<StoreLayer> => {
    switch (credentialStore) {
      case "ephemeral":
        return Effect.succeed(CredentialStoreEphemeral.layer)
      case "file":
        return Effect.succeed(CredentialStoreFile.layer)
      case "keyring":
        return Effect.map(
          Effect.promise(() => import("./CredentialStoreKeyring.js")),
          (module) => module.layer
        )
      case "auto":
        return Effect.map(
          Effect.promise(() => import("./CredentialStoreAuto.js")),
          (module) => module.layer
        )
    }
  })
)

/**
 * What this machine has: the Node HTTP client, the credential store that the settings name, and journal and leases in the
 * SQLite file of the home, which is opened when one of them is first needed.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerMachine: Layer.Layer<
  CredentialStore | HttpClient.HttpClient | Lease | OperationJournal,
  ConfigurationError,
  AccountConfig | FileSystem.FileSystem | Path.Path
> = Layer.mergeAll(layerCredentialStore, HttpClientNode.layer, LeaseSql.layerFile, OperationJournalSql.layerFile)

/**
 * The account services on this machine, over given settings.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<
  AccountServices | CredentialStore | Lease | OperationJournal | HttpClient.HttpClient,
  ConfigurationError,
  AccountConfig | FileSystem.FileSystem | Path.Path
> = Layer.provideMerge(layerServices, layerMachine)

/**
 * @since 0.1.0
 * @category models
 */
export interface LiveOptions extends AccountConfigEnv.Overrides {
  /** Caps every timeout. */
  readonly timeout?: Option.Option<Duration.Duration>
}

const owner = Config.literal(
  "cooperate",
  "read-only",
  "delegate"
)("CODEX_ACCOUNT_SESSION_OWNER").pipe(Config.withDefault("cooperate"))

type RenewalLayer = Layer.Layer<SessionRenewal, never, AccountConfig | CommandExecutor.CommandExecutor>

/**
 * Reads `CODEX_ACCOUNT_SESSION_OWNER`: `cooperate` (default), `read-only`, or `delegate`, which has the `codex` on the path
 * renew it.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerSessionRenewal: Layer.Layer<
  SessionRenewal,
  ConfigError.ConfigError,
  AccountConfig | CommandExecutor.CommandExecutor
> = Layer.unwrapEffect(
  Effect.flatMap(owner, (owner): Effect.Effect<RenewalLayer> => {
    switch (owner) {
      case "cooperate":
        return Effect.succeed(Layer.succeed(SessionRenewal, { _tag: "Cooperate" }))
      case "read-only":
        return Effect.succeed(Layer.succeed(SessionRenewal, { _tag: "ReadOnly" }))
      case "delegate":
        return Effect.map(
          Effect.promise(() => import("./SessionRenewalDelegate.js")),
          (module) => module.layer()
        )
    }
  })
)

/**
 * The settings: policies, who renews the session, and everything else in the environment and `config.toml`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerSettings = (
  options: LiveOptions = {}
): Layer.Layer<
  AccountConfig | Policies,
  ConfigurationError | ConfigError.ConfigError,
  CommandExecutor.CommandExecutor | FileSystem.FileSystem | Path.Path
> =>
  layerSessionRenewal.pipe(
    Layer.provideMerge(AccountConfigEnv.layerConfig(options)),
    Layer.merge(PoliciesConfig.layerConfig(options.timeout))
  )

/**
 * Everything from the environment and `config.toml`.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  options: LiveOptions = {}
): Layer.Layer<
  AccountServices | AccountConfig | CredentialStore | Lease | OperationJournal | HttpClient.HttpClient | Policies,
  ConfigurationError | ConfigError.ConfigError,
  CommandExecutor.CommandExecutor | FileSystem.FileSystem | Path.Path
> => Layer.provideMerge(layer, layerSettings(options))
