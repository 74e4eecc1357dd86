import { assert, describe, it } from "@effect/vitest"
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Random from "effect/Random"
import * as Redacted from "effect/Redacted"
import { AuthError } from "../../src/domain/AuthError.js"
import { BackendError, BackendErrorReason } from "../../src/domain/BackendError.js"
import { CallPolicy, defaultPolicies } from "../../src/domain/CallPolicy.js"
import { type Call, callOnce, callUnderPolicy } from "../../src/layers/internal/callUnderPolicy.js"
import { AuthSession, type Authorization } from "../../src/services/AuthSession.js"
import { CredentialStore } from "../../src/services/CredentialStore.js"
import { FakeBackend, Fault, FaultPlan } from "../../src/testing/index.js"
import { account, brief, count, finish } from "../programs/harness.js"

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

describe("waits", () => {
  const { backoff } = safe

  it.effect("grow by the factor up to the cap", () =>
    Effect.gen(function* () {
      const policy = change({ attempts: 6, backoff: { ...backoff, cap: Duration.seconds(1), factor: 2 } })
      assert.deepStrictEqual(yield* under(policy, down), {
        result: "BackendError ServerError",
        // 250, 500, then 1000 each.
        times: [0, 250, 750, 1_750, 2_750, 3_750],
        took: 3_750
      })
    }).pipe(Effect.provide(account()))
  )

  it.effect("end with the first success", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* under(safe, down, done), { result: "done", times: [0, 250], took: 250 })
    }).pipe(Effect.provide(account()))
  )

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
    { fastCheck: { numRuns: 20 } }
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
    { fastCheck: { numRuns: 20 } }
  )

  it.effect.each([
    ["within the cap is obeyed to the millisecond", 10_000, { result: "done", times: [0, 10_000], took: 10_000 }],
    ["of nothing is no wait", 0, { result: "done", times: [0, 0], took: 0 }],
    ["beyond the cap ends the call", 10_001, { result: "BackendError RateLimited", times: [0], took: 0 }]
  ] as const)("a Retry-After %s", ([, millis, expected]) =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* under(safe, asking(millis), done), { ...expected, times: [...expected.times] })
    }).pipe(Effect.provide(account()))
  )

  it.effect("a Retry-After that leads past the end of the call is not waited for", () =>
    Effect.gen(function* () {
      const policy = change({ overallTimeout: Duration.seconds(15) })
      assert.deepStrictEqual(yield* under(policy, asking(8_000), asking(8_000), done), {
        result: "BackendError RateLimited",
        times: [0, 8_000],
        took: 8_000
      })
    }).pipe(Effect.provide(account()))
  )
})

describe("time limits", () => {
  it.effect("cut every attempt, and the last one by what is left of the whole", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* under(safe, silent), {
        result: "BackendError Timeout",
        times: [0, 10_250, 20_750],
        took: 25_000
      })
    }).pipe(Effect.provide(account()))
  )

  it.effect("do not cut an attempt that is just in time", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* under(safe, Effect.delay(done, 9_999)), { result: "done", times: [0], took: 9_999 })
    }).pipe(Effect.provide(account()))
  )

  it.effect("interrupt what they cut", () =>
    Effect.gen(function* () {
      let cut = 0
      const work = Effect.onInterrupt(silent, () => Effect.sync(() => (cut += 1)))
      yield* under(safe, work)
      assert.strictEqual(cut, 3)
    }).pipe(Effect.provide(account()))
  )

  it.effect("name the call, not a host", () =>
    Effect.gen(function* () {
      const { exit } = yield* finish(Effect.flatMap(callOf(safe, silent), callUnderPolicy))
      const error = yield* Effect.flip(exit)
      assert.strictEqual(error.message, "usage.read: no answer in time")
    }).pipe(Effect.provide(account()))
  )
})

