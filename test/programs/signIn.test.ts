import { assert, describe } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Encoding from "effect/Encoding"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as TestClock from "effect/TestClock"
import { loginLimits } from "../../src/services/LoginPolicies.js"
import { signIn, type SignInOptions } from "../../src/programs/signIn.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { FakeBackend, Fault, ScriptedDialog } from "../../src/testing/index.js"
import { counts, issuer, logged, memory, passing, secret, secrets, stored } from "../layers/signIn/harness.js"
import { test } from "../cases.js"

const device = signIn({ method: "device" })

const brief = (error: { readonly _tag: string; readonly reason: string }) => `${error._tag} ${error.reason}`

/** The reason it fails for; the session of before is untouched, and no secret is told. */
const refused = (options: SignInOptions) =>
  Effect.gen(function* () {
    const before = yield* stored
    const [error, log] = yield* logged(passing(Effect.flip(signIn(options))))
    assert.strictEqual(yield* stored, before)
    const told = `${error.message} ${JSON.stringify(error)} ${String(error)} ${log}`
    for (const known of yield* secrets) assert.notInclude(told, known)
    return error
  })

const jwt = (claims: object) =>
  `${Encoding.encodeBase64Url("{}")}.${Encoding.encodeBase64Url(JSON.stringify(claims))}.x`

const codesTyped = Effect.flatMap(ScriptedDialog.ScriptedDialog, (dialog) => dialog.notices)

