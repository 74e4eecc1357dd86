/** Law 2: a failed refresh never deletes or overwrites a credential that it did not read. */
import * as HttpClient from "@effect/platform/HttpClient"
import { assert, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as TestClock from "effect/TestClock"
import { AuthJsonText } from "../../src/contracts/AuthJson.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { CredentialStore } from "../../src/services/CredentialStore.js"
import { Arbitraries, FakeBackend, FakeState, Fault, FaultPlan } from "../../src/testing/index.js"
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
