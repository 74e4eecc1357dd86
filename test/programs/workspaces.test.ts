/** The workspaces of an account, and the change from one to another. */
import { assert, describe } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Record from "effect/Record"
import * as Redacted from "effect/Redacted"
import * as Struct from "effect/Struct"
import * as TestClock from "effect/TestClock"
import type { AuthJson } from "../../src/contracts/AuthJson.js"
import { AccountId } from "../../src/domain/Identity.js"
import { readWorkspace, showStatus } from "../../src/programs/status.js"
import { changeWorkspace, showWorkspaces, switchWorkspace } from "../../src/programs/workspaces.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { CredentialStore } from "../../src/services/CredentialStore.js"
import { FakeBackend, Fault, FaultPlan, ScriptedDialog } from "../../src/testing/index.js"
import { test } from "../cases.js"
import {
  account,
  asked,
  calls,
  count,
  during,
  faulty,
  finish,
  recovers,
  requests,
  run,
  secondSignsIn
} from "./harness.js"

const list = "workspaces.list"
const change = "workspaces.switch"

const here = "00000000-1111-4222-8333-444444444444"
const same = { userId: "user-FAKE1", email: "ada@example.test" }
const accounts = [
  {},
  { ...same, accountId: "ws-2", workspaceName: "Looms", planType: "team", isOrgOwner: null },
  { ...same, accountId: "ws-me", workspaceName: null, structure: "personal" as const, planType: "plus" },
  { userId: "user-B", accountId: "account-B", workspaceName: "Another's" }
]

const settings = { roleTimeToLive: Duration.minutes(15), roleCoolDown: Duration.minutes(5) }
const world = account({ accounts, settings })
const faultsIn = (...plan: FaultPlan.FaultPlan) => account({ accounts, settings, plan })

const tokensOf = (tokens: AuthJson["tokens"]) => tokens ?? assert.fail("there are no tokens")

const chosen = account({ accounts, script: { "workspace.choose": ScriptedDialog.nth(1) } })

/** Everything that is stored, without its wrapping. */
const stored = Effect.flatMap(CredentialStore, (store) =>
  Effect.map(store.read, (found) => {
    const { tokens, ...record }: AuthJson = Option.getOrThrow(found).record
    const secrets = Record.map(
      Struct.pick(tokensOf(tokens), "id_token", "access_token", "refresh_token"),
      Redacted.value
    )
    return { ...record, ...tokens, ...secrets }
  })
)

const present = Effect.flatMap(AuthSession, (session) => session.current)
const to = (id: string) =>
  Effect.flatMap(present, ({ identity }) => switchWorkspace({ as: identity, id: AccountId.make(id) }))
const failureOf = <A, E extends { readonly _tag: string; readonly reason: string }, R>(
  effect: Effect.Effect<A, E, R>
) => Effect.map(Effect.flip(run(effect)), ({ _tag, reason }) => `${_tag} ${reason}`)

describe("the list", () => {
  test("is of the user's own, in the backend's order", world, function* () {
    const { session, workspaces } = yield* run(showWorkspaces)
    assert.deepStrictEqual(
      workspaces.map(({ id, kind, name }) => [id, name, kind]),
      [
        [here, "Analytical Engines", "workspace"],
        ["ws-2", "Looms", "workspace"],
        ["ws-me", null, "personal"]
      ]
    )
    assert.strictEqual(session.identity.accountId, here)
  })

  test("is kept while it is young, and for this account alone", world, function* () {
    yield* run(showWorkspaces)
    yield* TestClock.adjust("14 minutes")
    yield* run(showWorkspaces)
    assert.strictEqual(yield* count(list), 1)
    yield* TestClock.adjust("1 minute")
    yield* run(showWorkspaces)
    assert.strictEqual(yield* count(list), 2)
    yield* secondSignsIn
    const { workspaces } = yield* run(showWorkspaces)
    assert.deepStrictEqual(
      workspaces.map(({ name }) => name),
      ["Another's"]
    )
  })

  test(
    "that can't be read fails, and may be asked for again",
    account({ ...faulty(list, Fault.status(500)) }),
    function* () {
      assert.strictEqual(yield* failureOf(showWorkspaces), "BackendError ServerError")
      yield* recovers
      yield* run(showWorkspaces)
      assert.strictEqual(yield* count(list), 3)
    }
  )
})

