/** The built command as an app-server on stdin and stdout, over a fake backend on a real socket. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { Fault } from "../../../src/testing/index.js"
import { bareEnvironment, bundle, emptyWorld, temporaryFolder, world, type World } from "../cli/harness.js"
import { initialize, start, until } from "./child.js"

let bin = ""
beforeAll(() => {
  bin = bundle()
}, 60_000)

const read = (id: number | string) => ({ id, method: "account/rateLimits/read" })
const account = (id: number | string) => ({ id, method: "account/read", params: {} })

/** A server that has introduced itself to a client. */
const serving = (of: Pick<World, "env">, args: ReadonlyArray<string> = []) =>
  Effect.gen(function* () {
    const child = yield* start(bin, args, of.env)
    child.send(initialize(), { method: "initialized" })
    yield* child.answer(0)
    return child
  })

/** The same, with reads under way that the backend never answers. */
const hanging = (args: ReadonlyArray<string> = []) =>
  Effect.gen(function* () {
    const made = yield* world(bin)
    yield* made.backend.setPlan([{ endpoint: "usage.read", call: "every", fault: Fault.hang }])
    const child = yield* serving(made, args)
    child.send(read(1), { id: 2, method: "account/usage/read" })
    yield* child.answer(2)
    yield* Effect.repeat(Effect.sleep("5 millis"), {
      until: () => Effect.map(made.backend.count("usage.read"), (n) => n > 0)
    })
    return { ...made, child }
  })

const cancelled = { code: -32603, message: "app-server is shutting down" }

describe("app-server on stdin and stdout", () => {
  it.scopedLive("shakes hands and reads", () =>
    Effect.gen(function* () {
      const made = yield* world(bin)
      const child = yield* start(bin, [], made.env)
      child.send(account("early"), initialize("hello"), account(1), read("two"))
      const hello = yield* child.answer("hello")
      assert.deepNestedInclude(hello.result, { codexHome: made.home, platformFamily: "unix" })
      assert.match(JSON.stringify(hello.result), /"userAgent":"tester\/[^"]* \(tester; 1\.2\.3\)"/)
      assert.deepStrictEqual(yield* child.answer("early"), {
        error: { code: -32600, message: "Not initialized" },
        id: "early"
      })
      assert.deepNestedInclude(yield* child.answer(1), { "result.account.type": "chatgpt" })
      assert.deepNestedInclude(yield* child.answer("two"), { "result.rateLimits.limitId": "codex" })
      child.closeInput()
      assert.deepInclude(yield* child.ended, { code: 0, signal: null })
      assert.strictEqual(child.stderr(), "")
      assert.isFalse(readdirSync(made.home).some((name) => name.endsWith(".lock")))
    })
  )

  it.scopedLive("takes the client's name for the backend's user agent", () =>
    Effect.gen(function* () {
      const made = yield* world(bin)
      const child = yield* serving(made)
      child.send(read(1))
      yield* child.answer(1)
      const [call] = yield* made.backend.calls("usage.read")
      assert.match(call?.headers["user-agent"] ?? "", /^tester\/.* \(tester; 1\.2\.3\)$/)
    })
  )

  it.scopedLive("starts threads of its source, and finds them in the next process", () =>
    Effect.gen(function* () {
      const made = yield* world(bin)
      const first = yield* serving(made, ["--session-source", "exec"])
      first.send({ id: 1, method: "thread/start", params: {} })
      assert.deepNestedInclude(yield* first.answer(1), {
        "result.thread.source": "exec",
        "result.thread.originator": "tester"
      })
      first.closeInput()
      yield* first.ended
      const second = yield* serving(made)
      second.send({ id: 1, method: "thread/list", params: { sourceKinds: ["exec"] } })
      assert.nestedProperty(yield* second.answer(1), "result.data[0].id")
    })
  )

  it.scopedLive("loses one message for a bad line, and nothing else", () =>
    Effect.gen(function* () {
      const child = yield* serving(yield* emptyWorld(bin))
      child.send("\n", "\r\n", "nonsense\n", "[]\n", "{}\n", '{"id":null,"method":"account/read"}\n')
      child.send(JSON.stringify(account(1)) + "\r\n")
      assert.deepNestedInclude(yield* child.answer(1), { "result.account": null })
      assert.strictEqual(child.messages().length, 2)
      assert.include(child.stderr(), "A line that is no message was ignored.")
    })
  )

  it.scopedLive("takes a line of 20 MiB", () =>
    Effect.gen(function* () {
      const child = yield* serving(yield* emptyWorld(bin))
      child.send({ ...account(1), ignored: "x".repeat(20 * 1024 * 1024) }, account(2))
      yield* child.answer(2)
      assert.deepNestedInclude(yield* child.answer(1), { "result.account": null })
    })
  )

  it.scopedLive("takes what is not UTF-8 for the end", () =>
    Effect.gen(function* () {
      const child = yield* serving(yield* emptyWorld(bin))
      child.send(account(1), Buffer.from([0x7b, 0xff, 0x7d, 0x0a]), account(2))
      assert.deepInclude(yield* child.ended, { code: 0, signal: null })
      assert.deepStrictEqual(
        child.messages().map(({ id }) => id),
        [0, 1]
      )
    })
  )

  it.scopedLive("answers each of 2,000 requests that are written at once, once", () =>
    Effect.gen(function* () {
      const child = yield* serving(yield* world(bin))
      const ids = Array.from({ length: 2000 }, (_, n) => n + 1)
      child.send(ids.map((id) => `${JSON.stringify(account(id))}\n`).join(""))
      // A notification may come in between.
      const answersSoFar = () => child.messages().filter(({ id }) => id !== undefined && id !== 0)
      yield* until(() => (answersSoFar().length >= 2000 ? true : null))
      child.closeInput()
      yield* child.ended
      const answers = answersSoFar()
      assert.deepStrictEqual(
        answers.map(({ id }) => Number(id)).sort((a, b) => a - b),
        ids
      )
      for (const { error } of answers) {
        if (error !== undefined) {
          assert.deepStrictEqual(error, { code: -32001, message: "Server overloaded; retry later." })
        }
      }
    })
  )

  it.scopedLive("waits for a client that reads late", () =>
    Effect.gen(function* () {
      const made = yield* world(bin)
      const child = yield* serving(made)
      child.pauseOutput()
      for (let id = 1; id <= 1000; id++) child.send(account(id))
      yield* Effect.sleep("300 millis")
      child.closeInput()
      const { code } = yield* child.ended
      assert.strictEqual(code, 0)
    })
  )
})

