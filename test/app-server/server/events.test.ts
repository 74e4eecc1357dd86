/** What clients are told without asking. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { AuthSession } from "../../../src/services/AuthSession.js"
import { CredentialStore } from "../../../src/services/CredentialStore.js"
import { FakeAccount, FakeBackend, Fault, FaultPlan } from "../../../src/testing/index.js"
import { count } from "../../programs/harness.js"
import { type Client, initialized, resultOf, planned, server, settle, told, updated, withClient } from "./harness.js"
import { test } from "../../cases.js"

const roles = "workspace.accountsCheck"
const other = "user-FAKE2/org-2"
const two = [{}, { userId: "user-FAKE2", accountId: "org-2", planType: "team", role: "account-owner" }]

const another = { reason: null }
const claim = { ...another, authMode: "chatgpt", planType: "business", workspaceRole: null, isWorkspaceOwner: false }
const owner = {
  ...another,
  authMode: "chatgpt",
  planType: "team",
  workspaceRole: "account-owner",
  isWorkspaceOwner: true
}
const nobody = { ...another, authMode: null, planType: null, workspaceRole: null, isWorkspaceOwner: null }

/** The account that the client had before, of which more is known now. */
const same = { reason: "workspaceRoutingReady" }
const member = { ...claim, ...same, workspaceRole: "standard-user" }

const withRoles = (...faults: ReadonlyArray<Fault.Fault>) =>
  server({ backend: { accounts: two, plan: faults.map((fault, i) => FaultPlan.on(roles, i + 1, fault)) } })

const slowRole = (seconds: number) => withRoles(Fault.delay(`${seconds} seconds`))

/** Nobody is signed in, and every reading of a role goes wrong like this. */
const signedOutWith = (fault: Fault.Fault, ...more: FaultPlan.FaultPlan) =>
  server({ record: "nobody", backend: { plan: [FaultPlan.on(roles, "every", fault), ...more] } })

const noWorkspaces = FaultPlan.on("workspaces.list", "every", Fault.status(500))

const updates = (client: Client) => Effect.map(client.rest, updated)

/** Another process signs in, or out. */
const elsewhere = (account: string | null) =>
  Effect.gen(function* () {
    const store = yield* CredentialStore
    const backend = yield* FakeBackend.FakeBackend
    if (account === null) yield* store.remove
    else yield* store.write((yield* backend.signIn(account)).record)
    yield* TestClock.adjust("1 second")
  })

describe("after initialize", () => {
  withClient("a connection is sent once who is signed in, when the role is known", slowRole(3), function* (client) {
    assert.deepStrictEqual(yield* updates(client), [])
    yield* TestClock.adjust("2 seconds")
    assert.deepStrictEqual(yield* updates(client), [])
    yield* TestClock.adjust("1 second")
    assert.deepStrictEqual(yield* updates(client), [member])
    yield* TestClock.adjust("30 seconds")
    assert.deepStrictEqual([yield* updates(client), yield* count(roles)], [[], 1])
  })

  withClient("or when it can't be, by what the token claims", withRoles(Fault.status(404)), function* (client) {
    yield* TestClock.adjust("1 second")
    assert.deepStrictEqual([yield* updates(client), yield* count(roles)], [[{ ...claim, ...same }], 1])
  })

  test("two connections make one request for the role", slowRole(3), function* () {
    const clients = [yield* initialized(), yield* initialized()]
    yield* TestClock.adjust("3 seconds")
    clients.push(yield* initialized())
    yield* settle
    for (const client of clients) assert.deepStrictEqual(yield* updates(client), [member])
    assert.strictEqual(yield* count(roles), 1)
  })

  for (const [name, record] of [
    ["nobody", "nobody"],
    ["an API key", { auth_mode: "apikey", OPENAI_API_KEY: Redacted.make("sk-1") }]
  ] as const) {
    withClient(`nothing is told of ${name}`, server({ record }), function* (client) {
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual([yield* updates(client), yield* count(roles)], [[], 0])
    })
  }

  const unrenewable = server({
    backend: {
      tokens: { accessTokenSeconds: 0 },
      plan: [FaultPlan.on("oauth.token", "every", Fault.status(400, { body: '{"error":"invalid_grant"}' }))]
    }
  })

  withClient("nothing is sent of a session that can't be renewed any more", unrenewable, function* (client) {
    yield* TestClock.adjust("1 second")
    assert.deepStrictEqual(yield* updates(client), [])
  })

  test("nothing is told to a client that wants to hear none of it, by the exact name", server(), function* () {
    const deaf = yield* initialized({ kind: "stdio", optOut: ["account/updated", "nobody/knows"] })
    const near = yield* initialized({ kind: "stdio", optOut: ["account/update", "Account/updated"] })
    yield* TestClock.adjust("1 second")
    assert.deepStrictEqual([told(yield* deaf.rest), yield* updates(near)], [[], [member]])
  })
})