describe("the workspace of the session", () => {
  test("has its name and where it is routed", world, function* () {
    const { workspace } = yield* run(readWorkspace)
    assert.deepInclude(workspace, {
      id: AccountId.make(here),
      name: "Analytical Engines",
      routing: { origin: "https://chatgpt.com", override: "NO_CONSTRAINT" }
    })
    const { session } = yield* run(showStatus)
    assert.strictEqual(session.workspace?.name, "Analytical Engines")
  })

  test(
    "is not known where the endpoint fails, which is then left alone",
    faultsIn(FaultPlan.on(list, "every", Fault.status(500))),
    function* () {
      assert.isNull((yield* run(readWorkspace)).workspace)
      yield* recovers
      yield* TestClock.adjust("4 minutes")
      assert.isNull((yield* run(readWorkspace)).workspace)
      assert.strictEqual(yield* count(list), 2)
      yield* TestClock.adjust("1 minute")
      assert.strictEqual((yield* run(readWorkspace)).workspace?.name, "Analytical Engines")
    }
  )

  test("stays known when a later reading fails", world, function* () {
    yield* run(readWorkspace)
    yield* (yield* FakeBackend.FakeBackend).setPlan([FaultPlan.on(list, "every", Fault.status(500))])
    yield* TestClock.adjust("15 minutes")
    assert.strictEqual((yield* run(readWorkspace)).workspace?.name, "Analytical Engines")
    assert.strictEqual(yield* count(list), 3)
  })
})

describe("a change", () => {
  test("replaces access token, account and time, and nothing else", world, function* () {
    const before = yield* stored
    yield* TestClock.adjust("2 minutes")
    const { outcome, session, workspace } = yield* run(changeWorkspace("looms"))
    assert.deepStrictEqual([outcome, workspace.name, session.workspace?.name], ["switched", "Looms", "Looms"])
    assert.deepStrictEqual(
      [session.identity.userId, session.identity.accountId, session.plan],
      ["user-FAKE1", "ws-2", "team"]
    )
    const after = yield* stored
    assert.notStrictEqual(after.access_token, before.access_token)
    assert.deepStrictEqual(after, {
      ...before,
      access_token: after.access_token,
      account_id: "ws-2",
      last_refresh: "1970-01-01T00:02:00.000Z"
    })
    assert.strictEqual((yield* run(readWorkspace)).workspace?.name, "Looms")
    assert.deepStrictEqual(yield* requests, { [list]: [120_000, 120_000], [change]: [120_000] })
  })

  test("asks as the user, without naming the account", world, function* () {
    yield* run(to("ws-2"))
    const [call] = yield* calls(change)
    assert.deepInclude(call?.headers, { originator: "effect-codex-account-test" })
    assert.notProperty(call?.headers, "chatgpt-account-id")
    assert.deepStrictEqual(call?.body, { workspace_id: "ws-2" })
  })

  test(
    "works where the path style is the other one",
    account({ accounts, settings: { style: "codex" } }),
    function* () {
      yield* run(to("ws-2"))
      const [call] = yield* calls(change)
      assert.strictEqual(call?.path, "/accounts/switch-workspace-token")
    }
  )

  test("to where the session is already asks for nothing", world, function* () {
    const { outcome } = yield* run(changeWorkspace(here))
    assert.deepStrictEqual([outcome, yield* count(change)], ["unchanged", 0])
    yield* (yield* FakeBackend.FakeBackend).clearLog
    yield* run(to(here))
    assert.deepStrictEqual(yield* requests, {})
  })

  test("lets the person choose", chosen, function* () {
    const { session } = yield* run(changeWorkspace())
    assert.deepStrictEqual([session.identity.accountId, yield* asked], [AccountId.make("ws-2"), ["workspace.choose"]])
  })

  test.each(
    [
      ["PERSONAL", "ws-me"],
      ["ws-2", "ws-2"],
      [" Looms ", "ws-2"]
    ] as const,
    world
  )("takes a name in any case, or an id: %s", function* ([name, id]) {
    assert.strictEqual((yield* run(changeWorkspace(name))).session.identity.accountId as string | null, id)
  })

  test(
    "needs a name that is one's own, and of one workspace",
    account({ accounts: [...accounts, { ...same, accountId: "ws-3", workspaceName: "LOOMS" }] }),
    function* () {
      const before = yield* stored
      assert.strictEqual(yield* failureOf(changeWorkspace("Another's")), "WorkspaceError NotListed")
      assert.strictEqual(yield* failureOf(changeWorkspace("Looms")), "WorkspaceError Ambiguous")
      assert.strictEqual(yield* failureOf(to("account-B")), "WorkspaceError NotListed")
      assert.deepStrictEqual([yield* stored, yield* count(change)], [before, 0])
    }
  )

  test(
    "is refused where the configuration allows other workspaces only",
    account({ accounts, settings: { forcedWorkspaces: [here] } }),
    function* () {
      assert.strictEqual(yield* failureOf(to("ws-2")), "WorkspaceError Forbidden")
      assert.deepStrictEqual(yield* requests, {})
    }
  )

  test(
    "needs a sign-in of its own",
    account({ record: { auth_mode: "apikey", OPENAI_API_KEY: Redacted.make("sk-1") } }),
    function* () {
      assert.strictEqual(yield* failureOf(to("ws-2")), "WorkspaceError NotManaged")
      assert.deepStrictEqual(yield* requests, {})
    }
  )

  test.each(
    [
      [Fault.status(403), "BackendError Forbidden"],
      [Fault.status(500), "BackendError ServerError"],
      [Fault.status(401), "BackendError Unauthorized"],
      [Fault.status(200, { body: "{}" }), "BackendError Malformed"],
      [Fault.status(200, { body: '{"access_token":"opaque"}' }), "WorkspaceError UnusableToken"]
    ] as const,
    ([fault]) => faultsIn(FaultPlan.on(change, "every", fault))
  )("that fails is not tried again, and leaves the session as it was", function* ([, failure]) {
    const before = yield* stored
    assert.strictEqual(yield* failureOf(to("ws-2")), failure)
    assert.deepStrictEqual([yield* stored, yield* count(change), yield* count("oauth.token")], [before, 1, 0])
  })

  test(
    "that is not answered ends in the time of its policy",
    faultsIn(FaultPlan.on(change, "every", Fault.hang)),
    function* () {
      const { exit, took } = yield* finish(Effect.either(to("ws-2")))
      const error = Either.flip(yield* exit)
      assert.deepStrictEqual([took, Either.isRight(error) ? error.right.reason : null], [30_000, "Timeout"])
    }
  )

  test("with a token of another workspace changes nothing", world, function* () {
    const backend = yield* FakeBackend.FakeBackend
    const { tokens } = yield* backend.signIn("user-FAKE1/ws-me")
    const body = JSON.stringify({ access_token: tokens.accessToken })
    yield* backend.setPlan([FaultPlan.on(change, "every", Fault.status(200, { body }))])
    const before = yield* stored
    assert.strictEqual(yield* failureOf(to("ws-2")), "WorkspaceError OtherToken")
    assert.deepStrictEqual(yield* stored, before)
  })
})