describe("the end of an app-server", () => {
  it.scopedLive("is soon when nothing is under way", () =>
    Effect.gen(function* () {
      for (const how of ["EOF", "SIGTERM", "SIGINT"] as const) {
        const child = yield* serving(yield* world(bin))
        if (how === "EOF") child.closeInput()
        else child.signal(how)
        const { code, millis, signal } = yield* child.ended
        assert.deepStrictEqual({ how, code, signal }, { how, code: how === "SIGINT" ? 130 : 0, signal: null })
        assert.isBelow(millis, 3000)
      }
    })
  )

  it.scopedLive.each(["EOF", "SIGTERM"] as const)("by %s waits for what the backend answers late", (how) =>
    Effect.gen(function* () {
      const made = yield* world(bin)
      yield* made.backend.setPlan([
        { endpoint: "usage.read", call: "every", fault: { _tag: "Delay", millis: 1500, afterCommit: false } }
      ])
      const child = yield* serving(made)
      child.send(read(1))
      yield* Effect.repeat(Effect.sleep("5 millis"), {
        until: () => Effect.map(made.backend.count("usage.read"), (n) => n > 0)
      })
      if (how === "EOF") child.closeInput()
      else child.signal(how)
      assert.deepInclude(yield* child.ended, { code: 0, signal: null })
      assert.deepNestedInclude(yield* child.answer(1), { "result.rateLimits.limitId": "codex" })
    })
  )

  it.scopedLive.each(["EOF", "SIGTERM"] as const)("by %s answers after ten seconds what the backend does not", (how) =>
    Effect.gen(function* () {
      const { child } = yield* hanging()
      if (how === "EOF") child.closeInput()
      else child.signal(how)
      const { code, millis } = yield* child.ended
      assert.strictEqual(code, 0)
      assert.isAbove(millis, 9000)
      assert.isBelow(millis, 13_000)
      assert.deepStrictEqual((yield* child.answer(1)).error, cancelled)
    })
  )

  it.scopedLive("by SIGINT cancels at once, and tells it", () =>
    Effect.gen(function* () {
      const { child } = yield* hanging()
      child.signal("SIGINT")
      const { code, millis } = yield* child.ended
      assert.strictEqual(code, 130)
      assert.isBelow(millis, 3000)
      assert.deepStrictEqual((yield* child.answer(1)).error, cancelled)
    })
  )

  it.scopedLive("a request that comes during it is turned away", () =>
    Effect.gen(function* () {
      const { child } = yield* hanging()
      child.signal("SIGTERM")
      yield* Effect.sleep("300 millis")
      child.send(account(9))
      assert.deepStrictEqual((yield* child.answer(9)).error, cancelled)
      child.signal("SIGINT")
      assert.deepInclude(yield* child.ended, { code: 130, signal: null })
    })
  )

  it.scopedLive("a second SIGTERM does not wait", () =>
    Effect.gen(function* () {
      const { child } = yield* hanging()
      child.signal("SIGTERM")
      yield* Effect.sleep("300 millis")
      child.signal("SIGTERM")
      const { code, millis } = yield* child.ended
      assert.strictEqual(code, 130)
      assert.isBelow(millis, 2000)
    })
  )

  it.scopedLive("comes quietly when nobody reads any more", () =>
    Effect.gen(function* () {
      const { child } = yield* hanging()
      child.closeOutput()
      child.send(account(3))
      const { code, millis } = yield* child.ended
      assert.strictEqual(code, 0)
      assert.isBelow(millis, 3000)
      assert.strictEqual(child.stderr(), "")
    })
  )

  it.scopedLive("leaves no home of the demo behind", () =>
    Effect.gen(function* () {
      const folder = yield* temporaryFolder
      const child = yield* serving({ env: { ...bareEnvironment(folder), TMPDIR: folder } }, ["--demo"])
      child.send(read(1))
      assert.deepNestedInclude(yield* child.answer(1), { "result.rateLimits.primary.usedPercent": 42 })
      const { result } = yield* child.answer(0)
      const home = String((result as { readonly codexHome: string }).codexHome)
      assert.isTrue(home.startsWith(folder) && existsSync(join(home, "auth.json")))
      child.closeInput()
      yield* child.ended
      assert.isFalse(existsSync(home))
    })
  )
})

