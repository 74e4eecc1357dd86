import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import type { AuthJson } from "../../src/contracts/AuthJson.js"
import type { AuthError, AuthErrorReason } from "../../src/domain/AuthError.js"
import type { Authorization } from "../../src/services/AuthSession.js"
import { Fault } from "../../src/testing/index.js"
import { run } from "../programs/harness.js"
import { accessToken, apiKeyRecord, idToken, jwt, patRecord, record, tokensOf } from "./support/records.js"
import { renewal, bearer, bearerOf, exchanges, listen, inWorld, expectWorld } from "./support/session.js"

const hour = 3_600_000
const first = record({ access: accessToken(hour) })
const newer = record({ access: accessToken(2 * hour, "newer"), refresh: "rt_newer" })
const other = record({
  id: idToken({ userId: "user-2", accountId: "account-2" }),
  access: accessToken(hour, "other"),
  refresh: "rt_other",
  accountId: "account-2"
})
const otherUser = record({ id: idToken({ userId: "user-2" }), access: accessToken(hour, "colleague") })
const held = inWorld({ record: first })

describe("after a 401", () => {
  held("a newer record is taken up without a request; then one exchange is made", function* (given) {
    const { session, store, backend } = given
    const refused = yield* session.authorization
    yield* store.put(newer)
    const second = yield* session.recover(refused)
    assert.strictEqual(bearerOf(second), tokensOf(newer)?.access)
    assert.strictEqual(yield* exchanges, 0)
    const access = accessToken(3 * hour, "third")
    const body = JSON.stringify({ access_token: access, refresh_token: "rt_third" })
    yield* backend.failNext("oauth.token", Fault.status(200, { body }))
    const third = yield* session.recover(second)
    assert.strictEqual(bearerOf(third), access)
    assert.deepStrictEqual(tokensOf(yield* store.stored), { ...tokensOf(newer), access, refresh: "rt_third" })
    // One who was refused with an older token takes the one in use.
    assert.strictEqual(yield* session.recover(refused), third)
    assert.strictEqual(yield* exchanges, 1)
  })

  held.each([
    ["another account's", other],
    ["another user's of the same account", otherUser],
    ["an API key's", apiKeyRecord]
  ] as const)("a record that is %s ends it, and stays", function* ({ session, store }, [, theirs]) {
    const refused = yield* session.authorization
    yield* store.put(theirs)
    assert.strictEqual((yield* Effect.flip(session.recover(refused))).reason, "AccountMismatch")
    yield* expectWorld({ exchanges: 0, writes: 0, stored: theirs })
  })

  inWorld({ record: patRecord })("nothing renews an API key or a personal access token", function* ({ session }) {
    const refused = yield* session.authorization
    assert.strictEqual((yield* Effect.flip(session.recover(refused))).reason, "NotRefreshable")
    assert.strictEqual(yield* exchanges, 0)
  })
})

describe("a record that another process stores", () => {
  held("is taken up before a forced exchange, which then is not made", function* ({ session, store }) {
    yield* session.current
    yield* store.put(newer)
    assert.strictEqual(yield* renewal, "account-1 120")
    yield* expectWorld({ exchanges: 0, stored: newer })
  })

  held("is noticed within a second", function* ({ store }) {
    const old = yield* bearer
    yield* store.put(newer)
    assert.strictEqual(yield* bearer, old)
    yield* TestClock.adjust("1 second")
    assert.strictEqual(yield* bearer, tokensOf(newer)?.access)
  })

  inWorld({ record: null })("is noticed by one who began signed out", function* ({ session, store }) {
    assert.strictEqual((yield* Effect.flip(session.current)).reason, "NotSignedIn")
    yield* store.put(first)
    assert.strictEqual((yield* session.current).identity.accountId, "account-1")
  })

  held("is noticed at once on request", function* ({ session, store }) {
    yield* session.current
    yield* store.put(other)
    assert.strictEqual((yield* session.reload).identity.accountId, "account-2")
    assert.strictEqual(yield* bearer, tokensOf(other)?.access)
  })

  held.each(["Malformed", "PermissionDenied", "Io"] as const)(
    "is left while it can't be read: %s",
    function* ({ store }, reason) {
      const old = yield* bearer
      yield* store.put(newer)
      yield* store.failReads(reason)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* bearer, old)
      yield* expectWorld({ stored: newer })
    }
  )
})

