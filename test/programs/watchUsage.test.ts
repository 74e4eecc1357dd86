/** Watching usage for hours and days, over the real services, in virtual time. */
import { assert, describe, it } from "@effect/vitest"
import * as Chunk from "effect/Chunk"
import * as Clock from "effect/Clock"
import * as DateTime from "effect/DateTime"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Random from "effect/Random"
import type * as Scope from "effect/Scope"
import * as Stream from "effect/Stream"
import { defaultWatchPolicy, withInterval } from "../../src/domain/WatchPolicy.js"
import { type WaitOptions, waitUntilUsable } from "../../src/programs/waitUntilUsable.js"
import { shareUsageWatch, type WatchEvent, watchUsage } from "../../src/programs/watchUsage.js"
import { AuthSession } from "../../src/services/AuthSession.js"
import { CredentialStore } from "../../src/services/CredentialStore.js"
import { RateLimits } from "../../src/services/RateLimits.js"
import { RedeemKey } from "../../src/domain/ResetCredit.js"
import { FakeAccount, FakeBackend, Fault, FaultPlan, TestAccount } from "../../src/testing/index.js"
import { makeVirtualTime } from "../model/virtualTime.js"
import { brief, faulty, requests } from "./harness.js"
import { type Body, live } from "../cases.js"

const second = 1000
const minute = 60 * second
const hour = 60 * minute
const fiveHours = 5 * hour

interface Windows {
  readonly used: number
  readonly perHour?: number
  readonly resetsIn?: number
  readonly week?: number
}

/** An account that pays with its plan alone. Times are in milliseconds. */
const accountWith = (now: number, { perHour = 0, resetsIn = fiveHours, used, week = 20 }: Windows) => ({
  credits: null,
  primary: FakeAccount.makeWindow(now, {
    lengthSeconds: fiveHours / second,
    usedPercent: used,
    percentPerHour: perHour,
    resetsInSeconds: resetsIn / second
  }),
  secondary: FakeAccount.makeWindow(now, {
    lengthSeconds: 604_800,
    usedPercent: week,
    resetsInSeconds: 500_000,
    percentPerHour: 0
  })
})

const other = { userId: "user-FAKE2", accountId: "00000000-1111-4222-8333-555555555555" }
const otherKey = `${other.userId}/${other.accountId}`

interface Setup {
  readonly plan?: FaultPlan.FaultPlan
  /** Somebody else whom the backend knows. */
  readonly second?: Windows
  /** Random waits instead of the shortest ones. */
  readonly jitter?: boolean
  readonly usageInterval?: Duration.DurationInput
}

const world = (used: Windows, setup: Setup) =>
  TestAccount.layer({
    settings: { usageInterval: Duration.decode(setup.usageInterval ?? 0) },
    accounts: (now) => [
      accountWith(now, used),
      ...(setup.second === undefined ? [] : [{ ...accountWith(now, setup.second), ...other }])
    ],
    plan: setup.plan ?? []
  }).pipe(Layer.provideMerge(Layer.setRandom(setup.jitter === true ? Random.make("jitter") : Random.fixed([0]))))

/** The model's time: a day of the `TestClock` takes too long. */
const simulated = <A, E>(
  used: Windows,
  effect: Effect.Effect<A, E, TestAccount.Services | Scope.Scope>,
  setup: Setup = {}
) =>
  Effect.flatten(
    Effect.promise(() => {
      const time = makeVirtualTime()
      const clock = time.clock(0, () => false)
      return time.run(
        effect.pipe(Effect.scoped, Effect.provide(world(used, setup)), Effect.withClock(clock)),
        "30 hours"
      )
    })
  )

/** A test in such a world. */
const watch = (title: string, used: Windows, body: Body<TestAccount.Services | Scope.Scope>, setup: Setup = {}) =>
  it.live(title, () => simulated(used, Effect.gen(body), setup))

/** On these days nobody signs in, and nobody looks at the store four times a second. */
const withoutSignIns = <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | AuthSession> =>
  Effect.flatMap(AuthSession, (session) =>
    Effect.provideService(effect, AuthSession, AuthSession.of({ ...session, changes: Stream.never }))
  )

const heard = <E, R>(stream: Stream.Stream<WatchEvent, E, R>, time: Duration.DurationInput) =>
  Effect.map(Stream.runCollect(Stream.interruptAfter(stream, time)), Chunk.toReadonlyArray)

