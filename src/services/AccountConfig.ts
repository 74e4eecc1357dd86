/** Where the account lives and how its layers behave. */
import * as Context from "effect/Context"
import type * as Duration from "effect/Duration"
import type * as Option from "effect/Option"
import type * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import type { BackendBase } from "../contracts/BackendEndpoints.js"
import type { RenewalPolicy } from "../domain/RenewalPolicy.js"
import { namesOf } from "../domain/words.js"

/** What it is about, and what is wrong with it. */
const words = {
  HomeMissing: ["CODEX_HOME", "points to a folder that does not exist"],
  HomeNotADirectory: ["CODEX_HOME", "does not point to a folder"],
  ConfigUnreadable: ["config.toml", "can't be read"],
  ConfigMalformed: ["config.toml", "can't be understood"],
  CertificateUnreadable: ["the CA bundle", "can't be read"],
  InvalidUrl: [null, "not an http or https URL"],
  InvalidValue: ["a setting", "has a value that can't be used"]
} as const

/**
 * `detail` names the variable, the key or the place.
 * @since 0.1.0
 * @category errors
 */
export class ConfigurationError extends Schema.TaggedError<ConfigurationError>()("ConfigurationError", {
  reason: namesOf(words),
  detail: Schema.String
}) {
  /** What it is about, as the library names it; null where `detail` names it. */
  get subject(): string | null {
    return words[this.reason][0]
  }

  /** What is wrong, and where. */
  get problem(): string {
    return `${words[this.reason][1]}: ${this.detail}`
  }

  override get message(): string {
    return this.subject === null ? this.problem : `${this.subject} ${this.problem}`
  }
}

/** The keys of `config.toml` that concern the account. */
export const configKeys = [
  "chatgpt_base_url",
  "cli_auth_credentials_store",
  "forced_login_method",
  "forced_chatgpt_workspace_id",
  "model"
] as const

/**
 * @since 0.1.0
 * @category models
 */
export interface AccountSettings {
  /** The folder with `auth.json` and `config.toml`. */
  readonly codexHome: string
  readonly backend: BackendBase
  /** Why the base URL of the settings can't be used: every call of the backend fails with it. */
  readonly backendFault: ConfigurationError | null
  /** Whether tokens may go over plain http to other machines. */
  readonly allowHttp: boolean
  /** Full URLs of the OAuth server's endpoints. */
  readonly refreshUrl: string
  readonly revokeUrl: string
  readonly clientId: string
  /** Where people sign in; the paths of signing in are below it. */
  readonly issuer: string
  /** The base of the API that knows personal access tokens. */
  readonly authApi: string
  /** The client name shown on the sign-in page. */
  readonly originator: string
  readonly userAgent: string
  /** A token from the environment, which goes before every stored sign-in and is never stored. */
  readonly accessToken: Option.Option<Redacted.Redacted>
  readonly credentialStore: "file" | "keyring" | "auto" | "ephemeral"
  readonly forcedLoginMethod: Option.Option<"chatgpt" | "api">
  /** Workspaces that may sign in; empty for all. */
  readonly forcedWorkspaces: ReadonlyArray<string>
  /** The model that the settings name; nothing here uses one, and a client of the app-server asks for it. */
  readonly model: Option.Option<string>
  /** Variables of `.env` in the Codex home: the proxies, and `SSL_CERT_FILE`. They go before those of the environment. */
  readonly dotenv: ReadonlyMap<string, string>
  /** A PEM bundle to trust besides the usual ones, and the variable that named it. */
  readonly caCertificate: Option.Option<{ readonly path: string; readonly variable: string }>
  /** An answer above this many bytes is refused. */
  readonly maxResponseBytes: number
  /** When the session is renewed. */
  readonly renewal: RenewalPolicy
  /** Reads of usage within this time of one another share one request. */
  readonly usageInterval: Duration.Duration
  /** How long role and workspaces are kept, and how long an endpoint of theirs that fails is left alone. */
  readonly roleTimeToLive: Duration.Duration
  readonly roleCoolDown: Duration.Duration
}

/**
 * @since 0.1.0
 * @category tags
 */
export class AccountConfig extends Context.Tag("effect-codex-account/services/AccountConfig")<
  AccountConfig,
  AccountSettings
>() {}
