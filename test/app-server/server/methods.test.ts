/** Every method's answers, good and bad. */
import { assert, describe } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import type { AuthJson } from "../../../src/contracts/AuthJson.js"
import { Identity } from "../../../src/domain/Identity.js"
import { AuthSession } from "../../../src/services/AuthSession.js"
import { OperationJournal } from "../../../src/services/OperationJournal.js"
import { FakeAccount, FakeBackend, Fault, FaultPlan } from "../../../src/testing/index.js"
import * as FakeState from "../../../src/testing/FakeState.js"
import { count, states } from "../../programs/harness.js"
import {
  type Client,
  errorOf,
  initialized,
  order,
  planned,
  resultOf,
  server,
  signedOut,
  updated,
  withClient
} from "./harness.js"
import { test } from "../../cases.js"

const consume = "account/rateLimitResetCredit/consume"
const nudge = "account/sendAddCreditsNudgeEmail"
const limits = "account/rateLimits/read"

const apiKey: AuthJson = { auth_mode: "apikey", OPENAI_API_KEY: Redacted.make("sk-test-123") }
const strange: AuthJson = { auth_mode: "chatgpt", OPENAI_API_KEY: null }

const withAccount = (account: Partial<FakeAccount.FakeAccount>) => server({ backend: { accounts: [account] } })

const failure = (client: Client, method: string, params?: unknown) => Effect.map(client.call(method, params), errorOf)
const success = (client: Client, method: string, params?: unknown) => Effect.map(client.call(method, params), resultOf)

const nothingKnown = { userId: null, workspaceRouting: null, workspaceRole: null, isWorkspaceOwner: null }

describe("what editors ask when they start", () => {
  const settings = server({
    settings: { forcedLoginMethod: Option.some("chatgpt"), forcedWorkspaces: ["ws-1"], model: Option.some("m") }
  })

  withClient("is answered truthfully: no models, skills, hooks or tools", settings, function* (client) {
    for (const method of ["skills/list", "hooks/list", "collaborationMode/list"]) {
      assert.deepStrictEqual(yield* success(client, method, {}), { data: [] })
    }
    for (const method of ["model/list", "mcpServerStatus/list"]) {
      assert.deepStrictEqual(yield* success(client, method, {}), { data: [], nextCursor: null })
      assert.strictEqual((yield* failure(client, method, { limit: "all" }))[0], -32_600)
    }
    assert.deepStrictEqual(yield* success(client, "configRequirements/read"), {
      requirements: null,
      supportsIndependentSpeedModes: false
    })
    const config = yield* success(client, "config/read", { includeLayers: true })
    assert.deepInclude(config, { origins: {}, layers: [] })
    assert.nestedInclude(config, {
      "config.model": "m",
      "config.review_model": null,
      "config.forced_login_method": "chatgpt"
    })
    assert.nestedPropertyVal(config, "config.forced_chatgpt_workspace_id[0]", "ws-1")
  })

  withClient("there is no gateway to sign in to", server(), function* (client) {
    const gateway = { providerId: "openai", providerName: "OpenAI", required: false, supportsDeviceAuth: false }
    const read = yield* success(client, "account/gatewayOAuth/read")
    assert.deepStrictEqual(read, { ...gateway, status: null, error: null })
    assert.deepStrictEqual(yield* success(client, "account/gatewayOAuth/cancel", {}), {})
    const refusal = yield* failure(client, "account/gatewayOAuth/login", {})
    assert.deepStrictEqual(refusal, [-32_600, "The selected provider does not use gateway OAuth"])
  })
})