describe("a device code", () => {
  test("is shown, polled for, and exchanged", memory({ signedOut: true }), function* () {
    const start = yield* Clock.currentTimeMillis
    const outcome = yield* passing(device)
    assert.strictEqual((yield* Clock.currentTimeMillis) - start, 5_000)
    assert.deepStrictEqual(yield* counts, { deviceStart: 1, devicePoll: 2, exchange: 1 })
    assert.deepInclude(outcome, { method: "device", email: "ada@example.test", replaced: null })
    assert.deepInclude(outcome.session, { mode: "chatgpt", plan: "business" })
    const shown = (yield* codesTyped).join("\n")
    assert.include(shown, "/codex/device")
    assert.match(shown, /FAKE-\d{4}/)
  })

  test("writes the record that the Codex CLI would", memory({ signedOut: true }), function* () {
    yield* TestClock.setTime(1_790_000_000_000)
    yield* passing(device)
    const record = JSON.parse(yield* stored)
    assert.deepStrictEqual(Object.keys(record), ["auth_mode", "OPENAI_API_KEY", "tokens", "last_refresh"])
    assert.deepStrictEqual(
      [record.auth_mode, record.OPENAI_API_KEY, record.last_refresh, record.tokens.account_id],
      ["chatgpt", null, "2026-09-21T14:13:25.000Z", "00000000-1111-4222-8333-444444444444"]
    )
    assert.deepStrictEqual(Object.keys(record.tokens), [
      "id_token",
      "access_token",
      "refresh_token",
      "account_id",
      "oauth_provenance",
      "login_owner_id"
    ])
    assert.match(record.tokens.login_owner_id, /^[\w-]{24}$/)
    const { refreshTokens } = yield* (yield* FakeBackend.FakeBackend).state
    assert.include(
      Array.from(refreshTokens, ([token]) => token),
      record.tokens.refresh_token
    )
  })

  test("leaves a session that works and renews", memory({ signedOut: true }), function* () {
    yield* passing(device)
    const auth = yield* AuthSession
    const before = yield* stored
    yield* passing(auth.refresh)
    assert.notStrictEqual(yield* stored, before)
  })

  test("replaces a session without ending it at the server", memory(), function* () {
    const outcome = yield* passing(device)
    assert.strictEqual(outcome.replaced?.email, "ada@example.test")
    const backend = yield* FakeBackend.FakeBackend
    assert.strictEqual(yield* backend.count("oauth.revoke"), 0)
    const { refreshTokens } = yield* backend.state
    assert.deepStrictEqual(
      Array.from(refreshTokens, ([, token]) => token.status),
      ["live", "live"]
    )
  })

  test.each(
    [
      ["5", 5_000],
      [" 2 ", 2_000],
      [7, 7_000],
      ["0", 1_000],
      [0.2, 1_000],
      ["100000", 60_000],
      ["soon", 5_000],
      ["", 5_000],
      [-3, 5_000],
      [undefined, 5_000]
    ] as const,
    ([interval]) => memory({ signedOut: true, issuer: { interval } })
  )("is polled at a sane pace when the interval is %j", function* ([, pause]) {
    const start = yield* Clock.currentTimeMillis
    yield* passing(device)
    assert.strictEqual((yield* Clock.currentTimeMillis) - start, pause)
  })

  test(
    "is polled through 403, 404, 429, broken connections and failing servers",
    memory({
      signedOut: true,
      issuer: { deviceAnswers: ["pending", "pending404", "slowDown", "slowDown", "granted"] }
    }),
    function* () {
      yield* (yield* issuer).failNext(
        "devicePoll",
        Fault.resetBeforeCommit,
        Fault.status(503),
        Fault.refused,
        Fault.hang,
        Fault.status(500, { body: "<html>" })
      )
      const start = yield* Clock.currentTimeMillis
      yield* passing(device)
      // Five that failed, one of them after ten seconds; then 403, 404, and two that asked for a slower pace.
      assert.strictEqual((yield* Clock.currentTimeMillis) - start, 5 * 5_000 + 10_000 + 2 * 5_000 + 10_000 + 15_000)
      assert.deepStrictEqual((yield* counts).devicePoll, 10)
    }
  )

  test.each(
    [
      ["denied", "Denied"],
      ["expired", "Expired"]
    ] as const,
    ([answer]) => memory({ issuer: { deviceAnswers: ["pending", answer] } })
  )("that is %s ends the sign-in", function* ([, reason]) {
    assert.strictEqual(brief(yield* refused({ method: "device" })), `LoginError ${reason}`)
    assert.deepStrictEqual(yield* counts, { deviceStart: 1, devicePoll: 2 })
  })

  test(
    "that nobody types expires after fifteen minutes",
    memory({ issuer: { deviceAnswers: ["pending"] } }),
    function* () {
      const start = yield* Clock.currentTimeMillis
      const error = yield* refused({ method: "device" })
      assert.strictEqual(brief(error), "LoginError Expired")
      assert.strictEqual((yield* Clock.currentTimeMillis) - start, Duration.toMillis(loginLimits.device))
      // The last one may fall together with the end.
      assert.include([180, 181], (yield* counts).devicePoll)
    }
  )

  test("is not given by a server that has none", memory({ issuer: { deviceEnabled: false } }), function* () {
    assert.strictEqual(brief(yield* refused({ method: "device" })), "LoginError DeviceDisabled")
    assert.deepStrictEqual(yield* counts, { deviceStart: 1 })
  })

  test("is asked for again when the first answer was lost", memory(), function* () {
    yield* (yield* issuer).failNext("deviceStart", Fault.resetBeforeCommit)
    yield* passing(device)
    assert.strictEqual((yield* counts).deviceStart, 2)
  })

  test("that is interrupted stores nothing", memory({ issuer: { deviceAnswers: ["pending"] } }), function* () {
    const before = yield* stored
    const fiber = yield* Effect.fork(device)
    yield* TestClock.adjust("1 minute")
    const exit = yield* Fiber.interrupt(fiber)
    assert.isTrue(Exit.isInterrupted(exit))
    const polls = (yield* counts).devicePoll ?? 0
    assert.isAbove(polls, 5)
    yield* TestClock.adjust("1 minute")
    assert.strictEqual((yield* counts).devicePoll, polls)
    assert.strictEqual(yield* stored, before)
  })
})

