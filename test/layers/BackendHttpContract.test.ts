import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import type { AuthError } from "../../src/domain/AuthError.js"
import { BackendError, type BackendErrorReason } from "../../src/domain/BackendError.js"
import { CallPolicy, defaultPolicies } from "../../src/domain/CallPolicy.js"
import { AccountId, Identity, UserId } from "../../src/domain/Identity.js"
import { InviteEmail } from "../../src/domain/InviteEmail.js"
import * as BackendHttpContract from "../../src/layers/BackendHttpContract.js"
import { retryAfterMillis } from "../../src/layers/internal/backendFailure.js"
import * as ReferralsHttp from "../../src/layers/ReferralsHttp.js"
import { backendBase } from "../../src/contracts/BackendEndpoints.js"
import { ConfigurationError } from "../../src/services/AccountConfig.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { BackendHttp } from "../../src/services/BackendHttp.js"
import { Policies, underPolicy, withPolicy } from "../../src/services/Policies.js"
import { Referrals } from "../../src/services/Referrals.js"
import { FakeBackend, Fault } from "../../src/testing/index.js"
import { count, during, run } from "../programs/harness.js"
import { consume, oneAttempt, readUsage, usageBody, onlyOnce } from "./support/backend.js"
import { accessToken, apiKeyRecord, idToken, record } from "./support/records.js"
import { exchanges, StoreControl, world, type WorldOptions } from "./support/session.js"
import { over, test, virtual } from "../cases.js"

const hour = 3_600_000
const first = record({ access: accessToken(hour) })
const other = record({
  id: idToken({ userId: "user-2", accountId: "account-2" }),
  access: accessToken(hour, "other"),
  accountId: "account-2"
})

/** The calls over the fake backend in memory. */
const faked = (options?: WorldOptions) =>
  BackendHttpContract.layer.pipe(
    Layer.provide(Layer.effect(HttpClient.HttpClient, Effect.map(FakeBackend.FakeBackend, FakeBackend.httpClient))),
    Layer.provideMerge(world(options))
  )

/** The calls over a client that answers every request so. */
const answering = (respond: (url: URL) => Response | Error, options?: WorldOptions) => {
  const requests: Array<string> = []
  const client = HttpClient.make((request, url) => {
    requests.push(`${request.method} ${url.href}`)
    const answer = respond(url)
    return answer instanceof Error
      ? Effect.fail(new HttpClientError.RequestError({ request, reason: "Transport", cause: answer }))
      : Effect.succeed(HttpClientResponse.fromWeb(request, answer))
  })
  const layer = BackendHttpContract.layer.pipe(
    Layer.provide(Layer.succeed(HttpClient.HttpClient, client)),
    Layer.provideMerge(world({ record: first, ...options }))
  )
  return { requests, layer }
}

/** The failure of a call that is answered so, after one request. */
const failure = <A, E>(
  work: Effect.Effect<A, E, AuthSession | BackendHttp>,
  respond: (url: URL) => Response | Error,
  options?: WorldOptions
) =>
  Effect.gen(function* () {
    const { layer, requests } = answering(respond, options)
    const error = yield* Effect.flip(Effect.provide(work, layer))
    assert.strictEqual(requests.length, 1)
    assert(Schema.is(BackendError)(error))
    return error
  })

const statuses: Partial<Record<BackendErrorReason, ReadonlyArray<number>>> = {
  Redirected: [300, 301, 302, 303, 304, 307, 308],
  Rejected: [400, 402, 405, 408, 409, 410, 418, 421, 422, 425, 499],
  Unauthorized: [401],
  Forbidden: [403],
  NotFound: [404],
  RateLimited: [429],
  ServerError: [500, 502, 503, 504, 529, 599]
}

const unsent: Partial<Record<BackendErrorReason, string>> = {
  HostNotFound: "ENOTFOUND EAI_AGAIN",
  ConnectionRefused: "ECONNREFUSED",
  ConnectTimeout: "UND_ERR_CONNECT_TIMEOUT",
  Unreachable: "EHOSTUNREACH ENETUNREACH ERR_SSL_WRONG_VERSION_NUMBER",
  CertificateUntrusted:
    "CERT_HAS_EXPIRED DEPTH_ZERO_SELF_SIGNED_CERT UNABLE_TO_VERIFY_LEAF_SIGNATURE ERR_TLS_CERT_ALTNAME_INVALID"
}
const unknown: Partial<Record<BackendErrorReason, string>> = {
  Transport: "ECONNRESET EPIPE ETIMEDOUT UND_ERR_SOCKET HPE_INVALID_CONSTANT SOMETHING_NEW",
  Timeout: "UND_ERR_HEADERS_TIMEOUT",
  BodyTimeout: "UND_ERR_BODY_TIMEOUT"
}
const codesOf = (table: Partial<Record<BackendErrorReason, string>>, delivery: BackendError["delivery"]) =>
  Object.entries(table).flatMap(([reason, codes]) => codes.split(" ").map((code) => [code, reason, delivery] as const))

