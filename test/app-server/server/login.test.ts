/** Signing in and out, and who is told what, in which order. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import { errorResponse, type Message, response } from "../../../src/rpc/Envelope.js"
import { AuthSession } from "../../../src/services/AuthSession.js"
import { CredentialStore } from "../../../src/services/CredentialStore.js"
import { FakeBackend, Fault, FaultPlan } from "../../../src/testing/index.js"
import * as FakeState from "../../../src/testing/FakeState.js"
import { count } from "../../programs/harness.js"
import { behave, isFree, redirectOf, visit } from "../../layers/signIn/harness.js"
import {
  type Client,
  errorOf,
  initialized,
  order,
  resultOf,
  planned,
  server,
  signedOut,
  settle,
  told,
  updated,
  withClient
} from "./harness.js"
import { test } from "../../cases.js"

const start = "account/login/start"
const completed = "account/login/completed"
const account = "account/updated"

const nobody = { reason: null, authMode: null, planType: null, workspaceRole: null, isWorkspaceOwner: null }
const withKey = { ...nobody, authMode: "apikey" }
const ada = { reason: null, authMode: "chatgpt", planType: "business", workspaceRole: null, isWorkspaceOwner: false }
const live = { ...ada, reason: "workspaceRoutingReady", workspaceRole: "standard-user" }

const ended = (loginId: string | null, error: string | null) => ({
  loginId,
  success: error === null,
  error,
  onboardingEntrypoint: null
})

const fields = (result: unknown): Readonly<Record<string, string>> => Object.assign({}, result)

const begun = (client: Client, type: "chatgpt" | "chatgptDeviceCode") =>
  Effect.map(client.call(start, { type }), (answer) => fields(resultOf(answer)))

/** Agrees at the sign-in page and follows it back. */
const agree = (url: string) => Effect.flatMap(redirectOf(url), (back) => visit(back.href))

const completions = (messages: ReadonlyArray<Message>) =>
  told(messages).flatMap(([method, params]) => (method === completed ? [params] : []))

const forcing = (method: "api" | "chatgpt") =>
  server({ record: "nobody", settings: { forcedLoginMethod: Option.some(method) } })

const revoking = (fault: Fault.Fault) => planned(FaultPlan.on("oauth.revoke", "every", fault))

describe("an API key", () => {
  test("is answered, then told to all, then who it is", signedOut, function* () {
    const [client, other] = [yield* initialized(), yield* initialized()]
    yield* client.send(1, start, { type: "apiKey", apiKey: "sk-new" })
    const messages = yield* client.rest
    assert.deepStrictEqual(order(messages), ["Response 1", completed, account])
    assert.deepStrictEqual(messages.slice(0, 1).map(resultOf), [{ type: "apiKey" }])
    assert.deepStrictEqual(told(messages), [
      [completed, ended(null, null)],
      [account, withKey]
    ])
    assert.deepStrictEqual(told(yield* other.rest), told(messages))
    const stored = Option.getOrThrow(yield* (yield* CredentialStore).read)
    assert.strictEqual(Redacted.value(stored.record.OPENAI_API_KEY ?? Redacted.make("")), "sk-new")
    // No live role follows.
    yield* TestClock.adjust("20 seconds")
    assert.deepStrictEqual(yield* client.rest, [])
  })

  for (const apiKey of ["", "  "]) {
    withClient(`may be "${apiKey}"`, signedOut, function* (client) {
      resultOf(yield* client.call(start, { type: "apiKey", apiKey }))
      assert.deepInclude(resultOf(yield* client.call("account/read", {})), { account: { type: "apiKey" } })
    })
  }

  withClient("that may not be stored changes nothing, and sends nothing", forcing("chatgpt"), function* (client) {
    const [code, message] = errorOf(yield* client.call(start, { type: "apiKey", apiKey: "sk-new" }))
    assert.deepStrictEqual([code, message], [-32600, "API key login is disabled. Use ChatGPT login instead."])
    assert.deepStrictEqual(yield* client.rest, [])
  })
})

