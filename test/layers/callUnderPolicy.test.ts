import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import * as TestClock from "effect/TestClock"
import { AuthError } from "../../src/domain/AuthError.js"
import { BackendError, BackendErrorReason } from "../../src/domain/BackendError.js"
import { CallPolicy, defaultPolicies } from "../../src/domain/CallPolicy.js"
import { type Call, callOnce, callUnderPolicy } from "../../src/layers/internal/callUnderPolicy.js"
import { readUsage } from "../../src/programs/usage.js"
import { AuthSession, type Authorization } from "../../src/services/AuthSession.js"
import { CredentialStore } from "../../src/services/CredentialStore.js"
import { FakeBackend, Fault } from "../../src/testing/index.js"
import { account, brief, count, finish, faulty } from "../programs/harness.js"
import { over, runs } from "../cases.js"

const safe = defaultPolicies.readUsage
const change = (fields: Partial<CallPolicy>, of: CallPolicy = safe) => new CallPolicy({ ...of, ...fields })
const failure = (reason: BackendErrorReason, fields: Partial<BackendError> = {}) =>
  new BackendError({ ...BackendError.of("test", reason), ...fields })

type Step = Effect.Effect<string, AuthError | BackendError>

/** A call that does these one after the other, and the last for ever; with the times when it was made. */
const scripted = (...steps: readonly [Step, ...ReadonlyArray<Step>]) => {
  const times: Array<number> = []
  const call: Step = Effect.flatMap(Clock.currentTimeMillis, (now) => {
    times.push(now)
    return steps[times.length - 1] ?? steps[steps.length - 1] ?? steps[0]
  })
  return { call, times }
}

const callOf = (policy: CallPolicy, step: Step) =>
  Effect.map(AuthSession, (session): Call<string> => ({ name: "usage.read", policy, session, attempt: () => step }))

const under = (policy: CallPolicy, ...steps: readonly [Step, ...ReadonlyArray<Step>]) =>
  run(callUnderPolicy, policy, ...steps)

const run = (how: typeof callUnderPolicy, policy: CallPolicy, ...steps: readonly [Step, ...ReadonlyArray<Step>]) =>
  Effect.gen(function* () {
    const { call, times } = scripted(...steps)
    const { exit, took } = yield* finish(Effect.flatMap(callOf(policy, call), how))
    const result = Exit.match(exit, {
      onSuccess: (text) => text,
      onFailure: (cause) => (cause._tag === "Fail" ? brief(cause.error) : cause._tag)
    })
    return { result, times, took }
  })

const down = Effect.fail(failure("ServerError"))
const silent = Effect.never
const done = Effect.succeed("done")
const asking = (retryAfterMillis: number) => Effect.fail(failure("RateLimited", { retryAfterMillis }))
const refused = Effect.fail(failure("Unauthorized", { status: 401 }))
const redeeming = defaultPolicies.consumeResetCredit
const server = "BackendError ServerError"
const limited = "BackendError RateLimited"
const timeout = "BackendError Timeout"
const unauthorized = "BackendError Unauthorized"
const { backoff } = safe
const capped = change({ attempts: 6, backoff: { ...backoff, cap: Duration.seconds(1), factor: 2 } })
const brisk = change({ overallTimeout: Duration.seconds(15) })
const noSession = Effect.fail(AuthError.of("Unavailable"))
const inAccount = over(account())
type Row = readonly [
  label: string,
  policy: CallPolicy,
  steps: readonly [Step, ...ReadonlyArray<Step>],
  result: string,
  times: ReadonlyArray<number>,
  took: number,
  exchanges: number
]

