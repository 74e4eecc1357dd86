/**
 * The app-server as a client meets it, on stdio and against a backend on loopback: how soon it answers, what it weighs,
 * and how fast it reads limits. Beside it the figures that the original had when it was recorded, and with `--peer` (or
 * `--peer=COMMAND`) another app-server in turns in the same run: `npm run bench -- appServer --peer`.
 */
import { type ChildProcessWithoutNullStreams, fork, spawn, spawnSync } from "node:child_process"
import { once } from "node:events"
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { performance } from "node:perf_hooks"
import { createInterface } from "node:readline"
import { setTimeout as sleep } from "node:timers/promises"
import { fileURLToPath } from "node:url"

const starts = 10
const reads = Number(process.env["BENCH_RUNS"] ?? 2000)
const inFlight = 64

const root = fileURLToPath(new URL("..", import.meta.url))

interface Contestant {
  readonly name: string
  readonly command: readonly [string, ...ReadonlyArray<string>]
}

type Figures = Readonly<Record<string, number>>

/** The original's in a quiet run on two cores: release 0.169.0. */
const recorded: Figures = {
  "initialize, fresh home: median ms": 100,
  "memory 300 ms later: MB": 91.5,
  "read, 1 request: median ms": 6.1,
  "read, 1 request: p95 ms": 7,
  "read, 1 request: CPU ms": 6,
  "read, 2 requests: median ms": 6.9,
  "read, 2 requests: p95 ms": 10.7,
  "64 in flight, 1 request: reads/s": 101,
  "64 in flight, 2 requests: reads/s": 70
}

/** Figures of which more is better. */
const isRate = (figure: string): boolean => figure.endsWith("/s")

const quantile = (values: ReadonlyArray<number>, share: number): number =>
  values.toSorted((a, b) => a - b)[Math.min(values.length - 1, Math.floor(values.length * share))] ?? Number.NaN

const base64url = (value: unknown): string => Buffer.from(JSON.stringify(value)).toString("base64url")

/** A token that nobody has signed, good for decades. */
const token = (mark: string): string => {
  const auth = { chatgpt_plan_type: "pro", chatgpt_user_id: "user-oracle-0001", chatgpt_account_id: "acc-oracle-0001" }
  const claims = { exp: 4_102_444_800, email: "oracle@example.com", "https://api.openai.com/auth": auth, mark }
  return `${base64url({ alg: "none", typ: "JWT" })}.${base64url(claims)}.${base64url("none")}`
}

const folder = mkdtempSync(join(tmpdir(), "codex-account-bench-"))
let homes = 0

const makeHome = (port: number): string => {
  const home = join(folder, `home-${homes++}`)
  mkdirSync(home)
  const tokens = {
    id_token: token("id"),
    access_token: token("access"),
    refresh_token: "none",
    account_id: "acc-oracle-0001"
  }
  const record = { auth_mode: "chatgpt", OPENAI_API_KEY: null, tokens, last_refresh: "2026-01-01T00:00:00Z" }
  writeFileSync(join(home, "auth.json"), JSON.stringify(record), { mode: 0o600 })
  writeFileSync(
    join(home, "config.toml"),
    `chatgpt_base_url = "http://127.0.0.1:${port}/backend-api"\ncli_auth_credentials_store = "file"\n`
  )
  return home
}

/** An app-server that runs, and a client of it that is as small as can be. */
class Peer {
  readonly began = performance.now()
  readonly child: ChildProcessWithoutNullStreams
  private readonly waiting = new Map<number, (answer: { readonly result?: unknown }) => void>()
  private nextId = 0

  constructor({ command: [file, ...args] }: Contestant, home: string) {
    this.child = spawn(file, args, {
      cwd: home,
      env: { PATH: process.env["PATH"], HOME: home, CODEX_HOME: home, NO_PROXY: "*", RUST_LOG: "error" }
    })
    this.child.stderr.resume()
    this.child.stdin.on("error", () => {})
    this.child.on("close", () => {
      for (const answer of this.waiting.values()) answer({})
    })
    createInterface({ input: this.child.stdout }).on("line", (line) => {
      const message: { readonly id?: number; readonly result?: unknown } = JSON.parse(line)
      if (message.id === undefined) return
      this.waiting.get(message.id)?.(message)
      this.waiting.delete(message.id)
    })
  }

  async call(method: string, params: unknown): Promise<void> {
    const id = this.nextId++
    const answer = await new Promise<{ readonly result?: unknown }>((resolve) => {
      this.waiting.set(id, resolve)
      this.child.stdin.write(`${JSON.stringify({ method, id, params })}\n`)
    })
    if (answer.result === undefined) throw new Error(`${method}: ${JSON.stringify(answer)}`)
  }

  async initialize(): Promise<number> {
    await this.call("initialize", { clientInfo: { name: "bench", version: "1" } })
    const took = performance.now() - this.began
    this.child.stdin.write('{"method":"initialized"}\n')
    return took
  }

  async stop(): Promise<void> {
    this.child.stdin.end()
    if (this.child.exitCode === null) await once(this.child, "exit")
  }

  /** Resident memory; not a number where the system does not tell. */
  get megabytes(): number {
    return Number(/VmRSS:\s+(\d+)/.exec(readProc(`${this.child.pid}/status`))?.[1] ?? Number.NaN) / 1024
  }

