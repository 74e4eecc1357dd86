/** The active login and the change of its workspace, as the original answers them. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import { FakeBackend, Fault, FaultPlan } from "../../../src/testing/index.js"
import { test } from "../../cases.js"
import { count, secondIsStored } from "../../programs/harness.js"
import { type Client, errorOf, initialized, type Options, resultOf, server, updated } from "./harness.js"

const list = "accountSession/list"
const change = "accountSession/switch"
const endpoint = "workspaces.switch"

const here = "00000000-1111-4222-8333-444444444444"
const user = "user-FAKE1"
const accounts = [
  {},
  { userId: user, email: "ada@example.test", accountId: "ws-2", workspaceName: "Looms", planType: "team" },
  { userId: "user-B", accountId: "account-B" }
]

const world = (options: Options = {}) => server({ ...options, backend: { ...options.backend, accounts } })
const faulty = (...plan: FaultPlan.FaultPlan) => world({ backend: { plan } })

const session = {
  sessionId: user,
  email: "ada@example.test",
  userId: user,
  displayName: null,
  imageUrl: null,
  lastUsedAt: 0,
  isActive: true
}
const inWorkspace = (accountId: string, names: ReadonlyArray<object>) => ({
  activeSessionId: user,
  sessions: [{ ...session, selectedWorkspaceAccountId: accountId, workspaces: names }]
})
const bare = (accountId: string) => inWorkspace(accountId, [{ accountId, name: null, imageUrl: null, kind: null }])
const nobody = { activeSessionId: null, sessions: [] }

/** The two methods are for clients that want what is experimental. */
const experimental = initialized({ kind: "stdio", experimental: true })

const refused = (client: Client, params: object) => Effect.map(client.call(change, params), errorOf)
const to = (accountId: string) => ({ sessionId: user, accountId })

describe(list, () => {
  test("and the switch are for clients with experimentalApi", world(), function* () {
    const client = yield* initialized()
    const both = [yield* client.call(list, {}), yield* client.call(change, to("ws-2"))].map(errorOf)
    assert.deepStrictEqual(both, [
      [-32_600, "accountSession/list requires experimentalApi capability"],
      [-32_600, "accountSession/switch requires experimentalApi capability"]
    ])
  })

  test("makes no request, and tells the selected workspace by its id", world(), function* () {
    const client = yield* experimental
    yield* client.until("account/updated")
    const before = yield* count("workspaces.list")
    assert.deepStrictEqual(resultOf(yield* client.call(list, {})), bare(here))
    assert.strictEqual(yield* count("workspaces.list"), before)
  })

  test("asks for all of them where it is to", world(), function* () {
    const client = yield* experimental
    assert.deepStrictEqual(
      resultOf(yield* client.call(list, { refreshWorkspaceMetadata: true })),
      inWorkspace(here, [
        { accountId: here, name: "Analytical Engines", imageUrl: null, kind: "workspace" },
        { accountId: "ws-2", name: "Looms", imageUrl: null, kind: "workspace" }
      ])
    )
  })

  const failures = [
    [Fault.status(500), "Failed to fetch workspace metadata"],
    [Fault.status(200, { body: "x" }), "Failed to fetch workspace metadata"],
    [Fault.delay("1 minute"), "Workspace metadata request timed out"]
  ] as const
  test.each(failures, ([fault]) => faulty(FaultPlan.on("workspaces.list", "every", fault)))(
    "fails with what it asks for: %j",
    function* ([, message]) {
      const client = yield* experimental
      const answer = errorOf(yield* client.call(list, { refreshWorkspaceMetadata: true }))
      assert.deepStrictEqual(answer, [-32_603, message])
    }
  )

  const apiKey = { auth_mode: "apikey", OPENAI_API_KEY: Redacted.make("sk-test-123") }
  test.each(["nobody", apiKey] as const, (record) => world({ record }))(
    "is empty without a login of ours: %j",
    function* () {
      const client = yield* experimental
      assert.deepStrictEqual(resultOf(yield* client.call(list, { refreshWorkspaceMetadata: true })), nobody)
      const [code, message] = yield* refused(client, to("ws-2"))
      assert.deepStrictEqual([code, message], [-32_600, "Workspace switching requires a managed ChatGPT login"])
      assert.strictEqual(yield* count("workspaces.list"), 0)
    }
  )
})