const coded = (code: string, nested: unknown = undefined) =>
  Object.assign(new Error(code, { cause: nested }), code === "" ? {} : { code })

const nudge = Effect.gen(function* () {
  const backend = yield* BackendHttp
  const { identity } = yield* (yield* AuthSession).current
  yield* backend.actOnce("workspace.nudge", identity, (client) =>
    client.workspace.nudge({ payload: { credit_type: "credits" } })
  )
})

describe("a failure is told as", () => {
  for (const [reason, of] of Object.entries(statuses)) {
    virtual.each(of)(`%s: ${reason}, with its status`, function* (status) {
      const answer = () => new Response(status === 304 ? null : "a body", { status })
      for (const error of [yield* failure(readUsage, answer), yield* failure(consume, answer)]) {
        assert.deepStrictEqual([error.reason, error.status, error.delivery], [reason, status, "answered"])
        assert.notInclude(error.message, "a body")
      }
    })
  }

  virtual.each([...codesOf(unsent, "notSent"), ...codesOf(unknown, "unknown")])(
    "%s: %s, %s",
    function* ([code, reason, delivery]) {
      // As it is, below an error of fetch's, and among those of several addresses.
      for (const cause of [
        coded(code),
        coded("", coded(code)),
        Object.assign(new Error("all"), { errors: [coded(code), coded(code)] })
      ]) {
        const error = yield* failure(consume, () => cause)
        assert.deepStrictEqual([error.reason, error.delivery, error.cause], [reason, delivery, undefined])
      }
    }
  )

  const html = { "content-type": "text/html; charset=UTF-8" }
  const page = "<!DOCTYPE html><title>Just a moment...</title>"
  virtual.each([
    ["a page with 403", 403, html, page, "Challenged", null],
    ["a page with 429", 429, html, page, "Challenged", null],
    ["a page that says so nowhere but in itself", 403, {}, ` ${page}`, "Challenged", null],
    ["a page of Cloudflare's with 503", 503, { ...html, server: "cloudflare" }, page, "Challenged", null],
    ["a page of another server's with 503", 503, html, page, "ServerError", null],
    [
      "a page of Cloudflare's about a failure behind it",
      502,
      { ...html, "cf-ray": "8f-AMS" },
      page,
      "ServerError",
      null
    ],
    ["a challenge without a page", 403, { "cf-mitigated": "challenge" }, "", "Challenged", null],
    ["a question of the proxy's", 407, {}, "", "ProxyAuthRequired", null],
    ...[{ detail: { code: "deactivated_workspace" } }, { error: { code: "deactivated_workspace" } }].map((body) => [
      "a deactivated workspace",
      402,
      {},
      JSON.stringify(body),
      "WorkspaceDeactivated",
      "deactivated_workspace"
    ]),
    [
      "a region",
      403,
      {},
      '{"error":{"code":"unsupported_country_region_territory","message":"secret"}}',
      "RegionUnsupported",
      "unsupported_country_region_territory"
    ],
    [
      "a code that is known",
      429,
      {},
      '{"error":{"type":"usage_limit_reached","message":"secret"}}',
      "RateLimited",
      "usage_limit_reached"
    ],
    ["a code that is not", 403, {}, '{"error":{"code":"secret","type":"secret"},"detail":"secret"}', "Forbidden", null]
  ] as ReadonlyArray<readonly [string, number, Record<string, string>, string, BackendErrorReason, string | null]>)(
    "the cause that it has: %s",
    function* ([, status, headers, body, reason, detail]) {
      const error = yield* failure(readUsage, () => new Response(body, { status, headers }))
      assert.deepStrictEqual([error.reason, error.status, error.detail], [reason, status, detail])
      assert.strictEqual(error.message.includes(detail ?? "HTTP"), true)
      assert.notInclude(`${error.message} ${JSON.stringify(error)}`, "secret")
    }
  )

  virtual("the certificate's own fault, with its issuer where it is known", function* () {
    for (const [cause, detail] of [
      [coded("CERT_HAS_EXPIRED"), "it has expired"],
      [coded("ERR_TLS_CERT_ALTNAME_INVALID"), "it is for another host"],
      [Object.assign(coded("SELF_SIGNED_CERT_IN_CHAIN"), { issuer: "Corp\u001b Root" }), "issued by Corp_ Root"]
    ] as const) {
      const error = yield* failure(consume, () => cause)
      assert.deepStrictEqual([error.reason, error.detail], ["CertificateUntrusted", detail])
      assert.include(error.message, "CODEX_CA_CERTIFICATE")
    }
  })

  virtual.each([
    ["ProxyAuthRequired", 407],
    ["ProxyRefused", 502]
  ] as const)("%s where the proxy answers %s instead of making a tunnel", function* ([reason, status]) {
    const said = new Error(`Proxy response (${status}) !== 200 when HTTP Tunneling`)
    const error = yield* failure(consume, () => new Error("failed", { cause: said }))
    assert.deepStrictEqual([error.reason, error.delivery], [reason, "notSent"])
  })

  virtual.each([
    ["no JSON", "{"],
    ["nothing", ""],
    ["a page", "<html>"],
    ["a list", "[]"],
    ["a text", '"{}"']
  ])("Malformed for a success with %s", function* ([, body = ""]) {
    const headers = { "content-type": "text/html; charset=secret" }
    const error = yield* failure(readUsage, () => new Response(body, { headers }))
    assert.strictEqual(error.reason, "Malformed")
    assert.include(error.message, `(it is text/html, ${body.length} bytes)`)
    assert.notInclude(error.message, "secret")
    assert.isTrue(body === "" || !error.message.includes(body))
  })

  virtual.each([
    ["text/plain", ""],
    ["application/json", "\ufeff"],
    [null, ""],
    ["text/html; charset=utf-8", "\ufeff"]
  ] as const)("nothing for JSON as %s, after %j", function* ([type, mark]) {
    const bytes = new TextEncoder().encode(`${mark}${JSON.stringify(usageBody)}`)
    const { layer } = answering(() => new Response(bytes, { headers: type === null ? {} : { "content-type": type } }))
    assert.strictEqual((yield* Effect.provide(readUsage, layer)).plan_type, "pro")
  })

  virtual.each([200, 201, 202, 203, 206])("nothing for a %s: every 2xx is a success", function* (status) {
    const { layer } = answering(() => new Response(JSON.stringify(usageBody), { status }))
    assert.strictEqual((yield* Effect.provide(readUsage, layer)).plan_type, "pro")
  })
})