describe("another process", () => {
  test("that signs in and out is told of once, to all", server({ backend: { accounts: two } }), function* () {
    const clients = [yield* initialized(), yield* initialized()]
    yield* TestClock.adjust("1 second")
    for (const client of clients) yield* client.rest
    for (const [account, expected] of [
      [other, owner],
      [null, nobody],
      [other, owner]
    ] as const) {
      yield* elsewhere(account)
      for (const client of clients) assert.deepStrictEqual(yield* updates(client), [expected])
    }
    // The same again is no news.
    yield* elsewhere(other)
    for (const client of clients) assert.deepStrictEqual(yield* updates(client), [])
  })

  const slowSecond = server({ backend: { accounts: two, plan: [FaultPlan.on(roles, 2, Fault.delay("4 seconds"))] } })

  test("a client that was not there yet is told once as well", slowSecond, function* () {
    const first = yield* initialized()
    yield* TestClock.adjust("1 second")
    yield* first.rest
    yield* elsewhere(other)
    const late = yield* initialized()
    assert.deepStrictEqual([yield* updates(first), yield* updates(late)], [[], []])
    yield* TestClock.adjust("5 seconds")
    assert.deepStrictEqual([yield* updates(first), yield* updates(late)], [[owner], [owner]])
  })

  withClient("that takes over while the role is read: the late role is nobody's", slowRole(5), function* (client) {
    yield* elsewhere(other)
    assert.deepStrictEqual(yield* updates(client), [owner])
    yield* TestClock.adjust("10 seconds")
    assert.deepStrictEqual(yield* updates(client), [])
    const account = resultOf(yield* client.call("account/read", {}))
    assert.deepInclude(account, { userId: "user-FAKE2", workspaceRole: "account-owner" })
  })
})

describe("this server's own sign-ins", () => {
  withClient(
    "are sent by the claim, and then with the live role",
    signedOutWith(Fault.delay("3 seconds")),
    function* (client) {
      resultOf(yield* client.call("account/login/start", { type: "chatgptDeviceCode" }))
      yield* TestClock.adjust("6 seconds")
      assert.deepStrictEqual(yield* updates(client), [claim])
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(yield* updates(client), [member])
    }
  )

  withClient(
    "of which nothing more is told are sent once",
    signedOutWith(Fault.status(500), noWorkspaces),
    function* (client) {
      resultOf(yield* client.call("account/login/start", { type: "chatgptDeviceCode" }))
      yield* TestClock.adjust("40 seconds")
      assert.deepStrictEqual(yield* updates(client), [claim])
    }
  )

  withClient("are sent again when the workspace is known", signedOutWith(Fault.status(500)), function* (client) {
    resultOf(yield* client.call("account/login/start", { type: "chatgptDeviceCode" }))
    yield* TestClock.adjust("40 seconds")
    assert.deepStrictEqual(yield* updates(client), [claim, { ...claim, ...same }])
  })

  withClient(
    "that are over when the role comes are not sent again",
    signedOutWith(Fault.delay("9 seconds")),
    function* (client) {
      resultOf(yield* client.call("account/login/start", { type: "chatgptDeviceCode" }))
      yield* TestClock.adjust("6 seconds")
      resultOf(yield* client.call("account/logout"))
      assert.deepStrictEqual(yield* updates(client), [claim, nobody])
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual(yield* updates(client), [])
    }
  )

  withClient("are not taken for another's, also when a program beside makes them", server(), function* (client) {
    yield* TestClock.adjust("1 second")
    yield* client.rest
    const auth = yield* AuthSession
    yield* auth.signOut({ revoke: false })
    yield* TestClock.adjust("1 second")
    assert.deepStrictEqual(yield* updates(client), [nobody])
    resultOf(yield* client.call("account/logout"))
    yield* TestClock.adjust("1 second")
    assert.deepStrictEqual(yield* updates(client), [nobody])
  })
})

