/** Law 2: a failed refresh never deletes or overwrites a credential that it did not read. */
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Equal from "effect/Equal"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import { AuthJsonText } from "../../src/contracts/AuthJson.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import * as AuthSessionOAuth from "../../src/layers/AuthSessionOAuth.js"
import { CredentialStore, CredentialStoreError } from "../../src/services/CredentialStore.js"
import { Arbitraries, FakeBackend, Fault, FaultPlan } from "../../src/testing/index.js"
import * as FakeState from "../../src/testing/FakeState.js"
import { account, count, finish, faulty } from "../programs/harness.js"
import { runs, test } from "../cases.js"

const stored = Effect.gen(function* () {
  const record = yield* (yield* CredentialStore).read
  return Option.isNone(record) ? null : yield* Schema.encode(AuthJsonText)(record.value.record)
})

const refresh = Effect.flatMap(AuthSession, (auth) => auth.refresh)

const plans = Arbitraries.faultPlan({ endpoints: ["oauth.token"], maxRules: 3, maxCall: 2 })

const status = FastCheck.constantFrom<FakeState.RefreshTokenStatus>(
  "live",
  "used",
  "expired",
  "revoked",
  "invalid_grant"
)

const withStatus = (status: FakeState.RefreshTokenStatus) =>
  Effect.gen(function* () {
    const backend = yield* FakeBackend.FakeBackend
    const record = yield* Effect.flatten((yield* CredentialStore).read)
    const token = record.record.tokens?.refresh_token
    assert.isDefined(token)
    yield* backend.update((state) => {
      const tokens = Array.from(state.refreshTokens, ([name]) => name)
      return tokens.reduce((all, name) => FakeState.setRefreshTokenStatus(all, name, status), state)
    })
  })

it.effect.prop(
  "what was stored is stored, unless the refresh succeeded",
  { plan: plans, status },
  ({ plan, status }) =>
    Effect.gen(function* () {
      yield* withStatus(status)
      const before = yield* stored
      // An answer without a token changes nothing but the time of the renewal.
      yield* TestClock.adjust("1 second")
      const { exit } = yield* finish(refresh)
      assert.isNotNull(before)
      assert.strictEqual((yield* stored) === before, Exit.isFailure(exit))
    }).pipe(Effect.provide(account({ plan }))),
  runs(12)
)

it.effect.prop(
  "what another process has done meanwhile stands, whatever becomes of the refresh",
  { fault: Arbitraries.fault(), removes: FastCheck.boolean(), commits: FastCheck.boolean() },
  ({ commits, fault, removes }) =>
    Effect.gen(function* () {
      const backend = yield* FakeBackend.FakeBackend
      const store = yield* CredentialStore
      const other = Effect.gen(function* () {
        yield* Effect.sleep(500)
        if (removes) yield* store.remove
        else yield* store.write((yield* backend.signIn("user-B/account-B")).record)
        return yield* stored
      })
      const { exit } = yield* finish(Effect.all([other, Effect.exit(refresh)], { concurrency: "unbounded" }))
      const [theirs] = yield* exit
      assert.strictEqual(theirs === null, removes)
      assert.strictEqual(yield* stored, theirs)
    }).pipe(
      Effect.provide(
        account({
          accounts: [{}, { userId: "user-B", accountId: "account-B" }],
          plan: [
            // In flight while the other one writes.
            FaultPlan.on("oauth.token", 1, Fault.delay("1 second", { afterCommit: commits })),
            FaultPlan.on("oauth.token", "every", fault)
          ]
        })
      )
    ),
  runs(10)
)

/** What other programs do to a record that is none of their sign-ins. */
const rewriting = FastCheck.array(
  FastCheck.tuple(FastCheck.stringMatching(/^x_[a-z]{1,8}$/), FastCheck.jsonValue(), FastCheck.boolean()),
  { minLength: 1, maxLength: 4 }
)

