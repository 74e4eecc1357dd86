/** The world of the demo: a backend and an issuer on this machine, and a home that lasts as long as the command. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as AccountConfigEnv from "../layers/AccountConfigEnv.js"
import * as CredentialStoreFile from "../layers/CredentialStoreFile.js"
import * as LeaseMemory from "../layers/LeaseMemory.js"
import * as OperationJournalMemory from "../layers/OperationJournalMemory.js"
import { FakeBackend } from "../testing/FakeBackend.js"
import { layerDemoServer, writeHome } from "./demo.js"

/** In a folder that is removed with everything in it at the end. */
const layerSettings = Layer.unwrapScoped(
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

/** Neither proxies nor the configuration of the environment are used: nothing leaves this machine. */
export const layerDemo = Layer.mergeAll(
  CredentialStoreFile.layer,
  NodeHttpClient.layerUndici,
  LeaseMemory.layer,
  OperationJournalMemory.layerMemory
).pipe(Layer.provideMerge(layerSettings), Layer.provide(layerDemoServer))