describe("usage that another client has read", () => {
  const read = (client: Client) => client.call("account/rateLimits/read", { excludeResetCreditDetails: true })
  const use = (usedPercent: number) =>
    Effect.flatMap(FakeBackend.FakeBackend, (backend) =>
      backend.updateAccount((account) => ({
        ...account,
        primary: FakeAccount.makeWindow(0, { lengthSeconds: 18_000, usedPercent })
      }))
    )
  const numbers = (client: Client) =>
    Effect.map(client.rest, (all) =>
      told(all).flatMap(([method, params]) =>
        method === "account/rateLimits/updated"
          ? [Object.assign({ rateLimits: { primary: { usedPercent: -1 } } }, params).rateLimits.primary.usedPercent]
          : []
      )
    )

  test("is told to the others where the numbers differ, and never to the reader", server(), function* () {
    const [reader, listener] = [yield* initialized(), yield* initialized()]
    yield* use(10)
    // A first reading changes nothing, and neither does the same again.
    for (let i = 0; i < 2; i++) resultOf(yield* read(reader))
    assert.deepStrictEqual([yield* numbers(reader), yield* numbers(listener)], [[], []])
    yield* use(20)
    resultOf(yield* read(reader))
    assert.deepStrictEqual([yield* numbers(reader), yield* numbers(listener)], [[], [20]])
    yield* use(30)
    resultOf(yield* read(listener))
    assert.deepStrictEqual([yield* numbers(reader), yield* numbers(listener)], [[30], []])
  })

  const slowList = planned(FaultPlan.on("resetCredits.list", 1, Fault.delay("2 seconds")))

  test("is not told when a newer reading came first", slowList, function* () {
    const [slow, quick, listener] = [yield* initialized(), yield* initialized(), yield* initialized()]
    yield* use(10)
    resultOf(yield* read(slow))
    yield* use(20)
    // It has the usage at once, and waits for the list of credits.
    yield* slow.send(1, "account/rateLimits/read", {})
    yield* TestClock.adjust("1 second")
    yield* use(30)
    resultOf(yield* read(quick))
    assert.deepStrictEqual([yield* numbers(slow), yield* numbers(listener)], [[30], [30]])
    yield* TestClock.adjust("3 seconds")
    assert.lengthOf((yield* slow.rest).map(resultOf), 1)
    assert.deepStrictEqual([yield* numbers(quick), yield* numbers(listener)], [[], []])
  })

  test("is told of each limit by itself", server(), function* () {
    const [reader, listener] = [yield* initialized(), yield* initialized()]
    resultOf(yield* read(reader))
    yield* listener.rest
    yield* (yield* FakeBackend.FakeBackend).updateAccount((account) => ({
      ...account,
      additional: [
        {
          name: "Reviews",
          meteredFeature: "codex_review",
          primary: FakeAccount.makeWindow(0, { lengthSeconds: 60, usedPercent: 5 }),
          secondary: null
        }
      ]
    }))
    resultOf(yield* read(reader))
    const ids = told(yield* listener.rest).map(
      ([, params]) => Object.assign({ rateLimits: { limitId: "" } }, params).rateLimits.limitId
    )
    assert.deepStrictEqual(ids, ["codex_review"])
  })

  test("is never told across a change of session", server({ backend: { accounts: two } }), function* () {
    const [reader, listener] = [yield* initialized(), yield* initialized()]
    yield* use(10)
    resultOf(yield* read(reader))
    yield* elsewhere(other)
    resultOf(yield* read(reader))
    assert.deepStrictEqual(yield* numbers(listener), [])
    yield* elsewhere("user-FAKE1/00000000-1111-4222-8333-444444444444")
    yield* use(20)
    resultOf(yield* read(reader))
    assert.deepStrictEqual(yield* numbers(listener), [])
    assert.isTrue(Option.isSome(yield* (yield* CredentialStore).read))
  })
})
