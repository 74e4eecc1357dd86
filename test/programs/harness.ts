/** The real services over the fake backend, signed in, under virtual time. */
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Random from "effect/Random"
import * as Ref from "effect/Ref"
import * as Scope from "effect/Scope"
import * as TestClock from "effect/TestClock"
import * as TestServices from "effect/TestServices"
import { defaultPolicies, type PolicyTable } from "../../src/domain/CallPolicy.js"
import { inviteFriend } from "../../src/programs/invite.js"
import { notifyOwner } from "../../src/programs/nudge.js"
import { redeemReset } from "../../src/programs/redeem.js"
import { showRole, showStatus } from "../../src/programs/status.js"
import { guard, showUsage } from "../../src/programs/usage.js"
import { showWorkspaces } from "../../src/programs/workspaces.js"
import { signOut } from "../../src/programs/signOut.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { CredentialStore } from "../../src/services/CredentialStore.js"
import { OperationJournal, OperationKeys } from "../../src/services/OperationJournal.js"
import { Policies } from "../../src/services/Policies.js"
import {
  type FakeAccount,
  FakeBackend,
  type Fault,
  type FaultPlan,
  ScriptedDialog,
  TestAccount
} from "../../src/testing/index.js"
import type * as CallLog from "../../src/testing/CallLog.js"

export type Services = TestAccount.Services

export const invitee = "zoe.invitee@friends.test"

/** Somebody who says yes to everything. */
export const agreeable: ScriptedDialog.Script = {
  "invite.confirm": true,
  "invite.email": invitee,
  "nudge.confirm": true,
  "redeem.confirm": true,
  "redeem.credit": ScriptedDialog.nth(0),
  "signOut.confirm": true
}

export interface Options extends FakeBackend.FakeBackendOptions, TestAccount.PartsOptions {
  readonly policies?: Partial<PolicyTable>
  readonly journal?: Layer.Layer<OperationJournal>
}

/** Keys that count: `key-1`, `key-2`. */
const countingKeys = Layer.effect(
  OperationKeys,
  Effect.map(Ref.make(0), (made) => ({
    next: Effect.map(
      Ref.updateAndGet(made, (n) => n + 1),
      (n) => `key-${n}`
    )
  }))
)

/** Waits between attempts are the policy's, without jitter. */
export const withoutJitter = Layer.setRandom(Random.fixed([0]))

/** A session that is just being renewed is closed only when that has come to an end: time goes on meanwhile. */
const closingInTime = <A>(layer: Layer.Layer<A>): Layer.Layer<A> =>
  Layer.scopedContext(
    Effect.gen(function* () {
      const scope = yield* Scope.make()
      const context = yield* Layer.buildWithScope(layer, scope)
      yield* Effect.addFinalizer((exit) =>
        Effect.gen(function* () {
          const time = yield* Effect.fork(Effect.interruptible(Effect.forever(TestClock.adjust("10 seconds"))))
          yield* Scope.close(scope, exit)
          yield* Fiber.interrupt(time)
        })
      )
      return context
    })
  )

export const account = (options: Options = {}): Layer.Layer<Services> =>
  TestAccount.layer({ ...options, script: { ...agreeable, ...options.script } }).pipe(
    Layer.merge(options.journal ?? Layer.context<never>()),
    Layer.provideMerge(countingKeys),
    Layer.provideMerge(Layer.succeed(Policies, { ...defaultPolicies, ...options.policies })),
    Layer.provideMerge(withoutJitter),
    closingInTime
  )

/** A backend with a fault at this call of an endpoint. */
export const faulty = (
  endpoint: FaultPlan.FaultRule["endpoint"],
  fault: Fault.Fault,
  call: FaultPlan.FaultRule["call"] = "every"
): Pick<Options, "plan"> => ({ plan: [{ endpoint, call, fault }] })

/** Two people whom the backend knows; the first is signed in. */
export const two = { accounts: [{}, { userId: "user-B", accountId: "account-B" }] }

/** The second of them signs in. */
export const secondSignsIn = Effect.flatMap(FakeBackend.FakeBackend, (backend) =>
  Effect.flatMap(AuthSession, (session) =>
    Effect.flatMap(backend.signIn("user-B/account-B"), ({ record }) => Effect.orDie(session.signIn(record)))
  )
)

/** Another process signs it in, or out whoever is in. */
export const secondIsStored = Effect.flatMap(FakeBackend.FakeBackend, (backend) =>
  Effect.flatMap(CredentialStore, (store) =>
    Effect.flatMap(backend.signIn("user-B/account-B"), ({ record }) => Effect.orDie(store.write(record)))
  )
)
export const nobodyIsStored = Effect.flatMap(CredentialStore, (store) => Effect.orDie(store.remove))

/** Every program, as somebody who agrees to it would run it. */
export const programs = {
  showUsage,
  showStatus,
  redeemReset: redeemReset(),
  inviteFriend: inviteFriend({ email: invitee }),
  notifyOwner: notifyOwner({ creditType: "credits" }),
  showRole,
  showWorkspaces,
  guard,
  signOut: signOut({ local: false })
}

export type ProgramName = keyof typeof programs

export const programNames: ReadonlyArray<ProgramName> = [
  "showUsage",
  "showStatus",
  "redeemReset",
  "inviteFriend",
  "notifyOwner",
  "showRole",
  "showWorkspaces",
  "guard",
  "signOut"
]

export type ProgramError = Effect.Effect.Error<(typeof programs)[ProgramName]>

export const program = (name: ProgramName): Effect.Effect<unknown, ProgramError, Services> => programs[name]