describe("one attempt", () => {
  const retried = ["Unreachable", "Transport", "Timeout", "RateLimited", "ServerError"]

  it.effect.each(BackendErrorReason.literals.filter((reason) => reason !== "Unauthorized"))(
    "or more, if the policy names the reason: %s",
    (reason) =>
      Effect.gen(function* () {
        const { times } = yield* under(safe, Effect.fail(failure(reason)), done)
        assert.lengthOf(times, retried.includes(reason) ? 2 : 1)
      }).pipe(Effect.provide(account()))
  )

  it.effect.each([...BackendErrorReason.literals])("for what is never repeated: %s", (reason) =>
    Effect.gen(function* () {
      const { result, times, took } = yield* under(defaultPolicies.sendInvite, Effect.fail(failure(reason)), done)
      assert.deepStrictEqual([result, times, took], [`BackendError ${reason}`, [0], 0])
      assert.strictEqual(yield* count("oauth.token"), 0)
    }).pipe(Effect.provide(account()))
  )

  it.effect.each([...BackendErrorReason.literals])("under any policy, for a call that is made once: %s", (reason) =>
    Effect.gen(function* () {
      const { result, times, took } = yield* run(callOnce, safe, Effect.fail(failure(reason)), done)
      assert.deepStrictEqual([result, times, took], [`BackendError ${reason}`, [0], 0])
      assert.strictEqual(yield* count("oauth.token"), 0)
    }).pipe(Effect.provide(account()))
  )

  it.effect("without a session", () =>
    Effect.gen(function* () {
      const { result, times } = yield* under(safe, Effect.fail(AuthError.of("Unavailable")), done)
      assert.deepStrictEqual([result, times], ["AuthError Unavailable", [0]])
    }).pipe(Effect.provide(account()))
  )

  it.effect("for a defect", () =>
    Effect.gen(function* () {
      const { result, times } = yield* under(safe, Effect.dieMessage("a bug"), done)
      assert.deepStrictEqual([result, times], ["Die", [0]])
    }).pipe(Effect.provide(account()))
  )
})

describe("a 401", () => {
  it.effect.each([safe, defaultPolicies.consumeResetCredit])(
    "renews the session, once, and tries again: $name",
    (policy) =>
      Effect.gen(function* () {
        assert.deepStrictEqual(yield* under(policy, refused, done), { result: "done", times: [0, 0], took: 0 })
        assert.strictEqual(yield* count("oauth.token"), 1)
      }).pipe(Effect.provide(account()))
  )

  it.effect("that comes again is the answer", () =>
    Effect.gen(function* () {
      const { result, times } = yield* under(safe, refused)
      assert.deepStrictEqual([result, times], ["BackendError Unauthorized 401", [0, 0]])
      assert.strictEqual(yield* count("oauth.token"), 1)
    }).pipe(Effect.provide(account()))
  )

  it.effect("is no attempt of the policy's", () =>
    Effect.gen(function* () {
      const { times } = yield* under(safe, refused, down)
      assert.deepStrictEqual(times, [0, 0, 250, 750])
    }).pipe(Effect.provide(account()))
  )

  it.effect("that comes after a failure is recovered from too", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* under(safe, down, refused, down, done), {
        result: "done",
        times: [0, 250, 250, 750],
        took: 750
      })
    }).pipe(Effect.provide(account()))
  )

  it.effect("is recovered from with the authorization that was refused, and the next attempt has the renewed one", () =>
    Effect.gen(function* () {
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
    }).pipe(Effect.provide(account()))
  )

  it.effect("takes up a newer record from the store without a renewal", () =>
    Effect.gen(function* () {
      const backend = yield* FakeBackend.FakeBackend
      const store = yield* CredentialStore
      yield* (yield* AuthSession).current
      yield* store.write((yield* backend.signIn()).record)
      const { result } = yield* under(safe, refused, done)
      assert.deepStrictEqual([result, yield* count("oauth.token")], ["done", 0])
    }).pipe(Effect.provide(account()))
  )

  it.effect("is the end of it when the record is another account's by now", () =>
    Effect.gen(function* () {
      const backend = yield* FakeBackend.FakeBackend
      const store = yield* CredentialStore
      yield* (yield* AuthSession).current
      yield* store.write((yield* backend.signIn("user-B/account-B")).record)
      const { result, times } = yield* under(safe, refused, done)
      assert.deepStrictEqual([result, times], ["AuthError AccountMismatch", [0]])
    }).pipe(Effect.provide(account({ backend: { accounts: [{}, { userId: "user-B", accountId: "account-B" }] } })))
  )

  const renewing = (fault: Fault.Fault) => account({ backend: { plan: [FaultPlan.on("oauth.token", "every", fault)] } })

  it.effect("stands when the renewal does not come in time", () =>
    Effect.gen(function* () {
      assert.deepStrictEqual(yield* under(safe, refused, done), {
        result: "BackendError Unauthorized 401",
        times: [0],
        took: 25_000
      })
    }).pipe(Effect.provide(renewing(Fault.hang)))
  )

  it.effect("ends as the renewal does when that is refused", () =>
    Effect.gen(function* () {
      const { result, times } = yield* under(safe, refused, done)
      assert.deepStrictEqual([result, times], ["AuthError Expired", [0]])
    }).pipe(Effect.provide(renewing(Fault.status(401, { body: '{"error":{"code":"refresh_token_expired"}}' }))))
  )
})