describe("while a change is under way", () => {
  const slow = faultsIn(FaultPlan.on(change, "every", Fault.delay("5 seconds")))

  test("what another program writes besides is kept", slow, function* () {
    const store = yield* CredentialStore
    const changing = yield* during(to("ws-2"), "1 second")
    const { record } = Option.getOrThrow(yield* store.read)
    const refresh = Redacted.make("rt_newer")
    const tokens = { ...tokensOf(record.tokens), refresh_token: refresh, theirs: 1 }
    yield* store.write({ ...record, tokens })
    assert.strictEqual((yield* run(changing)).identity.accountId, "ws-2")
    const expected: object = { theirs: 1, refresh_token: "rt_newer", account_id: "ws-2" }
    assert.deepInclude(yield* stored, expected)
  })

  test("another sign-in is not touched", slow, function* () {
    const changing = yield* during(to("ws-2"), "1 second")
    yield* secondSignsIn
    const before = yield* stored
    assert.strictEqual(yield* failureOf(changing), "AuthError AccountMismatch")
    assert.deepStrictEqual(yield* stored, before)
  })

  test("nobody is signed in again", slow, function* () {
    const changing = yield* during(to("ws-2"), "1 second")
    yield* (yield* AuthSession).signOut({ revoke: false })
    assert.strictEqual(yield* failureOf(changing), "AuthError NotSignedIn")
    assert.isTrue(Option.isNone(yield* (yield* CredentialStore).read))
  })
})

test("a later renewal stays in the workspace", world, function* () {
  yield* run(to("ws-2"))
  const session = yield* run(Effect.flatMap(AuthSession, (auth) => auth.refresh))
  assert.strictEqual(session.identity.accountId, "ws-2")
})