describe("logout", () => {
  test("is answered, then told to all, whether or not somebody was signed in", server(), function* () {
    const [client, other] = [yield* initialized(), yield* initialized()]
    yield* client.rest
    yield* other.rest
    for (const id of [1, 2]) {
      yield* client.send(id, "account/logout")
      const messages = yield* client.rest
      assert.deepStrictEqual(order(messages), [`Response ${id}`, account])
      assert.deepStrictEqual(updated(messages), [nobody])
      assert.deepStrictEqual(updated(yield* other.rest), [nobody])
    }
    assert.strictEqual(yield* count("oauth.revoke"), 1)
    assert.isTrue(Option.isNone(yield* (yield* CredentialStore).read))
  })

  for (const [how, fault] of [
    ["refused", Fault.status(500)],
    ["never answered", Fault.hang]
  ] as const) {
    withClient(`removes the sign-in when the revocation is ${how}`, revoking(fault), function* (client) {
      assert.deepStrictEqual(resultOf(yield* client.call("account/logout")), {})
      assert.deepInclude(resultOf(yield* client.call("account/read", {})), { account: null })
    })
  }

  test("goes on when the client leaves, and the others are told", revoking(Fault.hang), function* () {
    const other = yield* initialized()
    yield* other.rest
    const scope = yield* Scope.make()
    const client = yield* Scope.extend(initialized(), scope)
    yield* client.send(1, "account/logout")
    yield* settle
    yield* Scope.close(scope, Exit.void)
    yield* TestClock.adjust("10 seconds")
    assert.deepStrictEqual(updated(yield* other.rest), [nobody])
    assert.deepInclude(resultOf(yield* other.call("account/read", {})), { account: null })
  })
})

describe("a device code", () => {
  test("is told at once, and how it ended to all: completed, who it is, and the live role", signedOut, function* () {
    const [client, other] = [yield* initialized(), yield* initialized()]
    const { loginId, userCode, verificationUrl, type } = yield* begun(client, "chatgptDeviceCode")
    assert.strictEqual(type, "chatgptDeviceCode")
    assert.match(loginId ?? "", /^[0-9a-f-]{36}$/)
    assert.match(verificationUrl ?? "", /\/codex\/device$/)
    assert.notStrictEqual(userCode ?? "", "")
    assert.deepStrictEqual(yield* client.rest, [])
    yield* TestClock.adjust("10 seconds")
    const messages = yield* client.rest
    assert.deepStrictEqual(told(messages), [
      [completed, ended(loginId ?? null, null)],
      [account, ada],
      [account, live]
    ])
    assert.deepStrictEqual(told(yield* other.rest), told(messages))
  })

  withClient("that is cancelled is answered, and then told", signedOut, function* (client) {
    const { loginId = "" } = yield* begun(client, "chatgptDeviceCode")
    for (const id of ["7b4d2b0e-0000-4000-8000-000000000000", loginId.replaceAll("-", "").replace(/^./, "x")]) {
      const answer = yield* client.call("account/login/cancel", { loginId: id })
      if (answer._tag === "Response") assert.deepStrictEqual(answer.result, { status: "notFound" })
      else assert.deepStrictEqual(errorOf(answer), [-32600, `invalid login id: ${id}`])
    }
    yield* client.send(1, "account/login/cancel", { loginId: loginId.toUpperCase() })
    const messages = yield* client.rest
    assert.deepStrictEqual(order(messages), ["Response 1", completed])
    assert.deepStrictEqual(messages.slice(0, 1).map(resultOf), [{ status: "canceled" }])
    assert.deepStrictEqual(completions(messages), [ended(loginId, "Login was not completed")])
    const again = yield* client.call("account/login/cancel", { loginId })
    assert.deepStrictEqual(resultOf(again), { status: "notFound" })
    yield* TestClock.adjust("30 seconds")
    assert.deepStrictEqual(yield* client.rest, [])
  })

  for (const [answer, error] of [
    ["denied", /^The sign-in was not granted/],
    ["expired", /^Login timed out$/],
    ["pending", /^Login timed out$/]
  ] as const) {
    withClient(`that is ${answer} is told, and who is signed in is not`, signedOut, function* (client) {
      yield* begun(client, "chatgptDeviceCode")
      yield* behave({ deviceAnswers: [answer] })
      yield* TestClock.adjust("21 seconds")
      const messages = yield* client.rest
      assert.deepStrictEqual(order(messages), [completed])
      assert.match(Object.assign({ error: "" }, completions(messages)[0]).error, error)
      assert.deepInclude(resultOf(yield* client.call("account/read", {})), { account: null })
    })
  }

  const withoutCodes = server({ record: "nobody", issuer: { deviceEnabled: false } })

  withClient("that the server does not give is refused, and nothing is sent", withoutCodes, function* (client) {
    const [code, message] = errorOf(yield* client.call(start, { type: "chatgptDeviceCode" }))
    assert.strictEqual(code, -32600)
    assert.include(message, "device code login is not enabled")
    assert.deepStrictEqual(yield* client.rest, [])
  })
})