  get cpuMillis(): number {
    const [, user, system] = /\) (?:\S+ ){11}(\d+) (\d+)/.exec(readProc(`${this.child.pid}/stat`)) ?? []
    return (Number(user) + Number(system)) * 10
  }
}

const readProc = (file: string): string => {
  try {
    return readFileSync(`/proc/${file}`, "utf8")
  } catch {
    return ""
  }
}

const backend = fork(new URL("./appServerBackend.mjs", import.meta.url))
const [{ port }] = await once(backend, "message")
const counted = async (): Promise<{ readonly connections: number; readonly requests: number }> => {
  backend.send("count")
  const [counts] = await once(backend, "message")
  return counts
}

const coldStarts = async (contestants: ReadonlyArray<Contestant>): Promise<Map<string, Figures>> => {
  const times = new Map(
    contestants.map(({ name }) => [name, { took: new Array<number>(), memory: new Array<number>() }])
  )
  for (let round = 0; round < starts; round++) {
    for (const contestant of contestants) {
      const peer = new Peer(contestant, makeHome(port))
      const measured = times.get(contestant.name)
      measured?.took.push(await peer.initialize())
      await sleep(300)
      measured?.memory.push(peer.megabytes)
      await peer.stop()
    }
  }
  return new Map(
    Array.from(times, ([name, { memory, took }]) => [
      name,
      {
        "initialize, fresh home: median ms": quantile(took, 0.5),
        "memory 300 ms later: MB": quantile(memory, 0.5)
      }
    ])
  )
}

const method = "account/rateLimits/read"

const readings = async (contestant: Contestant): Promise<Figures> => {
  const peer = new Peer(contestant, makeHome(port))
  const figures: Record<string, number> = {}
  const first = await counted()
  await peer.initialize()
  await sleep(1000)
  for (const [what, params] of [
    ["1 request", { excludeResetCreditDetails: true }],
    ["2 requests", {}]
  ] as const) {
    for (let n = 0; n < 50; n++) await peer.call(method, params)
    const warm = await counted()
    const times: Array<number> = []
    const before = peer.cpuMillis
    for (let n = 0; n < reads; n++) {
      const start = performance.now()
      await peer.call(method, params)
      times.push(performance.now() - start)
    }
    figures[`read, ${what}: median ms`] = quantile(times, 0.5)
    figures[`read, ${what}: p95 ms`] = quantile(times, 0.95)
    figures[`read, ${what}: CPU ms`] = (peer.cpuMillis - before) / reads
    const alone = await counted()
    figures[`read, ${what}: backend requests`] = (alone.requests - warm.requests) / reads

    let left = reads
    const worker = async () => {
      while (left-- > 0) await peer.call(method, params)
    }
    const start = performance.now()
    const cpu = peer.cpuMillis
    await Promise.all(Array.from({ length: inFlight }, worker))
    figures[`${inFlight} in flight, ${what}: reads/s`] = reads / ((performance.now() - start) / 1000)
    figures[`${inFlight} in flight, ${what}: CPU ms per read`] = (peer.cpuMillis - cpu) / reads
    const together = await counted()
    figures[`${inFlight} in flight, ${what}: backend requests per read`] = (together.requests - alone.requests) / reads
  }
  const last = await counted()
  figures["all of these reads: backend requests"] = last.requests - first.requests
  figures["all of these reads: backend connections"] = last.connections - first.connections
  figures["memory after that: MB"] = peer.megabytes
  await peer.stop()
  return figures
}

const built = spawnSync(process.execPath, [join(root, "scripts/build-bin.mjs"), "--if-needed"], { stdio: "inherit" })
if (built.status !== 0) process.exit(1)

const ours: Contestant = {
  name: "codex-account",
  command: [process.execPath, join(root, "dist/bin.js"), "app-server"]
}

const peers = (): ReadonlyArray<Contestant> => {
  const given = process.argv.find((argument) => /^--peer(=|$)/.test(argument))
  if (given === undefined) return []
  const [file = "codex", ...args] = (given.split("=")[1] ?? "codex app-server").split(" ")
  if (spawnSync(file, ["--version"]).status === 0) return [{ name: "peer", command: [file, ...args] }]
  console.log(`${file} is not installed: only the recorded figures are compared.`)
  return []
}

const shown = (value: number | undefined): string =>
  value === undefined || Number.isNaN(value) ? "-" : value >= 100 ? value.toFixed(0) : value.toFixed(2)

const compared = (figure: string, value: number, other: number | undefined, name: string): string => {
  if (other === undefined || Number.isNaN(value) || Number.isNaN(other)) return ""
  const times = isRate(figure) ? value / other : other / value
  return `, ${times >= 1 ? `${times.toFixed(1)} times better` : `${(1 / times).toFixed(1)} times worse`} than ${name} (${shown(other)})`
}

try {
  const contestants = [ours, ...peers()]
  const cold = await coldStarts(contestants)
  const figures = new Map<string, Figures>()
  for (const contestant of contestants) {
    figures.set(contestant.name, { ...cold.get(contestant.name), ...(await readings(contestant)) })
  }
  const peer = figures.get("peer")
  for (const [figure, value] of Object.entries(figures.get(ours.name) ?? {})) {
    const others = [
      compared(figure, value, recorded[figure], "recorded"),
      compared(figure, value, peer?.[figure], "the peer")
    ]
    console.log(`${figure}: ${shown(value)}${others.join("")}`)
  }
} finally {
  backend.disconnect()
  rmSync(folder, { recursive: true, force: true })
}
