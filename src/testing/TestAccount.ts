/**
 * A signed-in account for a test: the real services over the fake backend, with journal and lease in memory. `TestClock`
 * moves everything, the account's windows included; without it, time is real.
 */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type { AuthJson } from "../contracts/AuthJson.js"
import { backendBase, type PathStyle } from "../contracts/BackendEndpoints.js"
import { defaults } from "../layers/AccountConfigEnv.js"
import * as CredentialStoreEphemeral from "../layers/CredentialStoreEphemeral.js"
import * as LeaseMemory from "../layers/LeaseMemory.js"
import * as Live from "../layers/Live.js"
// Loaded beforehand: virtual time does not stand still while a module is loaded.
import "../layers/WorkspacesHttp.js"
import * as OperationJournalMemory from "../layers/OperationJournalMemory.js"
import { AccountConfig, type AccountSettings } from "../services/AccountConfig.js"
import { AuthSession } from "../services/AuthSession.js"
import type { CredentialStore } from "../services/CredentialStore.js"
import type { Dialog } from "../services/Dialog.js"
import type { Lease } from "../services/Lease.js"
import type { OperationJournal } from "../services/OperationJournal.js"
import { FakeBackend, type FakeBackendOptions, type FakeUrls, layerClient, settingsOf } from "./FakeBackend.js"
import * as ScriptedDialog from "./ScriptedDialog.js"

/**
 * Settings to override. `style` is the backend's path style, ChatGPT's by default.
 * @since 0.1.0
 * @category models
 */
export type SettingsOptions = Partial<AccountSettings> & { readonly style?: PathStyle }

/**
 * Complete settings for a client of the fake. Unless you name a folder, nothing is read from or written to a disk: the
 * store is ephemeral.
 * @since 0.1.0
 * @category constructors
 */
export const settings = (
  urls: FakeUrls,
  { style = "chatgpt", ...overrides }: SettingsOptions = {}
): AccountSettings => ({
  ...defaults,
  codexHome: "/nonexistent/codex-home",
  ...settingsOf(urls),
  ...(style === "codex" ? { backend: backendBase(urls.codex) } : {}),
  originator: "effect-codex-account-test",
  userAgent: "effect-codex-account-test",
  credentialStore: overrides.codexHome === undefined ? "ephemeral" : "file",
  usageInterval: Duration.zero,
  roleTimeToLive: Duration.minutes(5),
  ...overrides
})

/**
 * `AccountConfig` for the fake that is in the environment.
 * @since 0.1.0
 * @category layers
 */
export const layerSettings = (options?: SettingsOptions): Layer.Layer<AccountConfig, never, FakeBackend> =>
  Layer.effect(
    AccountConfig,
    Effect.map(FakeBackend, ({ urls }) => settings(urls, options))
  )

/**
 * @since 0.1.0
 * @category models
 */
export interface PartsOptions {
  /** What is in the credential store: by default a sign-in of the first account, null for none. */
  readonly record?: AuthJson | null | undefined
  readonly settings?: SettingsOptions | undefined
  /** The answers to questions; a question without one fails. */
  readonly script?: ScriptedDialog.Script
  /** Changes the HTTP client between the services and the fake. */
  readonly client?: (client: HttpClient.HttpClient) => HttpClient.HttpClient
}

/**
 * What the account services and the programs need besides each other.
 * @since 0.1.0
 * @category models
 */
export type Parts =
  | AccountConfig
  | CredentialStore
  | Dialog
  | HttpClient.HttpClient
  | Lease
  | OperationJournal
  | ScriptedDialog.ScriptedDialog

const layerStore = (record: AuthJson | null | undefined) =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const backend = yield* FakeBackend
      const stored = record === undefined ? (yield* backend.signIn()).record : (record ?? undefined)
      return CredentialStoreEphemeral.layerMemory(stored)
    })
  )

/**
 * Everything below the account services, over a fake of your own: `FakeBackend.layerClient`, or `FakeIssuer.layerClient`
 * for a test that signs in.
 * @since 0.1.0
 * @category layers
 */
export const layerParts = (
  options: PartsOptions = {}
): Layer.Layer<Parts, never, FakeBackend | HttpClient.HttpClient> =>
  Layer.mergeAll(
    layerStore(options.record),
    layerSettings(options.settings),
    ScriptedDialog.layer(options.script),
    LeaseMemory.layer,
    OperationJournalMemory.layerMemory,
    Layer.effect(HttpClient.HttpClient, Effect.map(HttpClient.HttpClient, options.client ?? ((client) => client)))
  )

/**
 * What a program under test may ask for.
 * @since 0.1.0
 * @category models
 */
export type Services = Live.AccountServices | Parts | FakeBackend

/**
 * A signed-in account with everything that the programs ask for.
 * @since 0.1.0
 * @category layers
 */
export const layer = (options: FakeBackendOptions & PartsOptions = {}): Layer.Layer<Services> =>
  Live.layerServices.pipe(Layer.provideMerge(layerParts(options)), Layer.provideMerge(layerClient(options)))

/**
 * Signs in as the account at that place in `accounts`, counted from zero, in place of the one that was signed in.
 * @since 0.1.0
 * @category combinators
 */
export const signIn = (index = 0) =>
  Effect.gen(function* () {
    const backend = yield* FakeBackend
    const session = yield* AuthSession
    const { record } = yield* backend.signIn(backend.accountKeys[index] ?? `at ${index}`)
    return yield* session.signIn(record)
  })
