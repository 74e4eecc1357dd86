import { assert, describe, it } from "@effect/vitest"
import * as HttpApi from "@effect/platform/HttpApi"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as HashMap from "effect/HashMap"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import { AuthJsonText } from "../../src/contracts/AuthJson.js"
import { CodexBackendApi } from "../../src/contracts/CodexBackendApi.js"
import { JwtClaims } from "../../src/contracts/JwtClaims.js"
import { OAuthApi } from "../../src/contracts/OAuthApi.js"
import { UsageResponse } from "../../src/contracts/BackendEndpoints.js"
import { FakeAccount, FakeBackend, FaultPlan, TestAccount } from "../../src/testing/index.js"
import * as CallLog from "../../src/testing/CallLog.js"
import * as FakeState from "../../src/testing/FakeState.js"
import { consume, faces, json, memory, nudge, refresh, send, usage } from "./faces.js"
import { test } from "../cases.js"

const backend = FakeBackend.FakeBackend

/** Windows that are used and do not fill, so that they are unused after a reset. */
const still = {
  primary: FakeAccount.makeWindow(0, { lengthSeconds: 18_000, usedPercent: 37, percentPerHour: 0 }),
  secondary: FakeAccount.makeWindow(0, { lengthSeconds: 604_800, usedPercent: 61, percentPerHour: 0 })
}

const decodeUsage = Schema.decodeUnknown(UsageResponse)

it("names every endpoint of the contract", () => {
  const names: Array<string> = []
  HttpApi.reflect(HttpApi.make("both").addHttpApi(CodexBackendApi).addHttpApi(OAuthApi), {
    onGroup: () => {},
    onEndpoint: ({ endpoint, group }) => names.push(`${group.identifier}.${endpoint.name}`)
  })
  assert.sameMembers([...FaultPlan.EndpointName.literals], names)
})

describe.each(faces)("in %s", (_name, face) => {
  test("answers a read in both path styles", face(), function* () {
    const { tokens } = yield* (yield* backend).signIn()
    const answer = yield* send(usage, { token: tokens.accessToken })
    const other = yield* send("/api/codex/usage", { token: tokens.accessToken, base: "codex" })
    assert.strictEqual(answer.status, 200)
    assert.strictEqual(answer.headers["content-type"], "application/json")
    assert.strictEqual(answer.text, other.text)
    const read = yield* decodeUsage(json(answer))
    assert.strictEqual(read.rate_limit?.primary_window?.used_percent, 37)
    assert.deepStrictEqual(
      (yield* (yield* backend).log).map((call) => [call.endpoint, call.style, call.status, call.committed]),
      [
        ["usage.read", "chatgpt", 200, false],
        ["usage.read", "codex", 200, false]
      ]
    )
  })

  test("refuses unknown and foreign paths, and unknown bearers", face(), function* () {
    const { tokens } = yield* (yield* backend).signIn()
    const token = tokens.accessToken
    assert.strictEqual((yield* send(usage)).status, 401)
    assert.strictEqual((yield* send(usage, { token: "other" })).status, 401)
    assert.strictEqual((yield* send("/wham/nothing", { token })).status, 404)
    // Codex goes on with a configuration that says nothing, and not without one.
    assert.deepStrictEqual(json(yield* send("/wham/config/bundle", { token })), {})
    assert.deepStrictEqual(json(yield* send("/api/codex/config/bundle", { token, base: "codex" })), {})
    assert.strictEqual((yield* send("/oauth/token", { token, json: {} })).status, 404)
    assert.strictEqual((yield* send("/api/codex/referrals/invite", { token, json: {}, base: "codex" })).status, 404)
    assert.strictEqual((yield* send(consume, { token, json: { redeem_request_id: 1 } })).status, 400)
    yield* (yield* backend).updateAccount((account) => ({ ...account, forbidden: ["usage.read"] }))
    assert.strictEqual((yield* send(usage, { token })).status, 403)
    yield* (yield* backend).update(FakeState.dropAccessTokens)
    assert.strictEqual((yield* send(usage, { token })).status, 401)
  })

  test("spends one credit for one key", face({ accounts: [still] }), function* () {
    const { tokens } = yield* (yield* backend).signIn()
    const redeem = (key: string, creditId?: string) =>
      Effect.map(
        send(consume, {
          token: tokens.accessToken,
          json: { redeem_request_id: key, ...(creditId === undefined ? {} : { credit_id: creditId }) }
        }),
        json
      )
    assert.deepStrictEqual(yield* redeem("k1"), { code: "reset", windows_reset: 2 })
    assert.deepStrictEqual(yield* redeem("k1"), { code: "already_redeemed", windows_reset: 0 })
    assert.deepStrictEqual(yield* redeem("k2"), { code: "nothing_to_reset", windows_reset: 0 })
    assert.deepStrictEqual(yield* redeem("k2", "rc_1"), { code: "no_credit", windows_reset: 0 })
    const account = yield* (yield* backend).account()
    assert.deepStrictEqual(
      account.resetCredits.map((credit) => credit.status),
      ["redeemed", "available"]
    )
    assert.deepStrictEqual(
      account.redemptions.map(({ creditId, key }) => [key, creditId]),
      [["k1", "rc_1"]]
    )
    const calls = yield* (yield* backend).calls("resetCredits.consume")
    assert.deepStrictEqual(
      calls.map((call) => call.committed),
      [true, false, false, false]
    )
  })

  test("exchanges a refresh token once", face(), function* () {
    const fake = yield* backend
    const { tokens } = yield* fake.signIn()
    const first = yield* refresh(tokens.refreshToken)
    assert.strictEqual(first.status, 200)
    const second = yield* refresh(tokens.refreshToken)
    assert.strictEqual(second.status, 401)
    assert.include(second.text, "refresh_token_reused")
    const issued = yield* Schema.decodeUnknown(Schema.Struct({ refresh_token: Schema.String }))(json(first))
    const refusals = [
      ["expired", 401, "refresh_token_expired"],
      ["revoked", 401, "refresh_token_invalidated"],
      ["invalid_grant", 400, "invalid_grant"]
    ] as const
    for (const [status, code, word] of refusals) {
      yield* fake.update((state) => FakeState.setRefreshTokenStatus(state, issued.refresh_token, status))
      const refused = yield* refresh(issued.refresh_token)
      assert.strictEqual(refused.status, code)
      assert.include(refused.text, word)
    }
    const used = HashMap.get((yield* fake.state).refreshTokens, tokens.refreshToken)
    assert.deepInclude(Option.getOrThrow(used), { status: "used", uses: 2 })
  })

  test("ends a session when it is revoked", face(), function* () {
    const { tokens } = yield* (yield* backend).signIn()
    const revoke = { token: tokens.refreshToken, token_type_hint: "refresh_token", client_id: "app" }
    assert.strictEqual((yield* send("/oauth/revoke", { base: "origin", json: revoke })).status, 200)
    assert.strictEqual((yield* send(usage, { token: tokens.accessToken })).status, 401)
    assert.include((yield* refresh(tokens.refreshToken)).text, "refresh_token_invalidated")
  })

  test("masks secrets in the log, the same secret the same way", face(), function* () {
    const fake = yield* backend
    const { tokens } = yield* fake.signIn()
    yield* send(usage, { token: tokens.accessToken })
    yield* send(usage, { token: tokens.accessToken })
    yield* refresh(tokens.refreshToken)
    const log = yield* fake.log
    const text = JSON.stringify(log)
    for (const secret of [tokens.accessToken, tokens.refreshToken, tokens.idToken]) assert.notInclude(text, secret)
    assert.strictEqual(log[0]?.headers["authorization"], `Bearer ${CallLog.mask(tokens.accessToken)}`)
    assert.strictEqual(log[0]?.headers["authorization"], log[1]?.headers["authorization"])
    assert.deepInclude(log[2]?.body, {
      grant_type: "refresh_token",
      refresh_token: CallLog.mask(tokens.refreshToken)
    })
  })

  test(
    "keeps two accounts apart",
    face({ accounts: [{ accountId: "acct-1" }, { userId: "user-2", accountId: "acct-2" }] }),
    function* () {
      const fake = yield* backend
      const key = FakeAccount.accountKey({ userId: "user-2", accountId: "acct-2" })
      const one = yield* fake.signIn()
      const two = yield* fake.signIn(key)
      const ids = yield* Effect.forEach([one, two], ({ tokens }) =>
        Effect.flatMap(send(usage, { token: tokens.accessToken }), (answer) => decodeUsage(json(answer)))
      )
      assert.deepStrictEqual(
        ids.map((read) => read.account_id),
        ["acct-1", "acct-2"]
      )
    }
  )

  test("cools down between nudges", face(), function* () {
    const { tokens } = yield* (yield* backend).signIn()
    const ask = send(nudge, { token: tokens.accessToken, json: { credit_type: "credits" } })
    assert.strictEqual((yield* ask).status, 200)
    assert.strictEqual((yield* ask).status, 429)
    yield* TestClock.adjust("24 hours")
    assert.strictEqual((yield* ask).status, 200)
  })
})

