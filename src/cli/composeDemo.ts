/** The demo: a backend and an issuer on this machine, and a home that lasts as long as the command. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as AccountConfigEnv from "../layers/AccountConfigEnv.js"
import * as CredentialStoreFile from "../layers/CredentialStoreFile.js"
import * as LeaseMemory from "../layers/LeaseMemory.js"
import * as OperationJournalMemory from "../layers/OperationJournalMemory.js"
import { FakeBackend, settingsOf } from "../testing/FakeBackend.js"
import { layerServer } from "../testing/FakeIssuer.js"
import { demoAccount, personalAccount, writeHome } from "./demoHome.js"

/** In a folder that is removed at the end, without the environment's proxies or configuration: nothing leaves here. */
export const layerDemo = Layer.unwrapScoped(
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const backend = yield* FakeBackend
    const codexHome = yield* fs.makeTempDirectoryScoped({ prefix: "codex-account-demo-" })
    yield* writeHome(codexHome, backend)
    return Layer.mergeAll(
      CredentialStoreFile.layer,
      NodeHttpClient.layerUndici,
      LeaseMemory.layer,
      OperationJournalMemory.layerMemory
    ).pipe(Layer.provideMerge(AccountConfigEnv.layer({ codexHome, ...settingsOf(backend.urls) })))
  })
).pipe(
  Layer.provide(layerServer({ backend: { accounts: (now) => [demoAccount(now), personalAccount(now)] } })),
  Layer.orDie
)