describe("nothing is sent, and the setting is named,", () => {
  virtual("where the base URL can't be used", function* () {
    const backendFault = new ConfigurationError({ reason: "InvalidUrl", detail: "chatgpt_base_url in config.toml" })
    const { layer, requests } = answering(() => new Response("{}"), { settings: { backendFault } })
    const error = yield* Effect.flip(Effect.provide(consume, layer))
    assert.deepStrictEqual([error.reason, requests.length], ["Misconfigured", 0])
    assert.include(error.message, "chatgpt_base_url")
  })

  const over = (url: string, allowHttp = false) =>
    answering(() => new Response(JSON.stringify(usageBody)), { settings: { backend: backendBase(url), allowHttp } })

  virtual.each(["http://gateway.test/backend-api", "http://10.0.0.1", "http://127.0.0.1.test", "http://[::2]"])(
    "where the token would go over plain http to another machine: %s",
    function* (url) {
      const { layer, requests } = over(url)
      const error = yield* Effect.flip(Effect.provide(consume, layer))
      assert.deepStrictEqual([error.reason, requests.length], ["Misconfigured", 0])
      assert.include(error.message, "CODEX_ACCOUNT_ALLOW_HTTP")
      assert.notInclude(error.message, url)
    }
  )

  virtual.each([
    ["http://127.8.9.10:1", false],
    ["http://localhost", false],
    ["http://[::1]:1", false],
    ["http://gateway.test", true]
  ] as const)("control: %s (allowed: %s) is called", function* ([url, allowed]) {
    const { layer, requests } = over(url, allowed)
    yield* Effect.provide(readUsage, layer)
    assert.strictEqual(requests.length, 1)
  })
})

