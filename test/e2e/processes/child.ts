/** One process with the whole account in it, which does what its standard input says. `node child.mjs SETUP` */
import { arm, calls, type KillAt } from "./killAt.js"
import * as NodeContext from "@effect/platform-node/NodeContext"
import * as Cause from "effect/Cause"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as Logger from "effect/Logger"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import * as Fs from "node:fs"
import * as Readline from "node:readline"
import { backendBase } from "../../../src/contracts/BackendEndpoints.js"
import * as AccountConfigEnv from "../../../src/layers/AccountConfigEnv.js"
import * as CredentialStoreFile from "../../../src/layers/CredentialStoreFile.js"
import * as HttpClientNode from "../../../src/layers/HttpClientNode.js"
import * as LeaseMemory from "../../../src/layers/LeaseMemory.js"
import * as LeaseSql from "../../../src/layers/LeaseSql.js"
import * as Live from "../../../src/layers/Live.js"
import * as OperationJournalMemory from "../../../src/layers/OperationJournalMemory.js"
import * as OperationJournalSql from "../../../src/layers/OperationJournalSql.js"
import { inviteFriend } from "../../../src/programs/invite.js"
import { readUsage } from "../../../src/programs/usage.js"
import { redeemReset } from "../../../src/programs/redeem.js"
import { AuthSession } from "../../../src/services/AuthSession.js"
import { CredentialStore } from "../../../src/services/CredentialStore.js"
import { Lease } from "../../../src/services/Lease.js"
import { WorkspaceRole } from "../../../src/services/WorkspaceRole.js"
import * as ScriptedDialog from "../../../src/testing/ScriptedDialog.js"

/** `home` and `urls` of the backend; the rest is as it ships unless said otherwise. */
export interface Setup {
  readonly home: string
  readonly urls: { readonly chatgpt: string; readonly refresh: string; readonly revoke: string }
  /** `everybody`, a control: every process holds every lease at once. */
  readonly lease?: "sql" | "memory" | "everybody"
  /** The longest that a lease outlives its holder, so that a test need not wait for minutes. */
  readonly leaseMillis?: number
  /** A control: a journal that forgets with the process. */
  readonly journal?: "sql" | "memory"
  /** A control: what was first read of the store is what it holds. */
  readonly rereads?: boolean
  /** How far the wall clock is off. */
  readonly clockMillis?: number
}

export type Step =
  | { readonly do: "usage" | "role" | "identity" | "refresh" }
  | { readonly do: "redeem"; readonly key?: string; readonly again?: boolean }
  | { readonly do: "invite"; readonly email: string; readonly again?: boolean }
  /** The wall clock jumps: from now on it is off by so much. */
  | { readonly do: "clock"; readonly millis: number }
  /** Replaces the record by one with these keys besides, as a sign-in does. */
  | { readonly do: "write"; readonly extra: Readonly<Record<string, unknown>> }
  /** From now on the calls to the file system are counted, and at one of them the process ends. */
  | { readonly do: "arm"; readonly at: KillAt | null }
  /** The calls so far. */
  | { readonly do: "calls" }

export type Answer =
  | { readonly ok: true; readonly value: unknown }
  /** `tag` is the error's, `Died` when the process ended without an answer, `Defect` for what no type tells. */
  | { readonly ok: false; readonly tag: string; readonly reason: string; readonly message: string }

const setup: Setup = JSON.parse(process.argv[2] ?? "")

let off = setup.clockMillis ?? 0
const real = Clock.make()
const jumping: Clock.Clock = {
  [Clock.ClockTypeId]: Clock.ClockTypeId,
  unsafeCurrentTimeMillis: () => real.unsafeCurrentTimeMillis() + off,
  currentTimeMillis: Effect.sync(() => real.unsafeCurrentTimeMillis() + off),
  unsafeCurrentTimeNanos: () => real.unsafeCurrentTimeNanos(),
  currentTimeNanos: real.currentTimeNanos,
  sleep: (duration) => real.sleep(duration)
}

