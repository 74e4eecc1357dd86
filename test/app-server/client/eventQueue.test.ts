import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import {
  forward,
  type Forwarded,
  lagged,
  requiresDelivery,
  type Step,
  type EventQueue,
  makeEventQueue
} from "../../../src/app-server/client/EventQueue.js"
import { notification, request } from "../../../src/rpc/Envelope.js"
import { serverNotifications } from "../../../src/app-server/protocol/notifications.js"
import { eventOf, type Kind, type Seen, seenIn, verdict } from "./transcript.js"
import { runs, virtual } from "../../cases.js"

const output = (n: number) => notification("item/commandExecution/outputDelta", { n })
const delta = (n: number) => notification("item/agentMessage/delta", { n })
const asked = (n: number) => request(n, "item/tool/call")

const lossless = [
  "turn/completed",
  "thread/settings/updated",
  "item/completed",
  "externalAgentConfig/import/completed",
  "item/agentMessage/delta",
  "item/plan/delta",
  "item/reasoning/summaryTextDelta",
  "item/reasoning/textDelta"
]

describe("what must be delivered", () => {
  it("is the transcript and the ends of turns, and what tells that the connection is gone", () => {
    const told = Object.keys(serverNotifications).filter((method) => requiresDelivery(notification(method)))
    assert.deepStrictEqual(told.toSorted(), lossless.toSorted())
    assert.isTrue(requiresDelivery({ _tag: "Disconnected", message: "" }))
  })

  it("in the older protocol is the end of a turn alone", () => {
    const told = ["task_complete", "turn_aborted", "shutdown_complete", "item_started"].filter((name) =>
      requiresDelivery(notification(`codex/event/${name}`))
    )
    assert.deepStrictEqual(told, ["task_complete", "turn_aborted", "shutdown_complete"])
    assert.isFalse(requiresDelivery(notification("task_complete")))
  })

  it("is no gap, no request and no output of a command", () => {
    for (const event of [lagged(1), asked(1), output(1), notification("account/updated")]) {
      assert.isFalse(requiresDelivery(event))
    }
  })
})

describe("one event", () => {
  const step = (deliver: ReadonlyArray<Forwarded>, skipped: number, dropped: boolean): Step => ({
    deliver,
    skipped,
    dropped
  })

  it.each<readonly [name: string, skipped: number, event: Forwarded, room: number, expected: Step]>([
    ["goes in where there is room", 0, output(1), 1, step([output(1)], 0, false)],
    ["is dropped and counted where there is none", 0, output(1), 0, step([], 1, true)],
    ["waits where it must be delivered", 0, delta(1), 0, step([delta(1)], 0, false)],
    ["comes after the gap before it", 3, output(1), 2, step([lagged(3), output(1)], 0, false)],
    ["is dropped where there is room for the gap alone", 3, output(1), 1, step([lagged(3)], 1, true)],
    ["adds to the gap", 3, output(1), 0, step([], 4, true)],
    ["waits with the gap before it", 3, delta(1), 0, step([lagged(3), delta(1)], 0, false)],
    ["that is a gap goes in", 0, lagged(3), 1, step([lagged(3)], 0, false)],
    ["that is a gap is added to the gap before it", 2, lagged(3), 1, step([lagged(5)], 0, false)],
    ["that is a gap is kept where there is no room", 2, lagged(3), 0, step([], 5, false)],
    ["of the server's that it asks is dropped like others", 1, asked(7), 0, step([], 2, true)]
  ])("%s", (_name, skipped, event, room, expected) => {
    assert.deepStrictEqual(forward(skipped, event, room), expected)
  })
})

describe("the queue", () => {
  virtual("keeps the transcript when output of commands fills it", function* () {
    const queue = yield* makeEventQueue(1)
    yield* queue.put(output(1))
    assert.strictEqual(yield* queue.put(output(2)), "dropped")
    const producer = yield* Effect.fork(
      Effect.all([delta(3), notification("item/completed"), notification("turn/completed")].map(queue.put))
    )
    const taken: Array<Forwarded> = []
    for (let i = 0; i < 5; i++) taken.push(Option.getOrThrow(yield* queue.take))
    yield* producer
    assert.deepStrictEqual(taken, [
      output(1),
      lagged(1),
      delta(3),
      notification("item/completed"),
      notification("turn/completed")
    ])
  })

  virtual("tells a gap at the end without waiting for another event", function* () {
    const queue = yield* makeEventQueue(1)
    for (const n of [1, 2, 3]) yield* queue.put(output(n))
    assert.deepStrictEqual(Option.getOrThrow(yield* queue.take), output(1))
    assert.deepStrictEqual(Option.getOrThrow(yield* queue.take), lagged(2))
    yield* queue.end
    assert.deepStrictEqual(yield* queue.take, Option.none())
  })

  virtual(
    "lets go whoever waits for room when nobody listens any more, and gives back what was not taken",
    function* () {
      const queue = yield* makeEventQueue(1)
      yield* queue.put(asked(1))
      const waiting = yield* Effect.fork(queue.put(delta(2)))
      yield* Effect.yieldNow()
      assert.deepStrictEqual(yield* queue.close, [asked(1)])
      assert.strictEqual(yield* Fiber.join(waiting), "closed")
      assert.strictEqual(yield* queue.put(output(3)), "closed")
      assert.deepStrictEqual(yield* queue.take, Option.none())
      assert.deepStrictEqual(yield* queue.close, [])
    }
  )

  virtual("holds more until it is settled", function* () {
    const queue = yield* makeEventQueue(1, 3)
    const outcomes = yield* Effect.forEach([1, 2, 3, 4], (n) => queue.put(output(n)))
    assert.deepStrictEqual(outcomes, ["delivered", "delivered", "delivered", "dropped"])
    yield* queue.settle
    assert.deepStrictEqual(Option.getOrThrow(yield* queue.take), output(1))
    assert.strictEqual(yield* queue.put(output(5)), "dropped")
  })

  virtual("gives a taker that left nothing, and the next one everything", function* () {
    const queue = yield* makeEventQueue(2)
    const taker = yield* Effect.fork(queue.take)
    yield* Effect.yieldNow()
    yield* Fiber.interrupt(taker)
    yield* queue.put(delta(1))
    assert.deepStrictEqual(yield* queue.take, Option.some(delta(1)))
  })
})

