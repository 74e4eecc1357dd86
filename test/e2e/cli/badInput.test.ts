/** What bad input gets: one clear line, the right exit code, nothing lost, nothing sent that should not be. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { FakeAccount, Fault } from "../../../src/testing/index.js"
import { live } from "../../cases.js"
import { type Ran, world } from "./harness.js"

const checkError = ({ stderr, stdout }: Ran, pattern: RegExp) => {
  assert.strictEqual(stdout, "")
  assert.match(stderr, pattern, stderr)
  assert.isAtMost(stderr.trimEnd().split("\n").length, 3, stderr)
  for (const line of stderr.split("\n")) assert.isBelow(line.length, 320, line)
  assert.notMatch(stderr, /\n\s+at |\[object|undefined/)
}

describe.concurrent("auth.json", () => {
  // Every other text that can't be understood is met by the store's own test.
  live.each<[name: string, text: string | null, pattern: RegExp]>([
    ["missing", null, /Not signed in\. Run `codex-account login`/],
    ["empty", "", /can't be understood.*the file is empty/],
    ["foreign", '{"tokens":"none of yours"}', /can't be understood/],
    ["with an API key", '{"auth_mode":"apikey","OPENAI_API_KEY":"sk-secret-key"}', /without ChatGPT/],
    ["without tokens", '{"auth_mode":"chatgpt","tokens":null}', /Run|understood|sign/i]
  ])("%s", function* ([, text, pattern]) {
    const { backend, cli, home } = yield* world()
    const file = join(home, "auth.json")
    if (text === null) rmSync(file)
    else writeFileSync(file, text)
    const ran = yield* cli(["redeem", "--yes"])
    assert.strictEqual(ran.code, 3, ran.stderr)
    checkError(ran, pattern)
    assert.match(ran.stderr, /Nothing was sent/)
    assert.notInclude(ran.stderr, "sk-secret-key")
    assert.deepStrictEqual(yield* backend.log, [])
    if (text !== null) assert.strictEqual(readFileSync(file, "utf8"), text)
  })

  live("a folder in its place", function* () {
    const { backend, cli, home } = yield* world()
    rmSync(join(home, "auth.json"))
    mkdirSync(join(home, "auth.json"))
    const ran = yield* cli(["usage"])
    assert.strictEqual(ran.code, 3)
    checkError(ran, /can't be read.*it is not a file/)
    assert.deepStrictEqual(yield* backend.log, [])
  })

  // Root may read everything.
  it.scopedLive.skipIf(process.getuid?.() === 0)("no permission", () =>
    Effect.gen(function* () {
      const { cli, home } = yield* world()
      chmodSync(join(home, "auth.json"), 0)
      const ran = yield* cli(["usage"])
      assert.strictEqual(ran.code, 3)
      checkError(ran, /can't be read.*access was denied/)
    })
  )

  live("expired and used before: a neighbour has its time first, in all commands together", function* () {
    const fault = Fault.status(401, { body: '{"error":{"code":"refresh_token_reused"}}' })
    const { backend, cli } = yield* world({
      tokens: { accessTokenSeconds: -60 },
      plan: [{ endpoint: "oauth.token", call: "every", fault }]
    })
    const env = { CODEX_ACCOUNT_POLICY_REFRESH_SESSION_ATTEMPT_TIMEOUT: "8 seconds" }
    const early = yield* cli(["usage", "--timeout", "1s", "--log-level", "error"], { env })
    assert.strictEqual(early.code, 6, early.stderr)
    checkError(early, /another program has used the refresh token, and may store a new one until/)
    const late = yield* cli(["usage"], { env })
    assert.strictEqual(late.code, 3, late.stderr)
    checkError(late, /its refresh token was used before\. Sign in again/)
    assert.strictEqual(yield* backend.count("oauth.token"), 1)
  })

  live("expired, and the leases' file can't be used: where it is, and what to do", function* () {
    const { backend, cli, home } = yield* world({ tokens: { accessTokenSeconds: -60 } })
    mkdirSync(join(home, "codex-account.sqlite"))
    const ran = yield* cli(["usage", "--log-level", "error"])
    assert.strictEqual(ran.code, 6, ran.stderr)
    checkError(ran, /codex-account\.sqlite: it is not a file.*Make its file usable again, or move it away/)
    assert.strictEqual(yield* backend.count("oauth.token"), 0)
  })

  live("expired and revoked: said, and kept", function* () {
    const fault = Fault.status(401, { body: '{"error":{"code":"refresh_token_invalidated"}}' })
    const { cli, home } = yield* world({
      tokens: { accessTokenSeconds: -60 },
      plan: [{ endpoint: "oauth.token", call: "every", fault }]
    })
    const before = readFileSync(join(home, "auth.json"), "utf8")
    const ran = yield* cli(["usage"])
    assert.strictEqual(ran.code, 3)
    checkError(ran, /could not be renewed.*revoked.*Sign in again/)
    assert.strictEqual(readFileSync(join(home, "auth.json"), "utf8"), before)
  })
})

describe.concurrent("configuration", () => {
  const home = /--codex-home points|--codex-home does not/
  live.each<
    [name: string, config: string | null, args: ReadonlyArray<string>, env: Record<string, string>, says: RegExp]
  >([
    ["a malformed config.toml", 'chatgpt_base_url = "http://\n', [], {}, /config\.toml can't be understood/],
    ["a bad URL in it", 'chatgpt_base_url = "gopher://x"\n', [], {}, /not an http or https URL: chatgpt_base_url/],
    ["a home that is not there", null, ["--codex-home", "/nonexistent/home"], {}, home],
    ["a home that is a file", null, ["--codex-home", process.execPath], {}, home],
    ["a bad base URL", null, ["--base-url", "nonsense"], {}, /base URL/],
    ["a CA bundle that is none", null, [], { SSL_CERT_FILE: "/nonexistent.pem" }, /SSL_CERT_FILE/],
    ["plain http to another machine", 'chatgpt_base_url = "http://192.0.2.1"\n', [], {}, /CODEX_ACCOUNT_ALLOW_HTTP/],
    ["a proxy that is none", null, [], { HTTP_PROXY: "no proxy", NO_PROXY: "" }, /HTTP_PROXY/],
    ["a word for a number", null, [], { CODEX_ACCOUNT_POLICY_READ_USAGE_ATTEMPTS: "many" }, /READ_USAGE_ATTEMPTS/]
  ])("%s", function* ([, config, args, env, says]) {
    const { backend, cli, home } = yield* world()
    if (config !== null) writeFileSync(join(home, "config.toml"), config)
    const ran = yield* cli(["usage", ...args], { env })
    assert.strictEqual(ran.code, 2, ran.stderr)
    checkError(ran, says)
    assert.deepStrictEqual(yield* backend.log, [])
  })
})

describe.concurrent("the backend", () => {
  live.each<[name: string, fault: Fault.Fault | null, args: ReadonlyArray<string>, says: RegExp]>([
    ["unreachable", null, ["--base-url", "http://127.0.0.1:9/backend-api", "--timeout", "2s"], /refuses connections/],
    ["slow", Fault.hang, ["--timeout", "300ms"], /no answer in time/],
    ["lying", Fault.malformedJson, [], /can't be understood/],
    ["huge", Fault.hugeBody(), [], /larger than allowed|connection broke/],
    ["a page", Fault.htmlPage(200), [], /can't be understood/],
    ["a challenge instead of it", Fault.htmlPage(403), [], /challenge or block of Cloudflare/]
  ])("%s", function* ([, fault, args, says]) {
    const { cli } = yield* world(fault === null ? {} : { plan: [{ endpoint: "usage.read", call: "every", fault }] })
    const ran = yield* cli(["usage", ...args])
    assert.strictEqual(ran.code, 6, ran.stderr)
    checkError(ran, says)
  })
})

describe.concurrent("arguments", () => {
  live("bad addresses, keys and ids send nothing", function* () {
    const { backend, cli } = yield* world()
    const lines = [
      ["invite", "", "--yes"],
      ["invite", "ada\u0007@example.test", "--yes"],
      ["redeem", "--yes", "--key", "two words"],
      ["redeem", "--yes", "--credit", "\u001b[31m"]
    ]
    for (const ran of yield* Effect.forEach(lines, (args) => cli(args), { concurrency: 3 })) {
      assert.strictEqual(ran.code, 2, ran.stderr)
      checkError(ran, /Nothing was sent/)
      assert.notMatch(ran.stderr.replaceAll("\n", ""), /\p{Cc}|└─/u)
    }
    assert.deepStrictEqual(yield* backend.log, [])
  })

  live("without a terminal and without --yes nothing is sent", function* () {
    const { backend, cli, home } = yield* world({
      accounts: (now) => [{ resetCredits: [FakeAccount.makeResetCredit(now, "rc_1")] }]
    })
    const lines = [
      ["redeem"],
      ["invite", "zoe@friends.test"],
      ["invite"],
      ["notify-owner", "--type", "credits"],
      ["logout"]
    ]
    for (const ran of yield* Effect.forEach(lines, (args) => cli(args), { concurrency: 3 })) {
      assert.strictEqual(ran.code, 2, ran.stderr)
      checkError(ran, /There is no terminal to ask on, so nothing was sent/)
    }
    for (const act of ["resetCredits.consume", "referrals.invite", "workspace.nudge", "oauth.revoke"] as const) {
      assert.strictEqual(yield* backend.count(act), 0)
    }
    assert.isNotEmpty(readFileSync(join(home, "auth.json"), "utf8"))
  })

  live("flags that make no sense, also in JSON", function* () {
    const { ask, cli } = yield* world()
    const words = yield* cli(["usage", "--bogus"])
    assert.strictEqual(words.code, 2)
    checkError(words, /There is no flag --bogus/)
    const json = yield* ask("activity", ["usage", "yearly"])
    assert.deepStrictEqual([json.code, json.error?.code], [2, "BadUsage"])
    assert.match(json.error?.message ?? "", /daily.*weekly.*cumulative/)
    const none = yield* ask("none", ["usge"])
    assert.deepStrictEqual([none.code, none.answer.command], [2, null])
  })
})
