/** The app-server of the embedded backend's account. */
import * as FileSystem from "@effect/platform/FileSystem"
import type * as Path from "@effect/platform/Path"
import * as NodeCommandExecutor from "@effect/platform-node/NodeCommandExecutor"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import type * as ConfigError from "effect/ConfigError"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import type * as Option from "effect/Option"
import type { AppServer } from "../app-server/server/AppServer.js"
import type { ConfigurationError } from "../domain/ConfigurationError.js"
import * as AccountConfigEnv from "../layers/AccountConfigEnv.js"
import * as CredentialStoreFile from "../layers/CredentialStoreFile.js"
import * as LeaseMemory from "../layers/LeaseMemory.js"
import * as OperationJournalMemory from "../layers/OperationJournalMemory.js"
import * as PoliciesConfig from "../layers/PoliciesConfig.js"
import * as ThreadStoreMemory from "../layers/ThreadStoreMemory.js"
import type { AccountConfig } from "../services/AccountConfig.js"
import { FakeBackend } from "../testing/FakeBackend.js"
import * as FakeIssuer from "../testing/FakeIssuer.js"
import { layerServer, type ServerOptions } from "./composeAppServerParts.js"
import { demoAccount, writeHome } from "./demo.js"

/** A folder that is removed with everything in it at the end. */
const settings = Layer.unwrapScoped(
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const backend = yield* FakeBackend
    const codexHome = yield* fs.makeTempDirectoryScoped({ prefix: "codex-account-demo-" })
    yield* writeHome(codexHome, backend)
    const { chatgpt, origin, refresh, revoke } = backend.urls
    return AccountConfigEnv.layer({
      codexHome,
      backend: { url: chatgpt, style: "chatgpt" },
      refreshUrl: refresh,
      revokeUrl: revoke,
      issuer: origin,
      authApi: `${origin}/api/accounts`
    })
  }).pipe(Effect.catchAll((error) => Effect.dieMessage(`The demo's home failed: ${error._tag}`)))
)

/** The same services as everywhere, over a backend and an issuer on this machine. Nothing leaves it. */
export const layerDemoServer = (
  options: ServerOptions,
  timeout: Option.Option<Duration.Duration>
): Layer.Layer<
  AppServer | AccountConfig,
  ConfigurationError | ConfigError.ConfigError,
  FileSystem.FileSystem | Path.Path
> =>
  layerServer(options).pipe(
    Layer.provide(Layer.mergeAll(CredentialStoreFile.layer, NodeHttpClient.layerUndici, LeaseMemory.layer)),
    Layer.provide(Layer.merge(OperationJournalMemory.layerMemory, ThreadStoreMemory.layerMemory)),
    Layer.provide(NodeCommandExecutor.layer),
    Layer.provide(PoliciesConfig.layerConfig(timeout)),
    Layer.provideMerge(settings),
    Layer.provide(Layer.orDie(FakeIssuer.layerServer({ backend: { accounts: (now) => [demoAccount(now)] } })))
  )
