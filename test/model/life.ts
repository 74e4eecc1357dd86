/** A process of the model: the real layers over services that it shares with others, until it dies. */
import * as HttpClient from "@effect/platform/HttpClient"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FiberRef from "effect/FiberRef"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Scope from "effect/Scope"
import * as SqlClient from "@effect/sql/SqlClient"
import * as LeaseSql from "../../src/layers/LeaseSql.js"
import * as Live from "../../src/layers/Live.js"
import * as OperationJournalSql from "../../src/layers/OperationJournalSql.js"
import type { Act } from "../../src/domain/Operation.js"
import { AccountConfig, type AccountSettings } from "../../src/services/AccountConfig.js"
import { CredentialStore } from "../../src/services/CredentialStore.js"
import type { Dialog } from "../../src/services/Dialog.js"
import { Lease } from "../../src/services/Lease.js"
import { OperationJournal, OperationKeys } from "../../src/services/OperationJournal.js"
import { type FakeBackend, type FaultPlan, ScriptedDialog } from "../../src/testing/index.js"
import * as FakeState from "../../src/testing/FakeState.js"
import type { Journaled, Life, Moment, Sent, Task, Write } from "./history.js"
import type { ProcessPlan } from "./scenario.js"
import type { VirtualTime } from "./virtualTime.js"

/** What takes a mechanism away: services in the place of the real ones, one set for each life. */
export interface Mutation {
  readonly store?: (store: CredentialStore["Type"]) => CredentialStore["Type"]
  readonly journal?: (journal: OperationJournal["Type"]) => OperationJournal["Type"]
  readonly lease?: (lease: Lease["Type"]) => Lease["Type"]
  readonly client?: (client: HttpClient.HttpClient) => HttpClient.HttpClient
  readonly settings?: Partial<AccountSettings>
  /** Redemptions are made within the quiet period too. */
  readonly again?: boolean
}

/** What all processes have in common, with the notes that are taken of it. */
export interface Shared {
  readonly time: VirtualTime
  /** The present moment, another one each time. */
  readonly moment: () => Moment
  readonly backend: FakeBackend.FakeBackendService
  readonly store: CredentialStore["Type"]
  readonly client: HttpClient.HttpClient
  readonly sql: SqlClient.SqlClient
  /** The journal itself, whatever is put in its place for a process. */
  readonly truth: OperationJournal["Type"]
  readonly settings: AccountSettings
  readonly mutation: Mutation
  readonly sent: Array<Sent>
  readonly writes: Array<Write>
  readonly journal: Array<Journaled>
  /** Lets the backend go on with a request, also when the caller has stopped waiting. */
  readonly serve: <A, E>(work: Effect.Effect<A, E>) => Effect.Effect<Effect.Effect<A, E>>
}

export type Services =
  | Live.AccountServices
  | AccountConfig
  | CredentialStore
  | Dialog
  | Lease
  | OperationJournal
  | ScriptedDialog.ScriptedDialog

/** Calls of somebody who only looks take no time, and are no steps. */
export const isLooking: FiberRef.FiberRef<boolean> = FiberRef.unsafeMake(false)

export const currentTask: FiberRef.FiberRef<Task | null> = FiberRef.unsafeMake<Task | null>(null)

/** The pause before a waiting process looks at a lease again is ten times as long as in life: each look costs real time. */
const unhurried = (seed: string): Random.Random => {
  const random = Random.make(seed)
  return {
    [Random.RandomTypeId]: Random.RandomTypeId,
    next: random.next,
    nextBoolean: random.nextBoolean,
    nextInt: random.nextInt,
    nextRange: (min, max) => random.nextRange(min, max),
    nextIntBetween: (min, max) => random.nextIntBetween(min * 10, max * 10),
    shuffle: (elements) => random.shuffle(elements)
  }
}

export interface Running {
  readonly life: Life
  readonly death: Effect.Effect<void>
  /** From now on it does not die. */
  readonly survive: Effect.Effect<void>
  /** Runs on the process's clock, with its services. After the death nothing of it goes on. */
  readonly run: <A, E>(effect: Effect.Effect<A, E, Services>) => Effect.Effect<A, E>
}

