import * as HttpClient from "@effect/platform/HttpClient"
import * as HttpClientError from "@effect/platform/HttpClientError"
import * as HttpClientResponse from "@effect/platform/HttpClientResponse"
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import type { BackendErrorReason, Delivery } from "../../src/domain/BackendError.js"
import { CallPolicy, defaultPolicies, onlyOnce } from "../../src/domain/CallPolicy.js"
import { AccountId, Identity, UserId } from "../../src/domain/Identity.js"
import { InviteEmail } from "../../src/domain/InviteEmail.js"
import * as BackendHttpContract from "../../src/layers/BackendHttpContract.js"
import { retryAfterMillis } from "../../src/layers/BackendHttpContract.js"
import * as ReferralsHttp from "../../src/layers/ReferralsHttp.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { BackendHttp } from "../../src/services/BackendHttp.js"
import { Policies, underPolicy, withPolicy } from "../../src/services/Policies.js"
import { Referrals } from "../../src/services/Referrals.js"
import { FakeBackend, Fault, TestAccount } from "../../src/testing/index.js"
import { during, run } from "../programs/harness.js"
import { consume, oneAttempt, readUsage, usageBody } from "./support/backend.js"
import { accessToken, apiKeyRecord, idToken, record } from "./support/records.js"
import { exchanges, StoreControl, world, type WorldOptions } from "./support/session.js"

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

const ok = (value: unknown) => new Response(JSON.stringify(value))

const statuses: ReadonlyArray<readonly [status: number, reason: BackendErrorReason]> = [
  [300, "Redirected"],
  [301, "Redirected"],
  [302, "Redirected"],
  [303, "Redirected"],
  [304, "Redirected"],
  [307, "Redirected"],
  [308, "Redirected"],
  [400, "Rejected"],
  [401, "Unauthorized"],
  [402, "Rejected"],
  [403, "Forbidden"],
  [404, "NotFound"],
  [405, "Rejected"],
  [408, "Rejected"],
  [409, "Rejected"],
  [410, "Rejected"],
  [418, "Rejected"],
  [421, "Rejected"],
  [422, "Rejected"],
  [425, "Rejected"],
  [429, "RateLimited"],
  [499, "Rejected"],
  [500, "ServerError"],
  [502, "ServerError"],
  [503, "ServerError"],
  [504, "ServerError"],
  [529, "ServerError"],
  [599, "ServerError"]
]