describe("account/read", () => {
  const slowRole = server({
    backend: {
      accounts: [{ role: "account-admin", isOrgOwner: true }],
      plan: [
        FaultPlan.on("workspace.accountsCheck", 1, Fault.delay("9 seconds")),
        FaultPlan.on("workspaces.list", 1, Fault.delay("4 seconds"))
      ]
    }
  })

  withClient("is answered from memory, with the token's claims until more is known", slowRole, function* (client) {
    assert.deepStrictEqual(yield* success(client, "account/read", {}), {
      ...nothingKnown,
      account: { type: "chatgpt", email: "ada@example.test", planType: "business", workspaceName: null },
      userId: "user-FAKE1",
      requiresOpenaiAuth: true,
      isWorkspaceOwner: true
    })
    assert.deepStrictEqual(updated(yield* client.rest), [])
    yield* TestClock.adjust("30 seconds")
    const answer = yield* success(client, "account/read", {})
    assert.deepInclude(answer, {
      workspaceRole: "account-admin",
      isWorkspaceOwner: true,
      workspaceRouting: {
        chatgptAccountId: "00000000-1111-4222-8333-444444444444",
        backendOrigin: "https://chatgpt.com",
        accountRoutingOverride: "NO_CONSTRAINT"
      }
    })
    assert.nestedInclude(answer, { "account.workspaceName": "Analytical Engines" })
  })

  for (const [name, record, account] of [
    ["nobody", "nobody", null],
    ["an API key", apiKey, { type: "apiKey" }],
    ["a record without tokens", strange, null]
  ] as const) {
    withClient(`of ${name}`, server({ record }), function* (client) {
      const answer = yield* success(client, "account/read", { refreshToken: true })
      assert.deepStrictEqual(answer, { ...nothingKnown, account, requiresOpenaiAuth: true })
      assert.strictEqual(yield* count("oauth.token"), 0)
    })
  }

  withClient("renews the session when asked to, and hides a failure that may pass", server(), function* (client) {
    yield* success(client, "account/read", { refreshToken: true })
    assert.strictEqual(yield* count("oauth.token"), 1)
    yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.status(500))
    const answer = yield* success(client, "account/read", { refreshToken: true })
    assert.deepNestedInclude(answer, { "account.email": "ada@example.test" })
    assert.strictEqual(yield* count("oauth.token"), 2)
  })

  withClient("shows nobody once the renewal is refused, while requests still go out", server(), function* (client) {
    const backend = yield* FakeBackend.FakeBackend
    const [[refreshToken] = [""]] = Array.from((yield* backend.state).refreshTokens)
    yield* backend.update((state) => FakeState.setRefreshTokenStatus(state, refreshToken, "revoked"))
    for (const params of [{ refreshToken: true }, { refreshToken: true }, {}]) {
      assert.deepInclude(yield* success(client, "account/read", params), { account: null, userId: null })
    }
    for (const params of [{ includeToken: true }, { includeToken: true, refreshToken: true }]) {
      const status = { authMethod: "chatgpt", authToken: null, requiresOpenaiAuth: true }
      assert.deepStrictEqual(yield* success(client, "getAuthStatus", params), status)
    }
    yield* success(client, limits)
    // A new sign-in is somebody again.
    yield* (yield* AuthSession).signIn((yield* backend.signIn()).record)
    assert.deepInclude(yield* success(client, "account/read", {}), { userId: "user-FAKE1" })
  })

  const refused = FaultPlan.on("oauth.token", "every", Fault.status(400, { body: '{"error":"invalid_grant"}' }))
  const unrenewable = server({ backend: { tokens: { accessTokenSeconds: 0 }, plan: [refused] } })

  withClient("shows nobody once another request has found that out", unrenewable, function* (client) {
    const [code, message] = yield* failure(client, limits)
    assert.strictEqual(code, -32603)
    assert.match(message, /^failed to fetch codex rate limits: The session could not be renewed/)
    assert.deepInclude(yield* success(client, "account/read", {}), { account: null })
  })
})