describe("an exchange", () => {
  const lacking = (field: string) =>
    JSON.stringify(
      Object.fromEntries(
        ["id_token", "access_token", "refresh_token"].filter((name) => name !== field).map((name) => [name, jwt({})])
      )
    )

  test.each(
    [
      ["refused", Fault.status(400, { body: '{"error":"invalid_grant"}' }), "Refused"],
      ["redirected elsewhere", Fault.redirect(307, { crossOrigin: true }), "Refused"],
      ["answered with every secret it was sent", Fault.echoSecrets(400), "Refused"],
      ["met by a failing server", Fault.status(503), "Unavailable"],
      ["cut off after the server did it", Fault.resetAfterCommit, "Unavailable"],
      ["never answered", Fault.hang, "Unavailable"],
      ["answered with half a body", Fault.truncated, "Unavailable"],
      ["answered with a page", Fault.htmlPage(200), "Malformed"],
      ["answered without an ID token", Fault.status(200, { body: lacking("id_token") }), "Malformed"],
      ["answered without a refresh token", Fault.status(200, { body: lacking("refresh_token") }), "Malformed"],
      [
        "answered with an ID token that is none",
        Fault.status(200, { body: '{"id_token":"opaque","access_token":"a","refresh_token":"r"}' }),
        "Malformed"
      ]
    ] as const,
    memory()
  )("that is %s is made once and leaves the old session as it is", function* ([, fault, reason]) {
    yield* (yield* issuer).failNext("exchange", fault)
    assert.strictEqual(brief(yield* refused({ method: "device" })), `LoginError ${reason}`)
    assert.strictEqual((yield* counts).exchange, 1)
    assert.strictEqual((yield* (yield* AuthSession).current).email, "ada@example.test")
  })

  test.each(
    [
      ["refused", Fault.refused, "ConnectionRefused"],
      ["cut off", Fault.resetAfterCommit, "Transport"],
      ["answered by a challenge", Fault.htmlPage(403), "Challenged"],
      [
        "refused for its region",
        Fault.status(403, { body: '{"error":{"code":"unsupported_country_region_territory"}}' }),
        "RegionUnsupported"
      ]
    ] as const,
    memory()
  )("that is %s keeps its cause", function* ([, fault, cause]) {
    yield* (yield* issuer).failNext("exchange", fault)
    const error = yield* refused({ method: "device" })
    assert.strictEqual(error._tag === "LoginError" ? error.failure?.reason : null, cause)
  })

  test("that is interrupted leaves the old session as it is", memory(), function* () {
    const before = yield* stored
    yield* (yield* issuer).failNext("exchange", Fault.hangAfterCommit)
    const fiber = yield* Effect.fork(device)
    yield* TestClock.adjust("6 seconds")
    assert.strictEqual((yield* counts).exchange, 1)
    yield* Fiber.interrupt(fiber)
    assert.strictEqual(yield* stored, before)
  })
})

describe("what the configuration rules out", () => {
  test.each(
    [
      ["browser", { method: "browser" }],
      ["device", { method: "device" }],
      ["access token", { method: "accessToken", token: secret("at-1") }]
    ] as const,
    memory({ signedOut: true, settings: { forcedLoginMethod: Option.some("api") } })
  )("is not asked for: %s where an API key is forced", function* ([, options]) {
    assert.strictEqual(brief(yield* refused(options)), "LoginError MethodForbidden")
    assert.deepStrictEqual(yield* counts, {})
  })

  test(
    "is not taken: an API key where ChatGPT is forced",
    memory({ settings: { forcedLoginMethod: Option.some("chatgpt") } }),
    function* () {
      const error = yield* refused({ method: "apiKey", key: secret("sk-never-stored") })
      assert.strictEqual(brief(error), "LoginError MethodForbidden")
    }
  )

  test("is not stored: another workspace", memory({ settings: { forcedWorkspaces: ["org-forced"] } }), function* () {
    const error = yield* refused({ method: "device" })
    assert.strictEqual(brief(error), "LoginError WorkspaceForbidden")
    assert.include(error.message, "org-forced")
  })

  test(
    "is not stored: a token without a workspace",
    memory({ signedOut: true, settings: { forcedWorkspaces: ["org-forced"] } }),
    function* () {
      const body = JSON.stringify({ id_token: jwt({ email: "a@b.test" }), access_token: "a", refresh_token: "r" })
      yield* (yield* issuer).failNext("exchange", Fault.status(200, { body }))
      const error = yield* refused({ method: "device" })
      assert.strictEqual(brief(error), "LoginError WorkspaceForbidden")
      assert.include(error.message, "names no workspace")
    }
  )

  test(
    "lets one of several workspaces in",
    memory({
      signedOut: true,
      settings: { forcedWorkspaces: ["org-1", "org-2"] },
      backend: { accounts: [{ accountId: "org-2" }] }
    }),
    function* () {
      const outcome = yield* passing(device)
      assert.strictEqual(outcome.session.identity.accountId, "org-2")
    }
  )
})