describe("changes", () => {
  held("has one element for every change of identity, and none for a renewal", function* ({ session }) {
    yield* session.current
    const heard = yield* listen
    yield* session.refresh
    yield* session.reload
    yield* TestClock.adjust(0)
    assert.deepStrictEqual(yield* heard, [])
    yield* session.signIn(other)
    yield* session.signIn({ ...other, somebody_elses: 1 })
    yield* session.signIn(otherUser)
    yield* session.signOut({ revoke: false })
    yield* Effect.ignore(session.signOut({ revoke: false }))
    yield* session.signIn(first)
    yield* TestClock.adjust(0)
    assert.deepStrictEqual(yield* heard, ["in account-2", "in account-1", "out", "in account-1"])
  })

  held("has what others do to the store, for everyone who listens", function* ({ session, store }) {
    yield* session.current
    const [one, two] = [yield* listen, yield* listen]
    for (const theirs of [other, null, first]) {
      yield* store.put(theirs)
      yield* TestClock.adjust("2 seconds")
    }
    assert.deepStrictEqual(yield* one, ["in account-2", "out", "in account-1"])
    assert.deepStrictEqual(yield* two, yield* one)
  })
})

const pat = { authorization: "Bearer at-example" }
const mine = { authorization: `Bearer ${tokensOf(first)?.access}`, "chatgpt-account-id": "account-1" }
const key = { OPENAI_API_KEY: Redacted.make("sk-example") }
const agent: AuthJson = { auth_mode: "agentIdentity", agent_identity: "a.b.c" }
const ofHost: AuthJson = { ...first, auth_mode: "chatgptAuthTokens" }
const kinds: ReadonlyArray<
  readonly [label: string, stored: AuthJson, current: string, sent: AuthErrorReason | Readonly<Record<string, string>>]
> = [
  ["ChatGPT", first, "chatgpt", mine],
  ["ChatGPT without a mode", { ...first, auth_mode: null }, "chatgpt", mine],
  ["ChatGPT with a key as well", { ...first, ...key }, "chatgpt", mine],
  ["a key and tokens without a mode", { ...first, ...key, auth_mode: null }, "apikey", "WrongAuth"],
  ["an API key", apiKeyRecord, "apikey", "WrongAuth"],
  ["a personal access token", patRecord, "personalAccessToken", pat],
  ["tokens of a host", ofHost, "chatgptAuthTokens", mine],
  ["Bedrock", { bedrock_api_key: { region: "eu" } }, "bedrockApiKey", "WrongAuth"],
  ["an agent identity", agent, "WrongAuth", "WrongAuth"],
  ["nothing", {}, "NotSignedIn", "NotSignedIn"],
  ["an ID token that is none", record({ id: "nonsense" }), "Malformed", "Malformed"],
  ["a mode of a newer version", { ...first, auth_mode: "workloadIdentity" }, "UnknownMode", "UnknownMode"],
  ["an account id of two lines", record({ accountId: "a\nb" }), "Malformed", "Malformed"],
  ["an account id that is no ASCII", record({ accountId: "k\u00f6nig" }), "Malformed", "Malformed"],
  ["an access token that no header carries", record({ access: "a\r\nb" }), "Malformed", "Malformed"]
]

describe("a record with", () => {
  for (const [label, stored, current, sent] of kinds) {
    inWorld({ record: stored })(label, function* ({ session }) {
      const onFailure = ({ reason }: AuthError) => reason
      const found = yield* Effect.match(session.current, { onFailure, onSuccess: ({ mode }) => mode })
      assert.strictEqual(found, current)
      const onSuccess = ({ headers }: Authorization) => Redacted.value(headers)
      assert.deepStrictEqual(yield* Effect.match(session.authorization, { onFailure, onSuccess }), sent)
      assert.strictEqual(yield* exchanges, 0)
    })
  }
})

const forced = [
  ["the API", { forcedLoginMethod: Option.some("api" as const) }, first],
  ["ChatGPT", { forcedLoginMethod: Option.some("chatgpt" as const) }, apiKeyRecord],
  ["another workspace", { forcedWorkspaces: ["account-2", "account-3"] }, first],
  ["a workspace, of a token without one", { forcedWorkspaces: ["account-1"] }, patRecord]
] as const

