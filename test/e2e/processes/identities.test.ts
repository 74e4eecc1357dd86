/** Several homes and several sign-ins: nothing of one is ever another's. */
import * as NodeContext from "@effect/platform-node/NodeContext"
import { afterAll, assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import { backendBase } from "../../../src/contracts/BackendEndpoints.js"
import * as AccountConfigEnv from "../../../src/layers/AccountConfigEnv.js"
import * as Live from "../../../src/layers/Live.js"
import { readUsage } from "../../../src/programs/usage.js"
import { redeemReset } from "../../../src/programs/redeem.js"
import { AuthSession } from "../../../src/services/AuthSession.js"
import { OperationJournal } from "../../../src/services/OperationJournal.js"
import { WorkspaceRole } from "../../../src/services/WorkspaceRole.js"
import { FakeAccount, type FakeBackend, Fault, ScriptedDialog } from "../../../src/testing/index.js"
import { configOf } from "../../layers/journal/files.js"
import * as OperationJournalSql from "../../../src/layers/OperationJournalSql.js"
import { type Backend, brief, makeNursery, signInAt, until } from "./nursery.js"
import { live } from "../../cases.js"

const nursery = await makeNursery()
afterAll(nursery.close)

/** One person in two workspaces, with one address; and a colleague in the first of them. */
const people = {
  work: { userId: "user-1", accountId: "workspace-1", role: "standard-user", used: 11 },
  home: { userId: "user-1", accountId: "workspace-2", role: "account-owner", used: 22 },
  colleague: { userId: "user-2", accountId: "workspace-1", role: "account-admin", used: 33 }
} as const
type Person = keyof typeof people

const accountOf = (person: Person) => `${people[person].userId}/${people[person].accountId}`
const keyOf = (person: Person) => JSON.stringify([people[person].userId, people[person].accountId])

const accounts = (now: number): ReadonlyArray<Partial<FakeAccount.FakeAccount>> =>
  Object.entries(people).map(([name, { accountId, role, used, userId }]) => ({
    userId,
    accountId,
    role,
    email: "ada@example.test",
    primary: FakeAccount.makeWindow(now, { lengthSeconds: 18_000, usedPercent: used }),
    secondary: null,
    resetCredits: [FakeAccount.makeResetCredit(now, `rc_${name}_1`), FakeAccount.makeResetCredit(now, `rc_${name}_2`)]
  }))

const redemptions = (backend: Backend) =>
  Object.fromEntries(
    (Object.keys(people) as ReadonlyArray<Person>).map((person) => [
      person,
      Effect.runSync(backend.account(accountOf(person))).redemptions.length
    ])
  )

const pairs: ReadonlyArray<readonly [string, Person, Person]> = [
  ["one user in two workspaces", "work", "home"],
  ["two users of one workspace", "work", "colleague"]
]

describe("two homes in one process", () => {
  const liveIn = (home: string, urls: FakeBackend.FakeUrls) =>
    Live.layer.pipe(
      Layer.provideMerge(ScriptedDialog.layer({ "redeem.credit": ScriptedDialog.nth(0), "redeem.confirm": true })),
      Layer.provide(
        AccountConfigEnv.layer({
          codexHome: home,
          backend: backendBase(urls.chatgpt),
          refreshUrl: urls.refresh,
          revokeUrl: urls.revoke
        })
      ),
      Layer.provide(NodeContext.layer)
    )
  const look = Effect.gen(function* () {
    const session = yield* AuthSession
    const { identity } = yield* session.current
    const usage = yield* readUsage()
    const roles = yield* WorkspaceRole
    const { role } = yield* roles.role
    const journal = yield* OperationJournal
    return {
      identity: identity.key,
      reader: usage.identity.key,
      used: usage.main.windows.map(({ usedPercent }) => usedPercent),
      role,
      operations: (yield* journal.list()).map((operation) => operation.identity)
    }
  })

  live.each(pairs)("%s: each has its own session, usage, role, journal and renewal", function* ([, one, other]) {
    const backend = yield* Effect.promise(() => nursery.backend({ accounts }))
    const [first, second] = [nursery.home(), nursery.home()]
    signInAt(backend, first, { account: accountOf(one), expired: true })
    signInAt(backend, second, { account: accountOf(other), expired: true })
    const [a, b] = [yield* Layer.build(liveIn(first, backend.urls)), yield* Layer.build(liveIn(second, backend.urls))]
    const both = <A, E>(work: Effect.Effect<A, E, Layer.Layer.Success<ReturnType<typeof liveIn>>>) =>
      Effect.all([Effect.provide(work, a), Effect.provide(work, b)], { concurrency: 2 })
    for (let round = 0; round < 3; round++) {
      const found = yield* both(look)
      assert.deepStrictEqual(
        found.map(({ identity, reader, used }) => [identity, reader, used]),
        [
          [keyOf(one), keyOf(one), [people[one].used]],
          [keyOf(other), keyOf(other), [people[other].used]]
        ]
      )
      assert.notStrictEqual(found[0].role, found[1].role)
      assert.deepStrictEqual([...found[0].operations, ...found[1].operations], [])
    }
    // One exchange each, at the same time.
    assert.strictEqual(yield* backend.count("oauth.token"), 2)
    yield* both(redeemReset())
    assert.deepStrictEqual(
      [redemptions(backend)[one], redemptions(backend)[other], Object.keys(people).length],
      [1, 1, 3]
    )
    const journals = yield* both(Effect.flatMap(OperationJournal, (journal) => journal.list()))
    assert.deepStrictEqual(
      journals.map((all) => all.map(({ identity }) => identity)),
      [[keyOf(one)], [keyOf(other)]]
    )
  })
})

describe("two sign-ins in one home, one after the other, in several processes", () => {
  it.each(pairs)("%s: neither waits for the other's lease, nor carries on its acts", async (_, one, other) => {
    const backend = await nursery.backend({ accounts })
    const home = nursery.home()
    // Leases that outlast the test: whoever asked for the other's would wait in vain.
    const setup = { home, urls: backend.urls }
    signInAt(backend, home, { account: accountOf(one) })
    await Effect.runPromise(
      Effect.all([
        backend.failNext("resetCredits.consume", Fault.hang),
        backend.failNext("referrals.invite", Fault.hang),
        backend.failNext("oauth.token", Fault.hang)
      ])
    )
    const doomed = [0, 1, 2].map(() => nursery.start(setup))
    const watcher = nursery.start(setup)
    await Promise.all([...doomed, watcher].map(({ ready }) => ready))
    assert.deepInclude(await watcher.ask({ do: "usage" }), { ok: true })
    const email = "grace@example.test"
    const asked = [
      doomed[0]?.ask({ do: "redeem" }),
      doomed[1]?.ask({ do: "invite", email }),
      doomed[2]?.ask({ do: "refresh" })
    ]
    await until(() =>
      (["resetCredits.consume", "referrals.invite", "oauth.token"] as const).every(
        (endpoint) => Effect.runSync(backend.count(endpoint)) === 1
      )
    )
    await Promise.all(doomed.map((child) => child.kill()))
    for (const answer of await Promise.all(asked)) assert.propertyVal(answer, "tag", "Died")
    const operations = () =>
      Effect.flatMap(OperationJournal, (journal) => journal.list()).pipe(
        Effect.provide(OperationJournalSql.layerFile),
        Effect.provide(configOf(home)),
        Effect.runPromise
      )
    const ofOne = await operations()
    assert.deepStrictEqual(ofOne.map(({ act, isOpen }) => [act, isOpen]).toSorted(), [
      ["invite", true],
      ["redeem", true]
    ])

    signInAt(backend, home, { account: accountOf(other) })
    // Who has signed in is known within a second, on a machine that is not busy.
    const start = performance.now()
    const theOther = JSON.stringify({ ok: true, value: { identity: keyOf(other), email: "ada@example.test" } })
    while (JSON.stringify(await watcher.ask({ do: "identity" })) !== theOther) {
      assert.isBelow(performance.now() - start, 5000)
    }
    assert.deepStrictEqual(await watcher.ask({ do: "usage" }), {
      ok: true,
      value: { identity: keyOf(other), used: [people[other].used], credits: 2 }
    })
    assert.strictEqual(brief(await watcher.ask({ do: "refresh" })), "done")
    const key = ofOne.find(({ act }) => act === "redeem")?.key ?? ""
    assert.strictEqual(brief(await watcher.ask({ do: "redeem", key })), "JournalError InUse")
    const redeemed = await watcher.ask({ do: "redeem" })
    assert.strictEqual(brief(redeemed), "done", redeemed.ok ? "" : redeemed.message)
    assert.notDeepInclude(redeemed, { value: { key } })
    assert.strictEqual(brief(await watcher.ask({ do: "invite", email })), "done")
    assert.deepStrictEqual([redemptions(backend)[one], redemptions(backend)[other]], [0, 1])

    // What was open is open, and still the first one's.
    const all = await operations()
    assert.deepStrictEqual(
      all.map(({ act, identity, isOpen }) => [act, identity, isOpen] as const).toSorted(),
      [
        ["invite", keyOf(one), true] as const,
        ["redeem", keyOf(one), true] as const,
        ["invite", keyOf(other), false] as const,
        ["redeem", keyOf(other), false] as const
      ].toSorted()
    )
    assert.strictEqual(await watcher.end(), 0)
    signInAt(backend, home, { account: accountOf(one) })
    assert.deepInclude(await nursery.alone(setup, { do: "invite", email }), { ok: false, reason: "Unresolved" })
    const carried = await nursery.alone({ ...setup, lease: "memory" }, { do: "redeem" })
    assert.deepStrictEqual(carried.ok ? carried.value : carried, {
      outcome: "reset",
      key,
      creditId: ofOne.find(({ act }) => act === "redeem")?.target ?? null
    })
    assert.deepStrictEqual([redemptions(backend)[one], redemptions(backend)[other]], [1, 1])
  })
})
