/**
 * The composition of all layers: settings, the machine's own resources, a session, and the services over them.
 *
 * What holds an account is shared by what it is given (`perAccount`): shared by reference, as layers are, two accounts in
 * one program would be one.
 */
import * as FileSystem from "@effect/platform/FileSystem"
import * as HttpClient from "@effect/platform/HttpClient"
import * as Path from "@effect/platform/Path"
import * as Config from "effect/Config"
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import * as Struct from "effect/Struct"
import { AccountConfig, type AccountSettings } from "../services/AccountConfig.js"
import { AuthSession } from "../services/AuthSession.js"
import type { BackendHttp } from "../services/BackendHttp.js"
import { CredentialStore } from "../services/CredentialStore.js"
import { Lease } from "../services/Lease.js"
import { OperationJournal } from "../services/OperationJournal.js"
import { SessionRenewal } from "../services/SessionRenewal.js"
import { Workspaces } from "../services/Workspaces.js"
import * as AccountConfigEnv from "./AccountConfigEnv.js"
import * as AuthSessionOAuth from "./AuthSessionOAuth.js"
import * as BackendHttpContract from "./BackendHttpContract.js"
import * as CredentialStoreEnvironment from "./CredentialStoreEnvironment.js"
import * as CredentialStoreFile from "./CredentialStoreFile.js"
import * as HttpClientNode from "./HttpClientNode.js"
import { perAccount } from "./internal/perAccount.js"
import * as PoliciesConfig from "./PoliciesConfig.js"
import * as RateLimitsHttp from "./RateLimitsHttp.js"
import * as ReferralsHttp from "./ReferralsHttp.js"
import * as TokenUsageHttp from "./TokenUsageHttp.js"
import * as WorkspaceMessagesHttp from "./WorkspaceMessagesHttp.js"
import * as WorkspaceRoleHttp from "./WorkspaceRoleHttp.js"

/** The layer of a module that is loaded when the layer is built. */
const lazily = <A, E, R>(load: () => Promise<{ readonly layer: Layer.Layer<A, E, R> }>) =>
  Layer.unwrapEffect(Effect.map(Effect.promise(load), ({ layer }) => layer))

/** Done once, when it is first asked for. What an interrupted first caller left would be every later caller's. */
const onFirstUse = <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.cached(Effect.uninterruptible(work))

/** Loaded when they are first asked for. */
const layerWorkspaces = Layer.scoped(
  Workspaces,
  Effect.gen(function* () {
    const context = yield* Effect.context<AccountConfig | AuthSession | BackendHttp | Scope.Scope>()
    let loaded: Workspaces["Type"] | undefined
    const service = yield* Effect.promise(() => import("./WorkspacesHttp.js")).pipe(
      Effect.flatMap(({ make }) => make),
      Effect.tap((made) => Effect.sync(() => void (loaded = made))),
      Effect.provide(context),
      onFirstUse
    )
    return Workspaces.of({
      list: (options) => Effect.flatMap(service, ({ list }) => list(options)),
      session: Effect.flatMap(service, ({ session }) => session),
      // Before that nothing is in memory.
      known: Effect.suspend(() => loaded?.known ?? Context.get(context, AuthSession).current),
      switchTo: (options) => Effect.flatMap(service, ({ switchTo }) => switchTo(options))
    })
  })
)

/**
 * The backend's services over a session of the caller's choice.
 * @since 0.1.0
 * @category layers
 */
export const layerBackend = perAccount(
  Layer.mergeAll(
    RateLimitsHttp.layer,
    ReferralsHttp.layer,
    WorkspaceRoleHttp.layer,
    TokenUsageHttp.layer,
    WorkspaceMessagesHttp.layer,
    layerWorkspaces
  ).pipe(Layer.provideMerge(BackendHttpContract.layer)),
  AccountConfig,
  AuthSession,
  HttpClient.HttpClient
)

/**
 * The account services over settings, an HTTP client, a credential store and leases of the caller's choice.
 * @since 0.1.0
 * @category layers
 */
export const layerServices = perAccount(
  Layer.provideMerge(layerBackend, AuthSessionOAuth.layer),
  AccountConfig,
  CredentialStore,
  HttpClient.HttpClient,
  Lease
)

/**
 * The session, and the services over it.
 * @since 0.1.0
 * @category models
 */
export type AccountServices = Layer.Layer.Success<typeof layerServices>

