/** One run of the model: a scenario played out over one store, one journal, one lease authority and one backend. */
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Option from "effect/Option"
import * as Redacted from "effect/Redacted"
import type { AuthJson } from "../../src/contracts/AuthJson.js"
import * as CredentialStoreEphemeral from "../../src/layers/CredentialStoreEphemeral.js"
import * as OperationJournalSql from "../../src/layers/OperationJournalSql.js"
import * as SqlClientLibsql from "../../src/layers/SqlClientLibsql.js"
import type { ActError } from "../../src/domain/ActError.js"
import type { AuthError } from "../../src/domain/AuthError.js"
import type { BackendError } from "../../src/domain/BackendError.js"
import { inviteFriend } from "../../src/programs/invite.js"
import { notifyOwner } from "../../src/programs/nudge.js"
import { redeemReset } from "../../src/programs/redeem.js"
import { resolveOperation } from "../../src/programs/resolveOperation.js"
import { showUsage } from "../../src/programs/usage.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import type { DialogError } from "../../src/services/Dialog.js"
import { type JournalError, OperationJournal } from "../../src/services/OperationJournal.js"
import { FakeAccount, FakeBackend, Fault, FaultPlan, TestAccount } from "../../src/testing/index.js"
import * as FakeState from "../../src/testing/FakeState.js"
import * as SqlClient from "@effect/sql/SqlClient"
import type { History, Journaled, Sent, Task, Answered, Write } from "./history.js"
import { usageInterval } from "./laws.js"
import { begin, currentTask, isLooking, type Mutation, type Running, type Services, type Shared } from "./life.js"
import { type Command, type Scenario, usedElsewhere, type Who } from "./scenario.js"
import { makeVirtualTime } from "./virtualTime.js"

export const people = {
  A: { userId: "user-A", accountId: "account-A" },
  B: { userId: "user-B", accountId: "account-B" }
} as const

/** Enough credits for everybody, windows that are never unused, and an owner who may be asked at any time. */
const accountsOf = (now: number) =>
  Object.values(people).map((who) => ({
    ...who,
    primary: FakeAccount.makeWindow(now, { lengthSeconds: 604_800, usedPercent: 50, percentPerHour: 20 }),
    secondary: null,
    resetCredits: Array.from({ length: 8 }, (_, index) =>
      FakeAccount.makeResetCredit(now, `${who.accountId}/credit-${index}`)
    ),
    redemptions: [{ key: usedElsewhere, creditId: "rc_other", at: now }],
    nudgeCooldownMillis: 0
  }))

/** Due for renewal 100 s after its issue, in the middle of its life. */
const accessTokenSeconds = 200

/** A record with unknown keys, which differ between sign-ins. */
export const withUnknownKeys = (record: AuthJson, mark: string): AuthJson => ({
  ...record,
  x_future: { mark, list: [1, null] },
  ...(record.tokens ? { tokens: { ...record.tokens, x_note: mark } } : {})
})

const invitees = { zoe: "zoe@friends.test", max: "max@friends.test" }

type Refusal = ActError | AuthError | BackendError | DialogError | JournalError

interface Said {
  readonly said: string
  readonly seen?: ReadonlyArray<string>
  readonly key?: string | null
}

const signedInAs = Effect.flatMap(AuthSession, (auth) =>
  Effect.map(Effect.option(auth.current), (session) =>
    Option.getOrNull(Option.map(session, ({ identity }) => identity.accountId))
  )
).pipe(Effect.locally(isLooking, true))

/** An open redemption is sent again; of the others the person says what arrived, where it did. */
const resolveAll = (shared: Shared) =>
  Effect.gen(function* () {
    const journal = yield* OperationJournal
    const said: Array<string> = []
    for (const { act, key, target } of yield* journal.list({ state: "open" })) {
      if (act !== "redeem") {
        const { accounts } = yield* shared.backend.state
        const all = Array.from(accounts, ([, account]) => account)
        const arrived =
          act === "invite" ? false : all.some(({ nudges }) => nudges.some((nudge) => nudge.creditType === target))
        if (!arrived) continue
      }
      const result = yield* Effect.either(resolveOperation(key, { finding: "arrived" }))
      said.push(result._tag === "Right" ? result.right._tag : `${result.left._tag} ${result.left.reason}`)
    }
    return { said: said.join(", ") }
  })

