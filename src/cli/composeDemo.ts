/** The account of the embedded backend, in a home of its own. */
import type * as PlatformError from "@effect/platform/Error"
import * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type * as ConfigError from "effect/ConfigError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type { ConfigurationError } from "../domain/ConfigurationError.js"
import * as AccountConfigEnv from "../layers/AccountConfigEnv.js"
import * as CredentialStoreFile from "../layers/CredentialStoreFile.js"
import * as LeaseMemory from "../layers/LeaseMemory.js"
import * as Live from "../layers/Live.js"
import * as OperationJournalMemory from "../layers/OperationJournalMemory.js"
import * as PoliciesConfig from "../layers/PoliciesConfig.js"
import { FakeBackend } from "../testing/FakeBackend.js"
import type { Account } from "./composed.js"
import { layerDemoBackend, writeHome } from "./demo.js"

const noHome = (error: PlatformError.PlatformError) => Effect.dieMessage(`The demo's home failed: ${error._tag}`)

/** A folder that is removed with everything in it at the end. */
const settings = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const backend = yield* FakeBackend
  const codexHome = yield* fs.makeTempDirectoryScoped({ prefix: "codex-account-demo-" })
  yield* writeHome(codexHome, backend)
  const { refresh, revoke, chatgpt } = backend.urls
  return AccountConfigEnv.layer({
    codexHome,
    backend: { url: chatgpt, style: "chatgpt" },
    refreshUrl: refresh,
    revokeUrl: revoke
  })
}).pipe(Effect.catchAll(noHome), Layer.unwrapScoped)

/**
 * The same services as everywhere over a backend on this machine. Neither the proxies nor the configuration of the
 * environment are used: nothing leaves the machine.
 */
export const layerDemo = (
  timeout: Option.Option<Duration.Duration>
): Layer.Layer<Account, ConfigurationError | ConfigError.ConfigError, FileSystem.FileSystem | Path.Path> =>
  Live.layerServices.pipe(
    Layer.provideMerge(Layer.mergeAll(CredentialStoreFile.layer, NodeHttpClient.layerUndici, LeaseMemory.layer)),
    Layer.merge(OperationJournalMemory.layerMemory),
    Layer.provideMerge(Layer.merge(settings, PoliciesConfig.layerConfig(timeout))),
    Layer.provide(Layer.orDie(layerDemoBackend))
  )