const everybody = Layer.succeed(
  Lease,
  Lease.of({ withLease: ({ name }, work) => work({ name, fence: 0, assertHeld: Effect.void }) })
)
const shortLived = Layer.effect(
  Lease,
  Effect.map(Lease, (lease) =>
    Lease.of({
      withLease: (options, work) =>
        lease.withLease(
          { ...options, timeToLive: Duration.min(options.timeToLive, setup.leaseMillis ?? Duration.infinity) },
          work
        )
    })
  )
)
const leases = {
  sql: Layer.provide(shortLived, LeaseSql.layerFile),
  memory: LeaseMemory.layer,
  everybody
}

const readOnce = Layer.effect(
  CredentialStore,
  Effect.gen(function* () {
    const store = yield* CredentialStore
    return CredentialStore.of({ ...store, read: yield* Effect.cached(store.read) })
  })
).pipe(Layer.provide(CredentialStoreFile.layer))

const layer = Live.layerServices.pipe(
  Layer.provideMerge(
    Layer.mergeAll(
      setup.rereads === false ? readOnce : CredentialStoreFile.layer,
      HttpClientNode.layer,
      leases[setup.lease ?? "sql"],
      setup.journal === "memory" ? OperationJournalMemory.layerMemory : OperationJournalSql.layerFile,
      ScriptedDialog.layer({
        "redeem.credit": ScriptedDialog.nth(0),
        "redeem.confirm": true,
        "invite.confirm": true
      })
    )
  ),
  Layer.provideMerge(
    AccountConfigEnv.layer({
      codexHome: setup.home,
      backend: backendBase(setup.urls.chatgpt),
      refreshUrl: setup.urls.refresh,
      revokeUrl: setup.urls.revoke
    })
  ),
  Layer.provideMerge(NodeContext.layer),
  Layer.provideMerge(Layer.setClock(jumping)),
  Layer.provideMerge(Logger.replace(Logger.defaultLogger, Logger.withConsoleError(Logger.logfmtLogger)))
)

type Services = Layer.Layer.Success<typeof layer>

const perform = (step: Step): Effect.Effect<unknown, unknown, Services> => {
  switch (step.do) {
    case "usage":
      return Effect.map(readUsage({ fresh: true }), ({ identity, main, resetCredits }) => ({
        identity: identity.key,
        used: main.windows.map(({ usedPercent }) => usedPercent),
        credits: resetCredits?.availableCount ?? null
      }))
    case "role":
      return Effect.flatMap(WorkspaceRole, (roles) => roles.role)
    case "identity":
      return Effect.flatMap(AuthSession, (session) =>
        Effect.map(session.current, ({ email, identity }) => ({ identity: identity.key, email }))
      )
    case "refresh":
      return Effect.flatMap(AuthSession, (session) => Effect.as(session.refresh, "refreshed"))
    case "redeem":
      return Effect.map(redeemReset(step), ({ creditId, key, outcome }) => ({ outcome, key, creditId }))
    case "invite":
      return Effect.map(inviteFriend(step), (result) => result._tag)
    case "clock":
      return Effect.sync(() => void (off = step.millis))
    case "write":
      return Effect.gen(function* () {
        const store = yield* CredentialStore
        const found = Option.getOrThrow(yield* store.read)
        const { revision } = yield* store.write({ ...found.record, ...step.extra })
        return revision
      })
    case "arm":
      return Effect.sync(() => arm(step.at))
    case "calls":
      return Effect.sync(calls)
  }
}

const answerOf = (exit: Exit.Exit<unknown, unknown>): Answer => {
  if (Exit.isSuccess(exit)) return { ok: true, value: exit.value }
  const error = Option.getOrUndefined(Cause.failureOption(exit.cause))
  if (!(error instanceof Error)) return { ok: false, tag: "Defect", reason: "", message: Cause.pretty(exit.cause) }
  const text = (name: string) => (Predicate.hasProperty(error, name) ? String(error[name]) : "")
  return { ok: false, tag: text("_tag"), reason: text("reason"), message: error.message }
}

const say = (answer: Answer): void => void Fs.writeSync(1, `${JSON.stringify(answer)}\n`)

const runtime = ManagedRuntime.make(layer)
say(answerOf(await runtime.runPromiseExit(Effect.as(AuthSession, "ready"))))
for await (const line of Readline.createInterface({ input: process.stdin })) {
  const step: Step = JSON.parse(line)
  say(answerOf(await runtime.runPromiseExit(perform(step))))
}
await runtime.dispose()