const perform = (shared: Shared, command: Command): Effect.Effect<Said, Refusal, Services> => {
  switch (command._tag) {
    case "use":
      return Effect.flatMap(AuthSession, (auth) => Effect.as(auth.authorization, { said: "authorized" }))
    case "refresh":
      return Effect.flatMap(AuthSession, (auth) => Effect.as(auth.refresh, { said: "renewed" }))
    case "usage":
      return Effect.map(showUsage, ({ snapshot }): Said => ({
        said: "usage",
        seen: [
          snapshot.identity.accountId ?? "?",
          snapshot.backendAccountId ?? "?",
          ...(snapshot.resetCredits?.credits ?? []).map((credit) => credit.id.split("/")[0] ?? "?")
        ]
      }))
    case "redeem":
      return Effect.map(
        redeemReset({
          ...(command.key === undefined ? {} : { key: command.key }),
          again: shared.mutation.again === true
        }),
        (result): Said => ({
          said: result.outcome,
          key: result.key,
          seen: result.usage === null ? [] : [result.usage.identity.accountId ?? "?"]
        })
      )
    case "invite":
      return Effect.map(inviteFriend({ email: invitees[command.to] }), (result): Said => ({ said: result._tag }))
    case "nudge":
      return Effect.map(notifyOwner({ creditType: "credits" }), (result): Said => ({ said: result.outcome }))
    case "resolve":
      return resolveAll(shared)
    case "signIn":
      return Effect.gen(function* () {
        const auth = yield* AuthSession
        yield* auth.signIn(yield* newSignIn(shared, command.as))
        return { said: "signed in" }
      })
    case "touch":
      return Effect.gen(function* () {
        const found = Option.getOrNull(yield* shared.store.read)
        if (found === null) return { said: "nothing there" }
        const { record, revision } = found
        yield* shared.store.write({ ...record, x_touched: ++marks }, { expected: Option.some(revision) })
        return { said: "touched" }
      }).pipe(Effect.orDie)
    case "signOut":
      return Effect.flatMap(AuthSession, (auth) =>
        Effect.map(auth.signOut({ revoke: command.revoke }), (): Said => ({ said: "signed out" }))
      )
  }
}

let marks = 0
const newSignIn = (shared: Pick<Shared, "backend" | "time">, who: Who) =>
  Effect.gen(function* () {
    const { record } = yield* shared.backend
      .signIn(`${people[who].userId}/${people[who].accountId}`)
      .pipe(Effect.withClock(shared.time.clock(0, () => false)))
    return withUnknownKeys(record, `sign-in ${++marks}`)
  })

/**
 * After all is done: longer than a lease of a dead process lasts, than any request is under way, and than an access token
 * is good for, so that who can't renew is left with nothing.
 */
const aftermath = "7 minutes"

