/** Law 14: no token, e-mail address, URL or body of the backend is in an error, a notification, a log line or a span. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as TestClock from "effect/TestClock"
import { codes, rpcError } from "../../../src/rpc/RpcError.js"
import type { Forward } from "../../../src/app-server/server/Handler.js"
import { Arbitraries, FakeBackend, Fault, FaultPlan } from "../../../src/testing/index.js"
import * as FakeState from "../../../src/testing/FakeState.js"
import { watched, type Watched } from "../../laws/watching.js"
import { connect, initializeParams, type Options, server, type Services } from "./harness.js"
import { runs } from "../../cases.js"

/** What all tokens of the fake begin with, whose account it is, where the backend is, and what it says. */
const secrets = [
  "Bearer ",
  "eyJhbGciOi",
  "rt_fake_",
  "sk-test-",
  "ada@example",
  "ADA@EXAMPLE",
  "fake.test",
  "body-of-the-backend"
]

/** A span ends with a value of the account's own layers, which knows whose session it is; nobody is shown it. */
const inside = new Set(["ada@example", "fake.test"])

const leaks = (seen: Watched): ReadonlyArray<string> =>
  Object.entries(seen).flatMap(([where, texts]: [string, ReadonlyArray<string>]) =>
    texts.flatMap((text) =>
      secrets
        .filter((secret) => text.includes(secret) && !(where === "spans" && inside.has(secret)))
        .map((secret) => `${where}: ${secret} in ${text.slice(0, 300)}`)
    )
  )

const nothingLeaks = (seen: Watched) => assert.deepStrictEqual(leaks(seen), [])

const accounts = [{}, { userId: "user-FAKE1", accountId: "ws-2", email: "ada@example.test" }]

const calls: ReadonlyArray<readonly [string, unknown]> = [
  ["account/read", {}],
  ["account/read", { refreshToken: true }],
  ["getAuthStatus", { includeToken: true, refreshToken: true }],
  ["account/rateLimits/read", {}],
  ["account/rateLimitResetCredit/consume", { idempotencyKey: "key-1", creditId: "rc_1" }],
  ["account/sendAddCreditsNudgeEmail", { creditType: "credits" }],
  ["account/usage/read", {}],
  ["account/workspaceMessages/read", undefined],
  ["account/securitySetup/read", undefined],
  ["accountSession/list", { refreshWorkspaceMetadata: true }],
  ["accountSession/switch", { sessionId: "user-FAKE1", accountId: "eyJhbGciOi" }],
  ["accountSession/switch", { sessionId: "user-FAKE1", accountId: "ws-2" }],
  ["account/login/start", { type: "chatgptDeviceCode" }],
  ["account/login/cancel", { loginId: "7b4d2b0e-0000-4000-8000-000000000000" }],
  ["account/login/start", { type: "chatgptAuthTokens", accessToken: "Bearer eyJhbGciOi", chatgptAccountId: "a" }],
  ["account/login/start", { type: "chatgptAuthTokens", accessToken: "eyJhbGciOi.x", chatgptAccountId: "eyJhbGciOi" }],
  ["account/login/start", { type: "apiKey", apiKey: "sk-test-123", region: "ada@example.test" }],
  ["account/login/start", { type: "Bearer eyJhbGciOi" }],
  ["account/login/start", { type: "amazonBedrock", apiKey: "sk-test-123", region: "r" }],
  ["sk-test-123 ada@example.test", {}],
  ["account/logout", undefined]
]

/** Makes all the calls, and gives what was said besides results: those hold what was asked for. */
const said = (between: Effect.Effect<void, never, Services>): Effect.Effect<ReadonlyArray<unknown>, never, Services> =>
  Effect.gen(function* () {
    const clients = [yield* connect(), yield* connect()]
    for (const client of clients) yield* client.call("initialize", initializeParams({ experimental: true }))
    const [client, other] = clients
    if (client === undefined || other === undefined) return []
    const answers = []
    for (const [method, params] of calls) {
      yield* between
      answers.push(yield* client.call(method, params))
    }
    yield* TestClock.adjust("5 seconds")
    return [...answers, ...(yield* client.rest), ...(yield* other.rest)].filter(({ _tag }) => _tag !== "Response")
  }).pipe(Effect.scoped)