const codes: ReadonlyArray<readonly [code: string, reason: BackendErrorReason, delivery: Delivery]> = [
  ["ECONNREFUSED", "Unreachable", "notSent"],
  ["ENOTFOUND", "Unreachable", "notSent"],
  ["EAI_AGAIN", "Unreachable", "notSent"],
  ["EHOSTUNREACH", "Unreachable", "notSent"],
  ["ENETUNREACH", "Unreachable", "notSent"],
  ["UND_ERR_CONNECT_TIMEOUT", "Unreachable", "notSent"],
  ["CERT_HAS_EXPIRED", "Unreachable", "notSent"],
  ["DEPTH_ZERO_SELF_SIGNED_CERT", "Unreachable", "notSent"],
  ["UNABLE_TO_VERIFY_LEAF_SIGNATURE", "Unreachable", "notSent"],
  ["ERR_TLS_CERT_ALTNAME_INVALID", "Unreachable", "notSent"],
  ["ECONNRESET", "Transport", "unknown"],
  ["EPIPE", "Transport", "unknown"],
  ["ETIMEDOUT", "Transport", "unknown"],
  ["UND_ERR_SOCKET", "Transport", "unknown"],
  ["UND_ERR_HEADERS_TIMEOUT", "Transport", "unknown"],
  ["UND_ERR_BODY_TIMEOUT", "Transport", "unknown"],
  ["HPE_INVALID_CONSTANT", "Transport", "unknown"],
  ["SOMETHING_NEW", "Transport", "unknown"]
]

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
  it.effect.each(statuses)("%s: %s, with its status", ([status, reason]) =>
    Effect.gen(function* () {
      const { layer, requests } = answering(() => new Response(status === 304 ? null : "a body", { status }))
      yield* Effect.gen(function* () {
        for (const error of [yield* Effect.flip(readUsage), yield* Effect.flip(consume)]) {
          assert.strictEqual(error._tag, "BackendError")
          if (error._tag !== "BackendError") return
          assert.strictEqual(error.reason, reason)
          assert.strictEqual(error.status, status)
          assert.strictEqual(error.delivery, "answered")
          assert.notInclude(error.message, "a body")
        }
        assert.strictEqual(requests.length, 2)
      }).pipe(Effect.provide(layer))
    })
  )

  it.effect.each(codes)("%s: %s, %s", ([code, reason, delivery]) =>
    Effect.gen(function* () {
      // As it is, below an error of fetch's, and among those of several addresses.
      for (const cause of [
        coded(code),
        coded("", coded(code)),
        Object.assign(new Error("all"), { errors: [coded(code), coded(code)] })
      ]) {
        const { layer } = answering(() => cause)
        const error = yield* Effect.flip(Effect.provide(consume, layer))
        assert.strictEqual(error._tag, "BackendError")
        if (error._tag !== "BackendError") return
        assert.deepStrictEqual([error.reason, error.delivery], [reason, delivery])
        assert.isUndefined(error.cause)
      }
    })
  )

  it.effect.each([
    ["no JSON", "{"],
    ["nothing", ""],
    ["a page", "<html>"],
    ["a list", "[]"],
    ["an object without what is required", "{}"],
    [
      "a word where a number is required",
      JSON.stringify({ ...usageBody, rate_limit_reset_credits: { available_count: "x" } })
    ]
  ])("Malformed for a success with %s", ([, body]) =>
    Effect.gen(function* () {
      const { layer } = answering(() => new Response(body))
      assert.strictEqual((yield* Effect.flip(Effect.provide(readUsage, layer))).reason, "Malformed")
    })
  )

  it.effect.each([200, 201, 202, 203, 206])("nothing for a %s: every 2xx is a success", (status) =>
    Effect.gen(function* () {
      const { layer } = answering(() => new Response(JSON.stringify(usageBody), { status }))
      assert.strictEqual((yield* Effect.provide(readUsage, layer)).plan_type, "pro")
    })
  )
})

it.effect("an answer without a body is a success of a call that needs none, and a failure of one that does", () =>
  Effect.gen(function* () {
    const { layer } = answering(() => new Response(null, { status: 204 }))
    yield* Effect.provide(nudge, layer)
    assert.strictEqual((yield* Effect.flip(Effect.provide(readUsage, layer))).reason, "Malformed")
  })
)

const at = Date.UTC(2026, 10, 20, 12, 0, 0)

const waits: ReadonlyArray<readonly [header: string | undefined, millis: number | null]> = [
  [undefined, null],
  ["", null],
  ["0", 0],
  ["1", 1000],
  [" 120 ", 120_000],
  ["1.5", 1500],
  ["999999999", 999_999_999_000],
  ["9999999999", null],
  ["-1", null],
  ["+1", null],
  ["1e3", null],
  ["0x10", null],
  ["Infinity", null],
  ["soon", null],
  ["2026-11-20T12:01:00Z", null],
  ["Fri, 20 Nov 2026 12:01:00 GMT", 60_000],
  ["Friday, 20-Nov-26 12:01:00 GMT", null],
  ["Fri Nov 20 12:01:00 2026 GMT", 60_000],
  ["Fri, 20 Nov 2026 11:00:00 GMT", 0],
  ["Fri, 40 Nov 2026 11:00:00 GMT", null]
]

