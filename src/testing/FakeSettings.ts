/**
 * Settings that point at the fake backend.
 *
 * @since 0.1.0
 */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import { defaultClientId } from "../contracts/OAuthApi.js"
import { backendBase, type PathStyle } from "../contracts/BackendEndpoints.js"
import { AccountConfig, type AccountSettings } from "../services/AccountConfig.js"
import { FakeBackend, type FakeUrls } from "./FakeBackend.js"

/**
 * Complete settings for a client of the fake: in the given path style, by default ChatGPT's, with what you override.
 * Unless you name a folder, nothing is read from or written to a disk: the store is ephemeral.
 *
 * @since 0.1.0
 * @category constructors
 */
export const settings = (
  urls: FakeUrls,
  options?: Partial<AccountSettings> & { readonly style?: PathStyle }
): AccountSettings => {
  const { style = "chatgpt", ...overrides } = options ?? {}
  return {
    codexHome: "/nonexistent/codex-home",
    backend: backendBase(style === "chatgpt" ? urls.chatgpt : urls.codex),
    refreshUrl: urls.refresh,
    revokeUrl: urls.revoke,
    clientId: defaultClientId,
    issuer: urls.origin,
    authApi: `${urls.origin}/api/accounts`,
    originator: "effect-codex-account-test",
    userAgent: "effect-codex-account-test",
    credentialStore: overrides.codexHome === undefined ? "ephemeral" : "file",
    forcedLoginMethod: Option.none(),
    forcedWorkspaces: [],
    caCertificate: Option.none(),
    maxResponseBytes: 1_048_576,
    refreshBefore: Duration.minutes(5),
    usageInterval: Duration.zero,
    roleTimeToLive: Duration.minutes(5),
    roleCoolDown: Duration.minutes(5),
    ...overrides
  }
}

/**
 * `AccountConfig` for the fake that is in the environment.
 *
 * @since 0.1.0
 * @category layers
 */
export const layer = (
  options?: Partial<AccountSettings> & { readonly style?: PathStyle }
): Layer.Layer<AccountConfig, never, FakeBackend> =>
  Layer.effect(
    AccountConfig,
    Effect.map(FakeBackend, ({ urls }) => settings(urls, options))
  )
