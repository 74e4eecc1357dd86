import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { createHash } from "node:crypto"
import { authorizeUrl } from "../../../src/contracts/LoginApi.js"
import { defaultClientId } from "../../../src/contracts/OAuthApi.js"
import { FakeBackend, FakeIssuer, Fault } from "../../../src/testing/index.js"
import { liveOver } from "../../cases.js"

// The tests of signing in are worth what this issuer refuses.

const verifier = "v".repeat(86)
const redirectUri = "http://127.0.0.1:1455/auth/callback"
const request = (origin: string, changed: Readonly<Record<string, string>> = {}) => {
  const url = new URL(
    authorizeUrl(origin, {
      clientId: defaultClientId,
      redirectUri,
      challenge: createHash("sha256").update(verifier).digest("base64url"),
      state: "s",
      originator: "test",
      workspaces: []
    })
  )
  for (const [name, value] of Object.entries(changed)) url.searchParams.set(name, value)
  return url
}

const origin = Effect.map(FakeBackend.FakeBackend, ({ urls }) => urls.origin)
const authorize = (changed?: Readonly<Record<string, string>>) =>
  Effect.gen(function* () {
    const url = request(yield* origin, changed)
    return yield* Effect.promise(() => fetch(url, { redirect: "manual" }))
  })

const code = Effect.map(authorize(), (response) =>
  new URL(response.headers.get("location") ?? "").searchParams.get("code")
)

const exchange = (fields: Readonly<Record<string, string | null>>) =>
  Effect.gen(function* () {
    const url = `${yield* origin}/oauth/token`
    const form = new URLSearchParams({
      grant_type: "authorization_code",
      redirect_uri: redirectUri,
      client_id: defaultClientId,
      code_verifier: verifier
    })
    for (const [name, value] of Object.entries(fields)) form.set(name, value ?? "")
    return yield* Effect.promise(() => fetch(url, { method: "POST", body: form }))
  })

type Rows = ReadonlyArray<readonly [label: string, changed: Readonly<Record<string, string>>]>
const server = FakeIssuer.layerServer()

describe("the fake issuer", () => {
  liveOver(server)("exchanges a code for tokens that its backend knows", function* () {
    const response = yield* exchange({ code: yield* code })
    assert.strictEqual(response.status, 200)
    const [, token] = /"access_token":"([^"]+)"/.exec(yield* Effect.promise(() => response.text())) ?? []
    const { urls } = yield* FakeBackend.FakeBackend
    const usage = yield* Effect.promise(() =>
      fetch(`${urls.chatgpt}/wham/usage`, { headers: { authorization: `Bearer ${token}` } })
    )
    assert.strictEqual(usage.status, 200)
  })

  liveOver(server).each([
    ["a verifier of another challenge", { code_verifier: "w".repeat(86) }],
    ["no verifier", { code_verifier: "" }],
    ["another redirect address", { redirect_uri: "http://127.0.0.1:1457/auth/callback" }],
    ["another client", { client_id: "app_other" }],
    ["an unknown code", { code: "ac_unknown" }]
  ] as Rows)("refuses %s, and the code is spent", function* ([, changed]) {
    const issued = yield* code
    assert.strictEqual((yield* exchange({ code: issued, ...changed })).status, 400)
    assert.strictEqual((yield* exchange({ code: issued })).status, "code" in changed ? 200 : 400)
  })

  liveOver(server)("takes a code once", function* () {
    const issued = yield* code
    assert.strictEqual((yield* exchange({ code: issued })).status, 200)
    assert.strictEqual((yield* exchange({ code: issued })).status, 400)
  })

  liveOver(server).each([
    ["an address elsewhere", { redirect_uri: "http://evil.test/auth/callback" }],
    ["another client", { client_id: "app_other" }],
    ["another scope", { scope: "openid" }],
    ["a plain challenge", { code_challenge_method: "plain" }],
    ["no state", { state: "" }]
  ] as Rows)("sends nobody back to %s", function* ([, changed]) {
    const response = yield* authorize(changed)
    assert.deepStrictEqual([response.status, response.headers.get("location")], [400, null])
  })

  liveOver(server)("keeps no secret in its log", function* () {
    const issued = (yield* code) ?? ""
    yield* exchange({ code: issued })
    const log = JSON.stringify(yield* (yield* FakeIssuer.FakeIssuer).log)
    assert.notInclude(log, issued)
    assert.notInclude(log, verifier)
  })

  liveOver(server)("has every fault of the backend", function* () {
    const issuer = yield* FakeIssuer.FakeIssuer
    yield* issuer.failNext("exchange", Fault.status(500, { afterCommit: true }), Fault.resetBeforeCommit)
    const issued = yield* code
    assert.strictEqual((yield* exchange({ code: issued })).status, 500)
    assert.include(String(yield* Effect.flip(Effect.sandbox(exchange({ code: issued })))), "fetch failed")
    assert.strictEqual((yield* exchange({ code: issued })).status, 400)
  })
})