describe("the clock", () => {
  test(
    "moves windows and rolls them over",
    memory({
      accounts: (now) => [
        {
          primary: FakeAccount.makeWindow(now, { lengthSeconds: 18_000, usedPercent: 50, percentPerHour: 10 })
        }
      ]
    }),
    function* () {
      const { tokens } = yield* (yield* backend).signIn()
      const window = Effect.gen(function* () {
        const read = yield* decodeUsage(json(yield* send(usage, { token: tokens.accessToken })))
        const { reset_after_seconds, reset_at, used_percent } = read.rate_limit?.primary_window ?? {}
        return [used_percent, reset_after_seconds, reset_at]
      })
      assert.deepStrictEqual(yield* window, [50, 9000, 9000])
      yield* TestClock.adjust("2 hours")
      assert.deepStrictEqual(yield* window, [70, 1800, 9000])
      yield* TestClock.adjust("30 minutes")
      assert.deepStrictEqual(yield* window, [0, 18_000, 27_000])
      yield* TestClock.adjust("11 hours")
      assert.deepStrictEqual(yield* window, [10, 14_400, 63_000])
    }
  )

  test("ends access tokens and credits", memory({ tokens: { accessTokenSeconds: 3600 } }), function* () {
    const { record, tokens } = yield* (yield* backend).signIn()
    const claims = yield* Schema.decode(JwtClaims)(tokens.accessToken)
    assert.strictEqual(claims.exp, 3600)
    const list = send("/wham/rate-limit-reset-credits", { token: tokens.accessToken })
    assert.include((yield* list).text, '"available_count":2')
    yield* TestClock.adjust("1 hour")
    assert.strictEqual((yield* list).status, 401)
    const text = yield* Schema.encode(AuthJsonText)(record)
    assert.include(text, tokens.refreshToken)
    assert.notInclude(String(record.tokens?.refresh_token), Redacted.value(record.tokens!.refresh_token))
  })
})

test("points settings at itself", memory(), function* () {
  const { urls } = yield* backend
  assert.strictEqual(TestAccount.settings(urls).backend.style, "chatgpt")
  const codex = TestAccount.settings(urls, { style: "codex", usageInterval: Duration.seconds(1) })
  assert.strictEqual(codex.backend.style, "codex")
  assert.strictEqual(Duration.toMillis(codex.usageInterval), 1000)
})
