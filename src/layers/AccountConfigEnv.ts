/** Settings from the environment and `config.toml`, as the Codex CLI reads them. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as Config from "effect/Config"
import type * as ConfigError from "effect/ConfigError"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { constant } from "effect/Function"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Redacted from "effect/Redacted"
import * as Os from "node:os"
import { backendBase } from "../contracts/BackendEndpoints.js"
import { defaultAuthApi, defaultClientId, defaultIssuer, defaultRefreshUrl, isHttpUrl } from "../contracts/OAuthApi.js"
import { ConfigurationError, AccountConfig, type AccountSettings } from "../services/AccountConfig.js"
import { defaultRenewal } from "../domain/RenewalPolicy.js"
import { version } from "../domain/version.js"
import { readConfigToml, readGiven } from "./internal/configToml.js"
import { readDotenv, withDotenv } from "./internal/dotenv.js"

/**
 * Settings that go before the environment and `config.toml`.
 * @since 0.1.0
 * @category models
 */
export interface Overrides {
  readonly codexHome?: string | undefined
  readonly baseUrl?: string | undefined
  /** Keys of `config.toml`, as `KEY=VALUE`. What is no value of TOML is a text. */
  readonly config?: ReadonlyArray<string> | undefined
}

/** For what travels as a header. */
const printable = (text: string): string => text.replace(/[^\u0020-\u007e]/g, "_")

const defaultBaseUrl = "https://chatgpt.com/backend-api/"

/**
 * The settings without any configuration.
 * @since 0.1.0
 * @category constants
 */
export const defaults: Omit<AccountSettings, "codexHome"> = {
  backend: backendBase(defaultBaseUrl),
  backendFault: null,
  allowHttp: false,
  refreshUrl: defaultRefreshUrl,
  revokeUrl: `${defaultIssuer}/oauth/revoke`,
  clientId: defaultClientId,
  issuer: defaultIssuer,
  authApi: defaultAuthApi,
  originator: "effect-codex-account",
  userAgent: printable(`effect-codex-account/${version} (${Os.type()} ${Os.release()}; ${Os.arch()})`),
  accessToken: Option.none(),
  credentialStore: "file",
  forcedLoginMethod: Option.none(),
  forcedWorkspaces: [],
  model: Option.none(),
  dotenv: new Map(),
  caCertificate: Option.none(),
  maxResponseBytes: 1024 * 1024,
  renewal: defaultRenewal,
  usageInterval: Duration.seconds(5),
  roleTimeToLive: Duration.minutes(15),
  roleCoolDown: Duration.minutes(5)
}

const text = (name: string) =>
  Config.string(name).pipe(Config.option, Config.map(Option.filter((value) => value.trim() !== "")))

const textOr = (name: string, fallback: string) => Config.map(text(name), Option.getOrElse(constant(fallback)))

/** What becomes a setting as it is. */
const passedOn = Config.all({
  allowHttp: Config.boolean("CODEX_ACCOUNT_ALLOW_HTTP").pipe(Config.withDefault(defaults.allowHttp)),
  clientId: textOr("CODEX_APP_SERVER_LOGIN_CLIENT_ID", defaults.clientId),
  accessToken: Config.map(
    text("CODEX_ACCESS_TOKEN"),
    Option.map((token) => Redacted.make(token.trim()))
  ),
  usageInterval: Config.duration("CODEX_ACCOUNT_USAGE_INTERVAL").pipe(Config.withDefault(defaults.usageInterval)),
  roleTimeToLive: Config.duration("CODEX_ACCOUNT_ROLE_TTL").pipe(Config.withDefault(defaults.roleTimeToLive)),
  roleCoolDown: Config.duration("CODEX_ACCOUNT_ROLE_COOL_DOWN").pipe(Config.withDefault(defaults.roleCoolDown))
})

const environment = Config.all({
  home: text("CODEX_HOME"),
  userHome: text("HOME"),
  userProfile: text("USERPROFILE"),
  refreshUrl: textOr("CODEX_REFRESH_TOKEN_URL_OVERRIDE", defaults.refreshUrl),
  revokeUrl: text("CODEX_REVOKE_TOKEN_URL_OVERRIDE"),
  issuer: textOr("CODEX_APP_SERVER_LOGIN_ISSUER", defaults.issuer),
  authApi: textOr("CODEX_AUTHAPI_BASE_URL", defaults.authApi),
  originator: textOr("CODEX_INTERNAL_ORIGINATOR_OVERRIDE", defaults.originator),
  caCertificate: text("CODEX_CA_CERTIFICATE")
})

const checkUrl = (url: string, origin: string) =>
  isHttpUrl(url) ? Effect.succeed(url) : Effect.fail(new ConfigurationError({ reason: "InvalidUrl", detail: origin }))

/** A text without the blanks around it, the default where there is none, and nothing where it is no text. */
const wordOf = (value: unknown, fallback: string): string =>
  value === undefined ? fallback : typeof value === "string" ? value.trim() : ""

/** A base that paths are appended to. */
const checkBase = (url: string, origin: string) =>
  Effect.map(checkUrl(url.trim(), origin), (base) => base.replace(/\/+$/, ""))

