/**
 * How long the command takes from nothing to its answer, against a Node that does nothing, in turns in one run; and what it
 * loads for that. The usage is read over HTTP from a server on loopback, as the account of a `CODEX_HOME` on disk.
 */
import * as Schema from "effect/Schema"
import { fork, spawnSync } from "node:child_process"
import { once } from "node:events"
import { existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { basename, join } from "node:path"
import { performance } from "node:perf_hooks"
import { fileURLToPath } from "node:url"
import { AuthJsonText } from "../src/contracts/AuthJson.js"
import { authRecord } from "../src/testing/FakeBackend.js"
import { makeAccount } from "../src/testing/FakeAccount.js"
import { makeState, signIn } from "../src/testing/FakeState.js"

const warmUps = 3
const runs = Number(process.env["BENCH_RUNS"] ?? 41)

const root = fileURLToPath(new URL("..", import.meta.url))
const bin = join(root, "dist/bin.js")

/** A home as the Codex CLI leaves it, whose backend is the server. */
const makeHome = (folder: string, port: number): string => {
  const home = join(folder, "codex-home")
  mkdirSync(home)
  const now = performance.timeOrigin
  const account = makeAccount(now)
  const [tokens] = signIn(makeState([account]), now, account)
  const record = Schema.encodeSync(AuthJsonText)(authRecord(account, tokens, now))
  writeFileSync(join(home, "auth.json"), record, { mode: 0o600 })
  writeFileSync(join(home, "config.toml"), `chatgpt_base_url = "http://127.0.0.1:${port}/backend-api"\n`)
  return home
}

const run = (args: ReadonlyArray<string>, env: NodeJS.ProcessEnv): number => {
  const start = performance.now()
  const { status, stderr } = spawnSync(process.execPath, args, { env, encoding: "utf8" })
  if (status !== 0) throw new Error(`node ${args.join(" ")} ended with ${status}: ${stderr}`)
  return performance.now() - start
}

const quantile = (values: ReadonlyArray<number>, share: number): number =>
  values.toSorted((a, b) => a - b)[Math.floor(values.length * share)] ?? Number.NaN

/** The files of JavaScript that a run loads, as the engine counts them. */
const loaded = (args: ReadonlyArray<string>, env: NodeJS.ProcessEnv, folder: string): ReadonlyArray<string> => {
  const coverage = join(folder, `coverage-${args.length}`)
  run(args, { ...env, NODE_V8_COVERAGE: coverage })
  return readdirSync(coverage).flatMap((name) => {
    const { result }: { result: ReadonlyArray<{ url: string }> } = JSON.parse(
      readFileSync(join(coverage, name), "utf8")
    )
    // With V8's cache, the script has the name that it had when the cache was made.
    const script = (url: string) => join(root, "dist/bin-chunks", basename(fileURLToPath(url)))
    return result.flatMap(({ url }) =>
      url.startsWith("file:") ? [existsSync(fileURLToPath(url)) ? fileURLToPath(url) : script(url)] : []
    )
  })
}

const build = spawnSync(process.execPath, [join(root, "scripts/build-bin.mjs")], { stdio: "inherit" })
if (build.status !== 0) process.exit(1)

const folder = mkdtempSync(join(tmpdir(), "codex-account-bench-"))
const server = fork(new URL("./server.mjs", import.meta.url))
try {
  const [port] = await once(server, "message")
  const env = { PATH: process.env["PATH"], HOME: folder, CODEX_HOME: makeHome(folder, port) }
  const commands = {
    "node -e 0": { args: ["-e", "0"], target: null },
    "codex-account --version": { args: [bin, "--version"], target: 3 },
    "codex-account usage --json": { args: [bin, "usage", "--json"], target: 4.5 }
  }
  const times: Record<string, Array<number>> = {}
  for (let round = -warmUps; round < runs; round++) {
    for (const [name, { args }] of Object.entries(commands)) {
      const took = run(args, env)
      if (round >= 0) (times[name] ??= []).push(took)
    }
  }
  const base = quantile(times["node -e 0"] ?? [], 0.5)
  for (const [name, { args, target }] of Object.entries(commands)) {
    const all = times[name] ?? []
    const spread = `${quantile(all, 0.25).toFixed(0)}-${quantile(all, 0.75).toFixed(0)} ms`
    const median = `${name}: median ${quantile(all, 0.5).toFixed(1)} ms (half of the runs ${spread})`
    if (target === null) {
      console.log(median)
      continue
    }
    const files = loaded(args, env, folder)
    const bytes = files.reduce((sum, file) => sum + statSync(file).size, 0)
    const names = files.toSorted((a, b) => statSync(b).size - statSync(a).size).map((file) => basename(file))
    console.log(`${median}, ratio ${(quantile(all, 0.5) / base).toFixed(2)} (target <= ${target})`)
    console.log(`  loads ${files.length} files, ${(bytes / 1024).toFixed(0)} KB: ${names.join(", ")}`)
  }
} finally {
  server.disconnect()
  rmSync(folder, { recursive: true, force: true })
}
