/** Laws 6 and 10 for accounts that are composed in one program: none sees or spends what is another's. */
import { assert, describe, it } from "@effect/vitest"
import type * as HttpClient from "@effect/platform/HttpClient"
import * as Array from "effect/Array"
import * as Context from "effect/Context"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Layer from "effect/Layer"
import * as LayerMap from "effect/LayerMap"
import * as ManagedRuntime from "effect/ManagedRuntime"
import * as Scope from "effect/Scope"
import * as all from "../../src/index.js"
import * as Live from "../../src/layers/Live.js"
import { redeemReset } from "../../src/programs/redeem.js"
import { readWorkspace } from "../../src/programs/status.js"
import { readUsage } from "../../src/programs/usage.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { FakeAccount, FakeBackend, ScriptedDialog, TestAccount } from "../../src/testing/index.js"
import { test } from "../cases.js"

const userOf = (index: number) => `user-${index}`

const backend = (count: number) =>
  FakeBackend.layerClient({
    accounts: Array.makeBy(count, (index) => ({
      userId: userOf(index),
      accountId: `account-${index}`,
      workspaceName: `workspace-${index}`,
      resetCredits: [FakeAccount.makeResetCredit(0, `credit-${index}`)]
    }))
  })

/** What an account needs besides the services, with the record of its own. */
const partsOf = (index: number) =>
  Layer.unwrapEffect(
    Effect.gen(function* () {
      const fake = yield* FakeBackend.FakeBackend
      const { record } = yield* fake.signIn(fake.accountKeys[index])
      return TestAccount.layerParts({
        record,
        script: { "redeem.credit": [ScriptedDialog.nth(0)], "redeem.confirm": [true] }
      })
    })
  )

/** Who an account is, by its session and by its reading; and a redemption by it. */
const act = Effect.gen(function* () {
  const { identity } = yield* (yield* AuthSession).current
  const usage = yield* readUsage()
  const { workspace } = yield* readWorkspace
  const { outcome } = yield* redeemReset()
  const credits = usage.resetCredits?.credits?.map(({ id }): string => id)
  return { session: identity.userId, usage: usage.identity.userId, workspace: workspace?.name, credits, outcome }
}).pipe(Effect.orDie)

type Act = typeof act extends Effect.Effect<infer A, infer E, unknown> ? Effect.Effect<A, E> : never

/** An account in a larger program: a service of its own. */
const tagOf = (index: number) => Context.GenericTag<Act>(`account-${index}`)
const serviceOf = (index: number, services: typeof Live.layerServices) =>
  Layer.effect(
    tagOf(index),
    Effect.map(Effect.context<Effect.Effect.Context<typeof act>>(), (context) => Effect.provide(act, context))
  ).pipe(Layer.provide(Layer.provideMerge(services, partsOf(index))))

const merged = (count: number, services = Live.layerServices) =>
  Effect.forEach(Array.range(0, count - 1), (index) => Effect.flatten(tagOf(index))).pipe(
    Effect.provide(
      Array.makeBy(count, (index) => serviceOf(index, services)).reduce((all, one) => Layer.merge(all, one))
    )
  )

const nested = (count: number) =>
  Effect.forEach(Array.range(0, count - 1), (index) =>
    Effect.provide(act, Layer.provideMerge(Live.layerServices, partsOf(index)))
  ).pipe(
    // Around them all: another account, which none of them may become.
    Effect.provide(Layer.provideMerge(Live.layerServices, partsOf(0)))
  )

class Accounts extends LayerMap.Service<Accounts>()("test/Accounts", {
  lookup: (index: number) => Layer.provideMerge(Live.layerServices, partsOf(index))
}) {}

const mapped = (count: number) =>
  Effect.forEach(Array.range(0, count - 1), (index) => Effect.provide(act, Accounts.get(index)), {
    concurrency: "unbounded"
  }).pipe(Effect.provide(Accounts.Default))

/** In a runtime each, which share what runtimes can share. */
const inRuntimes = (count: number) =>
  Effect.gen(function* () {
    const clock = yield* Effect.clock
    const memoMap = yield* Layer.makeMemoMap
    const shared = Layer.succeedContext(yield* Effect.context<FakeBackend.FakeBackend | HttpClient.HttpClient>())
    const runtimes = Array.makeBy(count, (index) =>
      ManagedRuntime.make(Layer.provide(Layer.provideMerge(Live.layerServices, partsOf(index)), shared), memoMap)
    )
    const found = yield* Effect.forEach(runtimes, (runtime) =>
      Effect.promise(() => runtime.runPromise(Effect.withClock(act, clock)))
    )
    yield* Effect.forEach(runtimes, (runtime) => runtime.disposeEffect)
    return found
  })

const each = (count: number): ReadonlyArray<unknown> =>
  Array.makeBy(count, (index) => ({
    session: userOf(index),
    usage: userOf(index),
    workspace: `workspace-${index}`,
    credits: [`credit-${index}`],
    outcome: "reset"
  }))

/** The session that a layer of a larger program was given. */
class Same extends Context.Tag("test/Same")<Same, AuthSession["Type"]>() {}

describe("accounts in one program", () => {
  for (const count of [2, 10]) {
    test(`${count} by Layer.merge are each themselves`, backend(count), function* () {
      assert.deepStrictEqual(yield* merged(count), each(count))
    })
    test(`${count} by a LayerMap are each themselves`, backend(count), function* () {
      assert.deepStrictEqual(yield* mapped(count), each(count))
    })
    test(`${count} by a ManagedRuntime are each themselves`, backend(count), function* () {
      assert.deepStrictEqual(yield* inRuntimes(count), each(count))
    })
    test(`${count} by Effect.provide within Effect.provide are each themselves`, backend(count), function* () {
      assert.deepStrictEqual(yield* nested(count), each(count))
    })
  }

  test("one account is one wherever it is composed, until nothing uses it", backend(1), function* () {
    const parts = yield* Layer.memoize(partsOf(0))
    const services = Layer.provide(Live.layerServices, parts)
    const scope = yield* Scope.make()
    const first = yield* Layer.buildWithScope(services, scope)
    const second = yield* Layer.build(Layer.provideMerge(Layer.effect(Same, AuthSession), services))
    assert.strictEqual(Context.get(second, AuthSession), Context.get(first, AuthSession))
    assert.strictEqual(Context.get(second, AuthSession), Context.get(second, Same))
    yield* Scope.close(scope, Exit.void)
    assert.strictEqual((yield* Effect.provide(act, [Layer.succeedContext(second), parts])).outcome, "reset")
  })

  it("is so for every layer that is not built by a function: whatever it needs, it is built anew over another", () => {
    const needNothing = [
      "BrowserSystem.layer",
      "LeaseMemory.layer",
      "OperationJournalMemory.layerMemory",
      "ThreadStoreMemory.layerMemory"
    ]
    const shared = Object.entries(all).flatMap(([name, module]) =>
      Object.entries(module)
        .filter(([, value]) => Layer.isLayer(value) && !Layer.isFresh(value))
        .map(([layer]) => `${name}.${layer}`)
    )
    assert.sameMembers(shared, needNothing)
  })

  test("mutant: with services that are shared as layers are, one acts as the other", backend(2), function* () {
    const shared = Layer.scopedContext(Layer.build(Live.layerServices))
    const ended = yield* Effect.exit(merged(2, shared))
    assert.isFalse(Exit.isSuccess(ended) && ended.value.every(({ session }, index) => session === userOf(index)))
  })
})
