import { assert, describe, it } from "@effect/vitest"
import * as FileSystem from "@effect/platform/FileSystem"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import { spawn } from "node:child_process"
import { fileURLToPath } from "node:url"
import * as BackendHttpContract from "../../../src/layers/BackendHttpContract.js"
import * as RateLimitsHttp from "../../../src/layers/RateLimitsHttp.js"
import { readUsage } from "../../../src/programs/usage.js"
import { signIn } from "../../../src/programs/signIn.js"
import { AccountConfig } from "../../../src/services/AccountConfig.js"
import { AuthSession } from "../../../src/services/AuthSession.js"
import { FakeBackend, Fault } from "../../../src/testing/index.js"
import {
  behave,
  counts,
  freePorts,
  isFree,
  issuer,
  type Options,
  real,
  secret,
  visit
} from "../../layers/signIn/harness.js"

const withUsage = (options: Options) =>
  RateLimitsHttp.layer.pipe(Layer.provideMerge(BackendHttpContract.layer), Layer.provideMerge(real(options)))

const authFile = Effect.map(AccountConfig, ({ codexHome }) => `${codexHome}/auth.json`)

const onDisk = Effect.gen(function* () {
  const fs = yield* FileSystem.FileSystem
  const file = yield* authFile
  return { text: yield* fs.readFileString(file), mode: (yield* fs.stat(file)).mode & 0o777 }
})

/** A person who agrees in a browser that follows every redirect. */
const browse = (url: string) => visit(url)

describe("over real HTTP, with auth.json", () => {
  it.live("a browser signs in, the session is used and renewed, and the file is the Codex CLI's", () =>
    Effect.gen(function* () {
      const outcome = yield* signIn({ method: "browser" })
      assert.deepInclude(outcome, { method: "browser", email: "ada@example.test", replaced: null })
      const { mode, text } = yield* onDisk
      const record = JSON.parse(text)
      assert.strictEqual(mode, 0o600)
      assert.deepStrictEqual(Object.keys(record), ["auth_mode", "OPENAI_API_KEY", "tokens", "last_refresh"])
      assert.match(record.OPENAI_API_KEY, /^sk-fake-/)
      assert.strictEqual(record.tokens.account_id, "00000000-1111-4222-8333-444444444444")

      assert.strictEqual((yield* readUsage()).plan, "business")
      yield* (yield* AuthSession).refresh
      assert.notStrictEqual((yield* onDisk).text, text)
      const backend = yield* FakeBackend.FakeBackend
      assert.strictEqual(yield* backend.count("oauth.token"), 1)
      assert.strictEqual((yield* readUsage({ fresh: true })).plan, "business")
    }).pipe(Effect.provide(withUsage({ browse, signedOut: true, issuer: { apiKeys: true } })))
  )

  it.live("a device code signs in", () =>
    Effect.gen(function* () {
      yield* signIn({ method: "device" })
      const record = JSON.parse((yield* onDisk).text)
      assert.deepStrictEqual([record.auth_mode, record.OPENAI_API_KEY], ["chatgpt", null])
      assert.strictEqual((yield* readUsage()).plan, "business")
    }).pipe(Effect.provide(withUsage({ issuer: { interval: 1 } })))
  )

  it.live("a personal access token signs in", () =>
    Effect.gen(function* () {
      const token = yield* (yield* issuer).personalToken()
      yield* signIn({ method: "accessToken", token: secret(token) })
      assert.deepStrictEqual(JSON.parse((yield* onDisk).text), { OPENAI_API_KEY: null, personal_access_token: token })
    }).pipe(Effect.provide(real()))
  )

  it.live("an API key signs in", () =>
    Effect.gen(function* () {
      yield* signIn({ method: "apiKey", key: secret("sk-example") })
      assert.deepStrictEqual(JSON.parse((yield* onDisk).text), { auth_mode: "apikey", OPENAI_API_KEY: "sk-example" })
    }).pipe(Effect.provide(real()))
  )

  it.live("a home that is not there yet is made", () =>
    Effect.gen(function* () {
      const fs = yield* FileSystem.FileSystem
      const { codexHome } = yield* AccountConfig
      yield* fs.remove(codexHome, { recursive: true })
      yield* signIn({ method: "browser" })
      assert.strictEqual((yield* onDisk).mode, 0o600)
    }).pipe(Effect.provide(real({ browse, signedOut: true })))
  )

  it.live.each([
    ["a refused exchange", Fault.status(400, { body: '{"error":"invalid_grant"}' })],
    ["a cut exchange", Fault.resetAfterCommit],
    ["half an answer", Fault.truncated],
    ["a redirect", Fault.redirect(307, { crossOrigin: true })],
    ["an answer above all bounds", Fault.hugeBody()]
  ] as const)("%s leaves the file as it was", ([, fault]) =>
    Effect.gen(function* () {
      const before = yield* onDisk
      yield* (yield* issuer).failNext("exchange", fault)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(signIn({ method: "browser" }))))
      assert.deepStrictEqual(yield* onDisk, before)
      assert.strictEqual((yield* counts).exchange, 1)
    }).pipe(Effect.provide(real({ browse })))
  )

  it.live("a workspace that is ruled out leaves the file as it was", () =>
    Effect.gen(function* () {
      const before = yield* onDisk
      const error = yield* Effect.flip(signIn({ method: "browser" }))
      assert.strictEqual(`${error._tag} ${error.reason}`, "LoginError WorkspaceForbidden")
      assert.deepStrictEqual(yield* onDisk, before)
    }).pipe(Effect.provide(real({ browse, settings: { forcedWorkspaces: ["org-other"] } })))
  )
})

