/** Law 10: no answer for identity A is ever visible under identity B; every change of session is a boundary. */
import { assert, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import type { Identity } from "../../src/domain/Identity.js"
import type { UsageSnapshot } from "../../src/domain/UsageSnapshot.js"
import type { AuthError } from "../../src/domain/AuthError.js"
import type { BackendError } from "../../src/domain/BackendError.js"
import type { JournalError } from "../../src/services/OperationJournal.js"
import { showRole, showStatus } from "../../src/programs/status.js"
import { showWorkspaces } from "../../src/programs/workspaces.js"
import { showUsage } from "../../src/programs/usage.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { FakeAccount, FakeBackend, Fault, FaultPlan } from "../../src/testing/index.js"
import { account, brief, count, finish, run, type Services, faulty } from "../programs/harness.js"
import { runs, test } from "../cases.js"

const a = { userId: "user-A", accountId: "account-A" }
const b = { userId: "user-B", accountId: "account-B" }

/** Everything that differs between the two accounts. */
const accounts = [
  {
    ...a,
    role: "standard-user",
    workspaceName: "A",
    resetCredits: [FakeAccount.makeResetCredit(0, "credit-A")],
    activity: { ...FakeAccount.makeAccount(0).activity, lifetime_tokens: 1 },
    messages: [{ id: "message-A", type: "headline", body: "A", createdAt: null, archivedAt: null }]
  },
  {
    ...b,
    role: "account-owner",
    workspaceName: "B",
    resetCredits: [FakeAccount.makeResetCredit(0, "credit-B")],
    activity: { ...FakeAccount.makeAccount(0).activity, lifetime_tokens: 2 },
    messages: [{ id: "message-B", type: "headline", body: "B", createdAt: null, archivedAt: null }]
  }
] satisfies ReadonlyArray<Partial<FakeAccount.FakeAccount>>

const letter = (of: string | null | undefined): string => (of ?? "-").slice(-1)

const become = (who: typeof a) =>
  Effect.gen(function* () {
    const { record } = yield* (yield* FakeBackend.FakeBackend).signIn(`${who.userId}/${who.accountId}`)
    yield* (yield* AuthSession).signIn(record)
  })

/** Whose the parts of a snapshot are, the list of credits among them. */
const partsOf = (snapshot: UsageSnapshot): ReadonlyArray<string> => [
  letter(snapshot.identity.accountId),
  letter(snapshot.backendAccountId),
  ...(snapshot.resetCredits?.credits ?? []).map((credit) => letter(credit.id))
]

const now = Effect.flatMap(AuthSession, (auth) =>
  Effect.map(auth.current, ({ identity }) => letter(identity.accountId))
)

type Read = "usage" | "role" | "status" | "workspaces"

/** What a reader sees, and who is signed in when it is seen: all of it has to be that one's. */
const reads: Readonly<
  Record<Read, Effect.Effect<ReadonlyArray<string>, AuthError | BackendError | JournalError, Services>>
> = {
  usage: Effect.map(showUsage, ({ snapshot }) => partsOf(snapshot)),
  role: Effect.map(showRole, ({ role, session }) => [
    letter(session.identity.accountId),
    role.source === "live" ? (role.isOwner === true ? "B" : "A") : "?"
  ]),
  workspaces: Effect.map(showWorkspaces, ({ session, workspaces }) => [
    letter(session.identity.accountId),
    ...workspaces.map(({ name }) => name ?? "?")
  ]),
  status: Effect.map(showStatus, ({ activity, messages, role, session, usage }) => [
    letter(session.identity.accountId),
    session.workspace?.name ?? "?",
    role.source === "live" ? (role.isOwner === true ? "B" : "A") : "?",
    ...Either.match(usage, { onLeft: () => [], onRight: ({ snapshot }) => partsOf(snapshot) }),
    ...Either.match(activity, {
      onLeft: () => [],
      onRight: (read) => [letter(read.identity.accountId), read.lifetimeTokens === 1 ? "A" : "B"]
    }),
    ...Either.match(messages, { onLeft: () => [], onRight: (list) => list.messages.map(({ body }) => body) })
  ])
}

const seen = (what: Read) =>
  Effect.either(reads[what]).pipe(
    Effect.zip(now),
    Effect.map(([result, who]) => Either.match(result, { onLeft: brief, onRight: (parts) => ({ parts, who }) }))
  )

const millis = FastCheck.integer({ min: 0, max: 4_000 })

const reader = FastCheck.record({
  at: millis,
  what: FastCheck.constantFrom<Read>("usage", "role", "status", "workspaces")
})

const late = FastCheck.record({
  endpoint: FastCheck.constantFrom(
    "usage.read" as const,
    "resetCredits.list" as const,
    "workspace.accountsCheck" as const,
    "workspaces.list" as const
  ),
  call: FastCheck.integer({ min: 1, max: 5 }),
  fault: FastCheck.oneof(
    {
      weight: 3,
      arbitrary: FastCheck.record({ by: millis, afterCommit: FastCheck.boolean() }).map(({ afterCommit, by }) =>
        Fault.delay(by, { afterCommit })
      )
    },
    {
      weight: 1,
      arbitrary: FastCheck.constantFrom(Fault.status(500), Fault.resetBeforeCommit, Fault.rateLimited({ seconds: 1 }))
    }
  )
})

it.effect.prop(
  "whenever the account changes, and however late the answers",
  {
    readers: FastCheck.array(reader, { minLength: 1, maxLength: 8 }),
    switches: FastCheck.array(FastCheck.record({ at: millis, to: FastCheck.constantFrom(a, b) }), {
      minLength: 1,
      maxLength: 4
    }),
    delays: FastCheck.array(late, { maxLength: 6 })
  },
  ({ delays, readers, switches }) =>
    Effect.gen(function* () {
      const changes = switches.map(({ at, to }) => Effect.delay(become(to), at))
      const watching = readers.map(({ at, what }) => Effect.delay(seen(what), at))
      const { exit } = yield* finish(
        Effect.all(
          [Effect.all(watching, { concurrency: "unbounded" }), Effect.all(changes, { concurrency: "unbounded" })],
          {
            concurrency: "unbounded"
          }
        )
      )
      const [all] = yield* exit
      for (const found of all) {
        if (typeof found === "string")
          assert.include(["BackendError IdentityChanged", "AuthError AccountMismatch"], found)
        else for (const part of found.parts) assert.include([found.who, "?"], part)
      }
    }).pipe(
      Effect.provide(
        account({
          settings: { usageInterval: Duration.seconds(5) },
          accounts,
          plan: delays.map(({ call, endpoint, fault }) => FaultPlan.on(endpoint, call, fault))
        })
      )
    ),
  runs(12)
)

test.each(
  ["usage", "role", "status", "workspaces"] as const,
  account({ settings: { usageInterval: Duration.hours(1) }, accounts })
)("after a change, %s is the other's", function* (what) {
  for (const who of [a, b]) {
    yield* become(who)
    const found = yield* run(seen(what))
    assert.isNotString(found)
    assert.deepStrictEqual(typeof found === "string" ? null : new Set(found.parts), new Set([letter(who.accountId)]))
  }
})

test(
  "an answer that comes after the change is dropped, and so is the list of credits that comes after it",
  account({
    accounts,
    ...faulty("usage.read", Fault.delay("2 seconds", { afterCommit: true }), 1)
  }),
  function* () {
    const change = Effect.delay(become(b), "1 second")
    const { exit } = yield* finish(Effect.zip(seen("usage"), change, { concurrent: true }))
    assert.strictEqual((yield* exit)[0], "BackendError IdentityChanged")
  }
)

test.each(
  [
    [
      "the usage came before the change, and the list of credits after it",
      [FaultPlan.on("resetCredits.list", 1, Fault.delay("2 seconds"))]
    ],
    [
      "the usage failed before the change, and came after it",
      [FaultPlan.on("usage.read", 1, Fault.rateLimited({ seconds: 2 }))]
    ],
    [
      "the role failed before the change, and came after it",
      [FaultPlan.on("workspace.accountsCheck", 1, Fault.rateLimited({ seconds: 2 }))]
    ],
    [
      "the workspaces failed before the change, and came after it",
      [FaultPlan.on("workspaces.list", 1, Fault.rateLimited({ seconds: 2 }))]
    ]
  ] as const,
  ([, plan]) => account({ settings: { usageInterval: Duration.hours(1) }, accounts, plan: [...plan] })
)("a whole that was begun before the change is not shown after it: %s", function* () {
  const change = Effect.delay(become(b), "1 second")
  const both = Effect.all([seen("usage"), seen("role"), seen("status"), seen("workspaces")], {
    concurrency: "unbounded"
  })
  const { exit } = yield* finish(Effect.zip(both, change, { concurrent: true }))
  for (const found of (yield* exit)[0]) {
    if (typeof found !== "string") for (const part of found.parts) assert.include([found.who, "?"], part)
  }
  // Nor is it kept for later.
  for (const what of ["usage", "role", "status", "workspaces"] as const) {
    const found = yield* run(seen(what))
    assert.deepStrictEqual(typeof found === "string" ? found : new Set(found.parts), new Set(["B"]))
  }
})

test.each(
  [
    ["usage", "usage.read"],
    ["role", "workspace.accountsCheck"],
    ["workspaces", "workspaces.list"]
  ] as const,
  account({ settings: { usageInterval: Duration.hours(1) }, accounts })
)("what was known before two changes is not known after them: %s", function* ([what, endpoint]) {
  yield* run(seen(what))
  yield* become(b)
  yield* become(a)
  yield* run(seen(what))
  assert.strictEqual(yield* count(endpoint), 2)
})

test("control: a value that is kept for every reader would be seen", account({ accounts }), function* () {
  const keep = yield* Effect.cached(showUsage)
  const first: Identity = (yield* run(keep)).snapshot.identity
  yield* become(b)
  const later = yield* run(keep)
  assert.deepStrictEqual(later.snapshot.identity, first)
  assert.notInclude(partsOf(later.snapshot), yield* now)
})
