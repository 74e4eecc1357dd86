/**
 * `RateLimits.read` with session, policies, decoding and mapping, against raw undici with `JSON.parse` on the same two
 * requests, in one run against one server.
 */
import * as Undici from "@effect/platform-node/Undici"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Layer from "effect/Layer"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { fork } from "node:child_process"
import { once } from "node:events"
import { performance } from "node:perf_hooks"
import * as AccountConfigEnv from "../src/layers/AccountConfigEnv.js"
import * as CredentialStoreEphemeral from "../src/layers/CredentialStoreEphemeral.js"
import * as HttpClientNode from "../src/layers/HttpClientNode.js"
import * as LeaseMemory from "../src/layers/LeaseMemory.js"
import * as Live from "../src/layers/Live.js"
import { backendBase } from "../src/contracts/BackendEndpoints.js"
import { readUsage } from "../src/programs/usage.js"
import { authRecord } from "../src/testing/FakeBackend.js"
import { makeAccount } from "../src/testing/FakeAccount.js"
import { makeState, signIn } from "../src/testing/FakeState.js"

const sequentialRounds = 3000
const concurrentRounds = 6000
const inFlight = 64
const repeats = 5

const median = (values: ReadonlyArray<number>): number => {
  const sorted = values.toSorted((a, b) => a - b)
  return sorted[Math.floor(sorted.length / 2)] ?? Number.NaN
}

const latency = async (run: () => Promise<unknown>): Promise<number> => {
  const times: Array<number> = []
  for (let round = 0; round < sequentialRounds; round++) {
    const start = performance.now()
    await run()
    times.push(performance.now() - start)
  }
  return median(times)
}

const throughput = async (run: () => Promise<unknown>): Promise<number> => {
  let left = concurrentRounds
  const worker = async () => {
    while (left-- > 0) await run()
  }
  const start = performance.now()
  await Promise.all(Array.from({ length: inFlight }, worker))
  return concurrentRounds / ((performance.now() - start) / 1000)
}

const server = fork(new URL("./server.mjs", import.meta.url))
const [port] = await once(server, "message")
const base = `http://127.0.0.1:${port}/backend-api`

const now = Date.now()
const account = makeAccount(now)
const [tokens] = signIn(makeState([account]), now, account)
const record = authRecord(account, tokens, now)

const runtime = ManagedRuntime.make(
  Live.layerServices.pipe(
    Layer.provide(LeaseMemory.layer),
    Layer.provide(HttpClientNode.layer),
    Layer.provide(CredentialStoreEphemeral.layerMemory(record)),
    Layer.provide(AccountConfigEnv.layer({ codexHome: ".", backend: backendBase(base) })),
    Layer.provide(NodeContext.layer)
  )
)

const agent = new Undici.Agent()
const headers = { authorization: `Bearer ${tokens.accessToken}`, "chatgpt-account-id": account.accountId }
const get = async (path: string): Promise<unknown> => {
  const { body } = await Undici.request(`${base}${path}`, { dispatcher: agent, headers })
  return JSON.parse(await body.text())
}

const contestants: Readonly<Record<string, () => Promise<unknown>>> = {
  raw: () => Promise.all([get("/wham/usage"), get("/wham/rate-limit-reset-credits")]),
  service: () => runtime.runPromise(readUsage({ fresh: true }))
}

const report = (what: string, unit: string, measured: Record<string, ReadonlyArray<number>>) => {
  const raw = median(measured["raw"] ?? [])
  const service = median(measured["service"] ?? [])
  console.log(
    `${what}: raw ${raw.toFixed(3)} ${unit}, RateLimits.read ${service.toFixed(3)} ${unit}, ratio ${(service / raw).toFixed(2)}`
  )
}

// Warm both up, then take turns, so that a slow moment of the machine hits both.
for (const run of Object.values(contestants)) await throughput(run)
const latencies: Record<string, Array<number>> = {}
const throughputs: Record<string, Array<number>> = {}
for (let round = 0; round < repeats; round++) {
  for (const [name, run] of Object.entries(contestants)) {
    ;(latencies[name] ??= []).push(await latency(run))
    ;(throughputs[name] ??= []).push(await throughput(run))
  }
}
report("one at a time, median latency (target ratio <= 2.5)", "ms", latencies)
report(`${inFlight} in flight (target ratio >= 0.20)`, "reads/s", throughputs)

await runtime.dispose()
await agent.close()
server.disconnect()
