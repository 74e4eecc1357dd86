/** Every command and every exit code, as a script meets them. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { readFileSync, statSync } from "node:fs"
import { join } from "node:path"
import { version } from "../../../src/domain/version.js"
import { FakeAccount, Fault } from "../../../src/testing/index.js"
import { answerOf, bundle, emptyWorld, readIfThere, world } from "./harness.js"

let bin = ""
beforeAll(() => {
  bin = bundle()
}, 60_000)

const invitee = "zoe.invitee@friends.test"
const blocked = (now: number) => [
  {
    credits: null,
    secondary: FakeAccount.makeWindow(now, { lengthSeconds: 604_800, usedPercent: 100 })
  }
]

describe.concurrent("usage, status and what only reads", { timeout: 60_000 }, () => {
  it.scopedLive("each command answers in JSON and in words", () =>
    Effect.gen(function* () {
      const { cli } = yield* world(bin)
      const [usage, status, role, guard, session] = yield* Effect.all(
        [
          cli(["usage", "--json"]),
          cli(["status", "--json"]),
          cli(["role", "--json"]),
          cli(["guard", "--json"]),
          cli(["session", "--json"])
        ],
        { concurrency: 3 }
      )
      const answers = [
        answerOf("usage", usage),
        answerOf("status", status),
        answerOf("role", role),
        answerOf("guard", guard),
        answerOf("session", session)
      ]
      for (const answer of answers) {
        assert.isTrue(answer.ok)
        assert.strictEqual(answer.exitCode, 0)
      }
      const read = answerOf("usage", usage)
      assert.isTrue(read.ok && read.usage.limits[0]?.windows.map(({ name }) => name).join() === "5h,weekly")
      for (const ran of [usage, status, role, guard]) {
        assert.strictEqual(ran.stderr, "")
        assert.notInclude(ran.stdout, "ada@example.test")
      }
    })
  )

  it.scopedLive("words, without colours in a pipe", () =>
    Effect.gen(function* () {
      const { cli } = yield* world(bin)
      const ran = yield* Effect.forEach(
        ["usage", "status", "role", "guard", "session", "policies"],
        (name) => cli([name]),
        {
          concurrency: 3
        }
      )
      for (const { code, stderr, stdout } of ran) {
        assert.strictEqual(code, 0, stderr)
        assert.strictEqual(stderr, "")
        assert.notMatch(stdout.replaceAll("\n", ""), /\p{Cc}/u)
      }
      const [usage, status, , , session] = ran
      assert.match(usage?.stdout ?? "", /▸ weekly .*39% left/)
      assert.match(status?.stdout ?? "", /ada@example\.test · Business · member/)
      assert.match(session?.stdout ?? "", /with ChatGPT/)
    })
  )

  it.scopedLive("session makes no request", () =>
    Effect.gen(function* () {
      const { backend, cli, home, secrets } = yield* world(bin)
      const { stdout } = yield* cli(["session"])
      assert.deepStrictEqual(yield* backend.log, [])
      assert.include(stdout, join(home, "auth.json"))
      for (const secret of secrets) assert.notInclude(stdout, secret)
    })
  )

  it.scopedLive("guard: 8 when blocked", () =>
    Effect.gen(function* () {
      const { cli } = yield* world(bin, { accounts: blocked })
      const ran = yield* cli(["guard", "--json"])
      const answer = answerOf("guard", ran)
      assert.strictEqual(ran.code, 8)
      assert.isTrue(answer.ok && !answer.usable && answer.exitCode === 8)
      const { code, stdout } = yield* cli(["guard"])
      assert.strictEqual(code, 8)
      assert.match(stdout, /^Blocked until /)
    })
  )

  it.scopedLive("status tells what it could not read, with the exit code of the usage", () =>
    Effect.gen(function* () {
      const { cli } = yield* world(bin, { plan: [{ endpoint: "usage.read", call: "every", fault: Fault.status(500) }] })
      const ran = yield* cli(["status", "--json"])
      const answer = answerOf("status", ran)
      assert.strictEqual(ran.code, 6)
      assert.isTrue(answer.ok && answer.usage === null && answer.errors.usage?.code === "BackendError.ServerError")
      const words = yield* cli([])
      assert.strictEqual(words.code, 6)
      assert.match(words.stdout, /Usage could not be read/)
    })
  )

  it.scopedLive("policies needs no home, and --timeout shows in it", () =>
    Effect.gen(function* () {
      const { cli } = yield* emptyWorld(bin)
      const ran = yield* cli(["policies", "--json", "--timeout", "2s"], { env: { CODEX_HOME: "/nonexistent" } })
      const answer = answerOf("policies", ran)
      assert.strictEqual(ran.code, 0)
      assert.isTrue(
        answer.ok &&
          answer.policies.some(
            ({ name, overallTimeoutMillis }) => name === "readUsage" && overallTimeoutMillis === 2000
          )
      )
    })
  )

  it.scopedLive("the version, at once", () =>
    Effect.gen(function* () {
      const { cli } = yield* emptyWorld(bin)
      const [plain, json] = yield* Effect.all([cli(["usage", "--version"]), cli(["--version", "--json"])])
      assert.deepStrictEqual([plain.stdout, plain.code], [`${version}\n`, 0])
      assert.strictEqual(answerOf("version", json).version, version)
    })
  )

  it.scopedLive("--demo needs nothing, and leaves nothing behind", () =>
    Effect.gen(function* () {
      const { cli, home } = yield* emptyWorld(bin)
      const ran = yield* cli(["usage", "--demo", "--json"], {
        env: {
          TMPDIR: home,
          HTTP_PROXY: "http://127.0.0.1:1",
          SSL_CERT_FILE: "/nonexistent",
          CODEX_HOME: "/nonexistent"
        }
      })
      assert.isTrue(answerOf("usage", ran).ok, ran.stderr)
      const session = yield* cli(["--demo", "session", "--json"], { env: { TMPDIR: home } })
      const answer = answerOf("session", session)
      assert.isTrue(answer.ok && answer.location.startsWith(home) && readIfThere(answer.location) === null)
    })
  )
})

describe.concurrent("redeem", { timeout: 60_000 }, () => {
  it.scopedLive("0 when reset; the same key again uses nothing", () =>
    Effect.gen(function* () {
      const { backend, cli } = yield* world(bin)
      const ran = yield* cli(["redeem", "--yes", "--key", "k1", "--credit=rc_2", "--json"])
      const answer = answerOf("redeem", ran)
      assert.strictEqual(ran.code, 0, ran.stderr)
      assert.isTrue(answer.ok && answer.outcome === "reset" && answer.creditId === "rc_2" && answer.usage !== null)
      yield* cli(["redeem", "--yes", "--key", "k1", "--credit=rc_2"])
      const { redemptions } = yield* backend.account()
      assert.deepStrictEqual(
        redemptions.map(({ creditId, key }) => ({ creditId, key })),
        [{ key: "k1", creditId: "rc_2" }]
      )
    })
  )

  it.scopedLive("7 when there is nothing to do", () =>
    Effect.gen(function* () {
      const none = yield* world(bin, { accounts: [{ resetCredits: [] }] })
      const unused = yield* world(bin, { accounts: [{ primary: null, secondary: null }] })
      const gone = yield* world(bin)
      const [noCredit, nothing, creditGone] = yield* Effect.all(
        [
          none.cli(["redeem", "-y", "--json"]),
          unused.cli(["redeem", "-y", "--json"]),
          gone.cli(["redeem", "-y", "--json", "--credit", "rc_9"])
        ],
        { concurrency: 3 }
      )
      for (const [ran, outcome] of [
        [noCredit, "noCredit"],
        [nothing, "nothingToReset"],
        [creditGone, "creditGone"]
      ] as const) {
        const answer = answerOf("redeem", ran)
        assert.strictEqual(ran.code, 7, ran.stdout)
        assert.isTrue(answer.ok && answer.outcome === outcome, ran.stdout)
      }
    })
  )

  it.scopedLive("4 when refused, 5 when nobody knows, with the key to carry on", () =>
    Effect.gen(function* () {
      const refusing = yield* world(bin, {
        plan: [{ endpoint: "resetCredits.consume", call: "every", fault: Fault.forbidden }]
      })
      const losing = yield* world(bin, {
        plan: [{ endpoint: "resetCredits.consume", call: "every", fault: Fault.resetAfterCommit }]
      })
      const [refused, lost] = yield* Effect.all(
        [refusing.cli(["redeem", "-y", "--json"]), losing.cli(["redeem", "-y", "--json", "--key", "k1"])],
        { concurrency: 2 }
      )
      assert.strictEqual(refused.code, 4)
      assert.strictEqual(lost.code, 5)
      const answer = answerOf("redeem", lost)
      assert.isTrue(!answer.ok && answer.error.changed === "unknown" && answer.error.key === "k1")
      assert.match(lost.stderr, /codex-account redeem --key k1/)
      assert.lengthOf((yield* losing.backend.account()).redemptions, 1)
    })
  )
})

describe.concurrent("invite and notify-owner", { timeout: 60_000 }, () => {
  it.scopedLive("invite: 0 with a single request, and the address is nowhere in the answer", () =>
    Effect.gen(function* () {
      const { backend, cli } = yield* world(bin)
      const ran = yield* cli(["invite", invitee, "--yes", "--json", "--log-level", "debug"])
      const answer = answerOf("invite", ran)
      assert.strictEqual(ran.code, 0, ran.stderr)
      assert.isTrue(answer.ok && answer.outcome === "sent" && answer.reward === "included")
      assert.strictEqual(yield* backend.count("referrals.invite"), 1)
      assert.notInclude(ran.stdout + ran.stderr, invitee)
    })
  )

  it.scopedLive("invite: 4 refused, 5 nobody knows, 7 no offer", () =>
    Effect.gen(function* () {
      const refusing = yield* world(bin, {
        plan: [{ endpoint: "referrals.invite", call: "every", fault: Fault.status(422) }]
      })
      const losing = yield* world(bin, {
        plan: [{ endpoint: "referrals.invite", call: "every", fault: Fault.resetAfterCommit }]
      })
      const without = yield* world(bin, { accounts: [{ offer: null }] })
      const ran = yield* Effect.forEach(
        [refusing, losing, without],
        ({ cli }) => cli(["invite", "--yes", "--json", "--", invitee]),
        { concurrency: 3 }
      )
      assert.deepStrictEqual(
        ran.map(({ code }) => code),
        [4, 5, 7]
      )
      for (const each of ran) {
        assert.isFalse(answerOf("invite", each).ok)
        assert.notInclude(each.stdout + each.stderr, invitee)
      }
      assert.strictEqual(yield* losing.backend.count("referrals.invite"), 1)
      assert.strictEqual(yield* without.backend.count("referrals.invite"), 0)
    })
  )

  it.scopedLive("notify-owner: 0 sent, 7 cooldown, 7 not needed, 2 for an unknown type", () =>
    Effect.gen(function* () {
      const { backend, cli } = yield* world(bin)
      const sent = yield* cli(["notify-owner", "--type", "credits", "--yes", "--json"])
      const again = yield* cli(["--json", "notify-owner", "--yes", "--type=credits"])
      const [unneeded, unknown] = yield* Effect.all(
        [cli(["notify-owner", "--yes", "--json"]), cli(["notify-owner", "--type", "love", "--json"])],
        { concurrency: 2 }
      )
      assert.deepStrictEqual([sent.code, again.code, unneeded.code, unknown.code], [0, 7, 7, 2])
      const first = answerOf("notify-owner", sent)
      const second = answerOf("notify-owner", again)
      assert.isTrue(first.ok && first.outcome === "sent")
      assert.isTrue(second.ok && second.outcome === "cooldownActive")
      assert.isFalse(answerOf("notify-owner", unneeded).ok || answerOf("notify-owner", unknown).ok)
      assert.lengthOf((yield* backend.account()).nudges, 1)
    })
  )
})

describe.concurrent("logout", { timeout: 60_000 }, () => {
  it.scopedLive("--local only removes the record; then there is nothing to remove", () =>
    Effect.gen(function* () {
      const { backend, cli, home } = yield* world(bin)
      const ran = yield* cli(["logout", "--local", "--json"])
      const answer = answerOf("logout", ran)
      assert.strictEqual(ran.code, 0)
      assert.isTrue(answer.ok && answer.removed && answer.revoked === null)
      assert.isNull(readIfThere(join(home, "auth.json")))
      assert.deepStrictEqual(yield* backend.log, [])
      const second = yield* cli(["logout", "--local", "--json"])
      assert.strictEqual(second.code, 7)
    })
  )

  it.scopedLive("ends the session at the server too, and goes on when the server fails", () =>
    Effect.gen(function* () {
      const { backend, cli } = yield* world(bin)
      const other = yield* world(bin)
      const failing = yield* world(bin, {
        plan: [{ endpoint: "oauth.revoke", call: "every", fault: Fault.status(500) }]
      })
      const [ran, without, told] = yield* Effect.all(
        [cli(["logout", "-y", "--json"]), failing.cli(["logout", "-y"]), other.cli(["logout", "-y"])],
        {
          concurrency: 3
        }
      )
      const answer = answerOf("logout", ran)
      assert.isTrue(answer.ok && answer.removed && answer.revoked === true)
      assert.strictEqual(yield* backend.count("oauth.revoke"), 1)
      assert.strictEqual(without.code, 0)
      assert.match(without.stdout, /did not confirm/)
      assert.match(told.stdout.replaceAll("\n", " "), /ended at the server too: other machines and the browser/)
    })
  )
})

describe.concurrent("doctor", { timeout: 60_000 }, () => {
  it.scopedLive("finds nothing wrong, or what is wrong", () =>
    Effect.gen(function* () {
      const { cli, home } = yield* world(bin)
      const fine = yield* cli(["doctor", "--json"])
      const answer = answerOf("doctor", fine)
      assert.strictEqual(fine.code, 0, fine.stdout)
      assert.isTrue(answer.ok && answer.checks.every(({ result }) => result === "ok"), fine.stdout)
      const empty = yield* emptyWorld(bin)
      const [unsigned, unreachable] = yield* Effect.all(
        [
          empty.cli(["doctor", "--base-url", "http://127.0.0.1:9"]),
          cli(["doctor", "--base-url", "http://127.0.0.1:9"], {
            env: { HTTPS_PROXY: "http://user:hunter2@127.0.0.1:9" }
          })
        ],
        { concurrency: 2 }
      )
      assert.strictEqual(unsigned.code, 3)
      assert.strictEqual(unreachable.code, 6)
      assert.match(unreachable.stdout, /HTTPS_PROXY/)
      assert.notInclude(unreachable.stdout + unreachable.stderr, "hunter2")
      assert.strictEqual(statSync(join(home, "auth.json")).mode & 0o777, 0o600)
    })
  )
})

describe.concurrent("backend", { timeout: 60_000 }, () => {
  it.scopedLive("serves with a home until Ctrl-C, and clears up", () =>
    Effect.gen(function* () {
      const { cli, home } = yield* emptyWorld(bin)
      const throwAway = join(home, "fresh")
      const config = join(throwAway, "config.toml")
      const ready = Effect.repeat(Effect.sleep("20 millis"), { until: () => readIfThere(config) !== null })
      const used = Effect.gen(function* () {
        yield* ready
        const text = readFileSync(config, "utf8")
        const usage = yield* cli(["usage", "--json"], { env: { CODEX_HOME: throwAway } })
        assert.isTrue(answerOf("usage", usage).ok, text + usage.stdout)
      })
      const ran = yield* cli(["backend", "--home", throwAway, "--json"], {
        interrupt: { after: used, signal: "SIGINT" }
      })
      const answer = answerOf("backend", ran)
      assert.strictEqual(ran.code, 0, ran.stderr)
      assert.isTrue(answer.ok && answer.home === throwAway && answer.baseUrl.startsWith("http://127.0.0.1:"))
      assert.isNull(readIfThere(config))
    })
  )

  it.scopedLive("2 for a plan, a port or a home that can't be used", () =>
    Effect.gen(function* () {
      const { backend, home } = yield* world(bin)
      const { cli } = yield* emptyWorld(bin)
      const port = new URL(backend.urls.origin).port
      const ran = yield* Effect.forEach(
        [
          ["--plan", "/nonexistent"],
          ["--plan", join(home, "config.toml")],
          ["--port", "70000"],
          ["--port", "x"],
          ["--port", port],
          ["--home", home]
        ],
        (flags) => cli(["backend", ...flags, "--json"]),
        { concurrency: 3 }
      )
      for (const each of ran) {
        assert.strictEqual(each.code, 2, each.stdout)
        assert.isFalse(answerOf("backend", each).ok)
      }
    })
  )
})
