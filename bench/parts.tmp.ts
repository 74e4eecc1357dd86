import * as Undici from "@effect/platform-node/Undici"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Layer from "effect/Layer"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as ManagedRuntime from "effect/ManagedRuntime"
import { fork } from "node:child_process"
import { once } from "node:events"
import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientRequest from "@effect/platform/HttpClientRequest"
import * as AccountConfigEnv from "../src/layers/AccountConfigEnv.js"
import * as CredentialStoreEphemeral from "../src/layers/CredentialStoreEphemeral.js"
import * as HttpClientNode from "../src/layers/HttpClientNode.js"
import * as Live from "../src/layers/Live.js"
import { boundedHttpClient } from "../src/layers/BoundedHttpClient.js"
import { backendBase } from "../src/contracts/PathStyle.js"
import { UsageResponse } from "../src/contracts/Usage.js"
import { usageFromWire } from "../src/layers/wire/Usage.js"
import { BackendHttp } from "../src/services/BackendHttp.js"
import { RateLimits } from "../src/services/RateLimits.js"
import { AuthSession } from "../src/services/AuthSession.js"
import { applyPolicy } from "../src/programs/applyPolicy.js"
import { defaultPolicies } from "../src/domain/CallPolicy.js"
import { authRecord } from "../src/testing/FakeBackend.js"
import { makeAccount } from "../src/testing/FakeAccount.js"
import { makeState, signIn } from "../src/testing/FakeState.js"
const server = fork(new URL("./server.mjs", import.meta.url))
const [port] = await once(server, "message")
const base = `http://127.0.0.1:${port}/backend-api`
const now = Date.now()
const account = makeAccount(now)
const [tokens] = signIn(makeState([account]), now, account)
const record = authRecord(account, tokens, now)
const rt = ManagedRuntime.make(Live.layerServices.pipe(Layer.provideMerge(HttpClientNode.layer), Layer.provide(CredentialStoreEphemeral.layerMemory(record)), Layer.provide(AccountConfigEnv.layer({ codexHome: ".", backend: backendBase(base) })), Layer.provide(NodeContext.layer)))
const agent = new Undici.Agent()
const headers = { authorization: `Bearer ${tokens.accessToken}`, "chatgpt-account-id": account.accountId }
const get = async (path: string) => { const { body } = await Undici.request(`${base}${path}`, { dispatcher: agent, headers }); return JSON.parse(await body.text()) }
const usageJson = await get("/wham/usage")
const client = await rt.runPromise(HttpClient.HttpClient)
const bounded = boundedHttpClient(client, { maxBytes: 1 << 20, userAgent: "x" })
const backend = await rt.runPromise(BackendHttp)
const limits = await rt.runPromise(RateLimits)
const auth = await rt.runPromise(AuthSession)
const req = HttpClientRequest.get(`${base}/wham/usage`).pipe(HttpClientRequest.setHeaders(headers))
const dec = Schema.decodeUnknownSync(UsageResponse)
const read1 = backend.read("usage.read", (c) => c.usage.read())
const around = applyPolicy(defaultPolicies.readUsage, auth)
const around2 = applyPolicy(defaultPolicies.readResetCredits, auth)
const loop = (e: Effect.Effect<unknown, unknown>) => (n: number) => rt.runPromise(Effect.gen(function* () { for (let i = 0; i < n; i++) yield* e }))
const parts: Record<string, (n: number) => Promise<unknown>> = {
  "raw 1": async (n) => { for (let i = 0; i < n; i++) await get("/wham/usage") },
  "raw 2": async (n) => { for (let i = 0; i < n; i++) await Promise.all([get("/wham/usage"), get("/wham/rate-limit-reset-credits")]) },
  "platform client text": loop(Effect.flatMap(client.execute(req), (r) => r.text)),
  "platform client no tracer": loop(Effect.flatMap(client.pipe(HttpClient.withTracerDisabledWhen(() => true), HttpClient.withTracerPropagation(false)).execute(req), (r) => r.arrayBuffer)),
  "bounded": loop(bounded(req)),
  "decode only": async (n) => { for (let i = 0; i < n; i++) dec(usageJson) },
  "map only": async (n) => { const d = dec(usageJson); for (let i = 0; i < n; i++) usageFromWire(d, { identity: null as any, fetchedAt: null as any }) },
  "authorization": loop(auth.authorization),
  "backend.read": loop(read1),
  "policy(succeed)": loop(around(Effect.void)),
  "policy(yieldNow)": loop(around(Effect.yieldNow())),
  "timeoutFail(yieldNow)": loop(Effect.timeoutFail(Effect.yieldNow(), { duration: 10000, onTimeout: () => "x" })),
  "policy backend.read": loop(around(read1)),
  "limits.read usage only": loop(limits.read({ fresh: true, details: false })),
  "limits.read both": loop(limits.read({ fresh: true })),
  "limits.read both + policy": loop(limits.read({ fresh: true, usage: around, resetCredits: around2 })),
}
for (const [, f] of Object.entries(parts)) await f(1000)
for (let k = 0; k < 2; k++) for (const [name, f] of Object.entries(parts)) { const t = performance.now(); await f(2000); const us = (performance.now() - t) / 2; if (k == 1) console.log(us.toFixed(1).padStart(8), "us", name) }
await rt.dispose(); await agent.close(); server.disconnect()