virtual.each([
  [400, { code: "no_credit" }, "no_credit"],
  [409, { error: { code: "nothing_to_reset" } }, "nothing_to_reset"],
  [422, { detail: "no_credit" }, "no_credit"]
] as const)("a refusal of a redemption with %d and %j is an outcome", function* ([status, body, code]) {
  const { layer } = answering(() => new Response(JSON.stringify(body), { status }))
  assert.strictEqual((yield* Effect.provide(consume, layer)).code, code)
})

virtual.each([
  [500, { code: "no_credit" }],
  [400, { code: "reset" }],
  [400, { code: "already_redeemed" }],
  [403, "no_credit, perhaps"]
] as const)("control: %d with %j is a failure", function* ([status, body]) {
  const { layer } = answering(() => new Response(JSON.stringify(body), { status }))
  assert.strictEqual((yield* Effect.flip(Effect.provide(consume, layer)))._tag, "BackendError")
})

virtual("an answer without a body is a success of a call that needs none, and of no other", function* () {
  const { layer } = answering(() => new Response(null, { status: 204 }))
  yield* Effect.provide(nudge, layer)
  assert.strictEqual((yield* Effect.flip(Effect.provide(readUsage, layer))).reason, "Malformed")
})

const at = Date.UTC(2026, 10, 20, 12, 0, 0)
const waits: ReadonlyArray<readonly [header: string | undefined, millis: number | null]> = [
  ...[undefined, "", "-1", "+1", "1e3", "0x10", "Infinity", "soon", "2026-11-20T12:01:00Z"].map(
    (header) => [header, null] as const
  ),
  ["0", 0],
  ["1", 1000],
  [" 120 ", 120_000],
  ["1.5", 1500],
  ["9999999999", 9_999_999_999_000],
  ["9".repeat(400), Number.MAX_SAFE_INTEGER],
  ["Fri, 20 Nov 2026 12:01:00 GMT", 60_000],
  ["Friday, 20-Nov-26 12:01:00 GMT", 60_000],
  ["Fri Nov 20 12:01:00 2026", 60_000],
  ["Fri, 20 Nov 2026 11:00:00 GMT", 0],
  ["Fri, 40 Nov 2026 11:00:00 GMT", null]
]

describe("Retry-After", () => {
  it.each(waits)("%j is a wait of %s ms", (header, millis) => {
    assert.strictEqual(retryAfterMillis(header, at), millis)
  })

  virtual.each([429, 503])("is told with a %s", function* (status) {
    yield* TestClock.setTime(at)
    const headers = { "Retry-After": "Fri, 20 Nov 2026 12:00:30 GMT" }
    const signedIn = { record: record({ access: accessToken(at + hour) }) }
    const error = yield* failure(readUsage, () => new Response("", { status, headers }), signedIn)
    assert.strictEqual(error.retryAfterMillis, 30_000)
  })
})

describe("the backend's own id of a request", () => {
  virtual.each([
    [{ "x-request-id": "req_1" }, "req_1"],
    [{ "x-oai-request-id": "oai-1" }, "oai-1"],
    [{ "cf-ray": "8f0-AMS" }, "8f0-AMS"],
    [{ "x-request-id": "first", "x-oai-request-id": "second", "cf-ray": "third" }, "first"],
    [{}, null],
    [{ "x-request-id": "with space" }, null],
    [{ "x-request-id": "a".repeat(129) }, null],
    [{ "x-request-id": "a@b.test" }, null]
  ] as const)("%j is told as %s", function* ([headers, id]) {
    const error = yield* failure(readUsage, () => new Response("", { status: 500, headers: { ...headers } }))
    assert.strictEqual(error.requestId, id)
    assert.strictEqual(error.message.includes(id ?? "request "), id !== null)
  })
})

const invite = Effect.gen(function* () {
  const backend = yield* BackendHttp
  const { identity } = yield* (yield* AuthSession).current
  yield* backend.actOnce("referrals.invite", identity, (client) =>
    client.referrals.invite({ payload: { referral_key: "persistent", emails: ["zoe@friends.test"] } })
  )
})

