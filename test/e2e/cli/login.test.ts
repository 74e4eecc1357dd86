/** Every way to sign in, over real sockets and with a person who uses a browser; what fails, is refused or is ended. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { readFileSync, statSync } from "node:fs"
import { connect } from "node:net"
import { Fault } from "../../../src/testing/index.js"
import { visit } from "../../layers/signIn/harness.js"
import { answerOf, bundle, type LoginWorld, loginWorld, type Ran, readIfThere, type Running } from "./harness.js"

let bin = ""
beforeAll(() => {
  bin = bundle()
}, 60_000)

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

it.effect("control: the check fails on a secret, a part of one, and a header", () =>
  Effect.gen(function* () {
    const world = { handedOut: Effect.succeed(["header-of-a-token.payload-of-a-token"]) }
    const quiet = { code: 0, stdout: "fine", stderr: "" }
    yield* checkSilence(world, quiet)
    for (const leak of ["payload-of-a-token", "authorization: Bearer x", "code_verifier=x", "sk-own-key-0123"]) {
      const checked = yield* Effect.exit(checkSilence(world, { ...quiet, stderr: leak }, "sk-own-key-0123"))
      assert.isTrue(Exit.isFailure(checked), leak)
    }
  })
)

describe("signs in, and says no secret even in a debug log", () => {
  it.scopedLive("with the browser", () =>
    Effect.gen(function* () {
      const world = yield* loginWorld(bin, { signedOut: true, issuer: { apiKeys: true } })
      const visits: Array<{ readonly status: number; readonly body: string }> = []
      const ran = yield* world.cli(["login", "--no-browser", "--json", ...debug], {
        meanwhile: (running) => Effect.map(browse(running), (seen) => void visits.push(...seen))
      })
      assert.strictEqual(ran.code, 0, ran.stderr)
      const answer = answerOf("login", ran)
      assert.isTrue(answer.ok && answer.method === "browser" && !answer.replaced && answer.plan === "business")
      assert.match(visits.at(-1)?.body ?? "", /signed in/i)
      assert.strictEqual(statSync(world.authJson).mode & 0o777, 0o600)
      const record = JSON.parse(readFileSync(world.authJson, "utf8"))
      assert.strictEqual(record.auth_mode, "chatgpt")
      assert.match(record.OPENAI_API_KEY, /^sk-fake-/)
      yield* checkSilence(world, ran, record.OPENAI_API_KEY)
      assert.notInclude(ran.stdout, "ada@example.test")

      const [session, usage] = yield* Effect.all(
        [world.cli(["session", "--json"]), world.cli(["usage", "--json", ...debug])],
        { concurrency: 2 }
      )
      const signedIn = answerOf("session", session)
      assert.isTrue(signedIn.ok && signedIn.email === "ada@example.test" && signedIn.isRefreshable)
      assert.isTrue(answerOf("usage", usage).ok, usage.stderr)
      yield* checkSilence(world, usage)
    })
  )

  it.scopedLive("with a code on another device, after a poll that came too early", () =>
    Effect.gen(function* () {
      const world = yield* loginWorld(bin, { issuer: { deviceAnswers: ["pending", "granted"], interval: 1 } })
      const before = readFileSync(world.authJson, "utf8")
      const ran = yield* world.cli(["login", "--device", ...debug])
      assert.strictEqual(ran.code, 0, ran.stderr)
      assert.match(ran.stderr, /Open this address .*\/codex\/device/)
      assert.match(ran.stderr, /Type this code there: FAKE-0001/)
      assert.match(ran.stdout, /^Signed in as ada@example\.test, Business\.\nThe previous sign-in was replaced/)
      assert.notStrictEqual(readFileSync(world.authJson, "utf8"), before)
      assert.strictEqual(yield* world.issuer.count("devicePoll"), 2)
      assert.strictEqual(yield* world.backend.count("oauth.revoke"), 0)
      yield* checkSilence(world, ran)
    })
  )

  it.scopedLive("with a personal access token, and with an API key, from standard input", () =>
    Effect.gen(function* () {
      const personal = yield* loginWorld(bin, { signedOut: true })
      const plain = yield* loginWorld(bin)
      const token = yield* personal.issuer.personalToken()
      const key = "sk-example-7Yt5Rr4e3W2q"
      const [withToken, withKey] = yield* Effect.all(
        [
          personal.cli(["login", "--with-access-token", "--json", ...debug], { input: `  ${token}\n` }),
          plain.cli(["login", "--with-api-key", "--json", ...debug], { input: `${key}\n` })
        ],
        { concurrency: 2 }
      )
      assert.deepStrictEqual([withToken.code, withKey.code], [0, 0], withToken.stderr + withKey.stderr)
      const [first, second] = [answerOf("login", withToken), answerOf("login", withKey)]
      assert.isTrue(first.ok && first.mode === "personalAccessToken" && !first.replaced)
      assert.isTrue(second.ok && second.mode === "apikey" && second.replaced)
      assert.deepStrictEqual(JSON.parse(readFileSync(personal.authJson, "utf8")), {
        OPENAI_API_KEY: null,
        personal_access_token: token
      })
      assert.deepStrictEqual(JSON.parse(readFileSync(plain.authJson, "utf8")), {
        auth_mode: "apikey",
        OPENAI_API_KEY: key
      })
      yield* checkSilence(personal, withToken, token)
      yield* checkSilence(plain, withKey, key)
      assert.deepStrictEqual(yield* plain.issuer.log, [])
      const [session, usage, owner] = yield* Effect.all(
        [
          plain.cli(["session", "--json"]),
          plain.cli(["usage", "--json"]),
          personal.cli(["session", "--json", ...debug])
        ],
        { concurrency: 3 }
      )
      const owned = answerOf("session", owner)
      assert.isTrue(owned.ok && owned.email === "ada@example.test" && owned.usesBackend && !owned.isRefreshable)
      yield* checkSilence(personal, owner, token)
      const signedIn = answerOf("session", session)
      assert.isTrue(signedIn.ok && signedIn.mode === "apikey" && !signedIn.usesBackend)
      assert.strictEqual(usage.code, 3)
      assert.isFalse(answerOf("usage", usage).ok)
    })
  )
})

describe("what is not granted leaves the session of before as it is", () => {
  /** Runs a sign-in that has to fail, and checks that nothing has changed. */
  const refused = (
    world: LoginWorld,
    code: number,
    reason: string,
    args: ReadonlyArray<string>,
    options: Parameters<LoginWorld["cli"]>[1] = {}
  ) =>
    Effect.gen(function* () {
      const before = readFileSync(world.authJson, "utf8")
      const ran = yield* world.cli(["login", ...args, "--json", ...debug], options)
      assert.strictEqual(ran.code, code, ran.stderr)
      const answer = answerOf("login", ran)
      assert.isTrue(!answer.ok && answer.error.code === reason, ran.stdout)
      assert.strictEqual(readFileSync(world.authJson, "utf8"), before)
      assert.strictEqual(yield* world.backend.count("oauth.revoke"), 0)
      yield* checkSilence(world, ran)
      return ran
    })

  it.scopedLive("denied on the page, and by the code", () =>
    Effect.gen(function* () {
      const page = yield* loginWorld(bin, { issuer: { consent: "deny" } })
      const code = yield* loginWorld(bin, { issuer: { deviceAnswers: ["pending", "denied"], interval: 1 } })
      const off = yield* loginWorld(bin, { issuer: { deviceEnabled: false } })
      yield* Effect.all(
        [
          refused(page, 4, "LoginError.Denied", ["--no-browser"], { meanwhile: browse }),
          refused(code, 4, "LoginError.Denied", ["--device"]),
          refused(off, 4, "LoginError.DeviceDisabled", ["--device"])
        ],
        { concurrency: 3 }
      )
    })
  )

  it.scopedLive("a way to sign in that the configuration forbids: no request", () =>
    Effect.gen(function* () {
      const onlyChatGpt = yield* loginWorld(bin, { config: 'forced_login_method = "chatgpt"\n' })
      const onlyApi = yield* loginWorld(bin, { config: 'forced_login_method = "api"\n' })
      const ran = yield* Effect.all(
        [
          refused(onlyChatGpt, 4, "LoginError.MethodForbidden", ["--with-api-key"], { input: "sk-example-7Yt5Rr4e" }),
          refused(onlyApi, 4, "LoginError.MethodForbidden", ["--no-browser"]),
          refused(onlyApi, 4, "LoginError.MethodForbidden", ["--device"])
        ],
        { concurrency: 3 }
      )
      for (const { stderr, stdout } of ran) assert.notInclude(stdout + stderr, "sk-example")
      for (const { backend, issuer } of [onlyChatGpt, onlyApi]) {
        assert.deepStrictEqual([...(yield* issuer.log), ...(yield* backend.log)], [])
      }
    })
  )

  it.scopedLive("a workspace that the configuration forbids, and a token that the server refuses", () =>
    Effect.gen(function* () {
      const config = 'forced_chatgpt_workspace_id = "org-other"\n'
      const [page, code, token, unknown] = yield* Effect.all([
        loginWorld(bin, { config }),
        loginWorld(bin, { config, issuer: { deviceAnswers: ["granted"] } }),
        loginWorld(bin, { config }),
        loginWorld(bin)
      ])
      const input = yield* token.issuer.personalToken()
      const wrong = "at-nobodys-token-hN3kX7bC9d"
      const withToken = ["--with-access-token"]
      const [, , , told] = yield* Effect.all(
        [
          refused(page, 4, "LoginError.WorkspaceForbidden", ["--no-browser"], { meanwhile: browse }),
          refused(code, 4, "LoginError.WorkspaceForbidden", ["--device"]),
          refused(token, 4, "LoginError.WorkspaceForbidden", withToken, { input }),
          refused(unknown, 4, "LoginError.Refused", withToken, { input: wrong })
        ],
        { concurrency: 3 }
      )
      assert.notInclude(told.stdout + told.stderr, wrong)
    })
  )

  it.scopedLive("nothing on standard input, no token, two ways at once, the demo", () =>
    Effect.gen(function* () {
      const world = yield* loginWorld(bin)
      yield* Effect.all(
        [
          refused(world, 2, "BadUsage", ["--with-access-token"], { input: "" }),
          refused(world, 2, "BadUsage", ["--with-api-key"], { input: " \n" }),
          refused(world, 2, "BadUsage", ["--with-api-key"]),
          refused(world, 2, "LoginError.InvalidInput", ["--with-api-key"], { input: "two words" }),
          refused(world, 2, "LoginError.InvalidInput", ["--with-access-token"], { input: "hunter2" }),
          refused(world, 2, "BadUsage", ["--with-access-token"], { input: "a".repeat(70_000) }),
          refused(world, 2, "BadUsage", ["--device", "--with-api-key"], { input: "sk-example-7Yt5Rr4e" }),
          refused(world, 2, "BadUsage", ["--demo"])
        ],
        { concurrency: 3 }
      )
      assert.deepStrictEqual(yield* world.issuer.log, [])
    })
  )
})

