/** A `CODEX_HOME` of a test's own, on the real file system, gone with the test. */
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as AccountConfigEnv from "../../../src/layers/AccountConfigEnv.js"
import * as CredentialStoreFile from "../../../src/layers/CredentialStoreFile.js"
import type { AccountConfig } from "../../../src/services/AccountConfig.js"
import type { CredentialStore } from "../../../src/services/CredentialStore.js"

/** A new folder. `name` may hold spaces and letters of any script. */
export const temporaryHome = (name = "home") =>
  Effect.acquireRelease(
    Effect.sync(() => {
      const home = Path.join(Fs.mkdtempSync(Path.join(Os.tmpdir(), "codex-account-")), name)
      Fs.mkdirSync(home)
      return Fs.realpathSync(home)
    }),
    (home) => Effect.sync(() => Fs.rmSync(Path.dirname(home), { recursive: true, force: true }))
  )

export const fileStore = (codexHome: string): Layer.Layer<CredentialStore | AccountConfig> =>
  CredentialStoreFile.layer.pipe(
    Layer.provideMerge(AccountConfigEnv.layer({ codexHome })),
    Layer.provide(NodeContext.layer)
  )

export const authFile = (home: string): string => Path.join(home, "auth.json")
export const modeOf = (file: string): string => (Fs.statSync(file).mode & 0o777).toString(8)

/** What is in a folder, besides the lock files, which stay. */
export const filesIn = (folder: string): ReadonlyArray<string> =>
  Fs.readdirSync(folder).filter((name) => !name.endsWith(".lock"))