/** The times at which usage was asked for, since the first. */
const asked = Effect.map(requests, (all) => {
  const times = all["usage.read"] ?? []
  return times.map((time) => time - (times[0] ?? 0))
})

const gapsOf = (times: ReadonlyArray<number>) => times.slice(1).map((time, index) => time - (times[index] ?? 0))

const tagsOf = (events: ReadonlyArray<WatchEvent>) => events.map(({ _tag }) => _tag)

const namesOf = (event: WatchEvent) =>
  event._tag === "Reading" ? event.transitions.map(({ _tag, windows }) => [_tag, ...windows].join(" ")) : []

const transitionsOf = (events: ReadonlyArray<WatchEvent>) => events.flatMap(namesOf)

/** What is heard and when it is asked for, in so long a time. */
const watching = (used: Windows, time: Duration.DurationInput, setup: Setup = {}, options = {}) =>
  simulated(
    used,
    Effect.gen(function* () {
      const events = yield* heard(watchUsage(options), time)
      return { events, at: yield* asked }
    }),
    setup
  )

describe("a day", { timeout: 60_000 }, () => {
  // Two windows and more; a whole day where there is time.
  const hours = process.env.FC_RUNS === undefined ? 11 : 24
  // In five hours a hundred and fifty percent are asked for: each window is used up after 3 h 20 min.
  const busy: Windows = { used: 0, perHour: 30 }

  /** When such a day has to be looked at, from the table of intervals alone. */
  const wanted = (end: number): ReadonlyArray<number> => {
    const found: Array<number> = []
    for (let at = 0; at < end;) {
      found.push(at)
      const since = at % fiveHours
      const left = 100 - Math.round(Math.min(100, (30 * since) / hour))
      const toReset = fiveHours - since
      const usual =
        left > 60 ? 5 * minute : left > 10 ? minute : left > 0 || toReset <= 5 * minute ? 20 * second : minute
      const due = toReset + 3 * second
      at += left < 80 && due <= usual + 10 * second ? Math.max(10 * second, due) : usual
    }
    return found
  }

  const watched = (listeners: number, setup: Setup = {}) =>
    simulated(
      busy,
      Effect.gen(function* () {
        const shared = yield* shareUsageWatch()
        const events = yield* Effect.all(
          Array.from({ length: listeners }, () => heard(shared, hours * hour - 1)),
          { concurrency: "unbounded" }
        )
        return { events, at: yield* asked }
      }).pipe(Effect.scoped, withoutSignIns),
      setup
    )

  /** A block and a reset every five hours. */
  const cycles = Math.floor(hours / 5)
  const story = [
    ...Array.from({ length: cycles }, () => ["Blocked 5h", "Reset 5h"]).flat(),
    ...((hours - 5 * cycles) * 30 > 100 ? ["Blocked 5h"] : [])
  ]

  live.each([1, 3])(
    "has exactly the readings of the policy, and each transition once: %s listen",
    function* (listeners) {
      const { at, events } = yield* watched(listeners)
      assert.deepStrictEqual(at, wanted(hours * hour))
      assert.deepStrictEqual(
        events.map(transitionsOf),
        events.map(() => story)
      )
      assert.deepStrictEqual([events.length, events[0]?.length], [listeners, at.length])
    }
  )

  live("has somewhat fewer with jitter, and no transition less", function* () {
    const { at, events } = yield* watched(1, { jitter: true })
    const all = wanted(hours * hour).length
    assert.isBelow(at.length, all * 0.98)
    assert.isAbove(at.length, all * 0.9)
    for (const gap of gapsOf(at)) assert.isAtLeast(gap, 10 * second)
    assert.deepStrictEqual(events.map(transitionsOf), [story])
  })

  live("with nothing used is read every five minutes; with an interval of one's own as often as that", function* () {
    const idle = yield* watching({ used: 0 }, hour - 1)
    assert.deepStrictEqual(
      gapsOf(idle.at),
      Array.from({ length: 11 }, () => 5 * minute)
    )
    const own = withInterval(defaultWatchPolicy, Duration.minutes(2))
    const often = yield* watching({ used: 0 }, hour - 1, {}, { policy: own })
    assert.deepStrictEqual(
      gapsOf(often.at),
      Array.from({ length: 29 }, () => 2 * minute)
    )
  })
})