/** Calls each endpoint, and gives how the last three ended. */
const callAll = Effect.gen(function* () {
  const backend = yield* BackendHttp
  const key = { referral_key: "k" }
  const ended = <A, E extends { readonly reason: string }, R>(work: Effect.Effect<A, E, R>) =>
    Effect.match(work, { onFailure: ({ reason }) => reason, onSuccess: () => "done" })
  yield* Effect.ignore(backend.read("usage.read", (client) => client.usage.read()))
  yield* Effect.ignore(backend.read("resetCredits.list", (client) => client.resetCredits.list()))
  yield* Effect.ignore(backend.read("profile.me", (client) => client.profile.me()))
  yield* Effect.ignore(nudge)
  return [
    yield* ended(backend.read("workspace.accountsCheck", (client) => client.workspace.accountsCheck())),
    yield* ended(backend.read("referrals.rules", (client) => client.referrals.rules({ urlParams: key }))),
    yield* ended(invite)
  ]
}).pipe(Effect.provideService(Policies, oneAttempt))

const sent = (style: "chatgpt" | "codex") =>
  Effect.gen(function* () {
    const url = "https://h.test/base"
    const { layer, requests } = answering(() => new Response("{}"), { settings: { backend: { url, style } } })
    const ended = yield* Effect.provide(callAll, layer)
    return { ended, requests: requests.map((request) => request.replace(url, "")) }
  })

describe("the path style", () => {
  virtual("of ChatGPT has every endpoint below the base", function* () {
    assert.deepStrictEqual((yield* sent("chatgpt")).requests, [
      "GET /wham/usage",
      "GET /wham/rate-limit-reset-credits",
      "GET /wham/profiles/me",
      "POST /wham/accounts/send_add_credits_nudge_email",
      "GET /accounts/check/v4-2023-04-27",
      "GET /wham/referrals/eligibility_rules?referral_key=k",
      "POST /wham/referrals/invite"
    ])
  })

  virtual("of Codex has its own, and nothing is sent where it has none", function* () {
    assert.deepStrictEqual(yield* sent("codex"), {
      ended: ["Unsupported", "Unsupported", "Unsupported"],
      requests: [
        "GET /api/codex/usage",
        "GET /api/codex/rate-limit-reset-credits",
        "GET /api/codex/profiles/me",
        "POST /api/codex/accounts/send_add_credits_nudge_email"
      ]
    })
  })
})

virtual.each([
  ["{}", "unknown"],
  ['{"has_rewards":null}', "unknown"],
  ['{"has_rewards":true}', "included"],
  ['{"has_rewards":false}', "notIncluded"]
] as const)("an invite answered with %s: the reward is %s", function* ([body, reward]) {
  const { layer } = answering(() => new Response(body))
  const sent = Effect.gen(function* () {
    const { identity: as } = yield* (yield* AuthSession).current
    return yield* (yield* Referrals).sendInvite({ as, email: InviteEmail.make("zoe@friends.test") })
  })
  assert.strictEqual(yield* Effect.provide(sent, Layer.provideMerge(ReferralsHttp.layer, layer)), reward)
})

describe("another identity", () => {
  over(faked()).each([
    ["another account", "user-1", "account-2"],
    ["another user of the account", "user-2", "account-1"],
    ["nobody in particular", null, null]
  ] as const)("has no act done that was confirmed for %s: nothing is sent", function* ([, user, account]) {
    const backend = yield* BackendHttp
    const as = new Identity({
      userId: user === null ? null : UserId.make(user),
      accountId: account === null ? null : AccountId.make(account)
    })
    const error = yield* Effect.flip(
      backend.act("resetCredits.consume", as, (client) =>
        client.resetCredits.consume({ payload: { redeem_request_id: "key-1" } })
      )
    )
    assert.strictEqual(error.reason, "IdentityChanged")
    assert.strictEqual(error._tag === "BackendError" ? error.delivery : "", "notSent")
    assert.strictEqual(yield* count("resetCredits.consume"), 0)
  })

  over(faked()).each([
    ["that has signed in", (session) => session.signIn(other)],
    ["that another process has signed in", (_, store) => store.put(other)],
    ["that is nobody, after a sign-out,", (session) => session.signOut({ revoke: false })]
  ] as ReadonlyArray<
    readonly [string, (session: AuthSession["Type"], store: StoreControl["Type"]) => Effect.Effect<unknown, AuthError>]
  >)("%s is not shown the answer of before", function* ([, change]) {
    yield* (yield* FakeBackend.FakeBackend).failNext("usage.read", Fault.delay("2 seconds"))
    const reading = yield* during(Effect.flip(readUsage), "500 millis")
    yield* change(yield* AuthSession, yield* StoreControl)
    yield* TestClock.adjust("1500 millis")
    assert.strictEqual((yield* reading).reason, "IdentityChanged")
    assert.strictEqual(yield* count("usage.read"), 1)
  })

  over(faked())("control: a renewal in the middle of a read changes nobody, and the answer is given", function* () {
    const session = yield* AuthSession
    yield* (yield* FakeBackend.FakeBackend).failNext("usage.read", Fault.delay("1 second"))
    const reading = yield* during(readUsage, "500 millis")
    yield* session.refresh
    yield* TestClock.adjust("500 millis")
    assert.strictEqual((yield* reading).plan_type, "business")
    assert.strictEqual(yield* exchanges, 1)
  })

  over(faked())("does not take the answer of an act that was sent: what was done was done", function* () {
    const session = yield* AuthSession
    const late = Fault.delay("1 second", { afterCommit: true })
    yield* (yield* FakeBackend.FakeBackend).failNext("resetCredits.consume", late)
    const acting = yield* during(consume, "500 millis")
    yield* session.signIn(other)
    yield* TestClock.adjust("500 millis")
    assert.strictEqual((yield* acting).code, "reset")
  })
})