const forever = Effect.async<never>(() => {})

const endpointOf = (path: string): FaultPlan.EndpointName | null => {
  const found = (
    [
      ["/oauth/token", "oauth.token"],
      ["/oauth/revoke", "oauth.revoke"],
      ["/usage", "usage.read"],
      ["/rate-limit-reset-credits/consume", "resetCredits.consume"],
      ["/rate-limit-reset-credits", "resetCredits.list"],
      ["/eligibility", "referrals.eligibility"],
      ["/invite", "referrals.invite"],
      ["/send_add_credits_nudge_email", "workspace.nudge"]
    ] as const
  ).find(([end]) => path.endsWith(end))
  return found?.[1] ?? null
}

const actOf: Partial<Record<FaultPlan.EndpointName, Act>> = {
  "resetCredits.consume": "redeem",
  "referrals.invite": "invite",
  "workspace.nudge": "nudge"
}

const bodyOf = (body: unknown): Readonly<Record<string, unknown>> => {
  if (!(body instanceof Uint8Array)) return {}
  const parsed: unknown = JSON.parse(new TextDecoder().decode(body))
  return typeof parsed === "object" && parsed !== null ? { ...parsed } : {}
}

const agreeable: ScriptedDialog.Script = {
  "invite.confirm": true,
  "nudge.confirm": true,
  "redeem.confirm": true,
  "redeem.credit": ScriptedDialog.nth(0),
  "signOut.confirm": true
}