describe("listeners", () => {
  watch(
    "who come later hear the last event at once, and ask nothing; after the last it ends",
    { used: 50 },
    function* () {
      const shared = yield* shareUsageWatch()
      const [early, late] = yield* Effect.all(
        [heard(shared, "150 seconds"), Effect.delay(heard(shared, "20 seconds"), "30 seconds")],
        { concurrency: 2 }
      )
      assert.deepStrictEqual([early.length, late.length], [3, 1])
      assert.deepStrictEqual(yield* asked, [0, minute, 2 * minute])
      yield* Effect.sleep("1 hour")
      assert.lengthOf(yield* asked, 3)
    }
  )

  watch("control: two watches of their own ask twice", { used: 50 }, function* () {
    const own = Effect.delay(heard(watchUsage(), "150 seconds"), "1 second")
    yield* Effect.all([own, heard(watchUsage(), "150 seconds")], { concurrency: 2 })
    assert.lengthOf(yield* asked, 6)
  })

  watch(
    "are not told again what another reader has just read",
    { used: 50 },
    function* () {
      const limits = yield* RateLimits
      const fiber = yield* Effect.fork(heard(watchUsage(), "4 minutes"))
      yield* Effect.sleep("58 seconds")
      yield* limits.read({ fresh: true })
      const events = yield* Fiber.join(fiber)
      const at = events.flatMap((event) =>
        event._tag === "Reading" ? [event.view.snapshot.fetchedAt.epochMillis] : []
      )
      assert.deepStrictEqual(gapsOf(at), [58 * second, 122 * second])
    },
    { usageInterval: "90 seconds" }
  )
})

const failing = (fault: Fault.Fault, call?: number) => faulty("usage.read", fault, call)

describe("failures", () => {
  live("back off up to a quarter of an hour, and are told as events", function* () {
    const { at, events } = yield* watching({ used: 50 }, "2 hours", failing(Fault.forbidden))
    assert.deepStrictEqual(
      gapsOf(at),
      [30, 60, 120, 240, 480, 900, 900, 900, 900, 900, 900].map((seconds) => seconds * second)
    )
    assert.deepStrictEqual(
      events.map((event) => (event._tag === "ReadFailed" ? [brief(event.error), event.failuresInARow] : event._tag)),
      at.map((_, index) => ["BackendError Forbidden 403", index + 1])
    )
  })

  live.each([
    [15, 30],
    [120, 120],
    [500, 500],
    [86_400, 900]
  ] as const)("a wish for %s s is obeyed: the next request comes after %s s", function* ([wish, expected]) {
    const { at, events } = yield* watching({ used: 50 }, "20 minutes", failing(Fault.rateLimited({ seconds: wish }), 1))
    assert.strictEqual(at[1], expected * second)
    // Whoever asks sooner is answered from memory: there is no other event than that.
    assert.deepStrictEqual(tagsOf(events).slice(0, 2), ["ReadFailed", "Reading"])
    assert.strictEqual((at[2] ?? 0) - (at[1] ?? 0), minute)
  })

  live("in between take nothing from the transition", function* () {
    const { events } = yield* watching({ used: 95, perHour: 200 }, "10 minutes", {
      plan: [2, 3, 4, 5, 6, 7, 8, 9].map((call) => FaultPlan.on("usage.read", call, Fault.status(503)))
    })
    assert.include(tagsOf(events), "ReadFailed")
    assert.deepStrictEqual(transitionsOf(events), ["Blocked 5h"])
  })
})