/** The revocation endpoint beside an overridden refresh endpoint. */
const revokeBeside = (refreshUrl: string): string => new URL("/oauth/revoke", refreshUrl).href

const resolveHome = (fs: FileSystem.FileSystem, explicit: string) =>
  Effect.gen(function* () {
    const missing = Effect.mapError(() => new ConfigurationError({ reason: "HomeMissing", detail: explicit }))
    const { type } = yield* missing(fs.stat(explicit))
    if (type !== "Directory") return yield* new ConfigurationError({ reason: "HomeNotADirectory", detail: explicit })
    return yield* missing(fs.realPath(explicit))
  })

/**
 * @since 0.1.0
 * @category constructors
 */
export const make = (
  overrides: Overrides = {}
): Effect.Effect<AccountSettings, ConfigurationError | ConfigError.ConfigError, FileSystem.FileSystem | Path.Path> =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const env = yield* environment
    const explicit = overrides.codexHome ?? Option.getOrUndefined(env.home)
    const userHome = Option.getOrElse(Option.firstSomeOf([env.userHome, env.userProfile]), () => ".")
    const codexHome = explicit === undefined ? path.join(userHome, ".codex") : yield* resolveHome(fs, explicit)
    const dotenv = yield* readDotenv(fs, path.join(codexHome, ".env"))
    const sslCertFile = yield* withDotenv(dotenv)(text("SSL_CERT_FILE"))
    const keys = yield* readGiven(overrides.config ?? [])
    const file = { ...(yield* readConfigToml(fs, path.join(codexHome, "config.toml"))), ...keys }
    const given = overrides.baseUrl === undefined ? undefined : yield* checkUrl(overrides.baseUrl, "the base URL given")
    const baseUrl = yield* Effect.either(
      checkUrl(
        given ?? wordOf(file.chatgpt_base_url, defaultBaseUrl),
        keys.chatgpt_base_url === undefined ? "chatgpt_base_url in config.toml" : "chatgpt_base_url"
      )
    )
    const refreshUrl = yield* checkUrl(env.refreshUrl, "CODEX_REFRESH_TOKEN_URL_OVERRIDE")
    const workspaces = [file.forced_chatgpt_workspace_id ?? []].flat().map((id) => id.trim())
    return {
      ...defaults,
      ...(yield* passedOn),
      codexHome,
      backend: backendBase(Either.getOrElse(baseUrl, constant(""))),
      backendFault: Option.getOrNull(Either.getLeft(baseUrl)),
      refreshUrl,
      revokeUrl: yield* checkUrl(
        Option.getOrElse(env.revokeUrl, () => revokeBeside(refreshUrl)),
        "CODEX_REVOKE_TOKEN_URL_OVERRIDE"
      ),
      issuer: yield* checkBase(env.issuer, "CODEX_APP_SERVER_LOGIN_ISSUER"),
      authApi: yield* checkBase(env.authApi, "CODEX_AUTHAPI_BASE_URL"),
      originator: printable(env.originator),
      credentialStore: file.cli_auth_credentials_store ?? defaults.credentialStore,
      forcedLoginMethod: Option.fromNullable(file.forced_login_method),
      forcedWorkspaces: workspaces.filter((id) => id !== ""),
      model: Option.liftPredicate(file.model, Predicate.isString),
      dotenv,
      caCertificate: Option.orElse(
        Option.map(env.caCertificate, (pem) => ({ path: pem, variable: "CODEX_CA_CERTIFICATE" })),
        () => Option.map(sslCertFile, (pem) => ({ path: pem, variable: "SSL_CERT_FILE" }))
      )
    }
  })

/**
 * Reads `CODEX_HOME`, `CODEX_REFRESH_TOKEN_URL_OVERRIDE`, `CODEX_REVOKE_TOKEN_URL_OVERRIDE`,
 * `CODEX_APP_SERVER_LOGIN_CLIENT_ID`, `CODEX_APP_SERVER_LOGIN_ISSUER`, `CODEX_AUTHAPI_BASE_URL`, `CODEX_ACCESS_TOKEN`,
 * `CODEX_INTERNAL_ORIGINATOR_OVERRIDE`, `CODEX_CA_CERTIFICATE`, `SSL_CERT_FILE`, `CODEX_ACCOUNT_ALLOW_HTTP`,
 * `CODEX_ACCOUNT_USAGE_INTERVAL`, `CODEX_ACCOUNT_ROLE_TTL` and `CODEX_ACCOUNT_ROLE_COOL_DOWN`, and `config.toml` and `.env` in the home.
 * @since 0.1.0
 * @category layers
 */
export const layerConfig = (
  overrides: Overrides = {}
): Layer.Layer<AccountConfig, ConfigurationError | ConfigError.ConfigError, FileSystem.FileSystem | Path.Path> =>
  Layer.effect(AccountConfig, make(overrides))

/**
 * The given settings, with defaults for the rest. `codexHome` is not checked.
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  settings: Pick<AccountSettings, "codexHome"> & Partial<AccountSettings>
): Layer.Layer<AccountConfig> => Layer.succeed(AccountConfig, { ...defaults, ...settings })