export const begin = (shared: Shared, plan: ProcessPlan, process: number, number: number): Effect.Effect<Running> =>
  Effect.gen(function* () {
    const { mutation, time } = shared
    const life: Life = { process, number, died: null, known: new Set() }
    const died = yield* Deferred.make<void>()
    const isDead = () => life.died !== null
    let diesAt = plan.diesAt[number]
    let steps = 0

    const boundary = Effect.suspend(() => {
      steps += 1
      if (steps === diesAt && !isDead()) {
        life.died = shared.moment()
        return Effect.zipRight(Deferred.succeed(died, undefined), forever)
      }
      return isDead() ? forever : Effect.void
    })
    let calls = 0
    const pause = Effect.suspend(() => {
      const millis = plan.pace[calls++ % plan.pace.length] ?? 0
      return millis === 0 ? Effect.void : Effect.sleep(millis)
    })
    const alive = Effect.suspend(() => (isDead() ? forever : Effect.void))
    /** One call: it may end before it took place, and after it took place unheard of. */
    const step = <A, E, R>(call: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
      Effect.flatMap(FiberRef.get(isLooking), (looking) =>
        looking
          ? call
          : Effect.all([boundary, pause, alive], { discard: true }).pipe(
              Effect.zipRight(Effect.exit(call)),
              Effect.flatMap((exit) => Effect.zipRight(boundary, exit))
            )
      )

    const store = mutation.store?.(shared.store) ?? shared.store
    const changing = <A, E>(change: Effect.Effect<A, E>) =>
      Effect.gen(function* () {
        const before = yield* Effect.orDie(shared.store.read)
        const result = yield* change
        const after = yield* Effect.orDie(shared.store.read)
        const task = yield* FiberRef.get(currentTask)
        const knew = Option.isNone(before) || life.known.has(before.value.revision)
        shared.writes.push({ ...shared.moment(), life, task, before, knew, after })
        if (Option.isSome(after)) life.known.add(after.value.revision)
        return result
      })

    const layerStore = Layer.succeed(CredentialStore, {
      ...store,
      read: step(
        Effect.tap(store.read, (stored) =>
          Effect.sync(() => (Option.isSome(stored) ? life.known.add(stored.value.revision) : life.known))
        )
      ),
      write: (record, options) => step(changing(store.write(record, options))),
      remove: step(changing(store.remove)),
      stamp: step(store.stamp),
      checkWritable: step(store.checkWritable)
    })

    const layerLease = Layer.effect(
      Lease,
      Effect.map(Lease, (real) => {
        const lease = mutation.lease?.(real) ?? real
        return Lease.of({
          withLease: (options, work) =>
            Effect.zipRight(
              boundary,
              lease.withLease(options, (held) =>
                Effect.onExit(
                  Effect.zipRight(boundary, work({ ...held, assertHeld: step(held.assertHeld) })),
                  () => boundary
                )
              )
            )
        })
      })
    ).pipe(Layer.provide(LeaseSql.layer))

    const layerJournal = Layer.effect(
      OperationJournal,
      Effect.map(OperationJournal, (real) => {
        const journal = mutation.journal?.(real) ?? real
        return OperationJournal.of({
          intend: (operation) => step(journal.intend(operation)),
          advance: (key, state) =>
            step(
              Effect.tap(journal.advance(key, state), (operation) =>
                Effect.sync(() =>
                  shared.journal.push({ ...shared.moment(), life, key, state: operation.state._tag, operation })
                )
              )
            ),
          find: (key) => step(journal.find(key)),
          list: (filter) => step(journal.list(filter))
        })
      })
    ).pipe(Layer.provide(OperationJournalSql.layer))

    const orders = (endpoint: FaultPlan.EndpointName) =>
      shared.sent.filter((sent) => sent.endpoint === endpoint).length + 1

    const serving = HttpClient.make((request, url) =>
      step(
        Effect.gen(function* () {
          const endpoint = endpointOf(url.pathname)
          const body = request.body._tag === "Uint8Array" ? bodyOf(request.body.body) : {}
          const act = endpoint === null ? undefined : actOf[endpoint]
          const open = act === undefined ? [] : yield* Effect.orDie(shared.truth.list({ act, state: "open" }))
          const state = yield* shared.backend.state
          const bearer = /^Bearer (.+)$/.exec(request.headers["authorization"] ?? "")?.[1] ?? ""
          const sent: Sent | null =
            endpoint === null
              ? null
              : {
                  ...shared.moment(),
                  endpoint,
                  order: orders(endpoint),
                  life,
                  task: yield* FiberRef.get(currentTask),
                  body,
                  bearerOf: Option.getOrNull(
                    Option.map(FakeState.authenticate(state, 0, bearer), ({ accountId }) => accountId)
                  ),
                  accountHeader: request.headers["chatgpt-account-id"] ?? null,
                  open,
                  end: null
                }
          if (sent !== null) shared.sent.push(sent)
          const answer = yield* shared.serve(shared.client.execute(request))
          return yield* Effect.onExit(answer, (exit) =>
            Effect.sync(() => {
              if (sent === null || isDead()) return
              sent.end = {
                ...shared.moment(),
                status: Exit.isSuccess(exit) ? exit.value.status : null,
                retryAfter: Exit.isSuccess(exit) ? (exit.value.headers["retry-after"] ?? null) : null
              }
            })
          )
        })
      )
    )

    let made = 0
    const keys: OperationKeys["Type"] = { next: Effect.sync(() => `key-${process}-${number}-${++made}`) }

    const layers: Layer.Layer<Services> = Live.layerServices.pipe(
      Layer.provideMerge(Layer.mergeAll(layerStore, layerLease, layerJournal)),
      Layer.provideMerge(
        Layer.mergeAll(
          Layer.succeed(AccountConfig, { ...shared.settings, ...mutation.settings }),
          Layer.succeed(HttpClient.HttpClient, mutation.client?.(serving) ?? serving),
          ScriptedDialog.layer(agreeable)
        )
      ),
      Layer.provide(Layer.succeed(SqlClient.SqlClient, shared.sql))
    )

    const onItsClock = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
      effect.pipe(
        Effect.provideService(OperationKeys, keys),
        Effect.withClock(time.clock(plan.skew, isDead)),
        Effect.withRandom(unhurried(`${process} ${number}`))
      )
    // Never closed: who is dead gives nothing back.
    const context = yield* onItsClock(Layer.buildWithScope(layers, yield* Scope.make()))
    return {
      life,
      death: Deferred.await(died),
      survive: Effect.sync(() => {
        diesAt = undefined
      }),
      run: (effect) => onItsClock(Effect.provide(effect, context))
    }
  })