describe("a command line that can't be served", () => {
  it.scopedLive.each<readonly [string, ReadonlyArray<string>, string]>([
    [
      "an unknown URL",
      ["--listen", "tcp://1"],
      "unsupported --listen URL `tcp://1`; expected `stdio://`, `unix://`, `unix://PATH`, `ws://IP:PORT`, or `off`"
    ],
    [
      "a name for an address",
      ["--listen", "ws://localhost:1"],
      "invalid websocket --listen URL `ws://localhost:1`; expected `ws://IP:PORT`"
    ],
    [
      "everybody's address",
      ["--listen", "ws://0.0.0.0:4500"],
      "refusing to start non-loopback websocket listener 0.0.0.0:4500 without auth; configure `--ws-auth capability-token` or `--ws-auth signed-bearer-token`"
    ],
    [
      "two places",
      ["--stdio", "--listen", "unix://"],
      "--stdio is the same as --listen stdio://: leave out one of the two."
    ],
    ["a credential for nobody", ["--ws-auth", "capability-token"], "--ws-auth only works with --listen ws://IP:PORT."],
    [
      "an unknown credential",
      ["--listen", "ws://127.0.0.1:0", "--ws-auth", "basic"],
      "`--ws-auth` is `capability-token` or `signed-bearer-token`"
    ],
    ["an unknown source", ["--session-source", "me"], "--session-source is one of cli, vscode, exec, appServer."],
    ["a delegate that is no command", ["--delegate", "'codex"], "--delegate can't be understood: a quote"],
    ["an argument", ["now"], "This command takes no argument."],
    ["a home that is not there", ["--codex-home", "/nowhere/at/all"], "--codex-home"]
  ])("%s", ([, args, message]) =>
    Effect.gen(function* () {
      const { env } = yield* emptyWorld(bin)
      const child = yield* start(bin, args, env)
      assert.deepInclude(yield* child.ended, { code: 2, signal: null })
      assert.include(child.stderr(), `error: ${message}`)
      assert.deepStrictEqual(child.messages(), [])
    })
  )
})

it.scopedLive("logs as the environment says, on stderr", () =>
  Effect.gen(function* () {
    const { env } = yield* emptyWorld(bin)
    const child = yield* serving({ env: { ...env, LOG_FORMAT: "json", RUST_LOG: "warn,other=debug" } })
    child.send("nonsense\n")
    const [line] = yield* child.told(/^.*was ignored.*$/m)
    assert.deepInclude(JSON.parse(line), { logLevel: "WARN" })
    const silent = yield* serving({ env: { ...env, RUST_LOG: "off" } })
    silent.send("nonsense\n", account(1))
    yield* silent.answer(1)
    assert.strictEqual(silent.stderr(), "")
  })
)
