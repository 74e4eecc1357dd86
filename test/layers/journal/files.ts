/** A home of its own for each test, and a look into its database from outside. */
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import Libsql from "libsql"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import { backendBase } from "../../../src/contracts/BackendEndpoints.js"
import * as AccountConfigEnv from "../../../src/layers/AccountConfigEnv.js"
import type { AccountConfig } from "../../../src/services/AccountConfig.js"

export const temporaryFolder = Effect.acquireRelease(
  Effect.sync(() => Fs.mkdtempSync(Path.join(Os.tmpdir(), "codex account sql "))),
  (folder) => Effect.sync(() => Fs.rmSync(folder, { recursive: true, force: true }))
)

export const configOf = (codexHome: string) =>
  AccountConfigEnv.layer({ codexHome, backend: backendBase("https://backend.test/backend-api") })

/** A layer over a home of its own. */
export const inFolder = <A, E>(layer: Layer.Layer<A, E, AccountConfig>) =>
  Layer.unwrapScoped(Effect.map(temporaryFolder, (folder) => Layer.provide(layer, configOf(folder))))

export const databaseOf = (codexHome: string) => Path.join(codexHome, "codex-account.sqlite")

/** Runs statements over a connection of its own. */
export const rawSql = (file: string, ...statements: ReadonlyArray<string>): ReadonlyArray<unknown> => {
  const database = new Libsql(file)
  try {
    database.exec("PRAGMA busy_timeout = 2000")
    return statements.flatMap((statement) => database.prepare(statement).all([]))
  } finally {
    database.close()
  }
}