const rows: ReadonlyArray<Row> = [
  ["waits grow by the factor up to the cap", capped, [down], server, [0, 250, 750, 1_750, 2_750, 3_750], 3_750, 0],
  ["waits end with the first success", safe, [down, done], "done", [0, 250], 250, 0],
  ["a Retry-After within the cap is obeyed", safe, [asking(10_000), done], "done", [0, 10_000], 10_000, 0],
  ["a Retry-After of nothing is no wait", safe, [asking(0), done], "done", [0, 0], 0, 0],
  ["a Retry-After beyond the cap ends the call", safe, [asking(10_001), done], limited, [0], 0, 0],
  ["a Retry-After past the end of the call ends it", brisk, [asking(8_000)], limited, [0, 8_000], 8_000, 0],
  ["every attempt is cut, the last by the whole", safe, [silent], timeout, [0, 10_250, 20_750], 25_000, 0],
  ["an attempt that is just in time is not cut", safe, [Effect.delay(done, 9_999)], "done", [0], 9_999, 0],
  ["one attempt without a session", safe, [noSession, done], "AuthError Unavailable", [0], 0, 0],
  ["one attempt for a defect", safe, [Effect.dieMessage("a bug"), done], "Die", [0], 0, 0],
  ["a 401 renews the session of a read, and tries again", safe, [refused, done], "done", [0, 0], 0, 1],
  ["a 401 renews the session of a redemption", redeeming, [refused, done], "done", [0, 0], 0, 1],
  ["a 401 that comes again is the answer", safe, [refused], `${unauthorized} 401`, [0, 0], 0, 1],
  ["a 401 is no attempt of the policy's", safe, [refused, down], server, [0, 0, 250, 750], 750, 1],
  ["a 401 after a failure is recovered from", safe, [down, refused, down, done], "done", [0, 250, 250, 750], 750, 1]
]

inAccount.each(rows)("%s", function* ([, policy, steps, result, times, took, exchanges]) {
  assert.deepStrictEqual(yield* under(policy, ...steps), { result, times, took })
  assert.strictEqual(yield* count("oauth.token"), exchanges)
})

describe("waits", () => {
  it.effect.prop(
    "are shorter by a random share of at most the jitter",
    { share: FastCheck.double({ min: 0, max: 1, noNaN: true }), jitter: FastCheck.constantFrom(0, 0.25, 0.5, 1) },
    ({ jitter, share }) =>
      Effect.gen(function* () {
        const policy = change({ backoff: { ...backoff, base: Duration.seconds(2), jitter } })
        const { times } = yield* Effect.withRandom(under(policy, down), Random.fixed([share]))
        const waits = [2_000, 4_000].map((full) => full * (1 - jitter * share))
        const expected = [0, waits[0] ?? 0, (waits[0] ?? 0) + (waits[1] ?? 0)]
        assert.lengthOf(times, 3)
        times.forEach((time, index) => assert.closeTo(time, expected[index] ?? Number.NaN, 2))
      }).pipe(Effect.provide(account())),
    runs(8)
  )

  it.effect.prop(
    "are never outside of the bounds, whatever the random source",
    [FastCheck.string()],
    ([seed]) =>
      Effect.gen(function* () {
        const policy = change({ backoff: { ...backoff, base: Duration.seconds(2) } })
        const { times } = yield* Effect.withRandom(under(policy, down), Random.make(seed))
        const [first = 0, second = 0, third = 0] = times
        assert.isTrue(second - first >= 1_000 && second - first <= 2_000, `${second - first}`)
        assert.isTrue(third - second >= 2_000 && third - second <= 4_000, `${third - second}`)
      }).pipe(Effect.provide(account())),
    runs(8)
  )
})

inAccount("a time limit interrupts what it cuts, and names the call, not a host", function* () {
  let cut = 0
  const work = Effect.onInterrupt(silent, () => Effect.sync(() => (cut += 1)))
  const { exit } = yield* finish(Effect.flatMap(callOf(safe, work), callUnderPolicy))
  assert.strictEqual((yield* Effect.flip(exit)).message, "usage.read: no answer in time")
  assert.strictEqual(cut, 3)
})