describe("another process", () => {
  const child = fileURLToPath(new URL("./child.ts", import.meta.url))

  /** Starts a sign-in in a process of its own; what it printed, and how it ended. */
  const start = (method: string, ports: ReadonlyArray<number>) =>
    Effect.gen(function* () {
      const { codexHome, issuer } = yield* AccountConfig
      let output = ""
      let ended: string | undefined
      const process_ = yield* Effect.acquireRelease(
        Effect.sync(() =>
          spawn(process.execPath, ["--import", "tsx", child, method, codexHome, issuer, ports.join(",")], {
            stdio: ["ignore", "pipe", "pipe"]
          })
        ),
        (running) => Effect.sync(() => running.kill("SIGKILL"))
      )
      for (const stream of [process_.stdout, process_.stderr]) {
        stream.on("data", (chunk: Buffer) => (output += chunk.toString()))
      }
      process_.on("exit", (code, signal) => (ended = `${code} ${signal}`))
      const until = (ready: () => boolean) =>
        Effect.repeat(Effect.sleep("10 millis"), { until: ready }).pipe(
          Effect.timeoutFail({ duration: "15 seconds", onTimeout: () => `It did not get there. ${ended}: ${output}` })
        )
      return { process: process_, output: () => output, ended: () => ended, until }
    })

  it.scopedLive.each([["browser"], ["device"]] as const)(
    "that is ended by Ctrl-C leaves the file and no port: %s",
    ([method]) =>
      Effect.gen(function* () {
        yield* behave({ deviceAnswers: ["pending"], interval: 1 })
        const before = yield* onDisk
        const [port = 0] = yield* freePorts(1)
        const running = yield* start(method, [port])
        yield* running.until(() => running.output().includes(method === "browser" ? "oauth/authorize" : "FAKE-"))
        assert.strictEqual(yield* isFree(port), method === "device")
        running.process.kill("SIGINT")
        yield* running.until(() => running.ended() !== undefined)
        assert.strictEqual(running.ended(), "130 null")
        assert.isTrue(yield* isFree(port))
        assert.deepStrictEqual(yield* onDisk, before)
      }).pipe(Effect.provide(real()))
  )

  it.scopedLive("signs in, and this one takes its session up", () =>
    Effect.gen(function* () {
      const [port = 0] = yield* freePorts(1)
      const running = yield* start("browser", [port])
      yield* running.until(() => running.output().includes("oauth/authorize"))
      yield* visit(/http:\S+oauth\/authorize\S+/.exec(running.output())?.[0] ?? "")
      yield* running.until(() => running.ended() !== undefined)
      assert.strictEqual(running.ended(), "0 null")
      assert.strictEqual((yield* (yield* AuthSession).current).email, "ada@example.test")
    }).pipe(Effect.provide(real({ signedOut: true })))
  )
})