describe("a configuration that forces", () => {
  for (const [label, settings, stored] of forced) {
    inWorld({ record: stored, settings })(`${label}: the sign-in is refused, and stays`, function* ({ session }) {
      const { authorization, current, refresh, reload } = session
      const asks: ReadonlyArray<Effect.Effect<unknown, AuthError>> = [current, refresh, reload, authorization]
      for (const ask of asks) assert.strictEqual((yield* Effect.flip(ask)).reason, "Forbidden")
      yield* expectWorld({ stored, writes: 0, removals: 0, exchanges: 0 })
    })
  }

  inWorld({
    record: first,
    settings: { forcedWorkspaces: ["account-9", "account-1"], forcedLoginMethod: Option.some("chatgpt") }
  })("one of several workspaces, or only ChatGPT, lets it pass", function* () {
    assert.strictEqual(yield* bearer, tokensOf(first)?.access)
  })

  inWorld({ record: apiKeyRecord, settings: { forcedWorkspaces: ["account-1"] } })(
    "a workspace leaves API keys alone",
    function* ({ session }) {
      assert.strictEqual((yield* session.current).mode, "apikey")
    }
  )

  const bound = inWorld({ record: first, settings: { forcedWorkspaces: ["account-1"] } })

  bound("a workspace refuses a new sign-in to another, and stores nothing of it", function* ({ session }) {
    assert.strictEqual((yield* Effect.flip(session.signIn(other))).reason, "Forbidden")
    yield* expectWorld({ stored: first })
    assert.strictEqual(yield* bearer, tokensOf(first)?.access)
  })

  bound("a workspace ends a session whose place one of another has taken", function* ({ session, store }) {
    yield* session.current
    const heard = yield* listen
    yield* store.put(other)
    yield* TestClock.adjust("1 second")
    for (let i = 0; i < 3; i++) {
      assert.strictEqual((yield* Effect.flip(session.authorization)).reason, "Forbidden")
      yield* TestClock.adjust("1 second")
    }
    assert.deepStrictEqual(yield* heard, ["out"])
    yield* store.put(newer)
    yield* TestClock.adjust("1 second")
    assert.strictEqual(yield* bearer, tokensOf(newer)?.access)
    assert.deepStrictEqual(yield* heard, ["out", "in account-1"])
  })
})

held("an authorization keeps its token to itself when it is shown", function* ({ session }) {
  const shown = yield* run(session.authorization)
  const token = tokensOf(first)?.access ?? "eyJ"
  assert.notInclude(JSON.stringify(shown), token)
  assert.notInclude(String(shown.headers), token)
})

/** ID token, access token, `account_id`, and whose claims count: those of a workspace switch are the access token's. */
const claims = (accountId: string | null, plan: string | null, more: object = {}) => ({
  chatgpt_user_id: "user-1",
  ...(accountId === null ? {} : { chatgpt_account_id: accountId }),
  ...(plan === null ? {} : { chatgpt_plan_type: plan }),
  ...more
})
const fedramp = { chatgpt_account_is_fedramp: true }
const tellers = [
  [claims("acc-1", "pro"), claims("acc-two", "team"), "acc-two", "team", undefined],
  [claims("acc-1", "pro"), claims("acc-two", "team", fedramp), "acc-two", "team", "true"],
  [claims("acc-1", "pro", fedramp), claims("acc-two", "team"), "acc-two", "team", undefined],
  [claims(null, "pro"), claims("acc-two", "team"), "acc-two", "team", undefined],
  [claims("acc-1", "pro"), claims("acc-two", null), "acc-two", "unknown", undefined],
  [claims("acc-1", "pro"), claims("acc-two", "team", { chatgpt_user_id: "user-2" }), "acc-two", "pro", undefined],
  [claims("acc-1", "pro"), claims("acc-1", "team"), "acc-1", "pro", undefined],
  [claims("acc-1", "pro"), claims("acc-two", "team"), null, "pro", undefined],
  [claims("acc-1", "pro", fedramp), claims("acc-two", "team"), "acc-three", "pro", "true"]
] as const

describe("plan and FedRAMP are told", () => {
  for (const [id, access, accountId, plan, header] of tellers) {
    const tokens = {
      id: jwt({ "https://api.openai.com/auth": id }),
      access: jwt({ exp: 3600, "https://api.openai.com/auth": access })
    }
    inWorld({ record: record({ ...tokens, accountId }) })(
      `${JSON.stringify(id)} and ${JSON.stringify(access)} for ${accountId}: ${plan}`,
      function* ({ session }) {
        const { headers, session: found } = yield* session.authorization
        assert.strictEqual(found.plan, plan)
        assert.strictEqual(Redacted.value(headers)["x-openai-fedramp"], header)
        assert.strictEqual(Redacted.value(headers)["chatgpt-account-id"], accountId ?? undefined)
      }
    )
  }
})