export interface Ended<A, E> {
  readonly exit: Exit.Exit<A, E>
  /** Virtual milliseconds from the start to the end. */
  readonly took: number
}

/**
 * Runs the effect to its end, moving the clock from one wake-up to the next, and no further. None when it does not end
 * within the limit; it is then interrupted. Where nobody sleeps real work is waited for, such as that of a database.
 */
export const ending = <A, E, R>(
  effect: Effect.Effect<A, E, R>,
  limit: Duration.DurationInput = "1 hour"
): Effect.Effect<Option.Option<Ended<A, E>>, never, R> =>
  Effect.gen(function* () {
    const start = yield* Clock.currentTimeMillis
    const fiber = yield* Effect.fork(Effect.zip(Effect.exit(effect), Clock.currentTimeMillis))
    yield* TestClock.adjust(0)
    for (let looks = 0; looks < 2_000; looks++) {
      const done = yield* Fiber.poll(fiber)
      if (Option.isSome(done)) {
        const [exit, end] = yield* done.value
        return Option.some({ exit, took: end - start })
      }
      const now = yield* Clock.currentTimeMillis
      const next = Math.min(...Chunk.filter(yield* TestClock.sleeps(), (at) => at > now))
      if (next === Infinity) yield* TestServices.provideLive(Effect.sleep("5 millis"))
      else if (next - start > Duration.toMillis(limit)) break
      else {
        yield* TestClock.setTime(next)
        looks = 0
      }
    }
    yield* Fiber.interrupt(fiber)
    return Option.none()
  })

/** As `ending`, for what has to end. */
export const finish = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<Ended<A, E>, never, R> =>
  Effect.flatMap(
    ending(effect),
    Option.match({ onNone: () => Effect.dieMessage("It did not end."), onSome: Effect.succeed })
  )

/** Runs the effect to its end under virtual time, as if it were the test's own. */
export const run = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R> =>
  Effect.flatMap(finish(effect), ({ exit }) => exit)

/** Lets `effect` run beside the test until `time` has passed. */
export const during = <A, E, R>(effect: Effect.Effect<A, E, R>, time: Duration.DurationInput) =>
  Effect.tap(Effect.fork(effect), () => TestClock.adjust(time))

/** What the backend has heard, as endpoint and virtual times. */
export const timesOf = (log: ReadonlyArray<CallLog.LoggedCall>): Readonly<Record<string, ReadonlyArray<number>>> => {
  const times: Record<string, Array<number>> = {}
  for (const call of log) (times[call.endpoint ?? "none"] ??= []).push(call.atMillis)
  return times
}

export const requests = Effect.flatMap(FakeBackend.FakeBackend, (backend) => Effect.map(backend.log, timesOf))

export const count = (endpoint: FaultPlan.EndpointName) =>
  Effect.flatMap(FakeBackend.FakeBackend, (backend) => backend.count(endpoint))

export const calls = (endpoint: FaultPlan.EndpointName) =>
  Effect.flatMap(FakeBackend.FakeBackend, (backend) => backend.calls(endpoint))

/** What the acts have really done to the account. */
export const done = Effect.flatMap(FakeBackend.FakeBackend, (backend) =>
  Effect.map(backend.account(), ({ invites, nudges, redemptions }) => ({
    redeem: redemptions.length,
    invite: invites.length,
    nudge: nudges.length
  }))
)

/** The questions that were asked, by their ids. */
export const asked = Effect.flatMap(ScriptedDialog.ScriptedDialog, (dialog) => dialog.asked)

/** What the person was asked to confirm. */
export const confirmation = Effect.flatMap(ScriptedDialog.ScriptedDialog, ({ transcript }) =>
  Effect.map(transcript, (entries) => entries.find((entry) => entry._tag === "Confirm"))
)

/** What happens while the person reads a question, who then says yes. */
export const whileReading = (question: string, change: Effect.Effect<unknown, never, Services>) =>
  Effect.flatMap(Effect.context<Services>(), (context) =>
    Effect.flatMap(ScriptedDialog.ScriptedDialog, (dialog) =>
      dialog.answer({ [question]: () => Effect.as(Effect.provide(change, context), true) })
    )
  )

type Account = FakeAccount.FakeAccount

/** Changes the account, as the backend has it. */
export const becomes = (change: Partial<Account> | ((owner: Account) => Partial<Account>)) =>
  Effect.flatMap(FakeBackend.FakeBackend, (backend) =>
    backend.updateAccount((owner) => ({ ...owner, ...(typeof change === "function" ? change(owner) : change) }))
  )

/** Changes what is offered to it. */
export const offers = (offer: Partial<FakeAccount.FakeOffer>) =>
  becomes((owner) => ({ offer: owner.offer === null ? null : { ...owner.offer, ...offer } }))

/** Nothing goes wrong any more. */
export const recovers = Effect.flatMap(FakeBackend.FakeBackend, (backend) => backend.setPlan([]))

/** The states in the journal, newest first. */
export const states = Effect.flatMap(OperationJournal, (journal) =>
  Effect.map(journal.list(), (all) => all.map((operation) => operation.state._tag))
)

/** A failure in one line: tag, reason, and the status where there is one. */
export const brief = (error: ProgramError): string => {
  const status = "status" in error && error.status !== null ? ` ${error.status}` : ""
  return `${error._tag} ${error.reason}${status}`
}

export const briefExit = <A>(exit: Exit.Exit<A, ProgramError>, ok: (value: A) => string): string =>
  Exit.match(exit, {
    onSuccess: ok,
    onFailure: (cause) => (cause._tag === "Fail" ? brief(cause.error) : `not a failure: ${cause._tag}`)
  })
