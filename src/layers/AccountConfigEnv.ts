/**
 * Settings from the environment and `config.toml`, as the Codex CLI reads them.
 *
 * @since 0.1.0
 */
import type * as PlatformError from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Os from "node:os"
import { ConfigTomlText, type ConfigToml } from "../contracts/ConfigToml.js"
import { defaultAuthApi, defaultClientId, defaultIssuer } from "../contracts/OAuthApi.js"
import { backendBase } from "../contracts/PathStyle.js"
import { version } from "../domain/version.js"
import { AccountConfig, type AccountSettings, ConfigurationError } from "../services/AccountConfig.js"

/**
 * Settings that go before the environment and `config.toml`.
 *
 * @since 0.1.0
 * @category models
 */
export interface Overrides {
  readonly codexHome?: string | undefined
  readonly baseUrl?: string | undefined
}

/** For what travels as a header. */
const printable = (text: string): string => text.replace(/[^\u0020-\u007e]/g, "_")

const defaultBaseUrl = "https://chatgpt.com/backend-api/"

/**
 * The settings without any configuration.
 *
 * @since 0.1.0
 * @category constants
 */
export const defaults: Omit<AccountSettings, "codexHome"> = {
  backend: backendBase(defaultBaseUrl),
  refreshUrl: `${defaultIssuer}/oauth/token`,
  revokeUrl: `${defaultIssuer}/oauth/revoke`,
  clientId: defaultClientId,
  issuer: defaultIssuer,
  authApi: defaultAuthApi,
  originator: "effect-codex-account",
  userAgent: printable(`effect-codex-account/${version} (${Os.type()} ${Os.release()}; ${Os.arch()})`),
  credentialStore: "file",
  forcedLoginMethod: Option.none(),
  forcedWorkspaces: [],
  caCertificate: Option.none(),
  maxResponseBytes: 1024 * 1024,
  refreshBefore: Duration.minutes(5),
  usageInterval: Duration.seconds(5),
  roleTimeToLive: Duration.minutes(15),
  roleCoolDown: Duration.minutes(5)
}

const text = (name: string) =>
  Config.string(name).pipe(Config.option, Config.map(Option.filter((value) => value.trim() !== "")))

const textOr = (name: string, fallback: string) =>
  Config.map(
    text(name),
    Option.getOrElse(() => fallback)
  )

const environment = Config.all({
  home: text("CODEX_HOME"),
  userHome: text("HOME"),
  userProfile: text("USERPROFILE"),
  refreshUrl: textOr("CODEX_REFRESH_TOKEN_URL_OVERRIDE", defaults.refreshUrl),
  revokeUrl: text("CODEX_REVOKE_TOKEN_URL_OVERRIDE"),
  clientId: textOr("CODEX_APP_SERVER_LOGIN_CLIENT_ID", defaults.clientId),
  issuer: textOr("CODEX_APP_SERVER_LOGIN_ISSUER", defaults.issuer),
  authApi: textOr("CODEX_AUTHAPI_BASE_URL", defaults.authApi),
  originator: textOr("CODEX_INTERNAL_ORIGINATOR_OVERRIDE", defaults.originator),
  caCertificate: text("CODEX_CA_CERTIFICATE"),
  sslCertFile: text("SSL_CERT_FILE"),
  usageInterval: Config.duration("CODEX_ACCOUNT_USAGE_INTERVAL").pipe(Config.withDefault(defaults.usageInterval)),
  roleTimeToLive: Config.duration("CODEX_ACCOUNT_ROLE_TTL").pipe(Config.withDefault(defaults.roleTimeToLive)),
  roleCoolDown: Config.duration("CODEX_ACCOUNT_ROLE_COOL_DOWN").pipe(Config.withDefault(defaults.roleCoolDown))
})

const checkUrl = (url: string, origin: string): Effect.Effect<string, ConfigurationError> => {
  const parsed = URL.canParse(url) ? new URL(url) : undefined
  const usable =
    parsed !== undefined &&
    (parsed.protocol === "https:" || parsed.protocol === "http:") &&
    parsed.username === "" &&
    parsed.password === ""
  return usable ? Effect.succeed(url) : Effect.fail(new ConfigurationError({ reason: "InvalidUrl", detail: origin }))
}

/** A base that paths are appended to. */
const checkBase = (url: string, origin: string) =>
  Effect.map(checkUrl(url.trim(), origin), (base) => base.replace(/\/+$/, ""))

/** The revocation endpoint beside an overridden refresh endpoint. */
const revokeBeside = (refreshUrl: string): string => {
  const url = new URL(refreshUrl)
  url.pathname = "/oauth/revoke"
  url.search = ""
  return url.toString()
}