describe("getAuthStatus", () => {
  test("gives no token to a client that anybody may be", server(), function* () {
    const client = yield* initialized({ kind: "socket", isOpen: true })
    const status = yield* success(client, "getAuthStatus", { includeToken: true })
    assert.deepStrictEqual(status, { authMethod: "chatgpt", authToken: null, requiresOpenaiAuth: true })
  })

  withClient("gives the token only when it is asked for", server(), function* (client) {
    const headers = Redacted.value((yield* (yield* AuthSession).authorization).headers)
    const status = { authMethod: "chatgpt", requiresOpenaiAuth: true }
    assert.deepStrictEqual(yield* success(client, "getAuthStatus", {}), { ...status, authToken: null })
    const given = yield* success(client, "getAuthStatus", { includeToken: true })
    assert.strictEqual(`Bearer ${Object.assign({ authToken: "" }, given).authToken}`, headers["authorization"])
  })

  for (const [name, record, expected] of [
    ["an API key", apiKey, { authMethod: "apikey", authToken: "sk-test-123" }],
    ["nobody", "nobody", { authMethod: null, authToken: null }]
  ] as const) {
    withClient(`of ${name}`, server({ record }), function* (client) {
      const result = yield* success(client, "getAuthStatus", { includeToken: true, refreshToken: true })
      assert.deepStrictEqual(result, { ...expected, requiresOpenaiAuth: true })
    })
  }
})

describe("without a sign-in with ChatGPT", () => {
  for (const [method, params, purpose] of [
    [limits, undefined, "to read rate limits"],
    [consume, { idempotencyKey: "k" }, "for rate limit reset credits"],
    [nudge, { creditType: "credits" }, "to notify workspace owner"],
    ["account/usage/read", {}, "to read token usage"],
    ["account/workspaceMessages/read", undefined, "to read workspace messages"]
  ] as const) {
    for (const [record, kind] of [
      ["nobody", "codex account"],
      [apiKey, "chatgpt"]
    ] as const) {
      withClient(`${method} needs ${kind} authentication`, server({ record }), function* (client) {
        const expected = [-32600, `${kind} authentication required ${purpose}`] as const
        assert.deepStrictEqual(yield* failure(client, method, params), expected)
      })
    }
  }

  withClient("what is wrong with the params comes first", signedOut, function* (client) {
    for (const [method, params, message] of [
      [consume, { idempotencyKey: "" }, "idempotencyKey must not be empty"],
      [consume, { idempotencyKey: "", creditId: "" }, "idempotencyKey must not be empty"],
      [consume, { idempotencyKey: "k", creditId: "" }, "creditId must not be empty"],
      ["account/usage/read", { threadId: "bad" }, "invalid thread id: bad"]
    ] as const) {
      assert.deepStrictEqual(yield* failure(client, method, params), [-32600, message])
    }
  })
})

