/** The file `.env` in the Codex home, whose variables go before the environment's, as for the Codex CLI. */
import type * as FileSystem from "@effect/platform/FileSystem"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Util from "node:util"

/** What is read from it here. Codex takes no variable of its own (`CODEX_`) from there. */
const names = [
  ...["HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "NO_PROXY"].flatMap((name) => [name, name.toLowerCase()]),
  "SSL_CERT_FILE"
]

type Variables = ReadonlyMap<string, string>

/** Node before 20.12 can't read it. What can't be read sets nothing, as for Codex. */
export const readDotenv = (fs: FileSystem.FileSystem, file: string): Effect.Effect<Variables> =>
  Effect.match(fs.readFileString(file), {
    onFailure: () => new Map(),
    onSuccess: (text) => {
      const found = "parseEnv" in Util ? Util.parseEnv(text.replace(/^\ufeff/, "")) : {}
      return new Map(names.flatMap((name) => (found[name] === undefined ? [] : [[name, found[name]] as const])))
    }
  })

/** Reads the effect's configuration from there first. */
export const withDotenv = (variables: Variables) => {
  const file = ConfigProvider.fromMap(new Map(variables))
  return <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
    Effect.configProviderWith((provider) =>
      Effect.withConfigProvider(
        work,
        ConfigProvider.orElse(file, () => provider)
      )
    )
}