describe("Retry-After", () => {
  it.each(waits)("%j is a wait of %s ms", (header, millis) => {
    assert.strictEqual(retryAfterMillis(header, at), millis)
  })

  it.effect.each([429, 503])("is told with a %s", (status) =>
    Effect.gen(function* () {
      yield* TestClock.setTime(at)
      const headers = { "Retry-After": "Fri, 20 Nov 2026 12:00:30 GMT" }
      const { layer } = answering(() => new Response("", { status, headers }), {
        record: record({ access: accessToken(at + hour) })
      })
      const error = yield* Effect.flip(Effect.provide(readUsage, layer))
      assert.strictEqual(error._tag === "BackendError" ? error.retryAfterMillis : null, 30_000)
    })
  )
})

describe("the backend's own id of a request", () => {
  it.effect.each([
    [{ "x-request-id": "req_1" }, "req_1"],
    [{ "x-oai-request-id": "oai-1" }, "oai-1"],
    [{ "cf-ray": "8f0-AMS" }, "8f0-AMS"],
    [{ "x-request-id": "first", "x-oai-request-id": "second", "cf-ray": "third" }, "first"],
    [{}, null],
    [{ "x-request-id": "with space" }, null],
    [{ "x-request-id": "a".repeat(129) }, null],
    [{ "x-request-id": "a@b.test" }, null]
  ] as const)("%j is told as %s", ([headers, id]) =>
    Effect.gen(function* () {
      const { layer } = answering(() => new Response("", { status: 500, headers: { ...headers } }))
      const error = yield* Effect.flip(Effect.provide(readUsage, layer))
      assert.strictEqual(error._tag === "BackendError" ? error.requestId : "none", id)
      assert.strictEqual(error.message.includes(id ?? "request "), id !== null)
    })
  )
})

const calls = Effect.gen(function* () {
  const backend = yield* BackendHttp
  const { identity } = yield* (yield* AuthSession).current
  const key = { referral_key: "k" }
  const told = <A, E extends { readonly reason: string }>(work: Effect.Effect<A, E>) =>
    Effect.match(work, { onFailure: ({ reason }) => reason, onSuccess: () => "done" })
  return {
    usage: yield* told(backend.read("usage.read", (client) => client.usage.read())),
    credits: yield* told(backend.read("resetCredits.list", (client) => client.resetCredits.list())),
    profile: yield* told(backend.read("profile.me", (client) => client.profile.me())),
    check: yield* told(backend.read("workspace.accountsCheck", (client) => client.workspace.accountsCheck())),
    rules: yield* told(backend.read("referrals.rules", (client) => client.referrals.rules({ urlParams: key }))),
    invite: yield* told(
      backend.actOnce("referrals.invite", identity, (client) =>
        client.referrals.invite({ payload: { referral_key: "persistent", emails: ["zoe@friends.test"] } })
      )
    )
  }
}).pipe(Effect.provideService(Policies, oneAttempt))

describe("the path style", () => {
  it.effect("of ChatGPT has every endpoint below the base", () =>
    Effect.gen(function* () {
      const { layer, requests } = answering(() => ok({}), {
        settings: { backend: { url: "https://h.test/backend-api", style: "chatgpt" } }
      })
      yield* Effect.provide(Effect.zip(calls, Effect.ignore(nudge)), layer)
      assert.deepStrictEqual(
        requests.map((request) => request.replace("https://h.test", "")),
        [
          "GET /backend-api/wham/usage",
          "GET /backend-api/wham/rate-limit-reset-credits",
          "GET /backend-api/wham/profiles/me",
          "GET /backend-api/accounts/check/v4-2023-04-27",
          "GET /backend-api/wham/referrals/eligibility_rules?referral_key=k",
          "POST /backend-api/wham/referrals/invite",
          "POST /backend-api/wham/accounts/send_add_credits_nudge_email"
        ]
      )
    })
  )

  it.effect("of Codex has its own, and nothing is sent where it has none", () =>
    Effect.gen(function* () {
      const { layer, requests } = answering(() => ok({}), {
        settings: { backend: { url: "https://h.test/base", style: "codex" } }
      })
      const [found] = yield* Effect.provide(Effect.zip(calls, Effect.ignore(nudge)), layer)
      assert.deepStrictEqual([found.check, found.rules, found.invite], ["Unsupported", "Unsupported", "Unsupported"])
      assert.deepStrictEqual(
        requests.map((request) => request.replace("https://h.test", "")),
        [
          "GET /base/api/codex/usage",
          "GET /base/api/codex/rate-limit-reset-credits",
          "GET /base/api/codex/profiles/me",
          "POST /base/api/codex/accounts/send_add_credits_nudge_email"
        ]
      )
    })
  )
})

