/** Every command and every exit code, as a script meets them. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { linkSync, mkdirSync, readFileSync, rmdirSync, statSync, writeFileSync } from "node:fs"
import { join } from "node:path"
import { version } from "../../../src/domain/version.js"
import { FakeAccount, Fault, type FaultPlan } from "../../../src/testing/index.js"
import { live } from "../../cases.js"
import { answerOf, emptyWorld, readIfThere, until, world } from "./harness.js"

const invitee = "zoe.invitee@friends.test"
const blocked = (now: number) => [
  { credits: null, secondary: FakeAccount.makeWindow(now, { lengthSeconds: 604_800, usedPercent: 100 }) }
]
const failing = (endpoint: FaultPlan.EndpointName, fault: Fault.Fault) => ({
  plan: [{ endpoint, call: "every" as const, fault }]
})

describe.concurrent("usage, status and what only reads", () => {
  live("each command answers in JSON", function* () {
    const { ask } = yield* world()
    const [usage, ...others] = yield* Effect.all(
      [
        ask("usage", ["usage"]),
        ask("status", ["status"]),
        ask("role", ["role"]),
        ask("guard", ["guard"]),
        ask("session", ["session"])
      ],
      { concurrency: 3 }
    )
    for (const { answer } of [usage, ...others]) assert.deepInclude(answer, { ok: true, exitCode: 0 })
    assert.isTrue(
      usage.answer.ok && usage.answer.usage.limits[0]?.windows.map(({ name }) => name).join() === "5h,weekly"
    )
    for (const { stderr, stdout } of [usage, ...others.slice(0, 3)]) {
      assert.strictEqual(stderr, "")
      assert.notInclude(stdout, "ada@example.test")
    }
  })

  live("words, without colours in a pipe; session makes no request, and shows no secret", function* () {
    const { backend, cli, home, secrets } = yield* world()
    const session = yield* cli(["session"])
    assert.deepStrictEqual(yield* backend.log, [])
    assert.match(session.stdout, /with ChatGPT/)
    assert.include(session.stdout, join(home, "auth.json"))
    for (const secret of secrets) assert.notInclude(session.stdout, secret)
    const names = ["usage", "status", "role", "guard", "policies"]
    const ran = yield* Effect.forEach(names, (name) => cli([name]), { concurrency: 3 })
    for (const { code, stderr, stdout } of [session, ...ran]) {
      assert.deepStrictEqual([code, stderr], [0, ""])
      assert.notMatch(stdout.replaceAll("\n", ""), /\p{Cc}/u)
    }
    assert.match(ran[0]?.stdout ?? "", /▸ weekly .*39% left/)
    assert.match(ran[1]?.stdout ?? "", /ada@example\.test · Business · Analytical Engines · member/)
  })

  live("guard: 8 when blocked", function* () {
    const { ask, cli } = yield* world({ accounts: blocked })
    const { answer, code } = yield* ask("guard", ["guard"])
    assert.isTrue(code === 8 && answer.ok && !answer.usable)
    const words = yield* cli(["guard"])
    assert.strictEqual(words.code, 8)
    assert.match(words.stdout, /^Blocked until /)
  })

  live("status says what it could not read, with the exit code of the usage", function* () {
    const { ask, cli } = yield* world(failing("usage.read", Fault.status(500)))
    const { answer, code } = yield* ask("status", ["status"])
    assert.strictEqual(code, 6)
    assert.isTrue(answer.ok && answer.usage === null && answer.errors.usage?.code === "BackendError.ServerError")
    const words = yield* cli([])
    assert.strictEqual(words.code, 6)
    assert.match(words.stdout, /Usage could not be read/)
  })

  live("policies needs no home, and --timeout shows in it; the version needs nothing", function* () {
    const { ask, cli } = yield* emptyWorld
    const { answer, code } = yield* ask("policies", ["policies", "--timeout", "2s"], {
      env: { CODEX_HOME: "/nonexistent" }
    })
    const policies = answer.ok ? answer.policies : []
    assert.strictEqual(code, 0)
    assert.strictEqual(policies.find(({ name }) => name === "readUsage")?.overallTimeoutMillis, 2000)
    assert.deepInclude(answer.ok ? answer.renewal : {}, { beforeMillis: 600_000, jitterMillis: 600_000 })
    const [plain, json] = yield* Effect.all([cli(["usage", "--version"]), ask("version", ["--version"])])
    assert.deepStrictEqual([plain.stdout, plain.code], [`${version}\n`, 0])
    assert.strictEqual(json.answer.version, version)
  })

  live("--demo needs nothing, and leaves nothing behind", function* () {
    const { ask, home } = yield* emptyWorld
    const broken = { HTTP_PROXY: "http://127.0.0.1:1", SSL_CERT_FILE: "/nonexistent", CODEX_HOME: "/nonexistent" }
    const usage = yield* ask("usage", ["usage", "--demo"], { env: { TMPDIR: home, ...broken } })
    assert.isTrue(usage.answer.ok, usage.stderr)
    const { answer } = yield* ask("session", ["--demo", "session"], { env: { TMPDIR: home } })
    assert.isTrue(answer.ok && answer.location.startsWith(home) && readIfThere(answer.location) === null)
  })
})

describe.concurrent("workspaces", () => {
  const user = { userId: "user-FAKE1", email: "ada@example.test" }
  const accounts = [
    {},
    { ...user, accountId: "ws-2", workspaceName: "Looms\u001b[31m", planType: "team" },
    { ...user, accountId: "ws-3", workspaceName: "looms" }
  ]
  const stored = (home: string) => JSON.parse(readFileSync(join(home, "auth.json"), "utf8"))

  live("are listed, and one of them is changed to, for codex too", function* () {
    const { ask, backend, cli, home, secrets } = yield* world({ accounts: accounts.slice(0, 2) })
    const { answer, code } = yield* ask("workspaces", ["workspaces"])
    assert.isTrue(answer.ok && answer.workspaces.map(({ id, isCurrent }) => `${id} ${isCurrent}`)[1] === "ws-2 false")
    assert.strictEqual(code, 0)
    assert.match((yield* cli(["workspaces"])).stdout, /^\* Analytical Engines .*\n {2}Looms +workspace +ws-2$/m)
    const before = stored(home)
    const changed = yield* cli(["workspace", "looms"])
    assert.deepStrictEqual([changed.stdout, changed.stderr, changed.code], ["Changed to Looms, Team.\n", "", 0])
    const { tokens } = stored(home)
    assert.deepStrictEqual(
      [tokens.account_id, tokens.id_token, tokens.refresh_token],
      ["ws-2", before.tokens.id_token, before.tokens.refresh_token]
    )
    assert.strictEqual(statSync(join(home, "auth.json")).mode & 0o777, 0o600)
    const again = yield* ask("workspace", ["workspace", "ws-2"])
    assert.isTrue(again.answer.ok && again.answer.outcome === "unchanged" && again.answer.plan === "team")
    assert.strictEqual(yield* backend.count("workspaces.switch"), 1)
    for (const secret of [...secrets, tokens.access_token])
      assert.notInclude(`${changed.stdout}${again.stdout}`, secret)
    assert.match((yield* cli(["status"])).stdout, /ada@example\.test · Team · Looms · member/)
  })

  live("2 without a name that is one's own, 4 when refused, 6 when they can't be read", function* () {
    const { ask, home } = yield* world({ accounts })
    const before = stored(home)
    const codes = ["nowhere", "looms"].map((name) => ask("workspace", ["workspace", name]))
    const ran = yield* Effect.all([...codes, ask("workspace", ["workspace"])], { concurrency: 3 })
    assert.deepStrictEqual(
      ran.map(({ code, error }) => [code, error?.code]),
      [
        [2, "WorkspaceError.NotListed"],
        [2, "WorkspaceError.Ambiguous"],
        [2, "DialogError.NotInteractive"]
      ]
    )
    const refused = yield* world({ accounts, ...failing("workspaces.switch", Fault.status(403)) })
    assert.strictEqual((yield* refused.cli(["workspace", "ws-2"])).code, 4)
    const silent = yield* world(failing("workspaces.list", Fault.status(500)))
    assert.strictEqual((yield* silent.cli(["workspaces"])).code, 6)
    assert.deepStrictEqual(stored(home), before)
  })
})

describe.concurrent("redeem", () => {
  live("0 when reset; the same key again uses nothing", function* () {
    const { ask, backend, cli } = yield* world()
    const args = ["redeem", "--yes", "--key", "k1", "--credit=rc_2"]
    const { answer, code, stderr } = yield* ask("redeem", args)
    assert.strictEqual(code, 0, stderr)
    assert.isTrue(answer.ok && answer.outcome === "reset" && answer.creditId === "rc_2" && answer.usage !== null)
    yield* cli(args)
    const { redemptions } = yield* backend.account()
    assert.deepStrictEqual(
      redemptions.map(({ creditId, key }) => ({ creditId, key })),
      [{ key: "k1", creditId: "rc_2" }]
    )
  })

  live.each<[outcome: string, account: Partial<FakeAccount.FakeAccount>, args: ReadonlyArray<string>]>([
    ["noCredit", { resetCredits: [] }, []],
    ["nothingToReset", { primary: null, secondary: null }, []],
    ["creditGone", {}, ["--credit", "rc_9"]]
  ])("7 when there is nothing to do: %s", function* ([outcome, account, args]) {
    const { ask } = yield* world({ accounts: [account] })
    const { answer, code, stdout } = yield* ask("redeem", ["redeem", "-y", ...args])
    assert.strictEqual(code, 7, stdout)
    assert.isTrue(answer.ok && answer.outcome === outcome, stdout)
  })

  live("4 when refused, 5 when the outcome is unknown, with the key to carry on", function* () {
    const refusing = yield* world(failing("resetCredits.consume", Fault.forbidden))
    assert.strictEqual((yield* refusing.ask("redeem", ["redeem", "-y"])).code, 4)
    const { ask, backend } = yield* world(failing("resetCredits.consume", Fault.resetAfterCommit))
    const { code, error, stderr } = yield* ask("redeem", ["redeem", "-y", "--key", "k1"])
    assert.deepStrictEqual([code, error?.changed, error?.key], [5, "unknown", "k1"])
    assert.match(stderr, /codex-account redeem --key k1/)
    assert.lengthOf((yield* backend.account()).redemptions, 1)
  })
})

describe.concurrent("invite and notify-owner", () => {
  live.each<[outcome: string, code: number, calls: number, options: NonNullable<Parameters<typeof world>[0]>]>([
    ["sent", 0, 1, {}],
    ["refused", 4, 1, failing("referrals.invite", Fault.status(422))],
    ["unknown", 5, 1, failing("referrals.invite", Fault.resetAfterCommit)],
    ["no offer", 7, 0, { accounts: [{ offer: null }] }]
  ])("invite, %s: %d, and the address is nowhere in the answer", function* ([, code, calls, options]) {
    const { ask, backend } = yield* world(options)
    const ran = yield* ask("invite", ["invite", "--yes", "--log-level", "debug", "--", invitee])
    assert.strictEqual(ran.code, code, ran.stderr)
    if (ran.answer.ok) assert.deepInclude(ran.answer, { outcome: "sent", reward: "included" })
    else assert.notStrictEqual(code, 0)
    assert.strictEqual(yield* backend.count("referrals.invite"), calls)
    assert.notInclude(ran.stdout + ran.stderr, invitee)
  })

  live("notify-owner: 0 sent, 7 cooldown, 7 not needed", function* () {
    const { ask, backend } = yield* world()
    const sent = yield* ask("notify-owner", ["notify-owner", "--type", "credits", "--yes"])
    const again = yield* ask("notify-owner", ["notify-owner", "--yes", "--type=credits"])
    const unneeded = yield* ask("notify-owner", ["notify-owner", "--yes"])
    assert.deepStrictEqual([sent.code, again.code, unneeded.code], [0, 7, 7])
    assert.isTrue(sent.answer.ok && sent.answer.outcome === "sent")
    assert.isTrue(again.answer.ok && again.answer.outcome === "cooldownActive")
    assert.isFalse(unneeded.answer.ok)
    assert.lengthOf((yield* backend.account()).nudges, 1)
  })
})

describe.concurrent("logout", () => {
  live("--local only removes the record; then there is nothing to remove", function* () {
    const { ask, backend, home } = yield* world()
    const { answer, code } = yield* ask("logout", ["logout", "--local"])
    assert.strictEqual(code, 0)
    assert.isTrue(answer.ok && answer.removed && answer.revoked === null)
    assert.isNull(readIfThere(join(home, "auth.json")))
    assert.deepStrictEqual(yield* backend.log, [])
    assert.strictEqual((yield* ask("logout", ["logout", "--local"])).code, 7)
  })

  live("ends the session at the server too, and goes on when the server fails", function* () {
    const made = yield* world()
    const { answer } = yield* made.ask("logout", ["logout", "-y"])
    assert.isTrue(answer.ok && answer.removed && answer.revoked === true)
    assert.strictEqual(yield* made.backend.count("oauth.revoke"), 1)
    const without = yield* (yield* world(failing("oauth.revoke", Fault.status(500)))).cli(["logout", "-y"])
    assert.strictEqual(without.code, 0)
    assert.match(without.stdout, /did not confirm/)
    const { stdout } = yield* (yield* world()).cli(["logout", "-y"])
    assert.match(stdout.replaceAll("\n", " "), /ended at the server too: other machines and the browser/)
  })
})

describe.concurrent("doctor", () => {
  live("finds nothing wrong, or what is wrong", function* () {
    const { ask, cli, home } = yield* world()
    const fine = yield* ask("doctor", ["doctor"])
    assert.strictEqual(fine.code, 0, fine.stdout)
    assert.isTrue(fine.answer.ok && fine.answer.checks.every(({ result }) => result === "ok"), fine.stdout)
    const unchecked = yield* ask("doctor", ["doctor"], { env: { NODE_TLS_REJECT_UNAUTHORIZED: "0" } })
    const warned = unchecked.answer.ok ? unchecked.answer.checks.filter(({ result }) => result === "warn") : []
    assert.match(warned.map(({ message }) => message).join(), /^NODE_TLS_REJECT_UNAUTHORIZED=0/)
    const nowhere = ["doctor", "--base-url", "http://127.0.0.1:9"]
    assert.strictEqual((yield* (yield* emptyWorld).cli(nowhere)).code, 3)
    const unreachable = yield* cli(nowhere, { env: { HTTPS_PROXY: "http://user:hunter2@127.0.0.1:9" } })
    assert.strictEqual(unreachable.code, 6)
    assert.match(unreachable.stdout, /HTTPS_PROXY/)
    assert.notInclude(unreachable.stdout + unreachable.stderr, "hunter2")
    assert.strictEqual(statSync(join(home, "auth.json")).mode & 0o777, 0o600)
  })

  live("says where the record is written in place", function* () {
    const { cli, home } = yield* world()
    linkSync(join(home, "auth.json"), join(home, "second name"))
    const { code, stdout } = yield* cli(["doctor"])
    assert.strictEqual(code, 0, stdout)
    assert.match(stdout.replace(/\s+/g, " "), /auth\.json.* written in place: it has a second name/)
  })

  live("opens the journal, and status shows the rest where that can't be", function* () {
    const { ask, cli, home } = yield* world()
    const file = join(home, "codex-account.sqlite")
    mkdirSync(file)
    const found = yield* cli(["doctor"])
    assert.strictEqual(found.code, 6)
    assert.match(found.stdout.replace(/\s+/g, " "), /journal .*codex-account\.sqlite: it is not a file/)
    const status = yield* ask("status", ["status"])
    assert.strictEqual(status.code, 0)
    assert.isTrue(status.answer.ok && status.answer.usage !== null && status.answer.errors.journal !== null)
    const refused = yield* cli(["redeem", "--yes"])
    assert.strictEqual(refused.code, 6)
    assert.include(refused.stderr, file)
    rmdirSync(file)
    assert.strictEqual((yield* cli(["redeem", "--yes"])).code, 0)
    assert.strictEqual((yield* cli(["doctor"])).code, 0)
  })
})

describe.concurrent("backend", () => {
  live("serves with a home until Ctrl-C, and clears up", function* () {
    const { ask, home } = yield* emptyWorld
    const fresh = join(home, "fresh")
    const config = join(fresh, "config.toml")
    const { answer, code, stderr } = yield* ask("backend", ["backend", "--home", fresh], {
      meanwhile: Effect.fn(function* ({ signal }) {
        yield* until(() => readIfThere(config))
        const usage = yield* ask("usage", ["usage"], { env: { CODEX_HOME: fresh } })
        assert.isTrue(usage.answer.ok, readFileSync(config, "utf8") + usage.stdout)
        yield* signal("SIGINT")
      })
    })
    assert.strictEqual(code, 0, stderr)
    assert.isTrue(answer.ok && answer.home === fresh && answer.baseUrl.startsWith("http://127.0.0.1:"))
    assert.isNull(readIfThere(config))
  })

  live("serves the accounts of a file", function* () {
    const { ask, home } = yield* emptyWorld
    const fresh = join(home, "fresh")
    const accounts = join(home, "accounts.json")
    writeFileSync(accounts, JSON.stringify([{ planType: "plus", resetCredits: [{ id: "rc_own" }] }, {}]))
    const { code } = yield* ask("backend", ["backend", "--accounts", accounts, "--home", fresh], {
      meanwhile: Effect.fn(function* ({ signal }) {
        yield* until(() => readIfThere(join(fresh, "config.toml")))
        const { answer } = yield* ask("usage", ["usage"], { env: { CODEX_HOME: fresh } })
        assert.isTrue(answer.ok && answer.usage.plan === "plus", JSON.stringify(answer))
        yield* signal("SIGINT")
      })
    })
    assert.strictEqual(code, 0)
  })

  live("2 for a plan, accounts, a port or a home that can't be used", function* () {
    const { backend, cli, home } = yield* world()
    const lines = [
      ["--plan", "/nonexistent"],
      ["--accounts", "/nonexistent"],
      ["--accounts", join(home, "config.toml")],
      ["--plan", join(home, "config.toml")],
      ["--port", new URL(backend.urls.origin).port],
      ["--home", home]
    ]
    const run = (flags: ReadonlyArray<string>) => cli(["backend", ...flags, "--json"])
    for (const ran of yield* Effect.forEach(lines, run, { concurrency: 3 })) {
      assert.strictEqual(ran.code, 2, ran.stdout)
      assert.isFalse(answerOf("backend", ran).ok)
    }
  })
})