describe("transitions", () => {
  live("are told of no first reading, nor of an equal one", function* () {
    const { events } = yield* watching({ used: 100, resetsIn: 4 * hour }, "1 hour")
    assert.isAbove(events.length, 50)
    assert.deepStrictEqual(transitionsOf(events), [])
  })

  live("of a known reset are told three seconds after it, once", function* () {
    const { at, events } = yield* watching({ used: 100, resetsIn: 10 * minute }, "20 minutes")
    assert.include(at, 10 * minute + 3 * second)
    assert.deepStrictEqual(transitionsOf(events), ["Reset 5h"])
    const reset = events.find((event) => namesOf(event).length > 0)
    assert.isTrue(reset?._tag === "Reading" && reset.previous?.verdict.isUsable === false)
  })

  const spendCredit = Effect.gen(function* () {
    const { identity } = yield* Effect.flatMap(AuthSession, (session) => session.current)
    const limits = yield* RateLimits
    yield* limits.consume({ as: identity, key: RedeemKey.make("k1") })
  })

  /** A reset after two minutes; from then on answers are of before it. */
  const doubtful = (plan: FaultPlan.FaultPlan) =>
    simulated(
      { used: 100, resetsIn: 4 * hour },
      Effect.gen(function* () {
        const backend = yield* FakeBackend.FakeBackend
        const fiber = yield* Effect.fork(heard(watchUsage(), "1 hour"))
        yield* Effect.sleep("2 minutes")
        yield* spendCredit
        yield* Effect.sleep("90 seconds")
        yield* backend.setPlan(plan)
        return yield* Fiber.join(fiber)
      })
    )

  live("are not told of answers that look older than what is known", function* () {
    // Every other answer, for eighteen minutes.
    const events = yield* doubtful(
      Array.from({ length: 40 }, (_, n) => FaultPlan.on("usage.read", 2 * n + 1, Fault.staleRead("18 minutes")))
    )
    assert.deepStrictEqual(transitionsOf(events), ["Reset 5h weekly"])
    const states = events.map((event) => event._tag === "Reading" && [event.isBelieved, event.view.verdict.state])
    // Control: there were such answers.
    assert.deepInclude(states, [false, "blocked"])
    assert.deepStrictEqual(states.at(-1), [true, "usable"])
  })

  live("are told in the end if the answers do not change", function* () {
    const events = yield* doubtful([FaultPlan.on("usage.read", "every", Fault.staleRead("3 hours"))])
    assert.deepStrictEqual(transitionsOf(events), ["Reset 5h weekly", "Blocked 5h"])
  })
})

describe("another account", () => {
  const signIn = (key: string) =>
    Effect.gen(function* () {
      const backend = yield* FakeBackend.FakeBackend
      const store = yield* CredentialStore
      yield* store.write((yield* backend.signIn(key)).record)
    })

  const readers = (events: ReadonlyArray<WatchEvent>) =>
    events.map((event) =>
      event._tag === "Reading"
        ? `${event.view.snapshot.identity.userId} ${event.previous === null ? "first" : "next"}`
        : event._tag === "ReadFailed"
          ? brief(event.error)
          : event._tag
    )

  watch(
    "is a boundary: what was known is dropped, and nothing is compared across it",
    { used: 50 },
    function* () {
      const fiber = yield* Effect.fork(heard(watchUsage(), "100 seconds"))
      yield* Effect.sleep("30 seconds")
      yield* signIn(otherKey)
      const events = yield* Fiber.join(fiber)
      assert.deepStrictEqual(readers(events), ["user-FAKE1 first", "Boundary", "user-FAKE2 first", "user-FAKE2 next"])
      assert.deepStrictEqual(transitionsOf(events), [])
      // It is not waited for the next minute.
      const at = yield* asked
      assert.isAtMost(at[1] ?? 0, 31 * second)
    },
    { second: { used: 100, resetsIn: 4 * hour } }
  )

  watch(
    "that is heard of late is met by the reading, and is one boundary all the same",
    { used: 50 },
    function* () {
      const session = yield* AuthSession
      const late = Stream.tap(session.changes, () => Effect.sleep("40 seconds"))
      const fiber = yield* heard(watchUsage(), "100 seconds").pipe(
        Effect.provideService(AuthSession, AuthSession.of({ ...session, changes: late })),
        Effect.fork
      )
      yield* Effect.sleep("30 seconds")
      yield* signIn(otherKey)
      const events = yield* Fiber.join(fiber)
      assert.deepStrictEqual(readers(events), ["user-FAKE1 first", "Boundary", "user-FAKE2 first"])
      assert.deepStrictEqual(transitionsOf(events), [])
      assert.deepStrictEqual(yield* asked, [0, minute])
    },
    { second: { used: 100, resetsIn: 4 * hour } }
  )

  watch(
    "soon after a reading waits its ten seconds",
    { used: 50 },
    function* () {
      const fiber = yield* Effect.fork(heard(watchUsage(), "30 seconds"))
      yield* Effect.sleep("2 seconds")
      yield* signIn(otherKey)
      yield* Fiber.join(fiber)
      assert.deepStrictEqual(yield* asked, [0, 10 * second])
    },
    { second: { used: 50 } }
  )

  watch(
    "may come after nobody: who has signed out is asked for nothing, who signs in is read soon",
    { used: 50 },
    function* () {
      const store = yield* CredentialStore
      const fiber = yield* Effect.fork(heard(watchUsage(), "1 hour"))
      yield* Effect.sleep("30 seconds")
      yield* store.remove
      yield* Effect.sleep("40 minutes")
      assert.lengthOf(yield* asked, 1)
      yield* signIn(otherKey)
      yield* Effect.sleep("2 seconds")
      assert.lengthOf(yield* asked, 2)
      const told = readers(yield* Fiber.join(fiber)).filter((event) => event !== "AuthError NotSignedIn")
      assert.deepStrictEqual(told.slice(0, 4), ["user-FAKE1 first", "Boundary", "Boundary", "user-FAKE2 first"])
    },
    { second: { used: 50 } }
  )
})

