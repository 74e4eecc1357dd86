/**
 * The composition of all layers.
 *
 * @since 0.1.0
 */
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import type * as ConfigError from "effect/ConfigError"
import type * as Duration from "effect/Duration"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type { ConfigurationError } from "../domain/ConfigurationError.js"
import type { AccountConfig } from "../services/AccountConfig.js"
import type { AuthSession } from "../services/AuthSession.js"
import type { BackendHttp } from "../services/BackendHttp.js"
import type { CredentialStore } from "../services/CredentialStore.js"
import type { Lease } from "../services/Lease.js"
import type { OperationJournal } from "../services/OperationJournal.js"
import type { Policies } from "../services/Policies.js"
import type { RateLimits } from "../services/RateLimits.js"
import type { Referrals } from "../services/Referrals.js"
import type { TokenUsage } from "../services/TokenUsage.js"
import type { WorkspaceMessages } from "../services/WorkspaceMessages.js"
import type { WorkspaceRole } from "../services/WorkspaceRole.js"
import * as AccountConfigEnv from "./AccountConfigEnv.js"
import * as AuthSessionOAuth from "./AuthSessionOAuth.js"
import * as BackendHttpContract from "./BackendHttpContract.js"
import * as CredentialStoreConfigured from "./CredentialStoreConfigured.js"
import * as HttpClientNode from "./HttpClientNode.js"
import * as LeaseSql from "./LeaseSql.js"
import * as OperationJournalSql from "./OperationJournalSql.js"
import * as PoliciesConfig from "./PoliciesConfig.js"
import * as RateLimitsHttp from "./RateLimitsHttp.js"
import * as ReferralsHttp from "./ReferralsHttp.js"
import * as SessionRenewalConfigured from "./SessionRenewalConfigured.js"
import * as TokenUsageHttp from "./TokenUsageHttp.js"
import * as WorkspaceMessagesHttp from "./WorkspaceMessagesHttp.js"
import * as WorkspaceRoleHttp from "./WorkspaceRoleHttp.js"

/**
 * What programs ask of.
 *
 * @since 0.1.0
 * @category models
 */
export type AccountServices =
  | AuthSession
  | BackendHttp
  | RateLimits
  | Referrals
  | WorkspaceRole
  | TokenUsage
  | WorkspaceMessages

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
> = Layer.mergeAll(
  RateLimitsHttp.layer,
  ReferralsHttp.layer,
  WorkspaceRoleHttp.layer,
  TokenUsageHttp.layer,
  WorkspaceMessagesHttp.layer
).pipe(Layer.provideMerge(BackendHttpContract.layer), Layer.provideMerge(AuthSessionOAuth.layer))

/**
 * Everything over given settings: the credential store that they name, the Node HTTP client, and journal and leases in
 * the SQLite file of the home, which is opened when the first of them is needed.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer: Layer.Layer<
  AccountServices | CredentialStore | Lease | OperationJournal | HttpClient.HttpClient,
  ConfigurationError,
  AccountConfig | FileSystem.FileSystem | Path.Path
> = layerServices.pipe(
  Layer.provideMerge(Layer.mergeAll(CredentialStoreConfigured.layer, HttpClientNode.layer, LeaseSql.layerFile)),
  Layer.merge(OperationJournalSql.layerFile)
)

/**
 * @since 0.1.0
 * @category models
 */
export interface LiveOptions extends AccountConfigEnv.Overrides {
  /** Caps every timeout. */
  readonly timeout?: Option.Option<Duration.Duration>
}

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
> =>
  layer.pipe(
    Layer.provideMerge(SessionRenewalConfigured.layerConfig),
    Layer.provideMerge(Layer.merge(AccountConfigEnv.layerConfig(options), PoliciesConfig.layerConfig(options.timeout)))
  )