describe("an access token", () => {
  const withToken = (token: string) => signIn({ method: "accessToken", token: secret(token) })

  test("that is personal is checked and stored alone", memory(), function* () {
    const token = yield* (yield* issuer).personalToken()
    const outcome = yield* passing(withToken(`  ${token}\n`))
    assert.strictEqual(
      yield* stored,
      JSON.stringify({ OPENAI_API_KEY: null, personal_access_token: token }, undefined, 2)
    )
    assert.deepInclude(outcome, { method: "accessToken", email: "ada@example.test" })
    assert.strictEqual(outcome.session.mode, "personalAccessToken")
    assert.deepStrictEqual(yield* counts, { whoami: 2 })
  })

  test("is checked again when the answer was lost", memory(), function* () {
    const fake = yield* issuer
    yield* fake.failNext("whoami", Fault.status(502), Fault.hang)
    yield* passing(withToken(yield* fake.personalToken()))
    assert.deepStrictEqual(yield* counts, { whoami: 4 })
  })

  test.each(
    [
      ["empty", " \n", "InvalidInput"],
      ["of two words", "at-1 at-2", "InvalidInput"],
      ["of no known kind", "hunter2", "InvalidInput"],
      ["not ASCII", "at-ключ", "InvalidInput"],
      ["a ChatGPT JWT", jwt({ "https://api.openai.com/auth": { chatgpt_account_id: "x" } }), "ChatGptToken"],
      ["an agent identity", jwt({ iss: "https://chatgpt.com/codex-backend/agent-identity" }), "AgentIdentity"],
      ["for agents", jwt({ aud: ["codex-app-server"] }), "AgentIdentity"]
    ] as const,
    memory()
  )("that is %s is refused without a request", function* ([, token, reason]) {
    const error = yield* refused({ method: "accessToken", token: secret(token) })
    assert.strictEqual(brief(error), `LoginError ${reason}`)
    if (token.trim() !== "") assert.notInclude(JSON.stringify(error) + error.message, token)
    assert.deepStrictEqual(yield* counts, {})
  })

  test("that the server does not know is refused", memory(), function* () {
    const error = yield* refused({ method: "accessToken", token: secret("at-unknown") })
    assert.strictEqual(brief(error), "LoginError Refused")
    assert.notInclude(JSON.stringify(error) + error.message, "at-unknown")
    assert.deepStrictEqual(yield* counts, { whoami: 1 })
  })

  test(
    "of another workspace is refused",
    memory({ signedOut: true, settings: { forcedWorkspaces: ["org-forced"] } }),
    function* () {
      const token = yield* (yield* issuer).personalToken()
      const error = yield* refused({ method: "accessToken", token: secret(token) })
      assert.strictEqual(brief(error), "LoginError WorkspaceForbidden")
    }
  )
})

describe("an API key", () => {
  test("is stored alone, without a request", memory(), function* () {
    const outcome = yield* passing(signIn({ method: "apiKey", key: secret("sk-example\n") }))
    assert.strictEqual(outcome.session.mode, "apikey")
    assert.strictEqual(
      yield* stored,
      JSON.stringify({ auth_mode: "apikey", OPENAI_API_KEY: "sk-example" }, undefined, 2)
    )
    assert.deepStrictEqual(yield* counts, {})
  })

  test.each(["", "  \n", "sk 1", "sk-\u0000"], memory())("is not %j", function* (key) {
    assert.strictEqual(brief(yield* refused({ method: "apiKey", key: secret(key) })), "LoginError InvalidInput")
  })
})

// The log, the errors and the notices are searched for secrets above; this shows that the search finds one.
test("the search for secrets would find one", memory({ signedOut: true }), function* () {
  const [, log] = yield* logged(
    Effect.gen(function* () {
      yield* passing(device)
      yield* Effect.logInfo(yield* stored)
    })
  )
  assert.isTrue((yield* secrets).some((known) => log.includes(known)))
})
