/**
 * The command as a child process, over a fake backend on a real socket and a real home. Every child is ended, and every
 * folder is removed.
 */
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as Schema from "effect/Schema"
import type * as Scope from "effect/Scope"
import { strictEqual } from "node:assert"
import { type ChildProcess, spawn, spawnSync } from "node:child_process"
import { createHash } from "node:crypto"
import { appendFileSync, existsSync, mkdtempSync, readdirSync, readFileSync, renameSync } from "node:fs"
import { rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import type { ErrorBody } from "../../../src/cli/json/envelope.js"
import { type OutputName, outputs } from "../../../src/cli/json/outputs.js"
import { AuthJsonText } from "../../../src/contracts/AuthJson.js"
import { FakeBackend, FakeIssuer } from "../../../src/testing/index.js"
import { schemaProblems } from "../../cli/publishedSchemas.js"

const root = fileURLToPath(new URL("../../..", import.meta.url))

const cache = join(root, "node_modules/.cache")
const prefix = "cli-e2e-"

/** Changes with every source. */
const keyOfSources = (): string => {
  const hash = createHash("sha256")
  const sources = readdirSync(join(root, "src"), { recursive: true, encoding: "utf8" }).map((name) => `src/${name}`)
  for (const name of [...sources, "scripts/build-bin.mjs", "package-lock.json"].sort()) {
    const { mtimeMs, size } = statSync(join(root, name))
    hash.update(`${name} ${mtimeMs} ${size}\n`)
  }
  return hash.digest("hex").slice(0, 16)
}

const build = (): string => {
  const outdir = join(cache, `${prefix}${keyOfSources()}`)
  const bin = join(outdir, "bin.js")
  if (existsSync(bin)) return bin
  const own = `${outdir}.${process.pid}`
  const built = spawnSync(process.execPath, [join(root, "scripts/build-bin.mjs"), "--out", own], { encoding: "utf8" })
  if (built.status !== 0) throw new Error(`The command does not build: ${built.stdout}${built.stderr}`)
  try {
    // It appears as a whole.
    renameSync(own, outdir)
  } catch {
    // Another test file was first.
    rmSync(own, { recursive: true, force: true })
  }
  const old = Date.now() - 3_600_000
  for (const name of readdirSync(cache)) {
    const folder = join(cache, name)
    const made = statSync(folder, { throwIfNoEntry: false })?.mtimeMs ?? old
    if (name.startsWith(prefix) && made < old) rmSync(folder, { recursive: true, force: true })
  }
  return bin
}

let built: string | undefined

/** Builds the command as it ships, once for all test files; gives the file to run. */
export const bundle = (): string => (built ??= build())

/** A child process that is gone when the scope closes. */
export const spawned = <Child extends ChildProcess>(start: () => Child): Effect.Effect<Child, never, Scope.Scope> =>
  Effect.acquireRelease(Effect.sync(start), (child) =>
    Effect.async<void>((resume) => {
      if (child.exitCode !== null || child.signalCode !== null) return resume(Effect.void)
      child.once("exit", () => resume(Effect.void))
      child.kill("SIGKILL")
    })
  )

/** Looks again and again until there is something. */
export const until = <A>(look: () => A | null | undefined | false): Effect.Effect<A> =>
  Effect.suspend(() => {
    const found = look()
    return found === null || found === undefined || found === false
      ? Effect.zipRight(Effect.sleep("10 millis"), until(look))
      : Effect.succeed(found)
  })

/** Waits until so many calls have reached an endpoint of the backend or the issuer. */
export const reached = <Name>(
  at: { readonly count: (endpoint: Name) => Effect.Effect<number> },
  endpoint: Name,
  calls = 1
) => Effect.repeat(Effect.delay(at.count(endpoint), "10 millis"), { until: (count) => count >= calls })

export interface Ran {
  readonly code: number | null
  readonly stdout: string
  readonly stderr: string
}

/** A command that runs. */
export interface Running {
  /** What it has printed so far, on both streams. */
  readonly printed: () => string
  /** Waits until it has printed this, and gives the match. */
  readonly until: (pattern: RegExp) => Effect.Effect<RegExpExecArray>
  readonly signal: (signal: "SIGINT" | "SIGTERM") => Effect.Effect<void>
}

export interface RunOptions {
  readonly env?: Readonly<Record<string, string>>
  /** What is on stdin; `open` for a pipe that stays open and empty. Nothing by default. */
  readonly input?: string | { readonly open: true }
  /** What happens while it runs; the command is ended if this fails. */
  readonly meanwhile?: (running: Running) => Effect.Effect<unknown>
}

/** Runs the command without a terminal; it is killed with the scope. */
const run = Effect.fn(function* (args: ReadonlyArray<string>, env: Record<string, string>, options: RunOptions = {}) {
  const { input, meanwhile = () => Effect.void } = options
  const child = yield* spawned(() =>
    spawn(process.execPath, [bundle(), ...args], {
      env: { ...env, ...options.env },
      stdio: [input === undefined ? "ignore" : "pipe", "pipe", "pipe"]
    })
  )
  let stdout = ""
  let stderr = ""
  child.stdout?.setEncoding("utf8").on("data", (text: string) => (stdout += text))
  child.stderr?.setEncoding("utf8").on("data", (text: string) => (stderr += text))
  if (typeof input === "string") child.stdin?.end(input)
  const printed = () => stdout + stderr
  const closed = Effect.async<Ran>((resume) => {
    child.on("close", (code) => resume(Effect.succeed({ code, stdout, stderr })))
  })
  const ended = yield* Effect.forkScoped(closed)
  const late = ended.pipe(
    Effect.zipRight(Effect.sleep("10 seconds")),
    Effect.zipRight(Effect.dieMessage("It ended before what the test waits for."))
  )
  yield* Effect.raceFirst(
    meanwhile({
      printed,
      until: (pattern) => until(() => pattern.exec(printed())),
      signal: (signal) => Effect.sync(() => void child.kill(signal))
    }),
    late
  )
  return yield* ended
}, Effect.scoped)

/** The error of an answer, if it is one. */
export const errorOf = (answer: { readonly ok: true } | { readonly ok: false; readonly error: ErrorBody }) =>
  answer.ok ? null : answer.error

/** What a command answers in JSON. */
export type Asked<Name extends OutputName> = Ran & {
  readonly answer: (typeof outputs)[Name]["Type"]
  readonly error: ErrorBody | null
}

/** A home, and the command in its environment. */
export interface Place {
  readonly home: string
  readonly env: Record<string, string>
  readonly cli: (args: ReadonlyArray<string>, options?: RunOptions) => Effect.Effect<Ran>
  /** Runs the command with `--json`; the answer is checked as by `answerOf`. */
  readonly ask: <Name extends OutputName>(
    name: Name,
    args: ReadonlyArray<string>,
    options?: RunOptions
  ) => Effect.Effect<Asked<Name>>
}

const placeAt = (home: string, env: Record<string, string>): Place => ({
  home,
  env,
  cli: (args, options) => run(args, env, options),
  ask: (name, args, options) =>
    Effect.map(run(["--json", ...args], env, options), (ran) => {
      const answer = answerOf(name, ran)
      strictEqual(answer.exitCode, ran.code)
      return { ...ran, answer, error: errorOf(answer) }
    })
})

export interface World extends Place {
  readonly backend: FakeBackend.FakeBackendService
  /** The secrets of the session in the home. */
  readonly secrets: ReadonlyArray<string>
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

/** A home that is signed in at the backend. */
const homeAt = Effect.fn(function* (backend: FakeBackend.FakeBackendService) {
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
  return { ...placeAt(home, env), backend, secrets: [tokens.accessToken, tokens.refreshToken, tokens.idToken] }
})

/** A backend, and a home that is signed in at it. */
export const world = (options?: FakeBackend.FakeBackendOptions): Effect.Effect<World, never, Scope.Scope> =>
  FakeBackend.make(options).pipe(Effect.flatMap(FakeBackend.serve), Effect.orDie, Effect.flatMap(homeAt))

/** A home without a sign-in. */
export const emptyWorld: Effect.Effect<Place, never, Scope.Scope> = Effect.map(temporaryFolder, (home) =>
  placeAt(home, { ...bareEnvironment(home), CODEX_HOME: home })
)

export interface LoginWorld extends World {
  readonly issuer: FakeIssuer.FakeIssuerService
  readonly authJson: string
  /** Every token, code and key that the issuer and the backend have handed out so far. */
  readonly handedOut: Effect.Effect<ReadonlyArray<string>>
}

/** An issuer and a backend behind it, and a home; `config` is put into its `config.toml`. */
export const loginWorld = Effect.fn(function* (
  options: FakeIssuer.FakeIssuerLayerOptions & { readonly signedOut?: boolean; readonly config?: string } = {}
) {
  const services = yield* Effect.orDie(Layer.build(FakeIssuer.layerServer(options)))
  const issuer = Context.get(services, FakeIssuer.FakeIssuer)
  const made = yield* homeAt(issuer.backend)
  const authJson = join(made.home, "auth.json")
  if (options.signedOut === true) rmSync(authJson)
  appendFileSync(join(made.home, "config.toml"), options.config ?? "")
  const { origin } = issuer.backend.urls
  const handedOut = Effect.gen(function* () {
    const { codes, idTokens, personalTokens } = yield* issuer.state
    const { accessTokens, refreshTokens } = yield* issuer.backend.state
    return [codes, idTokens, personalTokens, accessTokens, refreshTokens].flatMap((map) =>
      Array.from(HashMap.keys<string, unknown>(map))
    )
  })
  const env = {
    ...made.env,
    CODEX_APP_SERVER_LOGIN_ISSUER: origin,
    CODEX_AUTHAPI_BASE_URL: `${origin}/api/accounts`
  }
  return { ...made, ...placeAt(made.home, env), issuer, authJson, handedOut } satisfies LoginWorld
})

/** One by one: their types in one union are too much for the compiler. */
const schemas: Readonly<Record<OutputName, Schema.Schema.AnyNoContext>> = outputs

/** The one JSON object on stdout, checked against the published JSON Schema and against the schema in the code. */
export const answerOf = <Name extends OutputName>(
  name: Name,
  { stderr, stdout }: Ran
): (typeof outputs)[Name]["Type"] => {
  const lines = stdout.split("\n")
  if (lines.length !== 2 || lines[1] !== "") throw new Error(`Not one line of JSON on stdout: ${stdout}${stderr}`)
  const value: unknown = JSON.parse(lines[0] ?? "")
  const problems = schemaProblems(name, value)
  if (problems !== null) throw new Error(`Not as schemas/${name}.json says: ${problems}\n${stdout}`)
  const decoded = Schema.decodeUnknownEither(schemas[name])(value, { onExcessProperty: "error" })
  return Either.getOrThrowWith(decoded, (error) => new Error(`${error.message}\n${stdout}`))
}

export const readIfThere = (file: string): string | null => (existsSync(file) ? readFileSync(file, "utf8") : null)