// Law 16: what is lossless comes, in order; what does not come is counted and told in its place.

interface Move {
  readonly kind: Kind
  /** How many the consumer takes after it. */
  readonly takes: number
}

const moves = FastCheck.array(
  FastCheck.record<Move>({
    kind: FastCheck.constantFrom("lossless", "output", "asked"),
    takes: FastCheck.nat({ max: 3 })
  }),
  { maxLength: 40 }
)

/** Plays it: the consumer takes between the events, and all that is left in the end. */
const play = (makeQueue: Effect.Effect<EventQueue>, all: ReadonlyArray<Move>) =>
  Effect.gen(function* () {
    const queue = yield* makeQueue
    const permits = yield* Effect.makeSemaphore(0)
    const seen: Array<Seen> = []
    const dropped: Array<number> = []
    const consumer = yield* Effect.fork(
      Effect.gen(function* () {
        for (;;) {
          yield* permits.take(1)
          const next = yield* queue.take
          if (Option.isNone(next)) return
          seen.push(seenIn(next.value) ?? -1)
        }
      })
    )
    yield* Effect.forEach(all, ({ kind, takes }, n) =>
      Effect.gen(function* () {
        // Whoever waits for room gets it in the end.
        const relief = Effect.forever(Effect.zipRight(Effect.sleep(0), permits.release(1)))
        const put = queue.put(eventOf(kind, n))
        if ((yield* kind === "lossless" ? Effect.raceFirst(put, relief) : put) === "dropped") dropped.push(n)
        yield* permits.release(takes)
        yield* Effect.repeatN(Effect.yieldNow(), 8)
      })
    )
    yield* queue.end
    yield* permits.release(10_000)
    yield* Fiber.join(consumer)
    const known = new Set([...seen.filter((one) => typeof one === "number"), ...dropped])
    if (known.size !== all.length) return `${all.length} were put, and of ${known.size} it is known what became of them`
    return verdict(
      all.map(({ kind }) => kind),
      seen,
      true
    )
  })

const inputs = { all: moves, capacity: FastCheck.integer({ min: 1, max: 4 }) }

it.live.prop(
  "nothing lossless is lost or out of order, and every gap is told where it is",
  inputs,
  ({ all, capacity }) =>
    Effect.map(play(makeEventQueue(capacity), all), (wrong) => {
      assert.isNull(wrong)
    }),
  runs(60)
)

/** What one might write instead: a bounded queue that drops what does not fit. */
const dropping = (capacity: number): Effect.Effect<EventQueue> =>
  Effect.map(makeEventQueue(capacity), (queue) => {
    let size = 0
    return {
      ...queue,
      put: (event) => Effect.suspend(() => (size >= capacity ? Effect.succeed("dropped") : (size++, queue.put(event)))),
      take: Effect.tap(queue.take, () => Effect.sync(() => size--))
    }
  })

/** Waits for what is lossless, and counts nothing. */
const silent = (capacity: number): Effect.Effect<EventQueue> =>
  Effect.map(makeEventQueue(capacity), (queue) => {
    const take: EventQueue["take"] = Effect.flatMap(queue.take, (next) =>
      Option.isSome(next) && next.value._tag === "Lagged" ? take : Effect.succeed(next)
    )
    return { ...queue, take }
  })

it.live.each([
  ["that drops what does not fit", dropping],
  ["that tells no gaps", silent]
] as const)("control: a queue %s breaks the law", ([, makeQueue]) =>
  Effect.promise(() =>
    FastCheck.check(
      FastCheck.asyncProperty(moves, FastCheck.integer({ min: 1, max: 4 }), (all, capacity) =>
        Effect.runPromise(Effect.map(play(makeQueue(capacity), all), (wrong) => wrong === null))
      ),
      { numRuns: 200 }
    )
  ).pipe(
    Effect.map(({ failed }) => {
      assert.isTrue(failed)
    })
  )
)