describe("Ctrl-C stores nothing and leaves no port", () => {
  /** Ends the command once `ready` has come about, and checks that nothing has changed. */
  const interrupted = (
    world: LoginWorld,
    args: ReadonlyArray<string>,
    ready: (running: Running) => Effect.Effect<unknown>,
    options: Parameters<LoginWorld["cli"]>[1] = {}
  ) =>
    Effect.gen(function* () {
      const before = readIfThere(world.authJson)
      const ran = yield* world.cli(["login", ...args, ...debug, "--json"], {
        ...options,
        meanwhile: (running) => Effect.zipRight(ready(running), running.signal("SIGINT"))
      })
      assert.strictEqual(ran.code, 130, ran.stderr)
      const answer = answerOf("login", ran)
      assert.isTrue(!answer.ok && answer.error.code === "Interrupted" && answer.error.changed === "no")
      assert.strictEqual(readIfThere(world.authJson), before)
      yield* checkSilence(world, ran)
    })

  const asked = ({ issuer }: LoginWorld, endpoint: "exchange" | "devicePoll" | "deviceStart" | "whoami") =>
    Effect.repeat(Effect.sleep("20 millis"), {
      until: () => Effect.map(issuer.count(endpoint), (count) => count > 0)
    })

  it.scopedLive("while it waits for the browser, and while it exchanges the code", () =>
    Effect.gen(function* () {
      const waiting = yield* loginWorld(bin, { signedOut: true })
      const exchanging = yield* loginWorld(bin)
      yield* exchanging.issuer.failNext("exchange", Fault.hangAfterCommit)
      let port = 0
      yield* interrupted(waiting, ["--no-browser"], ({ until }) =>
        Effect.gen(function* () {
          port = portOf((yield* until(anAddress))[0])
          assert.isTrue(yield* isTaken(port))
        })
      )
      assert.include([1455, 1457], port)
      assert.isFalse(yield* isTaken(port))
      yield* interrupted(exchanging, ["--no-browser"], (running) =>
        Effect.zipRight(Effect.fork(browse(running)), asked(exchanging, "exchange"))
      )
      assert.isFalse(yield* isTaken(port))
    })
  )

  it.scopedLive("while it waits for a code, a token's owner, or standard input", () =>
    Effect.gen(function* () {
      const [starting, polling, looking, reading] = yield* Effect.all([
        loginWorld(bin),
        loginWorld(bin, { issuer: { deviceAnswers: ["pending"], interval: 1 } }),
        loginWorld(bin),
        loginWorld(bin, { signedOut: true })
      ])
      yield* starting.issuer.failNext("deviceStart", Fault.hang)
      yield* looking.issuer.failNext("whoami", Fault.hang)
      const token = yield* looking.issuer.personalToken()
      yield* Effect.all(
        [
          interrupted(starting, ["--device"], () => asked(starting, "deviceStart")),
          interrupted(polling, ["--device"], () => asked(polling, "devicePoll")),
          interrupted(looking, ["--with-access-token"], () => asked(looking, "whoami"), { input: token }),
          // It says nothing while it reads.
          interrupted(reading, ["--with-api-key"], () => Effect.sleep("1500 millis"), { input: { open: true } })
        ],
        { concurrency: 3 }
      )
    })
  )
})

it.scopedLive("a second sign-in takes the port over from one that still waits", () =>
  Effect.gen(function* () {
    const world = yield* loginWorld(bin, { signedOut: true })
    const args = ["login", "--no-browser", "--json"]
    const [first, second] = yield* world
      .cli(args, {
        meanwhile: ({ until }) => until(anAddress)
      })
      .pipe(
        Effect.zip(
          Effect.repeat(Effect.sleep("20 millis"), { until: () => isTaken(1455) }).pipe(
            Effect.zipRight(world.cli(args, { meanwhile: browse }))
          ),
          { concurrent: true }
        )
      )
    assert.deepStrictEqual([first.code, second.code], [7, 0], first.stderr + second.stderr)
    const cancelled = answerOf("login", first)
    assert.isTrue(!cancelled.ok && cancelled.error.code === "LoginError.Cancelled")
    assert.isTrue(answerOf("login", second).ok)
  })
)
