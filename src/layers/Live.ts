/**
 * The composition of all layers, in parts: settings, the machine's own resources, a session, and the services over them.
 */
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import type * as FileSystem from "@effect/platform/FileSystem"
import type * as HttpClient from "@effect/platform/HttpClient"
import type * as Path from "@effect/platform/Path"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import { type ConfigurationError, AccountConfig, type AccountSettings } from "../services/AccountConfig.js"
import type { AuthSession } from "../services/AuthSession.js"
import type { BackendHttp } from "../services/BackendHttp.js"
import type { CredentialStore } from "../services/CredentialStore.js"
import { Lease } from "../services/Lease.js"
import { OperationJournal } from "../services/OperationJournal.js"
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
import * as CredentialStoreFile from "./CredentialStoreFile.js"
import * as HttpClientNode from "./HttpClientNode.js"
import * as PoliciesConfig from "./PoliciesConfig.js"
import * as RateLimitsHttp from "./RateLimitsHttp.js"
import * as ReferralsHttp from "./ReferralsHttp.js"
import * as TokenUsageHttp from "./TokenUsageHttp.js"
import * as WorkspaceMessagesHttp from "./WorkspaceMessagesHttp.js"
import * as WorkspaceRoleHttp from "./WorkspaceRoleHttp.js"

/**
 * The services that call the backend with the session in use.
 * @since 0.1.0
 * @category models
 */
export type BackendServices = BackendHttp | RateLimits | Referrals | WorkspaceRole | TokenUsage | WorkspaceMessages

/**
 * The session, and the services over it.
 * @since 0.1.0
 * @category models
 */
export type AccountServices = AuthSession | BackendServices

/** A layer whose module is loaded when it is built. */
const lazily = <A, E, R>(load: () => Promise<Layer.Layer<A, E, R>>) => Layer.unwrapEffect(Effect.promise(load))

/**
 * The backend's services over a session of the caller's choice.
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
 * @since 0.1.0
 * @category layers
 */
export const layerServices: Layer.Layer<
  AccountServices,
  never,
  AccountConfig | CredentialStore | HttpClient.HttpClient | Lease
> = Layer.provideMerge(layerBackend, AuthSessionOAuth.layer)

/** Runs once, and to its end: what an interrupted first caller left would be every later caller's. */
const once = <A, E, R>(load: Effect.Effect<A, E, R>) => Effect.cached(Effect.uninterruptible(load))

/**
 * Signing in, loaded when it is first used.
 * @since 0.1.0
 * @category layers
 */
export const layerSignIn: Layer.Layer<SignIn, never, AccountConfig | HttpClient.HttpClient> = Layer.effect(
  SignIn,
  Effect.gen(function* () {
    const context = yield* Effect.context<AccountConfig | HttpClient.HttpClient>()
    const signIn = yield* once(
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

const stores: Readonly<
  Record<
    AccountSettings["credentialStore"],
    Layer.Layer<CredentialStore, never, AccountConfig | FileSystem.FileSystem | Path.Path>
  >
> = {
  file: CredentialStoreFile.layer,
  ephemeral: lazily(() => import("./CredentialStoreEphemeral.js").then(({ layer }) => layer)),
  keyring: lazily(() => import("./CredentialStoreKeyring.js").then(({ layer }) => layer)),
  auto: lazily(() => import("./CredentialStoreAuto.js").then(({ layer }) => layer))
}

/**
 * The credential store that `cli_auth_credentials_store` names. Any but the file is loaded when it is needed.
 * @since 0.1.0
 * @category layers
 */
export const layerCredentialStore = Layer.unwrapEffect(
  Effect.map(AccountConfig, ({ credentialStore }) => stores[credentialStore])
)

/** Leases and journal, loaded and built when one of them is first used, on the connection of everything in the same build. */
const layerDatabase = Layer.scopedContext(
  Effect.gen(function* () {
    const settings = yield* Effect.context<AccountConfig>()
    const scope = yield* Effect.scope
    const memoMap = yield* Layer.CurrentMemoMap
    const services = yield* once(
      Effect.promise(() => Promise.all([import("./LeaseSql.js"), import("./OperationJournalSql.js")])).pipe(
        Effect.flatMap(([lease, journal]) =>
          Layer.buildWithMemoMap(Layer.merge(lease.layerFile, journal.layerFile), memoMap, scope)
        ),
        Effect.provide(settings)
      )
    )
    const journal = Effect.map(services, Context.get(OperationJournal))
    return Context.make(Lease, {
      withLease: (lease, work) =>
        Effect.flatMap(services, (context) => Context.get(context, Lease).withLease(lease, work))
    }).pipe(
      Context.add(OperationJournal, {
        intend: (intent) => Effect.flatMap(journal, (service) => service.intend(intent)),
        advance: (key, state) => Effect.flatMap(journal, (service) => service.advance(key, state)),
        find: (key) => Effect.flatMap(journal, (service) => service.find(key)),
        list: (filter) => Effect.flatMap(journal, (service) => service.list(filter))
      })
    )
  })
)

/**
 * What this machine has: the Node HTTP client, the credential store that the settings name, and journal and leases in the
 * SQLite file of the home, which is opened when one of them is first needed.
 * @since 0.1.0
 * @category layers
 */
export const layerMachine: Layer.Layer<
  CredentialStore | HttpClient.HttpClient | Lease | OperationJournal,
  ConfigurationError,
  AccountConfig | FileSystem.FileSystem | Path.Path
> = Layer.mergeAll(layerCredentialStore, HttpClientNode.layer, layerDatabase)

/**
 * The account services on this machine, over given settings.
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
)("CODEX_ACCOUNT_SESSION_OWNER").pipe(Config.withDefault("cooperate" as const))

const renewals: Readonly<
  Record<
    Config.Config.Success<typeof owner>,
    Layer.Layer<SessionRenewal, never, AccountConfig | CommandExecutor.CommandExecutor>
  >
> = {
  cooperate: Layer.succeed(SessionRenewal, { _tag: "Cooperate" }),
  "read-only": Layer.succeed(SessionRenewal, { _tag: "ReadOnly" }),
  delegate: lazily(() => import("./SessionRenewalDelegate.js").then(({ layer }) => layer()))
}

/**
 * Reads `CODEX_ACCOUNT_SESSION_OWNER`: `cooperate` (default), `read-only`, or `delegate`, which has the `codex` on the path
 * renew it.
 * @since 0.1.0
 * @category layers
 */
export const layerSessionRenewal = Layer.unwrapEffect(Effect.map(owner, (named) => renewals[named]))

/**
 * The settings: policies, who renews the session, and everything else in the environment and `config.toml`.
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