const all = (options: Options, between: Effect.Effect<void, never, Services> = Effect.void) =>
  Effect.map(watched(said(between), server({ ...options, backend: { ...options.backend, accounts } })), (seen) => {
    // Something is to be seen at all.
    assert.isTrue(seen.results.some((text) => text.includes("ErrorResponse")))
    assert.isTrue(seen.spans.includes("codex.app-server.account/logout"))
    return seen
  })

const withFault = (fault: Fault.Fault): Options => ({ backend: { plan: [FaultPlan.on("*", "every", fault)] } })

describe("nothing is to be seen", () => {
  it.effect("where all is well", () => Effect.map(all({}), nothingLeaks))

  it.effect.each([200, 400, 401, 403, 404, 409, 429, 500])("of our own secrets in every %s", (status) =>
    Effect.map(all(withFault(Fault.echoSecrets(status))), nothingLeaks)
  )

  it.effect.each([
    ["an error page", Fault.status(500, { body: "body-of-the-backend" })],
    [
      "a refusal",
      Fault.status(400, { body: '{"error":{"code":"body-of-the-backend","message":"body-of-the-backend"}}' })
    ],
    ["no JSON", Fault.status(200, { body: "body-of-the-backend" })],
    ["a redirect", Fault.redirect(307, { crossOrigin: true })],
    ["no connection", Fault.refused]
  ] as const)("of %s", ([, fault]) => Effect.map(all(withFault(fault)), nothingLeaks))

  it.effect("when the session is refused on the way", () =>
    Effect.map(
      all(
        {},
        Effect.flatMap(FakeBackend.FakeBackend, (backend) => backend.update(FakeState.dropAccessTokens))
      ),
      nothingLeaks
    )
  )
})

const plan: FastCheck.Arbitrary<FaultPlan.FaultPlan> = FastCheck.array(
  FastCheck.record({
    endpoint: FastCheck.constantFrom("*" as const, ...FaultPlan.EndpointName.literals),
    call: FastCheck.oneof(FastCheck.integer({ min: 1, max: 4 }), FastCheck.constant("every" as const)),
    fault: FastCheck.oneof(FastCheck.constantFrom(400, 401, 500).map(Fault.echoSecrets), Arbitraries.fault())
  }),
  { maxLength: 6 }
)

it.effect.prop(
  "nor whatever goes wrong",
  { plan },
  ({ plan }) => Effect.map(all({ backend: { plan } }), nothingLeaks),
  { ...runs(3), timeout: 120_000 }
)

/** A server whose own method, or one of the account, does this. */
const doing = (method: string, work: (caller: Parameters<Forward>[1]) => ReturnType<Forward>): Options => ({
  server: { forward: (request, caller) => (request.method === method ? work(caller) : undefined) }
})

/** Handlers that give away what they should not. */
const careless: ReadonlyArray<readonly [string, Options]> = [
  ["an error", doing("account/logout", () => Effect.fail(rpcError(codes.internal, "ada@example.test")))],
  ["a notification", doing("account/securitySetup/read", ({ notifyRaw }) => notifyRaw("x", { token: "eyJhbGciOi" }))],
  ["a log line", doing("account/securitySetup/read", () => Effect.logTrace("rt_fake_1"))]
]

it.effect.each(careless)("control: it would be seen in %s", ([, options]) =>
  Effect.map(watched(said(Effect.void), server(options)), (seen) => assert.isAbove(leaks(seen).length, 0))
)

it.effect("what a defect says is not told", () =>
  Effect.map(all(doing("account/securitySetup/read", () => Effect.dieMessage("eyJhbGciOi"))), ({ logs, results }) => {
    assert.deepStrictEqual(leaks({ logs, results, spans: [], metrics: [] }), [])
    assert.isTrue(logs.some((text) => text.includes("account/securitySetup/read failed unexpectedly.")))
  })
)