describe("a session that can't be used", () => {
  test.each(
    [
      ["an API key", apiKeyRecord, "WrongAuth"],
      ["nobody", null, "NotSignedIn"]
    ] as const,
    ([, stored]) => faked({ record: stored })
  )("sends nothing: %s", function* ([, , reason]) {
    assert.strictEqual((yield* Effect.flip(readUsage)).reason, reason)
    assert.strictEqual((yield* Effect.flip(consume)).reason, reason)
    assert.strictEqual((yield* (yield* FakeBackend.FakeBackend).log).length, 0)
  })

  over(faked({ backend: { tokens: { accessTokenSeconds: 600 } } }))("is renewed if it expires soon", function* () {
    yield* TestClock.setTime(6 * 60_000)
    yield* run(readUsage)
    const log = (yield* (yield* FakeBackend.FakeBackend).log).map(({ endpoint, status }) => `${endpoint} ${status}`)
    assert.deepStrictEqual(log, ["oauth.token 200", "usage.read 200"])
  })

  over(faked())("is not renewed after a 401 under a policy without a further attempt", function* () {
    yield* (yield* FakeBackend.FakeBackend).failNext("usage.read", Fault.status(401))
    assert.strictEqual((yield* Effect.flip(readUsage)).reason, "Unauthorized")
    assert.deepStrictEqual([yield* exchanges, yield* count("usage.read")], [0, 1])
  })
})

describe("the policy of a call", () => {
  const read = Effect.flatMap(BackendHttp, (backend) => backend.read("usage.read", (client) => client.usage.read()))
  const five = new CallPolicy({ ...defaultPolicies.readUsage, attempts: 5, retryAfterCap: Duration.seconds(1) })

  /** How many requests a call makes while the backend fails, asking to come back at once. */
  const requestsOf = <E>(work: Effect.Effect<unknown, E, AuthSession | BackendHttp>) => {
    const { layer, requests } = answering(() => new Response("", { status: 503, headers: { "Retry-After": "0" } }))
    return Effect.map(Effect.provide(Effect.exit(work), layer), () => requests.length)
  }

  virtual.each([
    ["is the table's where none is stated", read, 3],
    ["is the table's in force", Effect.provideService(read, Policies, { ...defaultPolicies, readUsage: five }), 5],
    ["is the one stated around it", read.pipe(withPolicy("readUsage", onlyOnce(five))), 1],
    ["is the innermost one", read.pipe(withPolicy("readUsage", five), withPolicy("readUsage", onlyOnce(five))), 5],
    [
      "is the table's in force where a program states the table's",
      read.pipe(
        underPolicy("readUsage", "safe", "25 seconds"),
        Effect.provideService(Policies, { ...defaultPolicies, readUsage: five })
      ),
      5
    ],
    ["is not that of another call", read.pipe(withPolicy("readOffer", onlyOnce(five))), 3],
    ["never repeats an invite", invite, 1],
    ["never repeats an invite, whatever is stated", invite.pipe(withPolicy("sendInvite", five)), 1],
    [
      "never repeats an invite, whatever the table says",
      Effect.provideService(invite, Policies, { ...defaultPolicies, sendInvite: five }),
      1
    ]
  ] as const)("%s", function* ([, work, expected]) {
    assert.strictEqual(yield* requestsOf(work), expected)
  })
})