/**
 * The steps of signing in, and the browser, loaded when they are needed.
 * @since 0.1.0
 * @category layers
 */
export const layerSignIn = perAccount(
  Layer.merge(
    lazily(() => import("./SignInHttp.js")),
    lazily(() => import("./BrowserSystem.js"))
  ),
  AccountConfig,
  HttpClient.HttpClient
)

const stores: Record<AccountSettings["credentialStore"], typeof CredentialStoreFile.layer> = {
  file: CredentialStoreFile.layer,
  ephemeral: lazily(() => import("./CredentialStoreEphemeral.js")),
  keyring: lazily(() => import("./CredentialStoreKeyring.js")),
  auto: lazily(() => import("./CredentialStoreAuto.js"))
}

/**
 * The credential store that `cli_auth_credentials_store` names, beneath a token in the environment. Any but the file is
 * loaded when it is needed.
 */
const layerCredentialStore = Layer.unwrapEffect(
  Effect.map(AccountConfig, ({ accessToken, credentialStore }) =>
    Option.match(accessToken, {
      onNone: () => stores[credentialStore],
      onSome: (token) => Layer.provide(CredentialStoreEnvironment.layerOver(token), stores[credentialStore])
    })
  )
)

/** Leases and journal, loaded and built when one of them is first used. */
const layerDatabase = Layer.scopedContext(
  Effect.gen(function* () {
    const settings = yield* Effect.context<AccountConfig>()
    const scope = yield* Effect.scope
    const services = yield* Effect.promise(() =>
      Promise.all([import("./LeaseSql.js"), import("./OperationJournalSql.js")])
    ).pipe(
      Effect.flatMap(([lease, journal]) =>
        Layer.buildWithScope(Layer.merge(lease.layerFile, journal.layerFile), scope)
      ),
      Effect.provide(settings),
      onFirstUse
    )
    return Context.make(Lease, {
      withLease: (lease, work) =>
        Effect.flatMap(services, (context) => Context.get(context, Lease).withLease(lease, work))
    }).pipe(Context.add(OperationJournal, Effect.serviceFunctions(Effect.map(services, Context.get(OperationJournal)))))
  })
)

/**
 * What this machine has: an HTTP client, the credential store of the settings, and journal and leases in SQLite.
 * @since 0.1.0
 * @category layers
 */
export const layerMachine = perAccount(
  Layer.mergeAll(layerCredentialStore, HttpClientNode.layer, layerDatabase),
  AccountConfig,
  FileSystem.FileSystem,
  Path.Path
)

/**
 * The account services on this machine, over given settings.
 * @since 0.1.0
 * @category layers
 */
export const layer = perAccount(
  Layer.provideMerge(layerServices, layerMachine),
  AccountConfig,
  FileSystem.FileSystem,
  Path.Path
)

interface LiveOptions extends AccountConfigEnv.Overrides {
  /** Caps every timeout. */
  readonly timeout?: Option.Option<Duration.Duration>
}

const delegate = lazily(() => import("./SessionRenewalDelegate.js"))
const renewals: Record<"cooperate" | "read-only" | "delegate", typeof delegate> = {
  cooperate: Layer.succeed(SessionRenewal, { _tag: "Cooperate" }),
  "read-only": Layer.succeed(SessionRenewal, { _tag: "ReadOnly" }),
  delegate
}

/** By `CODEX_ACCOUNT_SESSION_OWNER`: `cooperate` (default), `read-only`, or `delegate` to the `codex` on the path. */
const layerSessionRenewal = Layer.unwrapEffect(
  Config.literal(...Struct.keys(renewals))("CODEX_ACCOUNT_SESSION_OWNER").pipe(
    Config.withDefault("cooperate" as const),
    Effect.map((owner) => renewals[owner])
  )
)

/**
 * The settings: policies, who renews the session, and everything else in the environment and `config.toml`.
 * @since 0.1.0
 * @category layers
 */
export const layerSettings = (options: LiveOptions = {}) =>
  layerSessionRenewal.pipe(
    Layer.provideMerge(AccountConfigEnv.layerConfig(options)),
    Layer.merge(PoliciesConfig.layerConfig(options.timeout))
  )

/**
 * Everything from the environment and `config.toml`.
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (options: LiveOptions = {}) => Layer.provideMerge(layer, layerSettings(options))
