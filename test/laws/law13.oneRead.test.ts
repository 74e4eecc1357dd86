/** Law 13: N readers in one process make one request per interval; `Retry-After` is obeyed up to its cap. */
import { assert, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as FastCheck from "effect/FastCheck"
import * as Stream from "effect/Stream"
import * as TestClock from "effect/TestClock"
import { readUsage, showUsage } from "../../src/programs/usage.js"
import { shareUsageWatch, type WatchEvent, watchUsage } from "../../src/programs/watchUsage.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import type { RateLimits } from "../../src/services/RateLimits.js"
import type { WorkspaceRole } from "../../src/services/WorkspaceRole.js"
import { Fault, FaultPlan } from "../../src/testing/index.js"
import { account, brief, count, finish, type Options, requests, run, faulty } from "../programs/harness.js"
import { runs, test } from "../cases.js"

const interval = 5_000

const times = Effect.map(requests, (all) => all["usage.read"] ?? [])

const gaps = Effect.map(times, (all) => all.slice(1).map((time, index) => time - (all[index] ?? 0)))

const readers = FastCheck.array(FastCheck.integer({ min: 0, max: 30_000 }), { minLength: 1, maxLength: 25 })

const reading = (at: ReadonlyArray<number>) =>
  Effect.gen(function* () {
    const work = at.map((time) => Effect.delay(showUsage, time))
    const { exit } = yield* finish(Effect.all(work, { concurrency: "unbounded" }))
    return yield* exit
  })

const world = (options: Options, late: number) =>
  account({
    ...options,
    plan: [
      FaultPlan.on("usage.read", "every", Fault.delay(late)),
      FaultPlan.on("resetCredits.list", "every", Fault.delay(late))
    ]
  })

it.effect.prop(
  "one request an interval, and everybody has an answer that is no older",
  { at: readers, late: FastCheck.integer({ min: 0, max: 8_000 }) },
  ({ at, late }) =>
    Effect.gen(function* () {
      const views = yield* reading(at)
      assert.lengthOf(views, at.length)
      for (const gap of yield* gaps) assert.isAtLeast(gap, interval)
      views.forEach(({ snapshot }, index) => {
        // Read by a request that was under way, or at most one interval ago.
        assert.isAbove(snapshot.fetchedAt.epochMillis, (at[index] ?? 0) - interval)
      })
    }).pipe(Effect.provide(world({ settings: { usageInterval: Duration.millis(interval) } }, late))),
  runs(6)
)

test("control: without an interval there are more", world({}, 0), function* () {
  yield* reading([0, 1_000, 2_000])
  assert.deepStrictEqual(yield* gaps, [1_000, 1_000])
})

/** A session without sign-ins, and without looks at the store. */
const quiet = <A, E, R>(effect: Effect.Effect<A, E, R>) =>
  Effect.flatMap(AuthSession, (session) =>
    Effect.provideService(effect, AuthSession, AuthSession.of({ ...session, changes: Stream.never }))
  )

const minute = 60_000

const listening = (
  watch: Stream.Stream<WatchEvent, never, AuthSession | RateLimits | WorkspaceRole>,
  guests: ReadonlyArray<readonly [comes: number, stays: number]>
) =>
  Effect.forEach(
    [[0, 5 * minute - 1] as const, ...guests],
    ([comes, stays]) => Effect.delay(Stream.runCollect(Stream.interruptAfter(watch, stays)), comes),
    { concurrency: "unbounded" }
  )

const guests = FastCheck.array(
  FastCheck.tuple(FastCheck.integer({ min: 1, max: 4 * minute }), FastCheck.integer({ min: 1, max: minute - 1 })),
  { maxLength: 6 }
)

it.scoped.prop(
  "a shared watch asks once an interval, however many listen and whenever they come and go",
  { guests },
  ({ guests }) =>
    Effect.gen(function* () {
      const watch = yield* shareUsageWatch()
      const { exit } = yield* finish(listening(watch, guests))
      const [host, ...others] = yield* exit
      assert.lengthOf(host ?? [], 5)
      // A new subscriber gets the last known value at once.
      for (const received of others) assert.isAtLeast(received.length, 1)
      assert.deepStrictEqual(yield* gaps, [minute, minute, minute, minute])
    }).pipe(Effect.scoped, quiet, Effect.provide(account())),
  runs(2)
)

it.scoped("control: watches of their own ask each for itself", () =>
  Effect.gen(function* () {
    const { exit } = yield* finish(listening(watchUsage(), [[30_000, 1]]))
    yield* exit
    assert.deepStrictEqual(yield* times, [0, 30_000, minute, 2 * minute, 3 * minute, 4 * minute])
  }).pipe(quiet, Effect.provide(account()))
)

const everyRead = (fault: Fault.Fault) => account(faulty("usage.read", fault))

it.effect.prop(
  "between the attempts of a read the backend's wish is obeyed up to the policy's cap of 10 s; a longer one ends it",
  [FastCheck.integer({ min: 0, max: 30 })],
  ([seconds]) =>
    Effect.gen(function* () {
      const { exit, took } = yield* finish(showUsage)
      assert.strictEqual(brief(yield* Effect.flip(exit)), "BackendError RateLimited 429")
      // Three attempts, 25 s in all.
      const attempts = seconds > 10 ? 1 : 3
      assert.deepStrictEqual(
        yield* times,
        Array.from({ length: attempts }, (_, index) => index * seconds * 1_000)
      )
      assert.strictEqual(took, (attempts - 1) * seconds * 1_000)
    }).pipe(Effect.provide(everyRead(Fault.rateLimited({ seconds })))),
  runs(8)
)

it.effect.prop(
  "between one read and the next it is obeyed up to ten minutes, by those who want it fresh too",
  {
    seconds: FastCheck.integer({ min: 11, max: 2_000 }),
    share: FastCheck.double({ min: 0, max: 0.99, noNaN: true }),
    fresh: FastCheck.boolean()
  },
  ({ fresh, seconds, share }) =>
    Effect.gen(function* () {
      yield* Effect.flip(run(showUsage))
      const quiet = Math.min(seconds, 600) * 1_000
      const early = Math.floor(quiet * share)
      yield* TestClock.adjust(early)
      const error = yield* Effect.flip(run(readUsage({ fresh })))
      assert.strictEqual(brief(error), "BackendError RateLimited 429")
      assert.deepInclude(error, { retryAfterMillis: quiet - early })
      assert.strictEqual(yield* count("usage.read"), 1)
      yield* TestClock.adjust(quiet - early)
      assert.isTrue(Exit.isSuccess(yield* Effect.exit(run(readUsage({ fresh })))))
      assert.strictEqual(yield* count("usage.read"), 2)
    }).pipe(Effect.provide(account(faulty("usage.read", Fault.rateLimited({ seconds }), 1)))),
  runs(10)
)

test(
  "control: without the wish the next read asks at once",
  account(faulty("usage.read", Fault.forbidden, 1)),
  function* () {
    yield* Effect.flip(run(showUsage))
    yield* run(showUsage)
    assert.deepStrictEqual(yield* times, [0, 0])
  }
)