it.effect.each([
  ["{}", "unknown"],
  ['{"has_rewards":null}', "unknown"],
  ['{"has_rewards":true}', "included"],
  ['{"has_rewards":false}', "notIncluded"]
] as const)("an invite answered with %s: the reward is %s", ([body, reward]) =>
  Effect.gen(function* () {
    const { layer } = answering(() => new Response(body))
    const sent = Effect.gen(function* () {
      const { identity: as } = yield* (yield* AuthSession).current
      return yield* (yield* Referrals).sendInvite({ as, email: InviteEmail.make("zoe@friends.test") })
    })
    assert.strictEqual(yield* Effect.provide(sent, Layer.provideMerge(ReferralsHttp.layer, layer)), reward)
  })
)

const usages = Effect.flatMap(FakeBackend.FakeBackend, (backend) => backend.count("usage.read"))
const consumptions = Effect.flatMap(FakeBackend.FakeBackend, (backend) => backend.count("resetCredits.consume"))

describe("another identity", () => {
  it.effect.each([
    ["another account", "user-1", "account-2"],
    ["another user of the account", "user-2", "account-1"],
    ["nobody in particular", null, null]
  ] as const)("has no act done that was confirmed for %s: nothing is sent", ([, user, account]) =>
    Effect.gen(function* () {
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
      assert.strictEqual(yield* consumptions, 0)
    }).pipe(Effect.provide(faked()))
  )

  it.effect("that has signed in meanwhile is not shown the other's answer", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      yield* (yield* FakeBackend.FakeBackend).failNext("usage.read", Fault.delay("1 second"))
      const reading = yield* during(Effect.flip(readUsage), "500 millis")
      yield* session.signIn(other)
      yield* TestClock.adjust("500 millis")
      assert.strictEqual((yield* reading).reason, "IdentityChanged")
      assert.strictEqual(yield* usages, 1)
    }).pipe(Effect.provide(faked()))
  )

  it.effect("that another process has signed in is noticed as well", () =>
    Effect.gen(function* () {
      const store = yield* StoreControl
      yield* (yield* FakeBackend.FakeBackend).failNext("usage.read", Fault.delay("2 seconds"))
      const reading = yield* during(Effect.flip(readUsage), "500 millis")
      yield* store.put(other)
      yield* TestClock.adjust("1500 millis")
      assert.strictEqual((yield* reading).reason, "IdentityChanged")
    }).pipe(Effect.provide(faked()))
  )

  it.effect("may be nobody: after a sign-out the answer is dropped too", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      yield* (yield* FakeBackend.FakeBackend).failNext("usage.read", Fault.delay("1 second"))
      const reading = yield* during(Effect.flip(readUsage), "500 millis")
      yield* session.signOut({ revoke: false })
      yield* TestClock.adjust("500 millis")
      assert.strictEqual((yield* reading).reason, "IdentityChanged")
    }).pipe(Effect.provide(faked()))
  )

  it.effect("control: a renewal in the middle of a read changes nobody, and the answer is given", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      yield* (yield* FakeBackend.FakeBackend).failNext("usage.read", Fault.delay("1 second"))
      const reading = yield* during(readUsage, "500 millis")
      yield* session.refresh
      yield* TestClock.adjust("500 millis")
      assert.strictEqual((yield* reading).plan_type, "business")
      assert.strictEqual(yield* exchanges, 1)
    }).pipe(Effect.provide(faked()))
  )

  it.effect("does not take the answer of an act that was sent: what was done was done", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      yield* (yield* FakeBackend.FakeBackend).failNext(
        "resetCredits.consume",
        Fault.delay("1 second", { afterCommit: true })
      )
      const acting = yield* during(consume, "500 millis")
      yield* session.signIn(other)
      yield* TestClock.adjust("500 millis")
      assert.strictEqual((yield* acting).code, "reset")
    }).pipe(Effect.provide(faked()))
  )
})