describe("waiting until usable", () => {
  const waiting = (used: Windows, options: WaitOptions<never> = {}, setup: Setup = {}) =>
    simulated(used, Effect.zip(Effect.either(waitUntilUsable(options)), asked), setup)

  live("is no wait at all while it is usable", function* () {
    const [result, at] = yield* waiting({ used: 50 })
    assert.isTrue(result._tag === "Right" && result.right.usable && result.right.waitedMillis === 0)
    assert.lengthOf(at, 1)
  })

  live("ends three seconds after the reset", function* () {
    const [result] = yield* waiting({ used: 100, resetsIn: hour })
    assert.isTrue(result._tag === "Right" && result.right.usable && result.right.verdict.isUsable)
    assert.deepInclude(result._tag === "Right" ? result.right : {}, { waitedMillis: hour + 3 * second })
  })

  live("ends with the last reading when its time is over", function* () {
    const [result] = yield* waiting({ used: 100, resetsIn: hour }, { timeout: "30 minutes" })
    assert.deepInclude(result._tag === "Right" ? result.right : {}, { usable: false, waitedMillis: 30 * minute })
    assert.isTrue(result._tag === "Right" && !result.right.verdict.isUsable)
  })

  const told = (result: Effect.Effect.Success<ReturnType<typeof waiting>>[0]) =>
    result._tag === "Left" ? brief(result.left) : result.right.usable

  live("goes on after a failure that passes, and ends at once with a refusal", function* () {
    const [passing] = yield* waiting({ used: 50 }, {}, failing(Fault.status(503, { retryAfter: { seconds: 20 } }), 1))
    assert.strictEqual(told(passing), true)
    const [refused, once] = yield* waiting({ used: 50 }, {}, failing(Fault.forbidden))
    assert.deepStrictEqual([told(refused), once.length], ["BackendError Forbidden 403", 1])
    const [later] = yield* waiting({ used: 100, resetsIn: hour }, {}, failing(Fault.forbidden, 2))
    assert.strictEqual(told(later), true)
  })

  live("fails with the last failure when nothing was read in time", function* () {
    const [failed] = yield* waiting({ used: 50 }, { timeout: "10 minutes" }, failing(Fault.status(502)))
    assert.strictEqual(told(failed), "BackendError ServerError 502")
    const [silent] = yield* waiting({ used: 50 }, { timeout: "2 seconds" }, failing(Fault.hang))
    assert.strictEqual(told(silent), "BackendError Timeout")
  })

  watch("ends when nobody is signed in any more", { used: 100, resetsIn: 4 * hour }, function* () {
    const store = yield* CredentialStore
    const fiber = yield* Effect.fork(Effect.either(waitUntilUsable()))
    yield* Effect.sleep("5 minutes")
    yield* store.remove
    assert.strictEqual(told(yield* Fiber.join(fiber)), "AuthError NotSignedIn")
    assert.isAtMost(yield* Clock.currentTimeMillis, 1_000_000_000_000 + 6 * minute)
  })

  live("does not end with an answer that looks older", function* () {
    const looksUsable = DateTime.unsafeMake(1_000_000_000_000 + hour)
    const body = JSON.stringify({
      plan_type: "business",
      rate_limit: {
        allowed: true,
        limit_reached: false,
        primary_window: {
          used_percent: 98,
          limit_window_seconds: 18_000,
          reset_after_seconds: 3_600,
          reset_at: looksUsable.epochMillis / second
        },
        secondary_window: null
      }
    })
    const [result] = yield* waiting({ used: 100, resetsIn: hour }, {}, failing(Fault.status(200, { body }), 3))
    assert.deepInclude(result._tag === "Right" ? result.right : {}, { usable: true, waitedMillis: hour + 3 * second })
  })
})
