/** What clients are told without asking. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { AuthSession } from "../../../src/services/AuthSession.js"
import { CredentialStore } from "../../../src/services/CredentialStore.js"
import { FakeAccount, FakeBackend, Fault, FaultPlan } from "../../../src/testing/index.js"
import { count } from "../../programs/harness.js"
import { type Client, initialized, resultOf, server, settle, told, updated } from "./harness.js"

const roles = "workspace.accountsCheck"
const other = "user-FAKE2/org-2"
const two = [{}, { userId: "user-FAKE2", accountId: "org-2", planType: "team", role: "account-owner" }]

const claim = { authMode: "chatgpt", planType: "business", workspaceRole: null, isWorkspaceOwner: false }
const member = { ...claim, workspaceRole: "standard-user" }
const owner = { authMode: "chatgpt", planType: "team", workspaceRole: "account-owner", isWorkspaceOwner: true }
const nobody = { authMode: null, planType: null, workspaceRole: null, isWorkspaceOwner: null }

const withRoles = (...faults: ReadonlyArray<Fault.Fault>) =>
  server({ backend: { accounts: two, plan: faults.map((fault, i) => FaultPlan.on(roles, i + 1, fault)) } })

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
  it.effect("a connection is told once who is signed in, when the role is known", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      assert.deepStrictEqual(yield* updates(client), [])
      yield* TestClock.adjust("2 seconds")
      assert.deepStrictEqual(yield* updates(client), [])
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* updates(client), [member])
      yield* TestClock.adjust("30 seconds")
      assert.deepStrictEqual([yield* updates(client), yield* count(roles)], [[], 1])
    }).pipe(Effect.scoped, Effect.provide(withRoles(Fault.delay("3 seconds"))))
  )

  it.effect("or when it can't be, by what the token claims", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([yield* updates(client), yield* count(roles)], [[claim], 1])
    }).pipe(Effect.scoped, Effect.provide(withRoles(Fault.status(404))))
  )

  it.effect("two connections make one request for the role", () =>
    Effect.gen(function* () {
      const clients = [yield* initialized(), yield* initialized()]
      yield* TestClock.adjust("3 seconds")
      clients.push(yield* initialized())
      yield* settle
      for (const client of clients) assert.deepStrictEqual(yield* updates(client), [member])
      assert.strictEqual(yield* count(roles), 1)
    }).pipe(Effect.scoped, Effect.provide(withRoles(Fault.delay("3 seconds"))))
  )

  it.effect.each([
    ["nobody", "nobody"],
    ["an API key", { auth_mode: "apikey", OPENAI_API_KEY: Redacted.make("sk-1") }]
  ] as const)("nothing is told of %s", ([, record]) =>
    Effect.gen(function* () {
      const client = yield* initialized()
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual([yield* updates(client), yield* count(roles)], [[], 0])
    }).pipe(Effect.scoped, Effect.provide(server({ record })))
  )

  it.effect("nothing is told of a session that can't be renewed any more", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* updates(client), [])
    }).pipe(
      Effect.scoped,
      Effect.provide(
        server({
          backend: {
            tokens: { accessTokenSeconds: 0 },
            plan: [FaultPlan.on("oauth.token", "every", Fault.status(400, { body: '{"error":"invalid_grant"}' }))]
          }
        })
      )
    )
  )

  it.effect("nothing is told to a client that wants to hear none of it, by the exact name", () =>
    Effect.gen(function* () {
      const deaf = yield* initialized({ kind: "stdio", optOut: ["account/updated", "nobody/knows"] })
      const near = yield* initialized({ kind: "stdio", optOut: ["account/update", "Account/updated"] })
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual([told(yield* deaf.rest), yield* updates(near)], [[], [member]])
    }).pipe(Effect.scoped, Effect.provide(server()))
  )
})

describe("another process", () => {
  it.effect("that signs in and out is told of once, to all", () =>
    Effect.gen(function* () {
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
    }).pipe(Effect.scoped, Effect.provide(server({ backend: { accounts: two } })))
  )

  it.effect("a client that was not there yet is told once as well", () =>
    Effect.gen(function* () {
      const first = yield* initialized()
      yield* TestClock.adjust("1 second")
      yield* first.rest
      yield* elsewhere(other)
      const late = yield* initialized()
      assert.deepStrictEqual([yield* updates(first), yield* updates(late)], [[], []])
      yield* TestClock.adjust("5 seconds")
      assert.deepStrictEqual([yield* updates(first), yield* updates(late)], [[owner], [owner]])
    }).pipe(
      Effect.scoped,
      Effect.provide(server({ backend: { accounts: two, plan: [FaultPlan.on(roles, 2, Fault.delay("4 seconds"))] } }))
    )
  )

  it.effect("that takes over while the role is read: the late role is nobody's", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      yield* elsewhere(other)
      assert.deepStrictEqual(yield* updates(client), [owner])
      yield* TestClock.adjust("10 seconds")
      assert.deepStrictEqual(yield* updates(client), [])
      const account = resultOf(yield* client.call("account/read", {}))
      assert.deepInclude(account, { userId: "user-FAKE2", workspaceRole: "account-owner" })
    }).pipe(Effect.scoped, Effect.provide(withRoles(Fault.delay("5 seconds"))))
  )
})

describe("this server's own sign-ins", () => {
  it.effect("are told by the claim, and then with the live role", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      resultOf(yield* client.call("account/login/start", { type: "chatgptDeviceCode" }))
      yield* TestClock.adjust("6 seconds")
      assert.deepStrictEqual(yield* updates(client), [claim])
      yield* TestClock.adjust("3 seconds")
      assert.deepStrictEqual(yield* updates(client), [member])
    }).pipe(
      Effect.scoped,
      Effect.provide(
        server({ record: "nobody", backend: { plan: [FaultPlan.on(roles, 1, Fault.delay("3 seconds"))] } })
      )
    )
  )

  it.effect("whose role does not come are told once", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      resultOf(yield* client.call("account/login/start", { type: "chatgptDeviceCode" }))
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual(yield* updates(client), [claim])
    }).pipe(
      Effect.scoped,
      Effect.provide(server({ record: "nobody", backend: { plan: [FaultPlan.on(roles, "every", Fault.status(500))] } }))
    )
  )

  it.effect("that are over when the role comes are not told of again", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      resultOf(yield* client.call("account/login/start", { type: "chatgptDeviceCode" }))
      yield* TestClock.adjust("6 seconds")
      resultOf(yield* client.call("account/logout"))
      assert.deepStrictEqual(yield* updates(client), [claim, nobody])
      yield* TestClock.adjust("20 seconds")
      assert.deepStrictEqual(yield* updates(client), [])
    }).pipe(
      Effect.scoped,
      Effect.provide(
        server({ record: "nobody", backend: { plan: [FaultPlan.on(roles, 1, Fault.delay("9 seconds"))] } })
      )
    )
  )

  it.effect("are not taken for another's, also when a program beside the server makes them", () =>
    Effect.gen(function* () {
      const client = yield* initialized()
      yield* TestClock.adjust("1 second")
      yield* client.rest
      const auth = yield* AuthSession
      yield* auth.signOut({ revoke: false })
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* updates(client), [nobody])
      resultOf(yield* client.call("account/logout"))
      yield* TestClock.adjust("1 second")
      assert.deepStrictEqual(yield* updates(client), [nobody])
    }).pipe(Effect.scoped, Effect.provide(server()))
  )
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

  it.effect("is told to the others where the numbers differ, and never to the reader", () =>
    Effect.gen(function* () {
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
    }).pipe(Effect.scoped, Effect.provide(server()))
  )

  it.effect("is not told when a newer reading came first", () =>
    Effect.gen(function* () {
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
    }).pipe(
      Effect.scoped,
      Effect.provide(server({ backend: { plan: [FaultPlan.on("resetCredits.list", 1, Fault.delay("2 seconds"))] } }))
    )
  )

  it.effect("is told of each limit by itself", () =>
    Effect.gen(function* () {
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
    }).pipe(Effect.scoped, Effect.provide(server()))
  )

  it.effect("is never told across a change of session", () =>
    Effect.gen(function* () {
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
    }).pipe(Effect.scoped, Effect.provide(server({ backend: { accounts: two } })))
  )
})
