/** Starts, asks and kills the processes of `child.ts`, bundled once so that they start fast; and what they work at. */
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Scope from "effect/Scope"
import { build } from "esbuild"
import { strictEqual } from "node:assert/strict"
import { spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import * as Fs from "node:fs"
import * as Os from "node:os"
import * as Path from "node:path"
import * as Readline from "node:readline"
import { fileURLToPath } from "node:url"
import { AuthJsonText } from "../../../src/contracts/AuthJson.js"
import * as FakeAccount from "../../../src/testing/FakeAccount.js"
import * as FakeBackend from "../../../src/testing/FakeBackend.js"
import type { Answer, Setup, Step } from "./child.js"

export type Backend = FakeBackend.FakeBackendService

const here = Path.dirname(fileURLToPath(import.meta.url))
const died: Answer = { ok: false, tag: "Died", reason: "", message: "the process ended without an answer" }

export interface Child {
  readonly pid: number
  /** What it says when it can be asked. */
  readonly ready: Promise<Answer>
  readonly ask: (step: Step) => Promise<Answer>
  /** Nothing more is asked: it ends by itself, and tells its exit code. */
  readonly end: () => Promise<number | null>
  /** Gone for good when it resolves. */
  readonly kill: () => Promise<void>
  /** What it has logged so far. */
  readonly log: () => string
}

/** What else a home's record holds, and nobody of us knows. */
export const foreign = { somebody_elses: { a: [1, null, "ü"] }, agent_identity: "x.y.z" }

export const authFile = (home: string) => Path.join(home, "auth.json")

/** The record as it is on the disk; fails where it is not a whole one of its owner's alone. */
export const storedIn = (home: string) => {
  const file = authFile(home)
  const record: Record<string, unknown> & { readonly tokens: Readonly<Record<string, string>> } = JSON.parse(
    Fs.readFileSync(file, "utf8")
  )
  const mode = (Fs.statSync(file).mode & 0o777).toString(8)
  if (mode !== "600") throw new Error(`auth.json has mode ${mode}`)
  return record
}

/** Files that a writer has left beside the record. */
export const leftovers = (home: string) => Fs.readdirSync(home).filter((name) => name.startsWith(".auth.json."))

/** How often each refresh token was tried, of those that were tried more than once. */
export const triedAgain = (backend: Backend) =>
  HashMap.toEntries(Effect.runSync(backend.state).refreshTokens).filter(([, { uses }]) => uses > 1)

export const tokenStatus = (backend: Backend, token: string) =>
  Option.map(HashMap.get(Effect.runSync(backend.state).refreshTokens, token), ({ status }) => status)

export const tokenIn = (home: string) => storedIn(home).tokens["refresh_token"] ?? ""

/** The session that is stored is one that the backend knows. */
export const checkLive = (backend: Backend, home: string) =>
  strictEqual(Option.getOrNull(tokenStatus(backend, tokenIn(home))), "live")

/** How the exchanges of refresh tokens ended. */
export const exchanges = (backend: Backend) => Effect.runSync(backend.calls("oauth.token")).map(({ status }) => status)

/** An answer in a word, whatever its value or message. */
export const brief = (answer: Answer): string =>
  answer.ok ? "done" : answer.reason === "" ? answer.tag : `${answer.tag} ${answer.reason}`

/** Waits for something that can only be looked at; for so long and no longer. */
export const until = async (isSo: () => boolean, millis = 40_000): Promise<void> => {
  const start = performance.now()
  while (!isSo()) {
    if (performance.now() - start > millis) throw new Error("It has not come about")
    await new Promise((resolve) => setTimeout(resolve, 5))
  }
}

/** A new session of the account, as a sign-in leaves it in the home; with `expired`, its access token is past its time. */
export const signInAt = (backend: Backend, home: string, options?: { account?: string; expired?: boolean }): string => {
  const { record, tokens } = Effect.runSync(
    Effect.gen(function* () {
      const { accessTokenSeconds } = yield* backend.state
      if (options?.expired === true) yield* backend.update((state) => ({ ...state, accessTokenSeconds: -600 }))
      const signedIn = yield* backend.signIn(options?.account)
      yield* backend.update((state) => ({ ...state, accessTokenSeconds }))
      return signedIn
    })
  )
  const text = Schema.encodeSync(AuthJsonText)({ ...record, ...foreign })
  const file = Path.join(Fs.realpathSync(home), "auth.json")
  Fs.writeFileSync(`${file}.new`, text, { mode: 0o600 })
  Fs.renameSync(`${file}.new`, file)
  return tokens.refreshToken
}

/** An account whose limits are in use again right after a reset, and that has resets enough for any test. */
export const tireless = (now: number, name: string): Partial<FakeAccount.FakeAccount> => ({
  userId: `user-${name}`,
  accountId: `account-${name}`,
  primary: FakeAccount.makeWindow(now, { lengthSeconds: 18_000, usedPercent: 50, percentPerHour: 1e9 }),
  secondary: null,
  resetCredits: Array.from({ length: 400 }, (_, index) =>
    FakeAccount.makeResetCredit(now, `rc_${name}_${index}`, { expiresAt: null })
  )
})

/** A child in one file, in a folder inside the project, so that the driver is found. */
export const bundleChild = async (entry: string) => {
  const cache = Path.join(here, "../../../node_modules/.cache")
  Fs.mkdirSync(cache, { recursive: true })
  const folder = Fs.mkdtempSync(Path.join(cache, "child-e2e-"))
  // For a child that runs as another user, too.
  Fs.chmodSync(folder, 0o755)
  const file = Path.join(folder, "child.mjs")
  await build({
    entryPoints: [entry],
    outfile: file,
    bundle: true,
    format: "esm",
    platform: "node",
    target: "node20",
    external: ["libsql", "@parcel/watcher", "msgpackr-extract", "bufferutil", "utf-8-validate"],
    logLevel: "error",
    banner: { js: 'import { createRequire as r } from "node:module"; const require = r(import.meta.url);' }
  })
  return { folder, file }
}

/** What was started, and what it left behind, goes with `close`. */
export const makeNursery = async () => {
  const { file, folder } = await bundleChild(Path.join(here, "child.ts"))
  const scope = Effect.runSync(Scope.make())
  const children = new Set<Child>()
  const folders: Array<string> = []

  const start = (setup: Setup, user?: { readonly uid: number; readonly gid: number }): Child => {
    const child = spawn(process.execPath, [file, JSON.stringify(setup)], {
      stdio: ["pipe", "pipe", "pipe"],
      env: { PATH: process.env["PATH"], TZ: "UTC" },
      ...user
    })
    const said: Array<Answer> = []
    const waiting: Array<(answer: Answer) => void> = []
    let log = ""
    let isOver = false
    child.stderr.on("data", (chunk: Buffer) => (log += chunk.toString("utf8")))
    // It may be gone while it is asked.
    child.stdin.on("error", () => undefined)
    const hear = (answer: Answer) => {
      const first = waiting.shift()
      if (first === undefined) said.push(answer)
      else first(answer)
    }
    const lines = Readline.createInterface({ input: child.stdout })
    lines.on("line", (line) => hear(JSON.parse(line)))
    const ended = once(child, "close").then(() => {
      isOver = true
      for (const answer of waiting.splice(0)) answer(died)
      return child.exitCode
    })
    const next = () =>
      new Promise<Answer>((resolve) => {
        const answer = said.shift()
        if (answer !== undefined) resolve(answer)
        else if (isOver) resolve(died)
        else waiting.push(resolve)
      })
    const started: Child = {
      pid: child.pid ?? 0,
      ready: next(),
      ask: (step) => {
        child.stdin.write(`${JSON.stringify(step)}\n`)
        return next()
      },
      end: () => {
        child.stdin.end()
        return ended
      },
      kill: async () => {
        child.kill("SIGKILL")
        await ended
        children.delete(started)
      },
      log: () => log
    }
    children.add(started)
    void ended.then(() => children.delete(started))
    return started
  }

  const temporary = (name = "Codex home, ü 家") => {
    const parent = Fs.mkdtempSync(Path.join(Os.tmpdir(), "codex-processes-"))
    folders.push(parent)
    const home = Path.join(parent, name)
    Fs.mkdirSync(home)
    return Fs.realpathSync(home)
  }

  return {
    start,
    /** Whether such a user can run a child. */
    isOpenTo: (uid: number): boolean =>
      spawnSync(process.execPath, ["-e", `require("node:fs").accessSync(${JSON.stringify(folder)})`], { uid, gid: uid })
        .status === 0,
    /** Does one thing in a process of its own that ends by itself. */
    alone: async (setup: Setup, step: Step): Promise<Answer> => {
      const child = start(setup)
      const answer = await child.ask(step)
      await child.end()
      return answer
    },
    /** An empty folder; its name has spaces, and letters of several scripts. */
    home: temporary,
    /** On a socket, until the nursery closes. */
    backend: (options?: FakeBackend.FakeBackendOptions): Promise<Backend> =>
      Effect.runPromise(
        FakeBackend.make(options).pipe(Effect.flatMap(FakeBackend.serve), Scope.extend(scope), Effect.orDie)
      ),
    close: async () => {
      await Promise.all(Array.from(children, (child) => child.kill()))
      await Effect.runPromise(Scope.close(scope, Exit.void))
      for (const path of [folder, ...folders]) Fs.rmSync(path, { recursive: true, force: true })
    }
  }
}

export type Nursery = Awaited<ReturnType<typeof makeNursery>>
