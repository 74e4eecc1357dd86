/** Every method's answers, good and bad. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import type { AuthJson } from "../../../src/contracts/AuthJson.js"
import { Identity } from "../../../src/domain/Identity.js"
import { AuthSession } from "../../../src/services/AuthSession.js"
import { OperationJournal } from "../../../src/services/OperationJournal.js"
import { FakeAccount, FakeBackend, FakeState, Fault, FaultPlan } from "../../../src/testing/index.js"
import { count, states } from "../../programs/harness.js"
import { type Client, errorOf, initialized, order, resultOf, server, updated } from "./harness.js"

const consume = "account/rateLimitResetCredit/consume"
const nudge = "account/sendAddCreditsNudgeEmail"
const limits = "account/rateLimits/read"

const apiKey: AuthJson = { auth_mode: "apikey", OPENAI_API_KEY: Redacted.make("sk-test-123") }
const strange: AuthJson = { auth_mode: "chatgpt", OPENAI_API_KEY: null }

const withPlan = (...plan: FaultPlan.FaultPlan) => server({ backend: { plan } })
const always = (endpoint: FaultPlan.EndpointName, fault: Fault.Fault) =>
  withPlan(FaultPlan.on(endpoint, "every", fault))

const withAccount = (account: Partial<FakeAccount.FakeAccount>) => server({ backend: { accounts: [account] } })

const failure = (client: Client, method: string, params?: unknown) => Effect.map(client.call(method, params), errorOf)
const success = (client: Client, method: string, params?: unknown) => Effect.map(client.call(method, params), resultOf)

describe("account/read", () => {
  it.effect("is answered from memory, with the token's claims until the role is known", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      const result = yield* success(client, "account/read", {})
      assert.deepStrictEqual(result, {
        account: { type: "chatgpt", email: "ada@example.test", planType: "business", workspaceName: null },
        userId: "user-FAKE1",
        requiresOpenaiAuth: true,
        workspaceRouting: null,
        workspaceRole: null,
        isWorkspaceOwner: true
      })
      assert.deepStrictEqual(updated(yield* client.rest), [])
      yield* TestClock.adjust("30 seconds")
      assert.deepInclude(yield* success(client, "account/read", {}), {
        workspaceRole: "account-admin",
        isWorkspaceOwner: true
      })
    }).pipe(
      Effect.scoped,
      Effect.provide(
        server({
          backend: {
            accounts: [{ role: "account-admin", isOrgOwner: true }],
            plan: [FaultPlan.on("workspace.accountsCheck", 1, Fault.delay("9 seconds"))]
          }
        })
      )
    )
  )

  it.effect.each([
    ["nobody", "nobody", null, null],
    ["an API key", apiKey, { type: "apiKey" }, null],
    ["a record without tokens", strange, null, null]
  ] as const)("of %s", ([, record, account, userId]) =>
    Effect.gen(function* () {
      const client = yield* initialized()
      assert.deepStrictEqual(yield* success(client, "account/read", { refreshToken: true }), {
        account,
        userId,
        requiresOpenaiAuth: true,
        workspaceRouting: null,
        workspaceRole: null,
        isWorkspaceOwner: null
      })
      assert.strictEqual(yield* count("oauth.token"), 0)
    }).pipe(Effect.scoped, Effect.provide(server({ record })))
  )

  it.effect("renews the session when asked to, and says nothing of a failure that may pass", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      const backend = yield* FakeBackend.FakeBackend
      yield* success(client, "account/read", { refreshToken: true })
      assert.strictEqual(yield* count("oauth.token"), 1)
      yield* backend.failNext("oauth.token", Fault.status(500))
      assert.deepNestedInclude(yield* success(client, "account/read", { refreshToken: true }), {
        "account.email": "ada@example.test"
      })
      assert.strictEqual(yield* count("oauth.token"), 2)
    }).pipe(Effect.scoped, Effect.provide(server()))
  )

  it.effect("shows nobody once the server will not renew the session, while requests still go out", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      const backend = yield* FakeBackend.FakeBackend
      const { refreshToken } = yield* Effect.map(backend.state, (state) => ({
        refreshToken: Array.from(state.refreshTokens, ([token]) => token)[0] ?? ""
      }))
      yield* backend.update((state) => FakeState.setRefreshTokenStatus(state, refreshToken, "revoked"))
      for (const params of [{ refreshToken: true }, { refreshToken: true }, {}]) {
        assert.deepInclude(yield* success(client, "account/read", params), { account: null, userId: null })
      }
      for (const params of [{ includeToken: true }, { includeToken: true, refreshToken: true }]) {
        assert.deepStrictEqual(yield* success(client, "getAuthStatus", params), {
          authMethod: "chatgpt",
          authToken: null,
          requiresOpenaiAuth: true
        })
      }
      yield* success(client, limits)
      // A new sign-in is somebody again.
      const { record } = yield* backend.signIn()
      yield* (yield* AuthSession).signIn(record)
      assert.deepInclude(yield* success(client, "account/read", {}), { userId: "user-FAKE1" })
    }).pipe(Effect.scoped, Effect.provide(server()))
  )

  it.effect("shows nobody once another request has found that the session can't be renewed", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      const [code, message] = yield* failure(client, limits)
      assert.strictEqual(code, -32603)
      assert.match(message, /^failed to fetch codex rate limits: The session could not be renewed/)
      assert.deepInclude(yield* success(client, "account/read", {}), { account: null })
    }).pipe(
      Effect.scoped,
      Effect.provide(
        server({
          backend: {
            tokens: { accessTokenSeconds: 0 },
            plan: [FaultPlan.on("oauth.token", "every", Fault.status(400, { body: '{"error":"invalid_grant"}' }))]
          }
        })
      )
    )
  )
})

describe("getAuthStatus", () => {
  it.effect("tells the token only when it is asked for", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      const headers = Redacted.value((yield* (yield* AuthSession).authorization).headers)
      const status = { authMethod: "chatgpt", requiresOpenaiAuth: true }
      assert.deepStrictEqual(yield* success(client, "getAuthStatus", {}), { ...status, authToken: null })
      const { authToken } = Object.assign(
        { authToken: "" },
        yield* success(client, "getAuthStatus", { includeToken: true })
      )
      assert.strictEqual(`Bearer ${authToken}`, headers["authorization"])
    }).pipe(Effect.scoped, Effect.provide(server()))
  )

  it.effect.each([
    ["an API key", apiKey, { authMethod: "apikey", authToken: "sk-test-123" }],
    ["nobody", "nobody", { authMethod: null, authToken: null }]
  ] as const)("of %s", ([, record, expected]) =>
    Effect.gen(function* () {
      const client = yield* initialized()
      const result = yield* success(client, "getAuthStatus", { includeToken: true, refreshToken: true })
      assert.deepStrictEqual(result, { ...expected, requiresOpenaiAuth: true })
    }).pipe(Effect.scoped, Effect.provide(server({ record })))
  )
})

describe("without a sign-in with ChatGPT", () => {
  const needs = [
    [limits, undefined, "to read rate limits"],
    [consume, { idempotencyKey: "k" }, "for rate limit reset credits"],
    [nudge, { creditType: "credits" }, "to notify workspace owner"],
    ["account/usage/read", {}, "to read token usage"],
    ["account/workspaceMessages/read", undefined, "to read workspace messages"]
  ] as const

  it.effect.each(needs)("%s says so", ([method, params, purpose]) =>
    Effect.gen(function* () {
      const client = yield* initialized()
      assert.deepStrictEqual(yield* failure(client, method, params), [
        -32600,
        `codex account authentication required ${purpose}`
      ])
    }).pipe(Effect.scoped, Effect.provide(server({ record: "nobody" })))
  )

  it.effect.each(needs)("%s says so to an API key", ([method, params, purpose]) =>
    Effect.gen(function* () {
      const client = yield* initialized()
      assert.deepStrictEqual(yield* failure(client, method, params), [
        -32600,
        `chatgpt authentication required ${purpose}`
      ])
    }).pipe(Effect.scoped, Effect.provide(server({ record: apiKey })))
  )

  it.effect("what is wrong with the params comes first", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      for (const [method, params, message] of [
        [consume, { idempotencyKey: "" }, "idempotencyKey must not be empty"],
        [consume, { idempotencyKey: "", creditId: "" }, "idempotencyKey must not be empty"],
        [consume, { idempotencyKey: "k", creditId: "" }, "creditId must not be empty"],
        ["account/usage/read", { threadId: "bad" }, "invalid thread id: bad"]
      ] as const) {
        assert.deepStrictEqual(yield* failure(client, method, params), [-32600, message])
      }
    }).pipe(Effect.scoped, Effect.provide(server({ record: "nobody" })))
  )
})

describe(limits, () => {
  it.effect("answers with every member", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
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
    }).pipe(Effect.scoped, Effect.provide(server()))
  )

  it.effect("reads anew each time, however short ago the last reading was", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      for (const usedPercent of [10, 20, 30]) {
        yield* (yield* FakeBackend.FakeBackend).updateAccount((account) => ({
          ...account,
          primary: FakeAccount.makeWindow(0, { lengthSeconds: 18_000, usedPercent })
        }))
        const result = yield* success(client, limits)
        assert.deepNestedInclude(result, { "rateLimits.primary.usedPercent": usedPercent })
      }
      assert.strictEqual(yield* count("usage.read"), 3)
    }).pipe(Effect.scoped, Effect.provide(server({ settings: { usageInterval: Duration.seconds(5) } })))
  )

  it.effect("leaves the list of credits out when asked to", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      const result = yield* success(client, limits, { excludeResetCreditDetails: true })
      assert.deepNestedInclude(result, { rateLimitResetCredits: { availableCount: 2, credits: null } })
      assert.strictEqual(yield* count("resetCredits.list"), 0)
    }).pipe(Effect.scoped, Effect.provide(server()))
  )

  it.effect.each([
    ["500", Fault.status(500), "the backend failed; try again later (HTTP 500)"],
    ["403", Fault.status(403), "the account may not do this (HTTP 403)"],
    [
      "a redirect",
      Fault.redirect(302),
      "the backend redirected the request, which is never followed; check chatgpt_base_url (HTTP 302)"
    ],
    ["no JSON", Fault.malformedJson, "the answer can't be understood; an update may be needed"],
    ["a broken connection", Fault.resetBeforeCommit, "the connection broke before the answer was complete"],
    ["nothing", Fault.hang, "no answer in time"]
  ] as const)("fails in its own words when the backend answers %s", ([, fault, words]) =>
    Effect.gen(function* () {
      const client = yield* initialized()
      assert.deepStrictEqual(yield* failure(client, limits), [-32603, `failed to fetch codex rate limits: ${words}`])
    }).pipe(Effect.scoped, Effect.provide(always("usage.read", fault)))
  )

  it.effect("renews the session once after a 401", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      yield* (yield* FakeBackend.FakeBackend).update(FakeState.dropAccessTokens)
      yield* success(client, limits, { excludeResetCreditDetails: true })
      assert.deepStrictEqual([yield* count("usage.read"), yield* count("oauth.token")], [2, 1])
    }).pipe(Effect.scoped, Effect.provide(always("workspace.accountsCheck", Fault.status(500))))
  )
})

describe(consume, () => {
  const scripted = (...codes: ReadonlyArray<string>) =>
    server({
      backend: {
        plan: codes.map((code, i) =>
          FaultPlan.on(
            "resetCredits.consume",
            i + 1,
            Fault.status(200, { body: JSON.stringify({ code, windows_reset: 1 }) })
          )
        )
      }
    })
  const bodies = Effect.flatMap(FakeBackend.FakeBackend, (backend) =>
    Effect.map(backend.calls("resetCredits.consume"), (calls) => calls.map(({ body }) => body))
  )
  const redeem = (client: Client, idempotencyKey: string, creditId?: string | null) =>
    success(client, consume, creditId === undefined ? { idempotencyKey } : { idempotencyKey, creditId })

  it.effect("answers what the backend said, one request each, also for a key that has come to its end", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      for (const outcome of ["reset", "nothingToReset", "noCredit", "alreadyRedeemed"]) {
        assert.deepStrictEqual(yield* redeem(client, "key-1"), { outcome })
      }
      assert.strictEqual(yield* count("resetCredits.consume"), 4)
      const journal = yield* OperationJournal
      assert.deepStrictEqual(
        (yield* journal.list()).map(({ key, state }) => [key, state]),
        [["key-1", { _tag: "succeeded", outcome: "reset" }]]
      )
    }).pipe(Effect.scoped, Effect.provide(scripted("reset", "nothing_to_reset", "no_credit", "already_redeemed")))
  )

  it.effect("spends one credit for a key, whichever credits are named", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      assert.deepStrictEqual(yield* redeem(client, "key-1", null), { outcome: "reset" })
      assert.deepStrictEqual(yield* redeem(client, "key-1", "rc_2"), { outcome: "alreadyRedeemed" })
      assert.deepStrictEqual(yield* bodies, [
        { redeem_request_id: "key-1" },
        { redeem_request_id: "key-1", credit_id: "rc_2" }
      ])
      assert.strictEqual((yield* (yield* FakeBackend.FakeBackend).account()).redemptions.length, 1)
    }).pipe(Effect.scoped, Effect.provide(server()))
  )

  it.effect.each([
    ["white space", "   "],
    ["what no person would type", 'clé-😀"\\\n'],
    ["a long text", "a".repeat(5_000)]
  ] as const)("takes %s for a key, and for a credit's id", ([, key]) =>
    Effect.gen(function* () {
      const client = yield* initialized()
      assert.deepStrictEqual(yield* redeem(client, key, key), { outcome: "reset" })
      assert.deepStrictEqual(yield* bodies, [{ redeem_request_id: key, credit_id: key }])
    }).pipe(Effect.scoped, Effect.provide(scripted("reset")))
  )

  it.effect("gives up after ten seconds, and the journal does not know the end", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      assert.deepStrictEqual(yield* failure(client, consume, { idempotencyKey: "key-1" }), [
        -32603,
        "rate limit reset consume timed out"
      ])
      assert.deepStrictEqual([yield* states, yield* count("resetCredits.consume")], [["unknown"], 1])
      assert.deepStrictEqual(yield* redeem(client, "key-1"), { outcome: "alreadyRedeemed" })
      assert.deepStrictEqual(yield* states, ["succeeded"])
    }).pipe(Effect.scoped, Effect.provide(withPlan(FaultPlan.on("resetCredits.consume", 1, Fault.hangAfterCommit))))
  )

  it.effect.each([
    ["401", Fault.status(401), "rejected", "the backend does not accept the session; sign in again (HTTP 401)"],
    ["404", Fault.status(404), "rejected", "the backend does not know this endpoint (HTTP 404)"],
    ["500", Fault.status(500), "unknown", "the backend failed; try again later (HTTP 500)"],
    ["an unknown word", Fault.unknownEnum, "unknown", "the answer can't be understood; an update may be needed"]
  ] as const)("makes one attempt when the backend answers %s, and may be tried again", ([, fault, state, words]) =>
    Effect.gen(function* () {
      const client = yield* initialized()
      assert.deepStrictEqual(yield* failure(client, consume, { idempotencyKey: "key-1" }), [
        -32603,
        `failed to consume rate limit reset: ${words}`
      ])
      assert.deepStrictEqual([yield* states, yield* count("resetCredits.consume")], [[state], 1])
      assert.property(yield* redeem(client, "key-1"), "outcome")
      assert.deepStrictEqual(yield* states, ["succeeded"])
    }).pipe(Effect.scoped, Effect.provide(withPlan(FaultPlan.on("resetCredits.consume", 1, fault))))
  )

  it.effect("sends nothing under a key of another account's", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      const journal = yield* OperationJournal
      const identity = new Identity({ userId: null, accountId: null })
      yield* journal.intend({ key: "taken", act: "redeem", identity, target: null })
      const [code, message] = yield* failure(client, consume, { idempotencyKey: "taken" })
      assert.strictEqual(code, -32603)
      assert.match(message, /^failed to consume rate limit reset: This key is already in the journal for another/)
      assert.strictEqual(yield* count("resetCredits.consume"), 0)
    }).pipe(Effect.scoped, Effect.provide(server()))
  )

  it.effect("asks nobody, and waits for no quiet period: two keys spend two credits", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      for (const key of ["key-1", "key-2"]) assert.deepStrictEqual(yield* redeem(client, key), { outcome: "reset" })
    }).pipe(Effect.scoped, Effect.provide(scripted("reset", "reset")))
  )
})

describe(nudge, () => {
  it.effect("is sent once, and kept in mind", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      assert.deepStrictEqual(yield* success(client, nudge, { creditType: "usage_limit" }), { status: "sent" })
      assert.deepStrictEqual([yield* count("workspace.nudge"), yield* states], [1, ["succeeded"]])
      assert.deepStrictEqual(yield* success(client, nudge, { creditType: "credits" }), { status: "cooldown_active" })
    }).pipe(Effect.scoped, Effect.provide(withAccount({ nudgeCooldownMillis: 60_000 })))
  )

  it.effect.each([
    ["any page", Fault.htmlPage(200), { status: "sent" }],
    ["429", Fault.rateLimited(), { status: "cooldown_active" }]
  ] as const)("takes %s for an answer", ([, fault, result]) =>
    Effect.gen(function* () {
      const client = yield* initialized()
      assert.deepStrictEqual(yield* success(client, nudge, { creditType: "credits" }), result)
    }).pipe(Effect.scoped, Effect.provide(always("workspace.nudge", fault)))
  )

  it.effect.each([
    ["500", Fault.status(500), "the backend failed; try again later (HTTP 500)", "unknown"],
    ["401", Fault.status(401), "the backend does not accept the session; sign in again (HTTP 401)", "rejected"],
    ["nothing", Fault.hang, "no answer in time", "unknown"]
  ] as const)("fails after one request when the backend answers %s", ([, fault, words, state]) =>
    Effect.gen(function* () {
      const client = yield* initialized()
      assert.deepStrictEqual(yield* failure(client, nudge, { creditType: "credits" }), [
        -32603,
        `failed to notify workspace owner: ${words}`
      ])
      assert.deepStrictEqual([yield* count("workspace.nudge"), yield* states], [1, [state]])
    }).pipe(Effect.scoped, Effect.provide(always("workspace.nudge", fault)))
  )
})

describe("account/usage/read", () => {
  it.effect("answers with every member, whatever thread is asked for", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      for (const params of [undefined, null, {}, { threadId: "0199a213-81c0-7800-8aa1-bbab2a035a53" }]) {
        const result = yield* success(client, "account/usage/read", params)
        assert.hasAllKeys(result, ["summary", "dailyUsageBuckets", "threadUsage"])
        assert.deepNestedPropertyVal(result, "threadUsage", null)
      }
    }).pipe(Effect.scoped, Effect.provide(server()))
  )

  it.effect.each([
    [Fault.status(404), "failed to fetch token usage profile: the backend does not know this endpoint (HTTP 404)"],
    [Fault.hang, "token usage profile fetch timed out"]
  ] as const)("fails in its own words: %j", ([fault, message]) =>
    Effect.gen(function* () {
      const client = yield* initialized()
      assert.deepStrictEqual(yield* failure(client, "account/usage/read"), [-32603, message])
    }).pipe(Effect.scoped, Effect.provide(always("profile.me", fault)))
  )
})

describe("account/workspaceMessages/read", () => {
  const message: FakeAccount.FakeMessage = {
    id: "m1",
    type: "headline",
    body: "Hello",
    createdAt: 1_000,
    archivedAt: null
  }

  it.effect("answers with the messages", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      assert.deepStrictEqual(yield* success(client, "account/workspaceMessages/read"), {
        featureEnabled: true,
        messages: [{ messageId: "m1", messageType: "headline", messageBody: "Hello", createdAt: 1, archivedAt: null }]
      })
    }).pipe(Effect.scoped, Effect.provide(withAccount({ messages: [message] })))
  )

  it.effect("says that there is no such thing", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      const result = yield* success(client, "account/workspaceMessages/read")
      assert.deepStrictEqual(result, { featureEnabled: false, messages: [] })
    }).pipe(Effect.scoped, Effect.provide(withAccount({ messages: null })))
  )

  it.effect.each([
    [Fault.status(500), "failed to fetch workspace messages: the backend failed; try again later (HTTP 500)"],
    [Fault.hang, "workspace messages fetch timed out"]
  ] as const)("fails in its own words: %j", ([fault, message]) =>
    Effect.gen(function* () {
      const client = yield* initialized()
      assert.deepStrictEqual(yield* failure(client, "account/workspaceMessages/read"), [-32603, message])
    }).pipe(Effect.scoped, Effect.provide(always("workspace.messages", fault)))
  )
})

describe("what this server does not do", () => {
  it.effect.each([
    ["account/securitySetup/read", undefined, { notice: null }],
    ["turn/start", { threadId: "t", input: [] }, "turn/start is not supported: this server runs no model turns"],
    ["thread/start", {}, "thread/start is not supported by this server"],
    [
      "account/login/start",
      { type: "amazonBedrock", apiKey: "k", region: "r" },
      "account/login/start.amazonBedrock is not supported by this server"
    ]
  ] as const)("%s with %j", ([method, params, expected]) =>
    Effect.gen(function* () {
      const client = yield* initialized()
      const answer = yield* client.call(method, params)
      if (typeof expected === "string") assert.deepStrictEqual(errorOf(answer), [-32600, expected])
      else assert.deepStrictEqual(resultOf(answer), expected)
    }).pipe(Effect.scoped, Effect.provide(server()))
  )
})

describe("one refresh for all", () => {
  it.effect("who ask for it at the same time, on any connection, and for programs beside them", () =>
    Effect.gen(function* () {
      const [first, second] = [yield* initialized(), yield* initialized()]
      const auth = yield* AuthSession
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.delay("2 seconds"))
      for (let id = 1; id <= 5; id++)
        yield* (id % 2 === 0 ? first : second).send(id, "account/read", { refreshToken: true })
      const beside = yield* Effect.fork(auth.refresh)
      const answers = Effect.map(
        Effect.zipWith(first.rest, second.rest, (one, two) => [...one, ...two]),
        (all) => order(all).filter((what) => what.startsWith("Response"))
      )
      assert.deepStrictEqual(yield* answers, [])
      yield* TestClock.adjust("2 seconds")
      const ids = [2, 4, 1, 3, 5].map((id) => `Response ${id}`)
      assert.sameMembers([...(yield* answers)], ids)
      yield* Fiber.join(beside)
      assert.strictEqual(yield* count("oauth.token"), 1)
    }).pipe(Effect.scoped, Effect.provide(server()))
  )
})