describe("a browser", () => {
  test.live("signs in, and all are told", signedOut, function* () {
    const [client, other] = [yield* initialized(), yield* initialized()]
    const { authUrl = "", loginId = "", type } = yield* begun(client, "chatgpt")
    assert.strictEqual(type, "chatgpt")
    const pages = yield* Effect.fork(agree(authUrl))
    const messages = yield* client.until(account)
    yield* Fiber.join(pages)
    assert.deepStrictEqual(told(messages).slice(0, 2), [
      [completed, ended(loginId, null)],
      [account, ada]
    ])
    assert.deepStrictEqual(completions(yield* other.until(account)), [ended(loginId, null)])
  })

  withClient("that is cancelled gives its port back", signedOut, function* (client) {
    const { authUrl = "", loginId = "" } = yield* begun(client, "chatgpt")
    const port = Number(new URL(new URL(authUrl).searchParams.get("redirect_uri") ?? "").port)
    assert.isFalse(yield* isFree(port))
    resultOf(yield* client.call("account/login/cancel", { loginId }))
    assert.deepStrictEqual(told(yield* client.rest), [
      [completed, ended(loginId, "Login server error: Login was not completed")]
    ])
    assert.isTrue(yield* isFree(port))
  })

  withClient.live("in which the person says no is told so", signedOut, function* (client) {
    const { authUrl = "" } = yield* begun(client, "chatgpt")
    yield* behave({ consent: "deny" })
    yield* Effect.fork(agree(authUrl))
    const [only] = completions(yield* client.until(completed))
    assert.match(Object.assign({ error: "" }, only).error, /^Login server error: The sign-in was not granted/)
  })

  withClient("that nobody uses is given up in time", signedOut, function* (client) {
    const { loginId = "" } = yield* begun(client, "chatgpt")
    yield* TestClock.adjust("20 seconds")
    assert.deepStrictEqual(told(yield* client.rest), [[completed, ended(loginId, "Login timed out")]])
  })

  test("is waited for also when the client that asked has left", signedOut, function* () {
    const other = yield* initialized()
    const { loginId = "" } = yield* Effect.scoped(Effect.flatMap(initialized(), (one) => begun(one, "chatgpt")))
    const answer = yield* other.call("account/login/cancel", { loginId })
    assert.deepStrictEqual(resultOf(answer), { status: "canceled" })
  })

  withClient.live("that has signed in before it was cancelled has signed in", signedOut, function* (client) {
    const { authUrl = "", loginId = "" } = yield* begun(client, "chatgpt")
    const auth = yield* AuthSession
    const back = yield* redirectOf(authUrl)
    // A browser that does not fetch its last page keeps the flow open a little.
    yield* Effect.fork(Effect.promise((signal) => fetch(back, { redirect: "manual", signal })))
    yield* Effect.repeat(Effect.sleep("2 millis"), { until: () => Effect.isSuccess(auth.current), times: 1_000 })
    const answer = resultOf(yield* client.call("account/login/cancel", { loginId }))
    const messages = yield* client.until(account)
    assert.deepStrictEqual(completions(messages), [ended(loginId, null)])
    assert.deepStrictEqual(answer, { status: "notFound" })
  })
})

