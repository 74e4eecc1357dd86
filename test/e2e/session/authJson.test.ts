/** An `auth.json` as Codex writes it, through every layer, to a backend on a real socket. */
import * as NodeContext from "@effect/platform-node/NodeContext"
import { assert, describe } from "@effect/vitest"
import * as ConfigProvider from "effect/ConfigProvider"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as HashMap from "effect/HashMap"
import * as Layer from "effect/Layer"
import * as TestClock from "effect/TestClock"
import * as Fs from "node:fs"
import * as Live from "../../../src/layers/Live.js"
import { showStatus } from "../../../src/programs/status.js"
import { AuthSession } from "../../../src/services/AuthSession.js"
import { FakeBackend, Fault, ScriptedDialog } from "../../../src/testing/index.js"
import * as CallLog from "../../../src/testing/CallLog.js"
import { authFile, modeOf, temporaryHome } from "../../layers/support/home.js"
import { virtual } from "../../cases.js"

// To the letter what the record of the format shows (spec/auth.md 2.4).
const idToken =
  "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImV4YW1wbGUta2lkIn0.eyJpc3MiOiJodHRwczovL2F1dGgub3BlbmFpLmNvbSIsImF1ZCI6WyJhcHBfRU1vYW1FRVo3M2YwQ2tYYVhwN2hyYW5uIl0sInN1YiI6ImF1dGgwfGV4YW1wbGUtc3ViIiwiaWF0IjoxNzkwMDAwMDAwLCJleHAiOjE3OTAwMDM2MDAsImVtYWlsIjoiYWRhQGV4YW1wbGUudGVzdCIsImh0dHBzOi8vYXBpLm9wZW5haS5jb20vYXV0aCI6eyJjaGF0Z3B0X3BsYW5fdHlwZSI6InBybyIsImNoYXRncHRfdXNlcl9pZCI6InVzZXItRVhBTVBMRTEiLCJ1c2VyX2lkIjoidXNlci1FWEFNUExFMSIsImNoYXRncHRfYWNjb3VudF9pZCI6IjAwMDAwMDAwLTExMTEtNDIyMi04MzMzLTQ0NDQ0NDQ0NDQ0NCIsIm9yZ2FuaXphdGlvbl9pZCI6Im9yZy1FWEFNUExFIn19.c2lnbmF0dXJl"
const accessToken =
  "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCIsImtpZCI6ImV4YW1wbGUta2lkIn0.eyJpc3MiOiJodHRwczovL2F1dGgub3BlbmFpLmNvbSIsImV4cCI6MTc5MDg2NDAwMCwiaWF0IjoxNzkwMDAwMDAwfQ.c2lnbmF0dXJl"
const refreshToken = "rt_EXAMPLE_not_a_real_token"
const sample = `{
  "auth_mode": "chatgpt",
  "OPENAI_API_KEY": null,
  "tokens": {
    "id_token": "${idToken}",
    "access_token": "${accessToken}",
    "refresh_token": "${refreshToken}",
    "account_id": "00000000-1111-4222-8333-444444444444"
  },
  "last_refresh": "2026-09-21T14:13:20.123456789Z"
}
`
const beforeExpiry = Date.UTC(2026, 8, 21, 15)
const afterExpiry = Date.UTC(2026, 9, 2)
const account = { userId: "user-EXAMPLE1", accountId: "00000000-1111-4222-8333-444444444444", planType: "pro" }

/** A server on a socket that knows the sample's tokens. */
const served = Effect.gen(function* () {
  const backend = yield* FakeBackend.make({ accounts: [account] })
  yield* backend.signIn()
  yield* backend.update((state) => {
    const session = Array.from(HashMap.keys(state.sessions))[0] ?? ""
    return {
      ...state,
      accessTokens: HashMap.set(state.accessTokens, accessToken, {
        session,
        account: state.firstAccount,
        expiresAt: 1_790_864_000_000
      }),
      refreshTokens: HashMap.set(state.refreshTokens, refreshToken, { session, status: "live", uses: 0 })
    }
  })
  return yield* FakeBackend.serve(backend)
})

const homeWith = (text: string) =>
  Effect.tap(temporaryHome("Codex home, ü"), (home) =>
    Effect.sync(() => Fs.writeFileSync(authFile(home), text, { mode: 0o600 }))
  )

