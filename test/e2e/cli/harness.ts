/**
 * The command as a child process, over a fake backend on a real socket and a real home. Every child is ended, and every
 * folder is removed.
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { build } from "esbuild"
import { spawn } from "node:child_process"
import { existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { type OutputName, outputs } from "../../../src/cli/json/outputs.js"
import { AuthJsonText } from "../../../src/contracts/AuthJson.js"
import { FakeBackend } from "../../../src/testing/index.js"

const root = fileURLToPath(new URL("../../..", import.meta.url))

/** Bundles the command as it ships; gives the file to run. */
export const bundle = async (): Promise<{ readonly bin: string; readonly remove: () => void }> => {
  const outdir = join(root, "node_modules/.cache", `cli-e2e-${process.pid}`)
  await build({
    absWorkingDir: root,
    entryPoints: { bin: "src/cli/bin.ts" },
    outdir,
    bundle: true,
    splitting: true,
    format: "esm",
    platform: "node",
    target: "node20",
    logLevel: "error",
    external: ["libsql", "@libsql/*", "@parcel/watcher", "msgpackr-extract", "bufferutil", "utf-8-validate"],
    banner: {
      js: `import { createRequire as __createRequire } from "node:module"; const require = __createRequire(import.meta.url);`
    }
  })
  return { bin: join(outdir, "bin.js"), remove: () => rmSync(outdir, { recursive: true, force: true }) }
}

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** Sends the signal as soon as the effect is done. */
  readonly interrupt?: { readonly after: Effect.Effect<unknown>; readonly signal: "SIGINT" | "SIGTERM" }
}

/** Runs the command without a terminal and with nothing on stdin; it is killed with the scope. */
const run = (bin: string, args: ReadonlyArray<string>, env: Record<string, string>, options?: RunOptions) =>
  Effect.scoped(
    Effect.gen(function* () {
      const child = yield* Effect.acquireRelease(
        Effect.sync(() =>
          spawn(process.execPath, [bin, ...args], {
            env: { ...env, ...options?.env },
            stdio: ["ignore", "pipe", "pipe"]
          })
        ),
        (child) =>
          Effect.sync(() => {
            if (child.exitCode === null) child.kill("SIGKILL")
          })
      )
      if (options?.interrupt !== undefined) {
        const { after, signal } = options.interrupt
        yield* Effect.forkScoped(
          Effect.zipRight(
            after,
            Effect.sync(() => child.kill(signal))
          )
        )
      }
      return yield* Effect.async<Ran>((resume) => {
        let stdout = ""
        let stderr = ""
        child.stdout.on("data", (chunk: Buffer) => (stdout += chunk.toString("utf8")))
        child.stderr.on("data", (chunk: Buffer) => (stderr += chunk.toString("utf8")))
        child.on("close", (code) => resume(Effect.succeed({ code, stdout, stderr })))
      })
    })
  )

export interface World {
  readonly backend: FakeBackend.FakeBackendService
  readonly home: string
  readonly env: Record<string, string>
  /** The secrets of the session in the home. */
  readonly secrets: ReadonlyArray<string>
  readonly cli: (args: ReadonlyArray<string>, options?: RunOptions) => Effect.Effect<Ran>
}

export const temporaryFolder: Effect.Effect<string, never, Scope.Scope> = Effect.acquireRelease(
  Effect.sync(() => mkdtempSync(join(tmpdir(), "codex-account-e2e-"))),
  (folder) => Effect.sync(() => rmSync(folder, { recursive: true, force: true }))
)

/** The environment of a user without any Codex, proxy or certificate settings. */
export const bareEnvironment = (userHome: string): Record<string, string> => ({
  PATH: process.env.PATH ?? "",
  HOME: userHome,
  TZ: "UTC",
  LANG: "C.UTF-8"
})

/** A backend, and a home that is signed in at it. */
export const world = (
  bin: string,
  options?: FakeBackend.FakeBackendOptions
): Effect.Effect<World, never, Scope.Scope> =>
  Effect.gen(function* () {
    const backend = yield* Effect.orDie(Effect.flatMap(FakeBackend.make(options), (made) => FakeBackend.serve(made)))
    const home = yield* temporaryFolder
    const { record, tokens } = yield* backend.signIn()
    const text = yield* Effect.orDie(Schema.encode(AuthJsonText)(record))
    writeFileSync(join(home, "auth.json"), text, { mode: 0o600 })
    writeFileSync(join(home, "config.toml"), `chatgpt_base_url = "${backend.urls.chatgpt}"\n`)
    const env = {
      ...bareEnvironment(home),
      CODEX_HOME: home,
      CODEX_REFRESH_TOKEN_URL_OVERRIDE: backend.urls.refresh,
      CODEX_REVOKE_TOKEN_URL_OVERRIDE: backend.urls.revoke
    }
    return {
      backend,
      home,
      env,
      secrets: [tokens.accessToken, tokens.refreshToken, tokens.idToken],
      cli: (args, runOptions) => run(bin, args, env, runOptions)
    }
  })

/** A home that nobody has signed in at. */
export const emptyWorld = (bin: string): Effect.Effect<Pick<World, "home" | "env" | "cli">, never, Scope.Scope> =>
  Effect.map(temporaryFolder, (home) => {
    const env = { ...bareEnvironment(home), CODEX_HOME: home }
    return { home, env, cli: (args, options) => run(bin, args, env, options) }
  })

/** The one JSON object on stdout, checked against the output that the command publishes. */
export const answerOf = <Name extends OutputName>(
  name: Name,
  { stderr, stdout }: Ran
): (typeof outputs)[Name]["Type"] => {
  const lines = stdout.split("\n")
  if (lines.length !== 2 || lines[1] !== "") throw new Error(`Not one line of JSON on stdout: ${stdout}${stderr}`)
  const schema: Schema.Schema.AnyNoContext = outputs[name]
  const decoded = Schema.decodeUnknownEither(schema)(JSON.parse(lines[0] ?? ""), { onExcessProperty: "error" })
  return Either.getOrThrowWith(decoded, (error) => new Error(`${error.message}\n${stdout}`))
}

export const readIfThere = (file: string): string | null => (existsSync(file) ? readFileSync(file, "utf8") : null)