describe("at most one sign-in is under way", () => {
  const others: ReadonlyArray<readonly [string, string, unknown]> = [
    ["an API key", start, { type: "apiKey", apiKey: "sk-1" }],
    ["another browser", start, { type: "chatgpt" }],
    ["a device code", start, { type: "chatgptDeviceCode" }],
    ["a logout", "account/logout", undefined]
  ]

  for (const [what, method, params] of others) {
    test(`${what} takes the place of a browser`, signedOut, function* () {
      const [first, second] = [yield* initialized(), yield* initialized()]
      const { loginId = "" } = yield* begun(first, "chatgpt")
      resultOf(yield* second.call(method, params))
      const [end] = completions(yield* first.rest)
      assert.deepStrictEqual(end, ended(loginId, "Login server error: Login cancelled"))
      const late = yield* first.call("account/login/cancel", { loginId })
      assert.deepStrictEqual(resultOf(late), { status: "notFound" })
    })
  }

  withClient("what is refused beforehand takes nobody's place", forcing("chatgpt"), function* (client) {
    const { loginId = "" } = yield* begun(client, "chatgpt")
    errorOf(yield* client.call(start, { type: "apiKey", apiKey: "sk-1" }))
    assert.deepStrictEqual(resultOf(yield* client.call("account/login/cancel", { loginId })), { status: "canceled" })
  })
})

describe("a configuration that forces the other kind", () => {
  for (const [params, message] of [
    [{ type: "chatgpt" }, "ChatGPT login is disabled. Use API key login instead."],
    [{ type: "chatgptDeviceCode" }, "ChatGPT login is disabled. Use API key login instead."],
    [
      { type: "chatgptAuthTokens", accessToken: "x", chatgptAccountId: "a" },
      "External ChatGPT auth is disabled. Use API key login instead."
    ]
  ] as const) {
    test(`refuses ${params.type}`, forcing("api"), function* () {
      const client = yield* initialized({ kind: "stdio", experimental: true })
      assert.deepStrictEqual(errorOf(yield* client.call(start, params)), [-32600, message])
    })
  }
})