describe("where the backend fails, fails in its own words:", () => {
  const failed = "the backend failed; try again later (HTTP 500)"
  const refused = "the backend does not accept the session; sign in again (HTTP 401)"
  const redirected = "the backend redirected the request, which is never followed; check chatgpt_base_url (HTTP 302)"
  const garbled = "the answer can't be understood; an update may be needed (it is application/json, N bytes)"
  const unknown = "the backend does not know this endpoint (HTTP 404)"

  /** With an act, what its journal says then: the request was made once. */
  const methods: ReadonlyArray<
    readonly [
      method: string,
      params: unknown,
      endpoint: FaultPlan.EndpointName,
      rows: ReadonlyArray<readonly [Fault.Fault, message: string, state?: string]>
    ]
  > = [
    [
      limits,
      undefined,
      "usage.read",
      [
        [Fault.status(500), `failed to fetch codex rate limits: ${failed}`],
        [Fault.status(403), "failed to fetch codex rate limits: the account may not do this (HTTP 403)"],
        [Fault.redirect(302), `failed to fetch codex rate limits: ${redirected}`],
        [Fault.malformedJson, `failed to fetch codex rate limits: ${garbled}`],
        [
          Fault.resetBeforeCommit,
          "failed to fetch codex rate limits: the connection broke before the answer was complete"
        ],
        [Fault.hang, "failed to fetch codex rate limits: no answer in time"]
      ]
    ],
    [
      consume,
      { idempotencyKey: "key-1" },
      "resetCredits.consume",
      [
        [Fault.status(401), `failed to consume rate limit reset: ${refused}`, "rejected"],
        [Fault.status(404), `failed to consume rate limit reset: ${unknown}`, "rejected"],
        [Fault.status(500), `failed to consume rate limit reset: ${failed}`, "unknown"],
        [Fault.unknownEnum, `failed to consume rate limit reset: ${garbled}`, "unknown"],
        [Fault.hangAfterCommit, "rate limit reset consume timed out", "unknown"]
      ]
    ],
    [
      nudge,
      { creditType: "credits" },
      "workspace.nudge",
      [
        [Fault.status(500), `failed to notify workspace owner: ${failed}`, "unknown"],
        [Fault.status(401), `failed to notify workspace owner: ${refused}`, "rejected"],
        [Fault.hang, "failed to notify workspace owner: no answer in time", "unknown"]
      ]
    ],
    [
      "account/usage/read",
      {},
      "profile.me",
      [
        [Fault.status(404), `failed to fetch token usage profile: ${unknown}`],
        [Fault.hang, "token usage profile fetch timed out"]
      ]
    ],
    [
      "account/workspaceMessages/read",
      undefined,
      "workspace.messages",
      [
        [Fault.status(500), `failed to fetch workspace messages: ${failed}`],
        [Fault.hang, "workspace messages fetch timed out"]
      ]
    ]
  ]
  for (const [method, params, endpoint, rows] of methods) {
    for (const [fault, message, state] of rows) {
      const call = state === undefined ? "every" : 1
      withClient(`${method}, ${message}`, planned(FaultPlan.on(endpoint, call, fault)), function* (client) {
        const [code, text] = yield* failure(client, method, params)
        assert.deepStrictEqual([code, text.replace(/\d+ bytes/, "N bytes")], [-32603, message])
        if (state === undefined) return
        assert.deepStrictEqual([yield* states, yield* count(endpoint)], [[state], 1])
        if (method !== consume) return
        // It may be tried again under its key.
        const again = yield* success(client, method, params)
        if (fault === Fault.hangAfterCommit) assert.deepStrictEqual(again, { outcome: "alreadyRedeemed" })
        assert.property(again, "outcome")
        assert.deepStrictEqual(yield* states, ["succeeded"])
      })
    }
  }
})

describe(limits, () => {
  withClient("answers with every member", server(), function* (client) {
    const result = yield* success(client, limits)
    assert.hasAllKeys(result, [
      "ordinaryUsageAllowed",
      "rateLimits",
      "rateLimitsByLimitId",
      "rateLimitResetCredits",
      "accountId",
      "rateLimitUpsell"
    ])
    assert.deepNestedInclude(result, {
      "rateLimits.limitId": "codex",
      "rateLimits.planType": "business",
      "rateLimits.primary.usedPercent": 37,
      "rateLimits.primary.windowDurationMins": 300,
      "rateLimitResetCredits.availableCount": 2,
      ordinaryUsageAllowed: true
    })
    assert.strictEqual(yield* count("resetCredits.list"), 1)
  })

  const cached = server({ settings: { usageInterval: Duration.seconds(5) } })

  withClient("reads anew each time, however short ago the last reading was", cached, function* (client) {
    for (const usedPercent of [10, 20, 30]) {
      const primary = FakeAccount.makeWindow(0, { lengthSeconds: 18_000, usedPercent })
      yield* (yield* FakeBackend.FakeBackend).updateAccount((account) => ({ ...account, primary }))
      assert.deepNestedInclude(yield* success(client, limits), { "rateLimits.primary.usedPercent": usedPercent })
    }
    assert.strictEqual(yield* count("usage.read"), 3)
  })

  withClient("leaves the list of credits out when asked to", server(), function* (client) {
    const result = yield* success(client, limits, { excludeResetCreditDetails: true })
    assert.deepNestedInclude(result, { rateLimitResetCredits: { availableCount: 2, credits: null } })
    assert.strictEqual(yield* count("resetCredits.list"), 0)
  })

  const withoutRole = planned(FaultPlan.on("workspace.accountsCheck", "every", Fault.status(500)))

  withClient("renews the session once after a 401", withoutRole, function* (client) {
    yield* (yield* FakeBackend.FakeBackend).update(FakeState.dropAccessTokens)
    yield* success(client, limits, { excludeResetCreditDetails: true })
    assert.deepStrictEqual([yield* count("usage.read"), yield* count("oauth.token")], [2, 1])
  })
})