/** The exchange takes a second, while another program rewrites the record again and again. */
const meanwhile = (changes: ReadonlyArray<readonly [key: string, value: unknown, inTokens: boolean]>) =>
  Effect.gen(function* () {
    const store = yield* CredentialStore
    const before = yield* Effect.flatten(store.read)
    const change = Effect.forEach(changes, ([key, value, inTokens]) =>
      Effect.gen(function* () {
        const { record } = yield* Effect.flatten(store.read)
        yield* store.write(
          inTokens ? { ...record, tokens: { ...record.tokens!, [key]: value } } : { ...record, [key]: value }
        )
      }).pipe(Effect.delay("200 millis"))
    )
    const { exit } = yield* finish(Effect.all([Effect.exit(refresh), change], { concurrency: "unbounded" }))
    const [renewed] = yield* exit
    const after = yield* Effect.flatten(store.read)
    const kept = changes.every(([key, , inTokens], index) => {
      const isLast = !changes.slice(index + 1).some(([other, , at]) => other === key && at === inTokens)
      const found = inTokens ? after.record.tokens?.[key] : Object(after.record)[key]
      return !isLast || JSON.stringify(found) === JSON.stringify(changes[index]?.[1])
    })
    return {
      renewed: Exit.isSuccess(renewed),
      stored: !Equal.equals(after.record.tokens?.refresh_token, before.record.tokens?.refresh_token),
      kept
    }
  })

const slow = { plan: [FaultPlan.on("oauth.token", "every", Fault.delay("1 second", { afterCommit: true }))] }

it.effect.prop(
  "law 2: new tokens are stored with all that others have changed meanwhile, whatever that is",
  [rewriting],
  ([changes]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* meanwhile(changes), { renewed: true, stored: true, kept: true })
    }).pipe(Effect.provide(account(slow))),
  runs(20)
)

test("control: law 2 is broken, and the session lost, by who gives up at a conflict", account(slow), function* () {
  const store = yield* CredentialStore
  const mutant = CredentialStore.of({
    ...store,
    write: (record, options) =>
      Effect.mapError(store.write(record, options), (error) => new CredentialStoreError({ ...error, reason: "Io" }))
  })
  const session = yield* Effect.provideService(Layer.build(AuthSessionOAuth.layer), CredentialStore, mutant)
  const { stored } = yield* Effect.provide(meanwhile([["x_a", 1, false]]), session)
  assert.isFalse(stored)
})

test.each(
  [
    ["refused", Fault.status(401, { body: '{"error":{"code":"refresh_token_reused"}}' })],
    ["lost", Fault.resetAfterCommit],
    ["not understood", Fault.malformedJson]
  ] as const,
  ([, fault]) =>
    account({
      ...faulty("oauth.token", fault),
      // The answer is two seconds under way.
      client: HttpClient.transformResponse((answer) => Effect.zipLeft(answer, Effect.sleep("2 seconds")))
    })
)("a refresh that is %s leaves what another process has written while it was under way", function* () {
  const backend = yield* FakeBackend.FakeBackend
  const store = yield* CredentialStore
  const slow = Effect.flatMap(AuthSession, (auth) => Effect.exit(auth.refresh))
  const fiber = yield* Effect.fork(slow)
  yield* TestClock.adjust("1 second")
  yield* store.write((yield* backend.signIn()).record)
  const theirs = yield* stored
  yield* TestClock.adjust("1 minute")
  yield* Fiber.join(fiber)
  assert.strictEqual(yield* stored, theirs)
  assert.isAtLeast(yield* count("oauth.token"), 1)
})

test(
  "control: a write without a look at what is there would not leave it",
  account({ accounts: [{}, { userId: "user-B", accountId: "account-B" }] }),
  function* () {
    const backend = yield* FakeBackend.FakeBackend
    const store = yield* CredentialStore
    yield* store.write((yield* backend.signIn("user-B/account-B")).record)
    const theirs = yield* stored
    yield* store.write((yield* backend.signIn()).record)
    assert.notStrictEqual(yield* stored, theirs)
  }
)