describe("a session that can't be used", () => {
  it.effect.each([
    ["an API key", apiKeyRecord, "WrongAuth"],
    ["nobody", null, "NotSignedIn"]
  ] as const)("sends nothing: %s", ([, stored, reason]) =>
    Effect.gen(function* () {
      assert.strictEqual((yield* Effect.flip(readUsage)).reason, reason)
      assert.strictEqual((yield* Effect.flip(consume)).reason, reason)
      assert.strictEqual((yield* (yield* FakeBackend.FakeBackend).log).length, 0)
    }).pipe(Effect.provide(faked({ record: stored })))
  )

  it.effect("is renewed first where it is about to expire", () =>
    Effect.gen(function* () {
      yield* TestClock.setTime(6 * 60_000)
      yield* run(readUsage)
      const log = yield* (yield* FakeBackend.FakeBackend).log
      assert.deepStrictEqual(
        log.map(({ endpoint, status }) => [endpoint, status]),
        [
          ["oauth.token", 200],
          ["usage.read", 200]
        ]
      )
    }).pipe(Effect.provide(faked({ backend: { tokens: { accessTokenSeconds: 600 } } })))
  )

  it.effect("is not renewed after a 401 under a policy without a further attempt", () =>
    Effect.gen(function* () {
      yield* (yield* FakeBackend.FakeBackend).failNext("usage.read", Fault.status(401))
      assert.strictEqual((yield* Effect.flip(readUsage)).reason, "Unauthorized")
      assert.strictEqual(yield* exchanges, 0)
      assert.strictEqual(yield* usages, 1)
    }).pipe(Effect.provide(faked()))
  )
})

describe("the policy of a call", () => {
  const read = Effect.flatMap(BackendHttp, (backend) => backend.read("usage.read", (client) => client.usage.read()))
  const invite = Effect.gen(function* () {
    const backend = yield* BackendHttp
    const { identity } = yield* (yield* AuthSession).current
    yield* backend.actOnce("referrals.invite", identity, (client) =>
      client.referrals.invite({ payload: { referral_key: "persistent", emails: ["zoe@friends.test"] } })
    )
  })
  const five = new CallPolicy({ ...defaultPolicies.readUsage, attempts: 5, retryAfterCap: Duration.seconds(1) })

  /** How many requests a call makes while the backend fails, asking to come back at once. */
  const requestsOf = <E>(work: Effect.Effect<unknown, E, AuthSession | BackendHttp>) => {
    const { layer, requests } = answering(() => new Response("", { status: 503, headers: { "Retry-After": "0" } }))
    return Effect.map(Effect.provide(Effect.exit(work), layer), () => requests.length)
  }

  it.effect.each([
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
  ] as const)("%s", ([, work, expected]) =>
    Effect.gen(function* () {
      assert.strictEqual(yield* requestsOf(work), expected)
    })
  )
})

it.effect("a call has the session's headers and the agent of the settings", () =>
  Effect.gen(function* () {
    yield* readUsage
    const [call] = yield* (yield* FakeBackend.FakeBackend).calls("usage.read")
    const { userAgent } = TestAccount.settings((yield* FakeBackend.FakeBackend).urls)
    assert.strictEqual(call?.headers["user-agent"], userAgent)
    assert.strictEqual(call?.headers["chatgpt-account-id"], "account-1")
    assert.match(call?.headers["authorization"] ?? "", /^Bearer /)
    assert.isUndefined(call?.headers["content-type"])
  }).pipe(Effect.provide(faked()))
)
