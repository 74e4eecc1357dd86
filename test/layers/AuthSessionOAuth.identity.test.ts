import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import type { AuthJson } from "../../src/contracts/AuthJson.js"
import type { AuthErrorReason } from "../../src/domain/AuthError.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { FakeBackend, Fault } from "../../src/testing/index.js"
import { run } from "../programs/harness.js"
import { accessToken, apiKeyRecord, idToken, patRecord, record, tokensOf } from "./support/records.js"
import { bearer, bearerOf, exchanges, listen, StoreControl, world } from "./support/session.js"

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

describe("after a 401", () => {
  it.effect("a newer record of the same identity is taken up without a request; then one exchange is made", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      const refused = yield* session.authorization
      yield* store.put(newer)
      const second = yield* session.recover(refused)
      assert.strictEqual(bearerOf(second), tokensOf(newer)?.access)
      assert.strictEqual(yield* exchanges, 0)
      const body = JSON.stringify({ access_token: accessToken(3 * hour, "third"), refresh_token: "rt_third" })
      yield* (yield* FakeBackend.FakeBackend).failNext("oauth.token", Fault.status(200, { body }))
      const third = yield* session.recover(second)
      assert.strictEqual(bearerOf(third), accessToken(3 * hour, "third"))
      assert.deepStrictEqual(tokensOf(yield* store.stored), {
        ...tokensOf(newer),
        access: bearerOf(third),
        refresh: "rt_third"
      })
      assert.strictEqual(yield* exchanges, 1)
      // Whoever was refused with an older token takes the one in use.
      assert.strictEqual(yield* session.recover(refused), third)
      assert.strictEqual(yield* exchanges, 1)
    }).pipe(Effect.provide(world({ record: first })))
  )

  it.effect.each([
    ["another account's", other],
    ["another user's of the same account", otherUser],
    ["an API key's", apiKeyRecord]
  ] as const)("a record that is %s ends it: nothing is sent, and the record stays", ([, theirs]) =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      const refused = yield* session.authorization
      yield* store.put(theirs)
      const error = yield* Effect.flip(session.recover(refused))
      assert.strictEqual(error.reason, "AccountMismatch")
      assert.strictEqual(yield* exchanges, 0)
      assert.strictEqual(yield* store.writes, 0)
      assert.deepStrictEqual(yield* store.stored, theirs)
    }).pipe(Effect.provide(world({ record: first })))
  )

  it.effect("nothing renews an API key or a personal access token", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const refused = yield* session.authorization
      assert.strictEqual((yield* Effect.flip(session.recover(refused))).reason, "NotRefreshable")
      assert.strictEqual(yield* exchanges, 0)
    }).pipe(Effect.provide(world({ record: patRecord })))
  )
})

describe("a record that somebody else stores", () => {
  it.effect("is taken up before a forced exchange, which then is not made", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      yield* session.current
      yield* store.put(newer)
      assert.strictEqual((yield* session.refresh).accessExpiresAt?.epochMillis, 2 * hour)
      assert.strictEqual(yield* exchanges, 0)
      assert.deepStrictEqual(yield* store.stored, newer)
    }).pipe(Effect.provide(world({ record: first })))
  )

  it.effect("is noticed within a second", () =>
    Effect.gen(function* () {
      const store = yield* StoreControl
      const old = yield* bearer
      yield* store.put(newer)
      assert.strictEqual(yield* bearer, old)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* bearer, tokensOf(newer)?.access)
    }).pipe(Effect.provide(world({ record: first })))
  )

  it.effect("is noticed by one who began signed out", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      assert.strictEqual((yield* Effect.flip(session.current)).reason, "NotSignedIn")
      yield* store.put(first)
      assert.strictEqual((yield* session.current).identity.accountId, "account-1")
    }).pipe(Effect.provide(world({ record: null })))
  )

  it.effect("at once, on request", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      yield* session.current
      yield* (yield* StoreControl).put(other)
      assert.strictEqual((yield* session.reload).identity.accountId, "account-2")
      assert.strictEqual(yield* bearer, tokensOf(other)?.access)
    }).pipe(Effect.provide(world({ record: first })))
  )

  it.effect.each([["Malformed"], ["PermissionDenied"], ["Io"]] as const)(
    "leaves what is held in use while it can't be read: %s",
    ([reason]) =>
      Effect.gen(function* () {
        const store = yield* StoreControl
        const old = yield* bearer
        yield* store.put(newer)
        yield* store.failReads(reason)
        yield* TestClock.adjust("1 second")
        assert.strictEqual(yield* bearer, old)
        assert.deepStrictEqual(yield* store.stored, newer)
      }).pipe(Effect.provide(world({ record: first })))
  )
})

describe("changes", () => {
  it.scoped("has one element for every change of identity, and none for a renewal", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
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
    }).pipe(Effect.provide(world({ record: first })))
  )

  it.scoped("tells what others do to the store, to everyone who listens", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      yield* session.current
      const [one, two] = [yield* listen, yield* listen]
      yield* store.put(other)
      yield* TestClock.adjust("2 seconds")
      yield* store.put(null)
      yield* TestClock.adjust("2 seconds")
      yield* store.put(first)
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* one, ["in account-2", "out", "in account-1"])
      assert.deepStrictEqual(yield* two, yield* one)
    }).pipe(Effect.provide(world({ record: first })))
  )
})

interface Kind {
  readonly label: string
  readonly record: AuthJson
  readonly current: string
  readonly authorization: AuthErrorReason | Readonly<Record<string, string>>
}