export const play = async (scenario: Scenario, mutation: Mutation = {}): Promise<History> => {
  const time = makeVirtualTime()
  const clock = time.clock(0, () => {
    // What wakes on it is the backend, or who plays the scenario.
    time.goingOut()
    return false
  })
  const sent: Array<Sent> = []
  const writes: Array<Write> = []
  const journal: Array<Journaled> = []
  const answered: Array<Answered> = []
  const tasks: Array<Task> = []
  const serving = new Set<Fiber.RuntimeFiber<unknown, unknown>>()
  marks = 0

  const serve: Shared["serve"] = (work) =>
    Effect.map(Effect.forkDaemon(Effect.withClock(Effect.interruptible(work), clock)), (fiber) => {
      time.goingOut()
      serving.add(fiber)
      fiber.addObserver(() => serving.delete(fiber))
      return Effect.flatten(Fiber.await(fiber))
    })

  const tell = (shared: Shared, running: Running, task: Task): Effect.Effect<void, never, Services> =>
    Effect.exit(perform(shared, task.command)).pipe(
      Effect.zip(Effect.sync(time.now)),
      Effect.flatMap(([exit, at]) =>
        Effect.map(signedInAs, (found) => {
          // Who had to wait for the answer learns nothing about the moment.
          const present = time.now() === at ? found : undefined
          const said = Exit.match(exit, {
            onSuccess: (value: Said) => value,
            onFailure: (cause): Said => ({
              said: cause._tag === "Fail" ? `${cause.error._tag} ${cause.error.reason}` : `defect: ${String(cause)}`
            })
          })
          answered.push({
            task,
            life: running.life,
            at,
            said: said.said,
            seen: said.seen ?? [],
            present,
            key: said.key ?? null
          })
        })
      ),
      Effect.locally(currentTask, task)
    )

  /** A process from its first life to its last, which goes on. */
  const process = (shared: Shared, index: number): Effect.Effect<Running> =>
    Effect.gen(function* () {
      const plan = scenario.processes[index]
      if (plan === undefined) return yield* Effect.dieMessage("There is no such process.")
      const own: ReadonlyArray<Task> = plan.commands.map(({ at, command }, nth) => ({
        id: index * 100 + nth,
        process: index,
        at,
        command
      }))
      tasks.push(...own)
      for (let number = 0; ; number++) {
        const running = yield* begin(shared, plan, index, number)
        const left = own.filter((task) => !answered.some((answer) => answer.task.id === task.id))
        const done = yield* Deferred.make<void>()
        const work = Effect.forEach(
          left,
          (task) => Effect.delay(tell(shared, running, task), Math.max(0, task.at - time.now())),
          {
            concurrency: "unbounded",
            discard: true
          }
        )
        yield* Effect.forkDaemon(Deferred.complete(done, running.run(work)))
        const ended = yield* Effect.raceFirst(Effect.as(Deferred.await(done), true), Effect.as(running.death, false))
        if (ended) return yield* Effect.as(running.survive, running)
        yield* Effect.sleep(plan.restartAfter)
      }
    })

  const all = Effect.gen(function* () {
    const sql = yield* SqlClient.SqlClient
    const backend = yield* FakeBackend.make({
      accounts: accountsOf,
      plan: scenario.faults,
      tokens: { accessTokenSeconds }
    })
    const initial = yield* newSignIn({ backend, time }, "A")
    if (scenario.tokensDropped) yield* backend.update(FakeState.dropAccessTokens)
    const store = yield* CredentialStoreEphemeral.make(initial)
    let moments = 0
    const shared: Shared = {
      time,
      moment: () => ({ at: time.now(), nth: moments++ }),
      backend,
      store,
      sql,
      client: FakeBackend.httpClient(backend),
      truth: yield* OperationJournal,
      settings: TestAccount.settings(backend.urls, { usageInterval: Duration.millis(usageInterval) }),
      mutation,
      sent,
      writes,
      journal,
      serve
    }
    const running = yield* Effect.forEach(scenario.processes, (_, index) => process(shared, index), {
      concurrency: "unbounded"
    })
    yield* Effect.sleep(aftermath)
    // The plan stays: its call numbers tell one request from another.
    yield* backend.addFaults(FaultPlan.on("*", "every", Fault.pass))
    // Somebody carries on what is left, and all look who is signed in.
    const [one] = running
    if (one !== undefined) yield* one.run(Effect.exit(resolveAll(shared)))
    const bearers = Effect.forEach(running, ({ life, run }) =>
      run(Effect.flatMap(AuthSession, (auth) => Effect.option(auth.authorization))).pipe(
        Effect.map((authorization) => ({
          life,
          bearer: Option.getOrNull(
            Option.map(authorization, ({ headers }) => Redacted.value(headers)["authorization"] ?? null)
          )
        }))
      )
    )
    yield* bearers
    yield* Effect.sleep("1 second")
    const holding = yield* bearers
    const history: History = {
      scenario,
      initial,
      sent,
      writes,
      journal,
      answered,
      tasks,
      log: yield* backend.log,
      state: yield* backend.state,
      holding,
      stored: yield* Effect.orDie(store.read),
      operations: yield* Effect.orDie(shared.truth.list())
    }
    yield* Fiber.interruptAll(serving)
    return history
  })

  // The driver is loaded in real time, before the virtual one begins.
  return await Effect.runPromise(
    Effect.scoped(
      Effect.gen(function* () {
        const sql = yield* SqlClientLibsql.make({ filename: ":memory:" })
        const layers = OperationJournalSql.layer.pipe(Layer.provideMerge(Layer.succeed(SqlClient.SqlClient, sql)))
        const run = Effect.provide(all, layers).pipe(
          Effect.withClock(clock),
          Logger.withMinimumLogLevel(LogLevel.None),
          Effect.withTracerEnabled(false)
        )
        return yield* Effect.flatten(Effect.promise(() => time.run(run, "5 hours")))
      })
    ).pipe(Effect.provide(Logger.remove(Logger.defaultLogger)))
  )
}