describe("tokens that a client supplies", () => {
  const accountId = "00000000-1111-4222-8333-444444444444"
  const tokens = (key?: string) =>
    Effect.gen(function* () {
      const backend = yield* FakeBackend.FakeBackend
      const { accessToken } = (yield* backend.signIn(key)).tokens
      return { type: "chatgptAuthTokens", accessToken, chatgptAccountId: (yield* backend.account(key)).accountId }
    })
  const host = { kind: "stdio", experimental: true } as const
  const external = { ...ada, authMode: "chatgptAuthTokens", isWorkspaceOwner: null }

  const supplied = (client: Client, more: object = {}) =>
    Effect.flatMap(tokens(), (params) => client.call(start, { ...params, ...more }))

  test("are in force at once, and not stored", signedOut, function* () {
    const client = yield* initialized(host)
    const { loginId = "" } = yield* begun(client, "chatgpt")
    yield* client.send(1, start, { ...(yield* tokens()), chatgptPlanType: "team" })
    const messages = yield* client.rest
    assert.deepStrictEqual(told(messages).slice(0, 3), [
      [completed, ended(loginId, "Login server error: Login cancelled")],
      [completed, ended(null, null)],
      [account, { ...external, planType: "team" }]
    ])
    assert.deepStrictEqual(order(messages).slice(0, 4), [completed, "Response 1", completed, account])
    assert.isTrue(Option.isNone(yield* (yield* CredentialStore).read))
    resultOf(yield* client.call("account/read", { refreshToken: true }))
    assert.strictEqual(yield* count("oauth.token"), 0)
    for (const type of ["chatgpt", "chatgptDeviceCode", "apiKey"]) {
      assert.deepStrictEqual(errorOf(yield* client.call(start, { type, apiKey: "sk" })), [
        -32600,
        "External auth is active. Use account/login/start (chatgptAuthTokens) to update it or account/logout to clear it."
      ])
    }
    resultOf(yield* client.call("account/logout"))
    assert.deepStrictEqual(updated(yield* client.rest).at(-1), nobody)
    assert.strictEqual(yield* count("oauth.revoke"), 0)
  })

  test("without an account are answered, and not taken up", signedOut, function* () {
    const client = yield* initialized(host)
    resultOf(yield* supplied(client, { chatgptAccountId: "" }))
    const why = "workspace routing requires a ChatGPT account id"
    assert.deepStrictEqual(told(yield* client.rest), [[completed, ended(null, why)]])
    assert.deepInclude(resultOf(yield* client.call("account/read", {})), { account: null })
  })

  const twoWorkspaces = server({ record: "nobody", settings: { forcedWorkspaces: ["a", "b"] } })

  test("of a workspace that is not allowed are refused", twoWorkspaces, function* () {
    const client = yield* initialized(host)
    assert.deepStrictEqual(errorOf(yield* supplied(client)), [
      -32600,
      `External auth must use one of workspace(s) ["a", "b"], but received "${accountId}".`
    ])
    assert.deepStrictEqual(yield* client.rest, [])
  })

  const refused = Effect.flatMap(FakeBackend.FakeBackend, (backend) => backend.update(FakeState.dropAccessTokens))
  const read = (client: Client, id: number) =>
    client.send(id, "account/rateLimits/read", { excludeResetCreditDetails: true })

  test("are asked for again from that client after a refusal, which is tried again", signedOut, function* () {
    const [client, other] = [yield* initialized(host), yield* initialized(host)]
    resultOf(yield* supplied(client))
    yield* client.rest
    yield* other.rest
    yield* refused
    yield* read(other, 1)
    const questions = yield* client.rest
    assert.deepStrictEqual(
      questions.map((message) => (message._tag === "Request" ? [message.id, message.method, message.params] : [])),
      [[0, "account/chatgptAuthTokens/refresh", { reason: "unauthorized", previousAccountId: accountId }]]
    )
    const { accessToken } = yield* tokens()
    yield* client.connection.receive(response(0, { accessToken, chatgptAccountId: accountId, chatgptPlanType: null }))
    assert.deepStrictEqual(order(yield* other.rest), ["Response 1"])
    assert.strictEqual(yield* count("usage.read"), 2)
  })

  for (const [what, given] of [
    ["an error", errorResponse(0, { code: -32000, message: "eyJhbGciOi no" })],
    ["something else", response(0, { token: "eyJhbGciOi" })],
    ["nothing", null],
    ["another account's tokens", "other"]
  ] as const) {
    const two = [{}, { userId: "user-FAKE2", accountId: "org-2" }]
    const layer = server({ record: "nobody", backend: { accounts: two } })
    test(`that the client answers with ${what} leave the refusal as it is`, layer, function* () {
      const client = yield* initialized(host)
      resultOf(yield* supplied(client))
      yield* client.rest
      yield* refused
      yield* read(client, 1)
      yield* client.rest
      if (given === "other") {
        const { accessToken, chatgptAccountId } = yield* tokens("user-FAKE2/org-2")
        yield* client.connection.receive(response(0, { accessToken, chatgptAccountId }))
      } else if (given !== null) yield* client.connection.receive(given)
      yield* TestClock.adjust("10 seconds")
      const [answer] = yield* client.rest
      const [code, message] = errorOf(answer ?? errorResponse(0, { code: 0, message: "none" }))
      assert.strictEqual(code, -32603)
      assert.match(message, /^failed to fetch codex rate limits: /)
      assert.notInclude(message, "eyJ")
    })
  }

  test("can't be had from a client that has left", signedOut, function* () {
    const other = yield* initialized(host)
    yield* Effect.scoped(Effect.flatMap(initialized(host), supplied))
    yield* refused
    const answer = yield* other.call("account/rateLimits/read")
    assert.strictEqual(errorOf(answer)[0], -32603)
  })

  test("stand above the stored session, which a logout removes as well", server(), function* () {
    const client = yield* initialized(host)
    resultOf(yield* supplied(client))
    yield* TestClock.adjust("1 second")
    yield* client.rest
    resultOf(yield* client.call("account/logout"))
    assert.deepStrictEqual(updated(yield* client.rest)[0], nobody)
    assert.isTrue(Option.isNone(yield* (yield* CredentialStore).read))
  })
})
