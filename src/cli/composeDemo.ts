/** The demo: a backend and an issuer on this machine, and a home that lasts as long as the command. */
import * as FileSystem from "@effect/platform/FileSystem"
import * as Path from "@effect/platform/Path"
import * as NodeHttpClient from "@effect/platform-node/NodeHttpClient"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import { AuthJsonText } from "../contracts/AuthJson.js"
import * as AccountConfigEnv from "../layers/AccountConfigEnv.js"
import * as CredentialStoreFile from "../layers/CredentialStoreFile.js"
import * as LeaseMemory from "../layers/LeaseMemory.js"
import * as OperationJournalMemory from "../layers/OperationJournalMemory.js"
import { FakeBackend, type FakeBackendService, settingsOf } from "../testing/FakeBackend.js"
import { layerServer } from "../testing/FakeIssuer.js"
import { demoAccount } from "./demoAccount.js"

/** Signs in at the backend and leaves the home as a sign-in would, with the backend's URL in `config.toml`. */
export const writeHome = (home: string, backend: FakeBackendService) =>
  Effect.gen(function* () {
    const fs = yield* FileSystem.FileSystem
    const path = yield* Path.Path
    const { record } = yield* backend.signIn()
    const text = yield* Effect.orDie(Schema.encode(AuthJsonText)(record))
    yield* fs.writeFileString(path.join(home, "auth.json"), `${text}\n`, { mode: 0o600, flag: "wx" })
    yield* fs.writeFileString(path.join(home, "config.toml"), `chatgpt_base_url = "${backend.urls.chatgpt}"\n`, {
      flag: "wx"
    })
  })

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
).pipe(Layer.provide(layerServer({ backend: { accounts: (now) => [demoAccount(now)] } })), Layer.orDie)