over(account({ tokens: { accessTokenSeconds: 60 }, ...faulty("oauth.token", Fault.hang) }))(
  "a token that still holds is used in time, though its renewal hangs",
  function* () {
    yield* TestClock.adjust("40 seconds")
    const { exit, took } = yield* finish(readUsage())
    assert.isTrue(Exit.isSuccess(exit))
    assert.isAtMost(took, 15_000)
    assert.strictEqual(yield* count("oauth.token"), 1)
  }
)

describe("one attempt", () => {
  const retried: ReadonlyArray<string> = defaultPolicies.readUsage.retryOn

  inAccount.each(BackendErrorReason.literals.filter((reason) => reason !== "Unauthorized"))(
    "or more, if the policy names the reason: %s",
    function* (reason) {
      const { times } = yield* under(safe, Effect.fail(failure(reason)), done)
      assert.lengthOf(times, retried.includes(reason) ? 2 : 1)
    }
  )

  for (const [what, how, policy] of [
    ["for what is never repeated", callUnderPolicy, defaultPolicies.sendInvite],
    ["under any policy, for a call that is made once", callOnce, safe]
  ] as const) {
    inAccount.each([...BackendErrorReason.literals])(`${what}: %s`, function* (reason) {
      const found = yield* run(how, policy, Effect.fail(failure(reason)), done)
      assert.deepStrictEqual(found, { result: `BackendError ${reason}`, times: [0], took: 0 })
      assert.strictEqual(yield* count("oauth.token"), 0)
    })
  }
})

describe("a 401", () => {
  inAccount("is recovered from with what was refused, and the next attempt has the renewed one", function* () {
    const session = yield* AuthSession
    const used: Array<Authorization> = []
    const recovered: Array<Authorization> = []
    const recover = (refused: Authorization) =>
      Effect.suspend(() => {
        recovered.push(refused)
        return session.recover(refused)
      })
    const attempt = (authorization: Authorization) =>
      Effect.suspend(() => (used.push(authorization) === 1 ? refused : done))
    yield* finish(callUnderPolicy({ name: "usage.read", policy: safe, session: { ...session, recover }, attempt }))
    assert.lengthOf(used, 2)
    assert.deepStrictEqual(recovered, used.slice(0, 1))
    const bearers = used.map(({ headers }) => Redacted.value(headers)["authorization"])
    assert.notStrictEqual(bearers[0], bearers[1])
  })

  inAccount("takes up a newer record from the store without a renewal", function* () {
    const backend = yield* FakeBackend.FakeBackend
    const store = yield* CredentialStore
    yield* (yield* AuthSession).current
    yield* store.write((yield* backend.signIn()).record)
    const { result } = yield* under(safe, refused, done)
    assert.deepStrictEqual([result, yield* count("oauth.token")], ["done", 0])
  })

  over(account({ accounts: [{}, { userId: "user-B", accountId: "account-B" }] }))(
    "is the end of it when the record is another account's by now",
    function* () {
      const backend = yield* FakeBackend.FakeBackend
      const store = yield* CredentialStore
      yield* (yield* AuthSession).current
      yield* store.write((yield* backend.signIn("user-B/account-B")).record)
      const { result, times } = yield* under(safe, refused, done)
      assert.deepStrictEqual([result, times], ["AuthError AccountMismatch", [0]])
    }
  )

  const expired = Fault.status(401, { body: '{"error":{"code":"refresh_token_expired"}}' })

  for (const [label, fault, result, took] of [
    ["is too late", Fault.hang, "AuthError Unavailable", 22_500],
    ["is refused", expired, "AuthError Expired", null]
  ] as const) {
    over(account(faulty("oauth.token", fault)))(`ends as the renewal does when that ${label}`, function* () {
      const found = yield* under(safe, refused, done)
      assert.deepStrictEqual(found, { result, times: [0], took: took ?? found.took })
    })
  }
})