const readConfigToml = (file: string): Effect.Effect<ConfigToml, ConfigurationError, FileSystem.FileSystem> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const isMissing = (error: PlatformError.PlatformError) =>
      error._tag === "SystemError" && error.reason === "NotFound"
    const contents = yield* fs.readFileString(file).pipe(
      Effect.catchIf(isMissing, () => Effect.succeed("")),
      Effect.mapError(() => new ConfigurationError({ reason: "ConfigUnreadable", detail: file }))
    )
    return yield* Schema.decode(ConfigTomlText)(contents).pipe(
      Effect.mapError(
        (error) => new ConfigurationError({ reason: "ConfigMalformed", detail: `${file}: ${whereOf(error.message)}` })
      )
    )
  })

/** Where a parse error is, without the values that it quotes. */
const whereOf = (message: string): string =>
  /not TOML[^\n]*/.exec(message)?.[0] ?? `${/\["([a-z_]+)"\]/.exec(message)?.[1] ?? "a key"} has an unusable value`

const resolveHome = (
  explicit: Option.Option<string>,
  userHome: string
): Effect.Effect<string, ConfigurationError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    if (Option.isNone(explicit)) return path.join(userHome, ".codex")
    const info = yield* fs
      .stat(explicit.value)
      .pipe(Effect.mapError(() => new ConfigurationError({ reason: "HomeMissing", detail: explicit.value })))
    if (info.type !== "Directory") {
      return yield* new ConfigurationError({ reason: "HomeNotADirectory", detail: explicit.value })
    }
    return yield* fs
      .realPath(explicit.value)
      .pipe(Effect.mapError(() => new ConfigurationError({ reason: "HomeMissing", detail: explicit.value })))
  })

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  overrides: Overrides = {}
): Effect.Effect<AccountSettings, ConfigurationError | ConfigError.ConfigError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const path = yield* Path.Path
    const env = yield* environment
    const userHome = Option.getOrElse(
      Option.orElse(env.userHome, () => env.userProfile),
      () => "."
    )
    const codexHome = yield* resolveHome(
      Option.orElse(Option.fromNullable(overrides.codexHome), () => env.home),
      userHome
    )
    const file = yield* readConfigToml(path.join(codexHome, "config.toml"))
    const baseUrl = yield* checkUrl(
      overrides.baseUrl ?? file.chatgpt_base_url ?? defaultBaseUrl,
      overrides.baseUrl === undefined ? "chatgpt_base_url in config.toml" : "the base URL given"
    )
    const refreshUrl = yield* checkUrl(env.refreshUrl, "CODEX_REFRESH_TOKEN_URL_OVERRIDE")
    const workspaces = file.forced_chatgpt_workspace_id ?? []
    return {
      ...defaults,
      codexHome,
      backend: backendBase(baseUrl),
      refreshUrl,
      revokeUrl: yield* checkUrl(
        Option.getOrElse(env.revokeUrl, () => revokeBeside(refreshUrl)),
        "CODEX_REVOKE_TOKEN_URL_OVERRIDE"
      ),
      clientId: env.clientId,
      issuer: yield* checkBase(env.issuer, "CODEX_APP_SERVER_LOGIN_ISSUER"),
      authApi: yield* checkBase(env.authApi, "CODEX_AUTHAPI_BASE_URL"),
      originator: printable(env.originator),
      credentialStore: file.cli_auth_credentials_store ?? defaults.credentialStore,
      forcedLoginMethod: Option.fromNullable(file.forced_login_method),
      forcedWorkspaces: typeof workspaces === "string" ? [workspaces] : workspaces,
      caCertificate: Option.orElse(
        Option.map(env.caCertificate, (pem) => ({ path: pem, variable: "CODEX_CA_CERTIFICATE" })),
        () => Option.map(env.sslCertFile, (pem) => ({ path: pem, variable: "SSL_CERT_FILE" }))
      ),
      usageInterval: env.usageInterval,
      roleTimeToLive: env.roleTimeToLive,
      roleCoolDown: env.roleCoolDown
    }
  })

/**
 * Reads `CODEX_HOME`, `CODEX_REFRESH_TOKEN_URL_OVERRIDE`, `CODEX_REVOKE_TOKEN_URL_OVERRIDE`,
 * `CODEX_APP_SERVER_LOGIN_CLIENT_ID`, `CODEX_APP_SERVER_LOGIN_ISSUER`, `CODEX_AUTHAPI_BASE_URL`,
 * `CODEX_INTERNAL_ORIGINATOR_OVERRIDE`, `CODEX_CA_CERTIFICATE`, `SSL_CERT_FILE`, `CODEX_ACCOUNT_USAGE_INTERVAL`,
 * `CODEX_ACCOUNT_ROLE_TTL` and `CODEX_ACCOUNT_ROLE_COOL_DOWN`, and `config.toml` in the home.
 *
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  overrides: Overrides = {}
): Layer.Layer<AccountConfig, ConfigurationError | ConfigError.ConfigError, FileSystem.FileSystem | Path.Path> =>
  Layer.effect(AccountConfig, make(overrides))

/**
 * The given settings, with defaults for the rest. `codexHome` is not checked.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  settings: Pick<AccountSettings, "codexHome"> & Partial<AccountSettings>
): Layer.Layer<AccountConfig> => Layer.succeed(AccountConfig, { ...defaults, ...settings })