const pat = { authorization: "Bearer at-example" }
const mine = { authorization: `Bearer ${tokensOf(first)?.access}`, "chatgpt-account-id": "account-1" }

const kinds: ReadonlyArray<Kind> = [
  { label: "ChatGPT", record: first, current: "chatgpt", authorization: mine },
  { label: "ChatGPT without a mode", record: { ...first, auth_mode: null }, current: "chatgpt", authorization: mine },
  {
    label: "ChatGPT with a key as well",
    record: { ...first, OPENAI_API_KEY: Redacted.make("sk-example") },
    current: "chatgpt",
    authorization: mine
  },
  {
    label: "a key and tokens without a mode",
    record: { ...first, auth_mode: null, OPENAI_API_KEY: Redacted.make("sk-example") },
    current: "apikey",
    authorization: "WrongAuth"
  },
  { label: "an API key", record: apiKeyRecord, current: "apikey", authorization: "WrongAuth" },
  { label: "a personal access token", record: patRecord, current: "personalAccessToken", authorization: pat },
  {
    label: "tokens of a host",
    record: { ...first, auth_mode: "chatgptAuthTokens" },
    current: "chatgptAuthTokens",
    authorization: mine
  },
  {
    label: "Bedrock",
    record: { bedrock_api_key: { region: "eu" } },
    current: "bedrockApiKey",
    authorization: "WrongAuth"
  },
  {
    label: "an agent identity",
    record: { auth_mode: "agentIdentity", agent_identity: "a.b.c" },
    current: "WrongAuth",
    authorization: "WrongAuth"
  },
  { label: "nothing", record: {}, current: "NotSignedIn", authorization: "NotSignedIn" },
  {
    label: "an ID token that is none",
    record: record({ id: "nonsense" }),
    current: "Malformed",
    authorization: "Malformed"
  }
]

describe("a record with", () => {
  it.effect.each(kinds)("$label", (kind) =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const found = yield* Effect.match(session.current, {
        onFailure: (error) => error.reason,
        onSuccess: ({ mode }) => mode
      })
      assert.strictEqual(found, kind.current)
      const sent = yield* Effect.match(session.authorization, {
        onFailure: (error): Kind["authorization"] => error.reason,
        onSuccess: ({ headers }) => Redacted.value(headers)
      })
      assert.deepStrictEqual(sent, kind.authorization)
      assert.strictEqual(yield* exchanges, 0)
    }).pipe(Effect.provide(world({ record: kind.record })))
  )
})

const forced = [
  ["the API", { forcedLoginMethod: Option.some("api" as const) }, first],
  ["ChatGPT", { forcedLoginMethod: Option.some("chatgpt" as const) }, apiKeyRecord],
  ["another workspace", { forcedWorkspaces: ["account-2", "account-3"] }, first],
  ["a workspace, of a token without one", { forcedWorkspaces: ["account-1"] }, patRecord]
] as const

describe("a configuration that forces", () => {
  it.effect.each(forced)("%s: the sign-in is refused, and stays as it is", ([, settings, stored]) =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      for (const ask of [session.current, session.refresh, session.reload]) {
        assert.strictEqual((yield* Effect.flip(ask)).reason, "Forbidden")
      }
      assert.strictEqual((yield* Effect.flip(session.authorization)).reason, "Forbidden")
      assert.deepStrictEqual(yield* store.stored, stored)
      assert.strictEqual((yield* store.writes) + (yield* store.removals), 0)
      assert.strictEqual(yield* exchanges, 0)
    }).pipe(Effect.provide(world({ record: stored, settings })))
  )

  it.effect("one of several workspaces, or only ChatGPT, lets it pass", () =>
    Effect.gen(function* () {
      assert.strictEqual(yield* bearer, tokensOf(first)?.access)
    }).pipe(
      Effect.provide(
        world({
          record: first,
          settings: { forcedWorkspaces: ["account-9", "account-1"], forcedLoginMethod: Option.some("chatgpt") }
        })
      )
    )
  )

  it.effect("a workspace leaves API keys alone", () =>
    Effect.gen(function* () {
      assert.strictEqual((yield* (yield* AuthSession).current).mode, "apikey")
    }).pipe(Effect.provide(world({ record: apiKeyRecord, settings: { forcedWorkspaces: ["account-1"] } })))
  )

  it.effect("a workspace refuses a new sign-in to another, and stores nothing of it", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
      assert.strictEqual((yield* Effect.flip(session.signIn(other))).reason, "Forbidden")
      assert.deepStrictEqual(yield* store.stored, first)
      assert.strictEqual(yield* bearer, tokensOf(first)?.access)
    }).pipe(Effect.provide(world({ record: first, settings: { forcedWorkspaces: ["account-1"] } })))
  )

  it.scoped("a workspace ends a session whose place one of another has taken, for good", () =>
    Effect.gen(function* () {
      const session = yield* AuthSession
      const store = yield* StoreControl
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
    }).pipe(Effect.provide(world({ record: first, settings: { forcedWorkspaces: ["account-1"] } })))
  )
})

it.effect("an authorization keeps its token to itself when it is shown", () =>
  Effect.gen(function* () {
    const shown = yield* run((yield* AuthSession).authorization)
    const token = tokensOf(first)?.access ?? "eyJ"
    assert.notInclude(JSON.stringify(shown), token)
    assert.notInclude(String(shown.headers), token)
  }).pipe(Effect.provide(world({ record: first })))
)