describe(consume, () => {
  const scripted = (...codes: ReadonlyArray<string>) =>
    planned(
      ...codes.map((code, i) => {
        const body = JSON.stringify({ code, windows_reset: 1 })
        return FaultPlan.on("resetCredits.consume", i + 1, Fault.status(200, { body }))
      })
    )
  const bodies = Effect.flatMap(FakeBackend.FakeBackend, (backend) =>
    Effect.map(backend.calls("resetCredits.consume"), (calls) => calls.map(({ body }) => body))
  )
  const redeem = (client: Client, idempotencyKey: string, creditId?: string | null) =>
    success(client, consume, creditId === undefined ? { idempotencyKey } : { idempotencyKey, creditId })
  const all = scripted("reset", "nothing_to_reset", "no_credit", "already_redeemed")

  withClient("answers what the backend said, one request each, also for a key at its end", all, function* (client) {
    for (const outcome of ["reset", "nothingToReset", "noCredit", "alreadyRedeemed"]) {
      assert.deepStrictEqual(yield* redeem(client, "key-1"), { outcome })
    }
    assert.strictEqual(yield* count("resetCredits.consume"), 4)
    assert.deepStrictEqual(
      (yield* (yield* OperationJournal).list()).map(({ key, state }) => [key, state]),
      [["key-1", { _tag: "succeeded", outcome: "reset" }]]
    )
  })

  withClient("spends one credit for a key, whichever credits are named", server(), function* (client) {
    assert.deepStrictEqual(yield* redeem(client, "key-1", null), { outcome: "reset" })
    assert.deepStrictEqual(yield* redeem(client, "key-1", "rc_2"), { outcome: "alreadyRedeemed" })
    assert.deepStrictEqual(yield* bodies, [
      { redeem_request_id: "key-1" },
      { redeem_request_id: "key-1", credit_id: "rc_2" }
    ])
    assert.strictEqual((yield* (yield* FakeBackend.FakeBackend).account()).redemptions.length, 1)
  })

  for (const [name, key] of [
    ["white space", "   "],
    ["what no person would type", 'clé-😀"\\\n'],
    ["a long text", "a".repeat(5_000)]
  ] as const) {
    withClient(`takes ${name} for a key, and for a credit's id`, scripted("reset"), function* (client) {
      assert.deepStrictEqual(yield* redeem(client, key, key), { outcome: "reset" })
      assert.deepStrictEqual(yield* bodies, [{ redeem_request_id: key, credit_id: key }])
    })
  }

  withClient("sends nothing under a key of another account's", server(), function* (client) {
    const identity = new Identity({ userId: null, accountId: null })
    yield* (yield* OperationJournal).intend({ key: "taken", act: "redeem", identity, target: null })
    const [code, message] = yield* failure(client, consume, { idempotencyKey: "taken" })
    assert.strictEqual(code, -32603)
    assert.match(message, /^failed to consume rate limit reset: This key is already in the journal for another/)
    assert.strictEqual(yield* count("resetCredits.consume"), 0)
  })

  withClient("needs no quiet period: two keys spend two credits", scripted("reset", "reset"), function* (client) {
    for (const key of ["key-1", "key-2"]) assert.deepStrictEqual(yield* redeem(client, key), { outcome: "reset" })
  })
})

