/** What bad input gets: one clear line, the right exit code, nothing lost, nothing sent that should not be. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { chmodSync, mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { Fault, type FaultPlan } from "../../../src/testing/index.js"
import { answerOf, bundle, type Ran, world } from "./harness.js"

let bin = ""
beforeAll(() => {
  bin = bundle()
}, 60_000)

const acts: ReadonlyArray<FaultPlan.EndpointName> = ["resetCredits.consume", "referrals.invite", "workspace.nudge"]

const checkError = ({ stderr, stdout }: Ran, pattern: RegExp) => {
  assert.strictEqual(stdout, "")
  assert.match(stderr, pattern, stderr)
  assert.isAtMost(stderr.trimEnd().split("\n").length, 3, stderr)
  for (const line of stderr.split("\n")) assert.isBelow(line.length, 320, line)
  assert.notMatch(stderr, /\n\s+at |\[object|undefined/)
}

describe.concurrent("auth.json", { timeout: 60_000 }, () => {
  it.scopedLive.each<[name: string, text: string | null, code: number, pattern: RegExp]>([
    ["missing", null, 3, /Not signed in\. Run `codex-account login`/],
    ["empty", "", 3, /can't be understood.*the file is empty/],
    ["truncated", '{"auth_mode":"chatgpt","tokens":{"id_token":"a.b', 3, /can't be understood/],
    ["foreign", '{"tokens":"none of yours"}', 3, /can't be understood/],
    ["not JSON", "<html></html>", 3, /can't be understood/],
    ["of an unknown mode", '{"auth_mode":"telepathy","tokens":null}', 3, /can't be understood/],
    ["with an API key", '{"auth_mode":"apikey","OPENAI_API_KEY":"sk-secret-key"}', 3, /without ChatGPT/],
    ["without tokens", '{"auth_mode":"chatgpt","tokens":null}', 3, /Run|understood|sign/i]
  ])("%s", ([, text, code, pattern]) =>
    Effect.gen(function* () {
      const { backend, cli, home } = yield* world(bin)
      const file = join(home, "auth.json")
      if (text === null) rmSync(file)
      else writeFileSync(file, text)
      const ran = yield* cli(["redeem", "--yes"])
      assert.strictEqual(ran.code, code, ran.stderr)
      checkError(ran, pattern)
      assert.match(ran.stderr, /Nothing was sent/)
      assert.notInclude(ran.stderr, "sk-secret-key")
      assert.deepStrictEqual(yield* backend.log, [])
      if (text !== null) assert.strictEqual(readFileSync(file, "utf8"), text)
    })
  )

  it.scopedLive("a folder in its place", () =>
    Effect.gen(function* () {
      const { backend, cli, home } = yield* world(bin)
      rmSync(join(home, "auth.json"))
      mkdirSync(join(home, "auth.json"))
      const ran = yield* cli(["usage"])
      assert.strictEqual(ran.code, 3)
      checkError(ran, /can't be read.*it is not a file/)
      assert.deepStrictEqual(yield* backend.log, [])
    })
  )

  // Root may read everything.
  it.scopedLive.skipIf(process.getuid?.() === 0)("no permission", () =>
    Effect.gen(function* () {
      const { cli, home } = yield* world(bin)
      chmodSync(join(home, "auth.json"), 0)
      const ran = yield* cli(["usage"])
      assert.strictEqual(ran.code, 3)
      checkError(ran, /can't be read.*access was denied/)
    })
  )

  it.scopedLive("expired and revoked: told, and kept", () =>
    Effect.gen(function* () {
      const { cli, home } = yield* world(bin, {
        tokens: { accessTokenSeconds: -60 },
        plan: [
          {
            endpoint: "oauth.token",
            call: "every",
            fault: Fault.status(401, { body: '{"error":{"code":"refresh_token_invalidated"}}' })
          }
        ]
      })
      const before = readFileSync(join(home, "auth.json"), "utf8")
      const ran = yield* cli(["usage"])
      assert.strictEqual(ran.code, 3)
      checkError(ran, /could not be renewed.*revoked.*Sign in again/)
      assert.strictEqual(readFileSync(join(home, "auth.json"), "utf8"), before)
    })
  )
})

describe.concurrent("configuration", { timeout: 60_000 }, () => {
  it.scopedLive("a malformed config.toml, a bad URL in it, a home that is none", () =>
    Effect.gen(function* () {
      const { backend, cli, home } = yield* world(bin)
      const config = join(home, "config.toml")
      writeFileSync(config, 'chatgpt_base_url = "http://\n')
      checkError(yield* cli(["usage"]), /config\.toml can't be understood/)
      writeFileSync(config, "chatgpt_base_url = 7\n")
      checkError(yield* cli(["usage"]), /config\.toml can't be understood/)
      writeFileSync(config, 'chatgpt_base_url = "gopher://nowhere"\n')
      const ran = yield* cli(["usage"])
      checkError(ran, /not an http or https URL: chatgpt_base_url/)
      assert.strictEqual(ran.code, 2)
      const others = yield* Effect.forEach(
        [
          ["--codex-home", "/nonexistent/home"],
          ["--codex-home", config],
          ["--base-url", "nonsense"]
        ],
        (flags) => cli(["usage", ...flags]),
        { concurrency: 3 }
      )
      for (const other of others) {
        assert.strictEqual(other.code, 2, other.stderr)
        checkError(other, /--codex-home points|--codex-home does not|base URL/)
      }
      assert.deepStrictEqual(yield* backend.log, [])
    })
  )

  it.scopedLive("a keyring, a CA bundle that is none, a number in the environment that is none", () =>
    Effect.gen(function* () {
      const { cli, home } = yield* world(bin)
      const [ca, number] = yield* Effect.all(
        [
          cli(["usage"], { env: { SSL_CERT_FILE: join(home, "nothing.pem") } }),
          cli(["usage"], { env: { CODEX_ACCOUNT_POLICY_READ_USAGE_ATTEMPTS: "many" } })
        ],
        { concurrency: 2 }
      )
      assert.deepStrictEqual([ca.code, number.code], [2, 2])
      checkError(ca, /SSL_CERT_FILE/)
      checkError(number, /CODEX_ACCOUNT_POLICY_READ_USAGE_ATTEMPTS/)
    })
  )
})

describe.concurrent("the backend", { timeout: 60_000 }, () => {
  it.scopedLive("unreachable, slow, lying, huge", () =>
    Effect.gen(function* () {
      const at = (fault: Fault.Fault) => world(bin, { plan: [{ endpoint: "usage.read", call: "every", fault }] })
      const fine = yield* world(bin)
      const [slow, lying, huge, page] = yield* Effect.all([
        at(Fault.hang),
        at(Fault.malformedJson),
        at(Fault.hugeBody()),
        at(Fault.htmlPage(200))
      ])
      const ran = yield* Effect.all(
        [
          fine.cli(["usage", "--base-url", "http://127.0.0.1:9/backend-api", "--timeout", "2s"]),
          slow.cli(["usage", "--timeout", "300ms"]),
          lying.cli(["usage"]),
          huge.cli(["usage"]),
          page.cli(["usage"])
        ],
        { concurrency: 3 }
      )
      const patterns = [
        /no connection/,
        /no answer in time/,
        /can't be understood/,
        /larger than allowed|connection broke/,
        /can't be understood/
      ]
      for (const [index, each] of ran.entries()) {
        assert.strictEqual(each.code, 6, each.stderr)
        checkError(each, patterns[index] ?? /never/)
      }
    })
  )
})

describe.concurrent("arguments", { timeout: 60_000 }, () => {
  it.scopedLive("bad addresses, keys and ids send nothing", () =>
    Effect.gen(function* () {
      const { backend, cli } = yield* world(bin)
      const ran = yield* Effect.forEach(
        [
          ["invite", "", "--yes"],
          ["invite", "ada@example.test, bob@example.test", "--yes"],
          ["invite", "ada\u0007@example.test", "--yes"],
          ["invite", "nobody", "--yes"],
          ["invite", "a@b.test", "c@d.test", "--yes"],
          ["redeem", "--yes", "--key", "two words"],
          ["redeem", "--yes", "--key="],
          ["redeem", "--yes", "--credit", "\u001b[31m"],
          ["redeem", "--yes", "--credit", "x".repeat(300)]
        ],
        (args) => cli(args),
        { concurrency: 3 }
      )
      for (const each of ran) {
        assert.strictEqual(each.code, 2, each.stderr)
        checkError(each, /Nothing was sent|Give one EMAIL/)
        assert.notMatch(each.stderr.replaceAll("\n", ""), /\p{Cc}|└─/u)
      }
      assert.deepStrictEqual(yield* backend.log, [])
    })
  )

  it.scopedLive("without a terminal and without --yes nothing is sent", () =>
    Effect.gen(function* () {
      const { backend, cli, home } = yield* world(bin, {
        accounts: (now) => [
          {
            resetCredits: [
              {
                id: "rc_1",
                resetType: "codex_rate_limits",
                status: "available",
                grantedAt: now,
                expiresAt: null,
                title: null,
                description: null
              }
            ]
          }
        ]
      })
      const ran = yield* Effect.forEach(
        [["redeem"], ["invite", "zoe@friends.test"], ["invite"], ["notify-owner", "--type", "credits"], ["logout"]],
        (args) => cli(args),
        { concurrency: 3 }
      )
      for (const each of ran) {
        assert.strictEqual(each.code, 2, each.stderr)
        checkError(each, /There is no terminal to ask on, so nothing was sent/)
      }
      for (const act of acts) assert.strictEqual(yield* backend.count(act), 0)
      assert.strictEqual(yield* backend.count("oauth.revoke"), 0)
      assert.isNotEmpty(readFileSync(join(home, "auth.json"), "utf8"))
    })
  )

  it.scopedLive("flags that make no sense, also in JSON", () =>
    Effect.gen(function* () {
      const { cli } = yield* world(bin)
      const [words, json, none] = yield* Effect.all(
        [cli(["usage", "--bogus"]), cli(["usage", "extra", "--json"]), cli(["--json", "usge"])],
        { concurrency: 3 }
      )
      assert.deepStrictEqual([words.code, json.code, none.code], [2, 2, 2])
      checkError(words, /There is no flag --bogus/)
      assert.isFalse(answerOf("usage", json).ok)
      assert.strictEqual(answerOf("none", none).command, null)
    })
  )
})