/** Everything as the command composes it, from the environment and `config.toml`. */
const liveIn = (home: string, urls: FakeBackend.FakeUrls) => {
  Fs.writeFileSync(`${home}/config.toml`, `chatgpt_base_url = "${urls.chatgpt}"\nmodel = "another's key"\n`)
  const environment = { CODEX_HOME: home, CODEX_REFRESH_TOKEN_URL_OVERRIDE: urls.refresh }
  return Live.layerConfig().pipe(
    Layer.provide(Layer.setConfigProvider(ConfigProvider.fromMap(new Map(Object.entries(environment))))),
    Layer.provide(NodeContext.layer),
    Layer.merge(ScriptedDialog.layer({}))
  )
}

const json = (file: string): Record<string, unknown> => JSON.parse(Fs.readFileSync(file, "utf8"))

describe("the sample of the format", () => {
  virtual("is shown its status, and not touched, while its token is good", function* () {
    yield* TestClock.setTime(beforeExpiry)
    const backend = yield* served
    const home = yield* homeWith(sample)
    const status = yield* Effect.provide(showStatus, liveIn(home, backend.urls))
    assert.strictEqual(status.session.email, "ada@example.test")
    assert.strictEqual(status.session.plan, "pro")
    assert.strictEqual(status.session.accessExpiresAt?.epochMillis, 1_790_864_000_000)
    assert.strictEqual(status.session.lastRefreshAt?.epochMillis, Date.UTC(2026, 8, 21, 14, 13, 20, 123))
    const { snapshot } = Either.getOrThrow(status.usage)
    assert.deepStrictEqual(
      snapshot.main.windows.map(({ durationMinutes, usedPercent }) => [durationMinutes, usedPercent]),
      [
        [300, 37],
        [10_080, 61]
      ]
    )
    assert.strictEqual(snapshot.resetCredits?.availableCount, 2)
    assert.isTrue(Either.isRight(status.activity) && Either.isRight(status.messages))
    assert.strictEqual(Fs.readFileSync(authFile(home), "utf8"), sample)
    const log = yield* backend.log
    assert.isTrue(log.every((call) => call.headers["authorization"] === `Bearer ${CallLog.mask(accessToken)}`))
    assert.strictEqual(yield* backend.count("oauth.token"), 0)
  })

  virtual("is renewed first once its token has expired, and nothing of it is lost", function* () {
    yield* TestClock.setTime(afterExpiry)
    const backend = yield* served
    const extended = { ...JSON.parse(sample), somebody_elses: { a: [1] }, agent_identity: "x.y.z" }
    const home = yield* homeWith(JSON.stringify(extended))
    Fs.chmodSync(authFile(home), 0o644)
    const status = yield* Effect.provide(showStatus, liveIn(home, backend.urls))
    assert.isTrue(Either.isRight(status.usage))
    assert.deepStrictEqual(
      (yield* backend.calls("oauth.token")).map(({ body, status }) => [body, status]),
      [
        [
          {
            client_id: "app_EMoamEEZ73f0CkXaXp7hrann",
            grant_type: "refresh_token",
            refresh_reason: "proactive_expiry",
            refresh_token: CallLog.mask(refreshToken)
          },
          200
        ]
      ]
    )
    const stored = json(authFile(home))
    assert.deepStrictEqual(
      { ...stored, tokens: null, last_refresh: null },
      { ...extended, tokens: null, last_refresh: null }
    )
    assert.strictEqual(stored["last_refresh"], "2026-10-02T00:00:00.000Z")
    assert.notDeepEqual(stored["tokens"], extended.tokens)
    assert.strictEqual(modeOf(authFile(home)), "600")
    const [renewed] = yield* backend.calls("usage.read")
    assert.notStrictEqual(renewed?.headers["authorization"], `Bearer ${CallLog.mask(accessToken)}`)
    assert.strictEqual(renewed?.status, 200)
  })

  virtual("stays to the byte when the server refuses to renew it", function* () {
    yield* TestClock.setTime(beforeExpiry)
    const backend = yield* served
    const home = yield* homeWith(sample)
    yield* backend.failNext("oauth.token", Fault.status(500))
    const error = yield* Effect.provide(
      Effect.flatMap(AuthSession, (session) => Effect.flip(session.refresh)),
      liveIn(home, backend.urls)
    )
    assert.strictEqual(error.reason, "Unavailable")
    assert.strictEqual(Fs.readFileSync(authFile(home), "utf8"), sample)
  })
})