describe(nudge, () => {
  withClient("is sent once, and kept in mind", withAccount({ nudgeCooldownMillis: 60_000 }), function* (client) {
    assert.deepStrictEqual(yield* success(client, nudge, { creditType: "usage_limit" }), { status: "sent" })
    assert.deepStrictEqual([yield* count("workspace.nudge"), yield* states], [1, ["succeeded"]])
    assert.deepStrictEqual(yield* success(client, nudge, { creditType: "credits" }), { status: "cooldown_active" })
  })

  for (const [answer, fault, status] of [
    ["any page", Fault.htmlPage(200), "sent"],
    ["429", Fault.rateLimited(), "cooldown_active"]
  ] as const) {
    const answering = planned(FaultPlan.on("workspace.nudge", "every", fault))
    withClient(`takes ${answer} for an answer`, answering, function* (client) {
      assert.deepStrictEqual(yield* success(client, nudge, { creditType: "credits" }), { status })
    })
  }
})

withClient("account/usage/read answers with every member, whatever the thread", server(), function* (client) {
  for (const params of [undefined, null, {}, { threadId: "0199a213-81c0-7800-8aa1-bbab2a035a53" }]) {
    const result = yield* success(client, "account/usage/read", params)
    assert.hasAllKeys(result, ["summary", "dailyUsageBuckets", "threadUsage"])
    assert.deepNestedPropertyVal(result, "threadUsage", null)
  }
})

for (const [messages, result] of [
  [
    [{ id: "m1", type: "headline", body: "Hello", createdAt: 1_000, archivedAt: null }],
    {
      featureEnabled: true,
      messages: [{ messageId: "m1", messageType: "headline", messageBody: "Hello", createdAt: 1, archivedAt: null }]
    }
  ],
  [null, { featureEnabled: false, messages: [] }]
] as const) {
  withClient(`workspace messages: ${messages?.length ?? "none"}`, withAccount({ messages }), function* (client) {
    assert.deepStrictEqual(yield* success(client, "account/workspaceMessages/read"), result)
  })
}

describe("what this server does not do", () => {
  for (const [method, params, expected] of [
    ["account/securitySetup/read", undefined, { notice: null }],
    ["turn/start", { threadId: "t", input: [] }, "turn/start is not supported: this server runs no model turns"],
    ["thread/start", {}, "thread/start is not supported by this server"],
    [
      "account/login/start",
      { type: "amazonBedrock", apiKey: "k", region: "r" },
      "account/login/start.amazonBedrock is not supported by this server"
    ]
  ] as const) {
    withClient(`${method} with ${JSON.stringify(params)}`, server(), function* (client) {
      const answer = yield* client.call(method, params)
      if (typeof expected === "string") assert.deepStrictEqual(errorOf(answer), [-32600, expected])
      else assert.deepStrictEqual(resultOf(answer), expected)
    })
  }
})

test("one refresh serves all who ask at the same time, on any connection and beside them", server(), function* () {
  const [first, second] = [yield* initialized(), yield* initialized()]
  const auth = yield* AuthSession
  yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.delay("2 seconds"))
  for (let id = 1; id <= 5; id++) {
    yield* (id % 2 === 0 ? first : second).send(id, "account/read", { refreshToken: true })
  }
  const beside = yield* Effect.fork(auth.refresh)
  const answers = Effect.zipWith(first.rest, second.rest, (one, two) =>
    order([...one, ...two]).filter((what) => what.startsWith("Response"))
  )
  assert.deepStrictEqual(yield* answers, [])
  yield* TestClock.adjust("2 seconds")
  const ids = [2, 4, 1, 3, 5].map((id) => `Response ${id}`)
  assert.sameMembers([...(yield* answers)], ids)
  yield* Fiber.join(beside)
  assert.strictEqual(yield* count("oauth.token"), 1)
})