describe(change, () => {
  test("is answered with the session, then told to all as another account", world(), function* () {
    const clients = [yield* experimental, yield* experimental] as const
    const [client] = clients
    for (const one of clients) yield* one.until("account/updated")
    assert.deepStrictEqual(resultOf(yield* client.call(change, to("ws-2"))), bare("ws-2"))
    for (const one of clients) {
      const [first] = updated(yield* one.until("account/updated"))
      assert.deepInclude(first, { authMode: "chatgpt", planType: "team", reason: null })
    }
    const account = resultOf(yield* client.call("account/read", {}))
    assert.nestedInclude(account, { "account.workspaceName": "Looms", "workspaceRouting.chatgptAccountId": "ws-2" })
  })

  test("to where it is already asks and tells nothing", world(), function* () {
    const client = yield* experimental
    yield* client.until("account/updated")
    const before = yield* count("workspaces.list")
    assert.deepStrictEqual(resultOf(yield* client.call(change, to(here))), bare(here))
    assert.deepStrictEqual(updated(yield* client.rest), [])
    assert.deepStrictEqual([yield* count(endpoint), yield* count("workspaces.list")], [0, before])
  })

  test("twice at once is done once", faulty(FaultPlan.on(endpoint, "every", Fault.delay("1 second"))), function* () {
    const one = yield* experimental
    const other = yield* experimental
    const both = yield* Effect.fork(one.call(change, to("ws-2")))
    assert.deepStrictEqual(resultOf(yield* other.call(change, to("ws-2"))), {
      ...bare("ws-2"),
      sessions: bare("ws-2").sessions.map((session) => ({ ...session, lastUsedAt: 1 }))
    })
    resultOf(yield* Fiber.join(both))
    assert.strictEqual(yield* count(endpoint), 1)
  })

  test("checks what it is given before it asks", world(), function* () {
    const client = yield* experimental
    const other = "Only the active managed account session can be switched"
    assert.deepStrictEqual(yield* refused(client, { sessionId: "x", accountId: " " }), [
      -32_600,
      "accountId must not be empty"
    ])
    assert.deepStrictEqual(yield* refused(client, { sessionId: "x", accountId: here }), [-32_600, other])
    assert.strictEqual((yield* refused(client, { accountId: here }))[0], -32_600)
    assert.deepStrictEqual(yield* refused(client, { ...to("account-B"), allowBrowserLogin: true }), [
      -32_600,
      "The selected workspace is unavailable"
    ])
    assert.strictEqual(yield* count(endpoint), 0)
  })

  test("is restricted by the configuration", world({ settings: { forcedWorkspaces: [here, "ws-3"] } }), function* () {
    const client = yield* experimental
    const message = `Login is restricted to workspace id(s) ${here}, ws-3.`
    assert.deepStrictEqual(yield* refused(client, to("ws-2")), [-32_600, message])
  })

  const rejected = (status: string) => `Workspace switch was rejected (HTTP ${status})`
  const failures = [
    [Fault.status(401), rejected("401 Unauthorized")],
    [Fault.status(403), rejected("403 Forbidden")],
    [Fault.status(404), rejected("404 Not Found")],
    [Fault.status(409), rejected("409 Conflict")],
    [Fault.status(429), rejected("429 Too Many Requests")],
    [Fault.status(500), rejected("500 Internal Server Error")],
    [Fault.status(599), rejected("599 <unknown status code>")],
    [Fault.redirect(302), rejected("302 Found")],
    [Fault.status(200, { body: "{}" }), "error decoding response body"],
    [Fault.status(200, { body: "" }), "error decoding response body"],
    [Fault.status(200, { body: '{"access_token":"opaque"}' }), "invalid ID token format"],
    [Fault.resetBeforeCommit, "error sending request: the connection broke before the answer was complete"]
  ] as const
  test.each(failures, ([fault]) => faulty(FaultPlan.on(endpoint, "every", fault)))(
    "is answered as refused, and nothing changes: %j",
    function* ([, message]) {
      const client = yield* experimental
      yield* client.until("account/updated")
      assert.deepStrictEqual(yield* refused(client, to("ws-2")), [-32_600, message])
      assert.deepStrictEqual(resultOf(yield* client.call(list, {})), bare(here))
      assert.deepStrictEqual([updated(yield* client.rest), yield* count(endpoint)], [[], 1])
    }
  )

  test("with a token of somebody else changes nothing", world(), function* () {
    const client = yield* experimental
    const backend = yield* FakeBackend.FakeBackend
    const { tokens } = yield* backend.signIn("user-B/account-B")
    const body = JSON.stringify({ access_token: tokens.accessToken })
    yield* backend.setPlan([FaultPlan.on(endpoint, "every", Fault.status(200, { body }))])
    assert.deepStrictEqual(yield* refused(client, to("ws-2")), [
      -32_600,
      "Workspace exchange returned a different user or workspace"
    ])
    assert.deepStrictEqual(resultOf(yield* client.call(list, {})), bare(here))
  })

  const slow = faulty(FaultPlan.on(endpoint, "every", Fault.delay("2 seconds")))
  test("does not replace another sign-in", slow, function* () {
    const client = yield* experimental
    yield* client.send(1, change, to("ws-2"))
    yield* client.rest
    yield* secondIsStored
    assert.deepStrictEqual(yield* refused(client, to("ws-2")), [
      -32_600,
      "Only the active managed account session can be switched"
    ])
    const [answer] = (yield* client.rest).filter((message) => message._tag === "ErrorResponse")
    assert.deepStrictEqual(answer === undefined ? null : errorOf(answer), [-32_600, "Account credentials changed"])
  })
})
