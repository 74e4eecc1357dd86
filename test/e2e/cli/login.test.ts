/** Every way to sign in, over real sockets and with a person who uses a browser; what fails, is refused or is ended. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { readFileSync, statSync } from "node:fs"
import { connect } from "node:net"
import { Fault } from "../../../src/testing/index.js"
import { visit } from "../../layers/signIn/harness.js"
import {
  type LoginWorld,
  loginWorld,
  type Ran,
  reached,
  readIfThere,
  type Running,
  type RunOptions
} from "./harness.js"
import { live, virtual } from "../../cases.js"

const anAddress = /http:\S+oauth\/authorize\S+/

/** The person opens the address that was printed, and agrees. */
const browse = ({ until }: Running) => Effect.flatMap(until(anAddress), ([url]) => visit(url))

const portOf = (url: string): number =>
  Number(new URL(new URL(url).searchParams.get("redirect_uri") ?? "http://none:0").port)

const isTaken = (port: number) =>
  Effect.async<boolean>((resume) => {
    const socket = connect(port, "127.0.0.1")
    socket.once("connect", () => {
      socket.destroy()
      resume(Effect.succeed(true))
    })
    socket.once("error", () => resume(Effect.succeed(false)))
  })

/** No token, code or key in what was printed, nor a part of one. */
const checkSilence = ({ handedOut }: Pick<LoginWorld, "handedOut">, { stderr, stdout }: Ran, ...own: Array<string>) =>
  Effect.map(handedOut, (secrets) => {
    assert.isNotEmpty(secrets)
    for (const secret of [...secrets, ...own]) {
      for (const part of secret.split(".").filter((part) => part.length > 10)) assert.notInclude(stdout + stderr, part)
    }
    assert.notMatch(stdout + stderr, /bearer /i)
    assert.notMatch(stderr, /code_verifier|fake-device-verifier/)
  })

const debug = ["--log-level", "debug"]

virtual("control: the check fails on a secret, a part of one, and a header", function* () {
  const world = { handedOut: Effect.succeed(["header-of-a-token.payload-of-a-token"]) }
  const quiet = { code: 0, stdout: "fine", stderr: "" }
  yield* checkSilence(world, quiet)
  for (const leak of ["payload-of-a-token", "authorization: Bearer x", "code_verifier=x", "sk-own-key-0123"]) {
    const checked = yield* Effect.exit(checkSilence(world, { ...quiet, stderr: leak }, "sk-own-key-0123"))
    assert.isTrue(Exit.isFailure(checked), leak)
  }
})

// One after the other: a sign-in in the browser takes the port of one that waits.
describe("signs in, and says no secret even in a debug log", () => {
  live("with the browser", function* () {
    const made = yield* loginWorld({ signedOut: true, issuer: { apiKeys: true } })
    let page = ""
    const ran = yield* made.ask("login", ["login", "--no-browser", ...debug], {
      meanwhile: (running) => Effect.map(browse(running), (seen) => (page = seen.at(-1)?.body ?? ""))
    })
    assert.strictEqual(ran.code, 0, ran.stderr)
    assert.deepInclude(ran.answer, { method: "browser", replaced: false, plan: "business" })
    assert.match(page, /signed in/i)
    assert.strictEqual(statSync(made.authJson).mode & 0o777, 0o600)
    const record = JSON.parse(readFileSync(made.authJson, "utf8"))
    assert.strictEqual(record.auth_mode, "chatgpt")
    assert.match(record.OPENAI_API_KEY, /^sk-fake-/)
    yield* checkSilence(made, ran, record.OPENAI_API_KEY)
    assert.notInclude(ran.stdout, "ada@example.test")
    const session = yield* made.ask("session", ["session"])
    assert.deepInclude(session.answer, { email: "ada@example.test", isRefreshable: true })
    const usage = yield* made.ask("usage", ["usage", ...debug])
    assert.isTrue(usage.answer.ok, usage.stderr)
    yield* checkSilence(made, usage)
  })

  live("with a code on another device, after a poll that came too early", function* () {
    const made = yield* loginWorld({ issuer: { deviceAnswers: ["pending", "granted"], interval: 1 } })
    const before = readFileSync(made.authJson, "utf8")
    const ran = yield* made.cli(["login", "--device", ...debug])
    assert.strictEqual(ran.code, 0, ran.stderr)
    assert.match(ran.stderr, /Open this address .*\/codex\/device/)
    assert.match(ran.stderr, /Type this code there: FAKE-0001/)
    assert.match(ran.stdout, /^Signed in as ada@example\.test, Business\.\nThe previous sign-in was replaced/)
    assert.notStrictEqual(readFileSync(made.authJson, "utf8"), before)
    assert.strictEqual(yield* made.issuer.count("devicePoll"), 2)
    assert.strictEqual(yield* made.backend.count("oauth.revoke"), 0)
    yield* checkSilence(made, ran)
  })

  live("with a personal access token from standard input", function* () {
    const made = yield* loginWorld({ signedOut: true })
    const token = yield* made.issuer.personalToken()
    const ran = yield* made.ask("login", ["login", "--with-access-token", ...debug], { input: `  ${token}\n` })
    assert.deepInclude(ran.answer, { ok: true, mode: "personalAccessToken", replaced: false }, ran.stderr)
    const record = { OPENAI_API_KEY: null, personal_access_token: token }
    assert.deepStrictEqual(JSON.parse(readFileSync(made.authJson, "utf8")), record)
    const owner = yield* made.ask("session", ["session", ...debug])
    assert.deepInclude(owner.answer, { email: "ada@example.test", usesBackend: true, isRefreshable: false })
    for (const each of [ran, owner]) yield* checkSilence(made, each, token)
  })

  live("with an API key from standard input", function* () {
    const made = yield* loginWorld()
    const key = "sk-example-7Yt5Rr4e3W2q"
    const ran = yield* made.ask("login", ["login", "--with-api-key", ...debug], { input: `${key}\n` })
    assert.deepInclude(ran.answer, { ok: true, mode: "apikey", replaced: true }, ran.stderr)
    assert.deepStrictEqual(JSON.parse(readFileSync(made.authJson, "utf8")), {
      auth_mode: "apikey",
      OPENAI_API_KEY: key
    })
    yield* checkSilence(made, ran, key)
    assert.deepStrictEqual(yield* made.issuer.log, [])
    assert.deepInclude((yield* made.ask("session", ["session"])).answer, { mode: "apikey", usesBackend: false })
    const usage = yield* made.ask("usage", ["usage"])
    assert.deepStrictEqual([usage.code, usage.answer.ok], [3, false])
  })
})

