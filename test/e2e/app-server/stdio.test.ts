/** The built command as an app-server on stdin and stdout, over a fake backend on a real socket. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { existsSync, readdirSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Fault } from "../../../src/testing/index.js"
import { live } from "../../cases.js"
import { bareEnvironment, emptyWorld, type Place, reached, temporaryFolder, until, world } from "../cli/harness.js"
import { initialize, readAccount, readLimits, start } from "./child.js"

/** A server that has introduced itself to a client. */
const serving = Effect.fn(function* ({ env }: Pick<Place, "env">, args: ReadonlyArray<string> = []) {
  const child = yield* start(args, env)
  child.send(initialize(), { method: "initialized" })
  yield* child.answer(0)
  return child
})

/** The same, with a read under way that the backend meets with a fault. */
const reading = Effect.fn(function* (fault: Fault.Fault) {
  const made = yield* world({ plan: [{ endpoint: "usage.read", call: "every", fault }] })
  const child = yield* serving(made)
  child.send(readLimits(1))
  yield* reached(made.backend, "usage.read")
  return child
})

const cancelled = { code: -32603, message: "app-server is shutting down" }

describe("app-server on stdin and stdout", () => {
  live("shakes hands and reads, with the client's name as the backend's user agent", function* () {
    const made = yield* world()
    const child = yield* start([], made.env)
    child.send(readAccount("early"), initialize("hello"), readAccount(1), readLimits("two"))
    const hello = yield* child.answer("hello")
    assert.deepNestedInclude(hello.result, { codexHome: made.home, platformFamily: "unix" })
    assert.match(JSON.stringify(hello.result), /"userAgent":"tester\/[^"]* \(tester; 1\.2\.3\)"/)
    const early = { error: { code: -32600, message: "Not initialized" }, id: "early" }
    assert.deepStrictEqual(yield* child.answer("early"), early)
    assert.deepNestedInclude(yield* child.answer(1), { "result.account.type": "chatgpt" })
    assert.deepNestedInclude(yield* child.answer("two"), { "result.rateLimits.limitId": "codex" })
    const [call] = yield* made.backend.calls("usage.read")
    assert.match(call?.headers["user-agent"] ?? "", /^tester\/.* \(tester; 1\.2\.3\)$/)
    child.closeInput()
    assert.deepInclude(yield* child.ended, { code: 0, signal: null })
    assert.strictEqual(child.stderr(), "")
    assert.isFalse(readdirSync(made.home).some((name) => name.endsWith(".lock")))
  })

  live("starts with a base URL that can't be used, and says so where it is needed", function* () {
    const made = yield* world()
    writeFileSync(join(made.home, "config.toml"), 'chatgpt_base_url = "gopher://x"\n')
    const child = yield* serving(made)
    child.send(readAccount(1), readLimits(2))
    assert.deepNestedInclude(yield* child.answer(1), { "result.account.type": "chatgpt" })
    assert.include((yield* child.answer(2)).error?.message, "chatgpt_base_url")
    assert.deepStrictEqual(yield* made.backend.log, [])
  })

  live("takes the flags and keys that `codex` takes, and warns once of what means nothing here", function* () {
    const made = yield* world()
    const before = ["-c", "profile=x", "-s", "read-only", "--config", `chatgpt_base_url=${made.backend.urls.chatgpt}`]
    writeFileSync(join(made.home, "config.toml"), 'chatgpt_base_url = "http://127.0.0.1:9/backend-api"\n')
    const child = yield* serving(made, [
      "-a",
      "never",
      "--analytics-default-enabled",
      "--session-source",
      "cli",
      ...before
    ])
    child.send(readLimits(1))
    assert.deepNestedInclude(yield* child.answer(1), { "result.rateLimits.limitId": "codex" })
    child.closeInput()
    yield* child.ended
    const warnings = child.stderr().match(/Without effect here: .*/g) ?? []
    assert.lengthOf(warnings, 1, child.stderr())
    assert.match(warnings[0] ?? "", /--sandbox, --ask-for-approval, --analytics-default-enabled, --config profile\./)
  })

  live.each<readonly [pair: string, says: string]>([
    ["chatgpt_base_url=gopher://x", "chatgpt_base_url"],
    ['forced_login_method="api"', "forced_login_method is api"]
  ])("serves with `-c %s`", function* ([pair, says]) {
    const made = yield* world()
    const child = yield* serving(made, ["-c", pair])
    child.send(readLimits(1))
    const { error } = yield* child.answer(1)
    assert.isDefined(error)
    assert.deepStrictEqual(yield* made.backend.log, [])
    if (says === "chatgpt_base_url") assert.include(error?.message, says)
  })

  live("starts threads of its source, and finds them in the next process", function* () {
    const made = yield* emptyWorld
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

  live("loses one message for a bad line, and nothing else; logs as the environment says", function* () {
    const { env } = yield* emptyWorld
    const child = yield* serving({ env })
    child.send("\n", "\r\n", "nonsense\n", "[]\n", "{}\n", '{"id":null,"method":"account/read"}\n')
    child.send(JSON.stringify(readAccount(1)) + "\r\n")
    assert.deepNestedInclude(yield* child.answer(1), { "result.account": null })
    assert.strictEqual(child.messages().length, 2)
    assert.include(child.stderr(), "Text that is no message was ignored.")
    const json = yield* serving({ env: { ...env, LOG_FORMAT: "json", RUST_LOG: "warn,other=debug" } })
    json.send("nonsense\n")
    assert.deepInclude(JSON.parse((yield* json.logged(/^.*was ignored.*$/m))[0]), { logLevel: "WARN" })
    const silent = yield* serving({ env: { ...env, RUST_LOG: "off" } })
    silent.send("nonsense\n", readAccount(1))
    yield* silent.answer(1)
    assert.strictEqual(silent.stderr(), "")
  })

  live("answers each of 2,000 requests that are written at once, once", function* () {
    const child = yield* serving(yield* world())
    const ids = Array.from({ length: 2000 }, (_, n) => n + 1)
    child.send(ids.map((id) => `${JSON.stringify(readAccount(id))}\n`).join(""))
    // A notification may come in between.
    const answersSoFar = () => child.messages().filter(({ id }) => id !== undefined && id !== 0)
    yield* until(() => answersSoFar().length >= 2000)
    child.closeInput()
    yield* child.ended
    const answers = answersSoFar()
    assert.deepStrictEqual(
      answers.map(({ id }) => Number(id)).sort((a, b) => a - b),
      ids
    )
    const overloaded = { code: -32001, message: "Server overloaded; retry later." }
    for (const { error = overloaded } of answers) assert.deepStrictEqual(error, overloaded)
  })
})

describe("the end of an app-server", () => {
  live.each([
    ["EOF", 0],
    ["SIGTERM", 0],
    ["SIGINT", 130]
  ] as const)("by %s is at once when nothing is under way", function* ([how, code]) {
    const child = yield* serving(yield* emptyWorld)
    if (how === "EOF") child.closeInput()
    else child.signal(how)
    const ended = yield* child.ended
    assert.deepInclude(ended, { code, signal: null })
    assert.isBelow(ended.millis, 5000)
  })

  live("by SIGTERM waits for what the backend answers late, and turns away what comes meanwhile", function* () {
    const child = yield* reading(Fault.delay("2 seconds"))
    child.signal("SIGTERM")
    // It takes a moment until the signal has arrived; what is asked before that is answered.
    for (let id = 9; child.messages().every(({ error }) => error === undefined); id++) {
      child.send(readAccount(id))
      yield* child.answer(id)
    }
    assert.deepStrictEqual(child.messages().at(-1)?.error, cancelled)
    assert.deepNestedInclude(yield* child.answer(1), { "result.rateLimits.limitId": "codex" })
    assert.deepInclude(yield* child.ended, { code: 0, signal: null })
  })

  live("by SIGINT cancels at once, and tells it", function* () {
    const child = yield* reading(Fault.hang)
    child.signal("SIGINT")
    const { code, millis } = yield* child.ended
    assert.strictEqual(code, 130)
    assert.isBelow(millis, 5000)
    assert.deepStrictEqual((yield* child.answer(1)).error, cancelled)
  })

  live("comes quietly when its output is closed", function* () {
    const child = yield* reading(Fault.hang)
    child.closeOutput()
    child.send(readAccount(3))
    const { code, millis } = yield* child.ended
    assert.strictEqual(code, 0)
    assert.isBelow(millis, 5000)
    assert.strictEqual(child.stderr(), "")
  })

  live("leaves no home of the demo behind", function* () {
    const folder = yield* temporaryFolder
    const child = yield* serving({ env: { ...bareEnvironment(folder), TMPDIR: folder } }, ["--demo"])
    child.send(readLimits(1))
    assert.deepNestedInclude(yield* child.answer(1), { "result.rateLimits.primary.usedPercent": 42 })
    const { result } = yield* child.answer(0)
    const home = String((result as { readonly codexHome: string }).codexHome)
    assert.isTrue(home.startsWith(folder) && existsSync(join(home, "auth.json")))
    child.closeInput()
    yield* child.ended
    assert.isFalse(existsSync(home))
  })
})

// What else is refused, and in which words, is said beside the reading of URLs, credentials and flags.
live.each<readonly [string, ReadonlyArray<string>, string]>([
  [
    "an address of every machine",
    ["--listen", "ws://0.0.0.0:4500"],
    "refusing to start non-loopback websocket listener 0.0.0.0:4500 without auth; configure `--ws-auth capability-token` or `--ws-auth signed-bearer-token`"
  ],
  [
    "two places",
    ["--stdio", "--listen", "unix://"],
    "--stdio is the same as --listen stdio://: leave out one of the two."
  ],
  [
    "a credential without a port",
    ["--ws-auth", "capability-token"],
    "--ws-auth only works with --listen ws://IP:PORT."
  ],
  ["a delegate that is no command", ["--delegate", "'codex"], "--delegate can't be understood: a quote"],
  ["a home that is not there", ["--codex-home", "/nowhere/at/all"], "--codex-home"]
])("%s can't be served", function* ([, args, message]) {
  const child = yield* start(args, (yield* emptyWorld).env)
  assert.deepInclude(yield* child.ended, { code: 2, signal: null })
  assert.include(child.stderr(), `error: ${message}`)
  assert.deepStrictEqual(child.messages(), [])
})