describe("what is not granted leaves the session of before as it is", () => {
  /** Runs a sign-in that has to fail, and checks that nothing has changed. */
  const refused = Effect.fn(function* (
    made: LoginWorld,
    code: number,
    reason: string,
    args: ReadonlyArray<string>,
    options: RunOptions = {}
  ) {
    const before = readFileSync(made.authJson, "utf8")
    const ran = yield* made.ask("login", ["login", ...args, ...debug], options)
    assert.deepStrictEqual([ran.code, ran.error?.code], [code, reason], ran.stderr)
    assert.strictEqual(readFileSync(made.authJson, "utf8"), before)
    assert.strictEqual(yield* made.backend.count("oauth.revoke"), 0)
    const { input } = options
    yield* checkSilence(made, ran, ...(typeof input === "string" ? [input] : []))
    return ran
  })

  const elsewhere = 'forced_chatgpt_workspace_id = "org-other"\n'
  live.each<[string, NonNullable<Parameters<typeof loginWorld>[0]>, string, ReadonlyArray<string>]>([
    ["denied on the page", { issuer: { consent: "deny" } }, "Denied", ["--no-browser"]],
    ["denied by the code", { issuer: { deviceAnswers: ["pending", "denied"], interval: 1 } }, "Denied", ["--device"]],
    ["no codes", { issuer: { deviceEnabled: false } }, "DeviceDisabled", ["--device"]],
    ["a forbidden workspace, on the page", { config: elsewhere }, "WorkspaceForbidden", ["--no-browser"]],
    [
      "a forbidden workspace, by the code",
      { config: elsewhere, issuer: { deviceAnswers: ["granted"] } },
      "WorkspaceForbidden",
      ["--device"]
    ],
    ["a forbidden workspace, of a token", { config: elsewhere }, "WorkspaceForbidden", ["--with-access-token"]]
  ])("%s", function* ([, options, reason, args]) {
    const made = yield* loginWorld(options)
    const [way] = args
    const input = way === "--with-access-token" ? { input: yield* made.issuer.personalToken() } : {}
    yield* refused(made, 4, `LoginError.${reason}`, args, {
      ...input,
      ...(way === "--no-browser" ? { meanwhile: browse } : {})
    })
  })

  live("a token that the server refuses", function* () {
    const input = "at-nobodys-token-hN3kX7bC9d"
    const ran = yield* refused(yield* loginWorld(), 4, "LoginError.Refused", ["--with-access-token"], { input })
    assert.notInclude(ran.stdout + ran.stderr, input)
  })

  live.each<[method: string, args: ReadonlyArray<string>, options: RunOptions]>([
    ["chatgpt", ["--with-api-key"], { input: "sk-example-7Yt5Rr4e" }],
    ["api", ["--no-browser"], {}],
    ["api", ["--device"], {}]
  ])("a way to sign in that the configuration forbids, with only %s allowed: %s", function* ([method, args, options]) {
    const made = yield* loginWorld({ config: `forced_login_method = "${method}"\n` })
    const { stderr, stdout } = yield* refused(made, 4, "LoginError.MethodForbidden", args, options)
    assert.notInclude(stdout + stderr, "sk-example")
    assert.deepStrictEqual([...(yield* made.issuer.log), ...(yield* made.backend.log)], [])
  })

  live("nothing on standard input, no token, two ways at once, the demo", function* () {
    const made = yield* loginWorld()
    const rows: ReadonlyArray<readonly [reason: string, args: ReadonlyArray<string>, input?: string]> = [
      ["BadUsage", ["--with-access-token"], ""],
      ["BadUsage", ["--with-api-key"], " \n"],
      ["BadUsage", ["--with-api-key"]],
      ["LoginError.InvalidInput", ["--with-api-key"], "two words"],
      ["LoginError.InvalidInput", ["--with-access-token"], "hunter2"],
      ["BadUsage", ["--with-access-token"], "a".repeat(70_000)],
      ["BadUsage", ["--device", "--with-api-key"], "sk-example-7Yt5Rr4e"],
      ["BadUsage", ["--demo"]]
    ]
    const run = ([reason, args, input]: (typeof rows)[number]) =>
      refused(made, 2, reason, args, input === undefined ? {} : { input })
    yield* Effect.forEach(rows, run, { concurrency: 3 })
    assert.deepStrictEqual(yield* made.issuer.log, [])
  })
})

describe("Ctrl-C stores nothing and leaves no port", () => {
  /** Ends the command once `ready` has come about, and checks that nothing has changed. */
  const interrupted = Effect.fn(function* (
    made: LoginWorld,
    args: ReadonlyArray<string>,
    ready: (running: Running) => Effect.Effect<unknown>,
    options: RunOptions = {}
  ) {
    const before = readIfThere(made.authJson)
    const ran = yield* made.ask("login", ["login", ...args, ...debug], {
      ...options,
      meanwhile: (running) => Effect.zipRight(ready(running), running.signal("SIGINT"))
    })
    assert.deepStrictEqual([ran.code, ran.error?.code, ran.error?.changed], [130, "Interrupted", "no"], ran.stderr)
    assert.strictEqual(readIfThere(made.authJson), before)
    yield* checkSilence(made, ran)
  })

  live("while it waits for the browser, and while it exchanges the code", function* () {
    const waiting = yield* loginWorld({ signedOut: true })
    let port = 0
    yield* interrupted(waiting, ["--no-browser"], ({ until }) =>
      Effect.gen(function* () {
        port = portOf((yield* until(anAddress))[0])
        assert.isTrue(yield* isTaken(port))
      })
    )
    assert.include([1455, 1457], port)
    assert.isFalse(yield* isTaken(port))
    const exchanging = yield* loginWorld()
    yield* exchanging.issuer.failNext("exchange", Fault.hangAfterCommit)
    yield* interrupted(exchanging, ["--no-browser"], (running) =>
      Effect.zipRight(Effect.fork(browse(running)), reached(exchanging.issuer, "exchange"))
    )
    assert.isFalse(yield* isTaken(port))
  })

  live("while it waits for a code, a token's owner, or standard input", function* () {
    const [starting, polling, looking, reading] = yield* Effect.all([
      loginWorld(),
      loginWorld({ issuer: { deviceAnswers: ["pending"], interval: 1 } }),
      loginWorld(),
      loginWorld({ signedOut: true })
    ])
    yield* starting.issuer.failNext("deviceStart", Fault.hang)
    yield* looking.issuer.failNext("whoami", Fault.hang)
    const token = yield* looking.issuer.personalToken()
    yield* Effect.all(
      [
        interrupted(starting, ["--device"], () => reached(starting.issuer, "deviceStart")),
        interrupted(polling, ["--device"], () => reached(polling.issuer, "devicePoll")),
        interrupted(looking, ["--with-access-token"], () => reached(looking.issuer, "whoami"), { input: token }),
        // It says nothing while it reads, so this has to be long enough for it to have started.
        interrupted(reading, ["--with-api-key"], () => Effect.sleep("5 seconds"), { input: { open: true } })
      ],
      { concurrency: 4 }
    )
  })

  live("a second sign-in takes the port over from one that still waits", function* () {
    const made = yield* loginWorld({ signedOut: true })
    const args = ["login", "--no-browser"]
    const [first, second] = yield* Effect.zip(
      made.ask("login", args, { meanwhile: ({ until }) => until(anAddress) }),
      Effect.repeat(Effect.delay(isTaken(1455), "20 millis"), { until: (is) => is }).pipe(
        Effect.zipRight(made.ask("login", args, { meanwhile: browse }))
      ),
      { concurrent: true }
    )
    assert.deepStrictEqual([first.code, second.code], [7, 0], first.stderr + second.stderr)
    assert.strictEqual(first.error?.code, "LoginError.Cancelled")
    assert.isTrue(second.answer.ok)
  })
})
