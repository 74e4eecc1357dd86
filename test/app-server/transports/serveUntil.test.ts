import { assert, describe } from "@effect/vitest"
import * as Deferred from "effect/Deferred"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Fiber from "effect/Fiber"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Queue from "effect/Queue"
import * as TestClock from "effect/TestClock"
import { AppServer } from "../../../src/app-server/server/AppServer.js"
import { type Ending, serveUntil, type Signal } from "../../../src/app-server/transports/serveUntil.js"
import { virtual } from "../../cases.js"

/** A server whose one call takes `work`, and is cancelled when the drain is over; a client that takes `reading`. */
const scene = (options: {
  readonly work: Duration.DurationInput
  readonly reading?: Duration.DurationInput
  readonly leaves?: Duration.DurationInput
}) =>
  Effect.gen(function* () {
    const signals = yield* Queue.unbounded<Signal>()
    const settled = yield* Deferred.make<"answered" | "cancelled">()
    const drains: Array<number> = []
    yield* Effect.fork(Effect.zipRight(Effect.sleep(options.work), Deferred.succeed(settled, "answered")))
    const server = AppServer.of({
      connect: () => Effect.dieMessage("not used"),
      shutdown: ({ drain }) =>
        Effect.sync(() => drains.push(Duration.toMillis(drain))).pipe(
          Effect.zipRight(Effect.raceFirst(Deferred.await(settled), Effect.sleep(drain))),
          Effect.zipRight(Deferred.succeed(settled, "cancelled"))
        )
    })
    const reading = Effect.sleep(options.reading ?? 0)
    const leaving = Effect.sleep(options.leaves ?? "1 hour")
    const serve = (stop: Effect.Effect<void>) =>
      Effect.raceFirst(leaving, Effect.zipRight(stop, Effect.zipRight(Deferred.await(settled), reading)))
    const fiber = yield* Effect.fork(
      Effect.provide(serveUntil(serve, Queue.take(signals)), Layer.succeed(AppServer, server))
    )
    const ending = Effect.map(Fiber.poll(fiber), (exit): Ending | null =>
      Option.match(exit, { onNone: () => null, onSome: (exit) => (exit._tag === "Success" ? exit.value : null) })
    )
    return {
      drains,
      send: (signal: Signal) => Effect.zipRight(Queue.offer(signals, signal), TestClock.adjust(0)),
      ending,
      isSettled: Deferred.isDone(settled)
    }
  })

type Step = Signal | { readonly after: Duration.DurationInput; readonly ending: Ending | null }

const after = (time: Duration.DurationInput, ending: Ending | null = null): Step => ({ after: time, ending })

/** What happens in order, and how the server had ended by then; `drains` are the milliseconds of each shutdown. */
const rows: ReadonlyArray<
  readonly [string, Parameters<typeof scene>[0], ReadonlyArray<Step>, drains: ReadonlyArray<number>]
> = [
  [
    "is over when the transport is",
    { work: "1 hour", leaves: "3 seconds" },
    [after("2 seconds"), after("1 second", "drained")],
    []
  ],
  [
    "SIGTERM waits for what was accepted",
    { work: "5 seconds" },
    ["SIGTERM", after("4 seconds"), after("1 second", "drained")],
    [10_000]
  ],
  [
    "SIGTERM waits ten seconds at most",
    { work: "1 hour" },
    ["SIGTERM", after("9 seconds"), after("1 second", "drained")],
    [10_000]
  ],
  [
    "SIGTERM does not wait for good for a client that does not read",
    { work: "1 second", reading: "1 hour" },
    ["SIGTERM", after("12 seconds", "drained")],
    [10_000]
  ],
  [
    "a second SIGTERM ends at once",
    { work: "1 hour" },
    ["SIGTERM", after("1 second"), "SIGTERM", after(0, "cut")],
    [10_000]
  ],
  ["SIGINT cancels, and ends when that is sent", { work: "1 hour" }, ["SIGINT", after(0, "cancelled")], [0]],
  [
    "SIGINT waits one second at most",
    { work: "1 hour", reading: "1 hour" },
    ["SIGINT", after("999 millis"), after("1 millis", "cancelled")],
    [0]
  ],
  [
    "SIGINT cuts an orderly end short",
    { work: "1 hour" },
    ["SIGTERM", after("1 second"), "SIGINT", after(0, "cancelled")],
    [10_000, 0]
  ],
  [
    "a signal after SIGINT ends at once",
    { work: "1 hour", reading: "1 hour" },
    ["SIGINT", "SIGTERM", after(0, "cut")],
    [0]
  ]
]

describe("serving until somebody ends it", () => {
  virtual.each(rows)("%s", function* ([, options, steps, expected]) {
    const { drains, ending, isSettled, send } = yield* scene(options)
    for (const step of steps) {
      if (typeof step === "string") yield* send(step)
      else {
        yield* TestClock.adjust(step.after)
        assert.strictEqual(yield* ending, step.ending)
      }
    }
    assert.deepStrictEqual(drains, expected)
    if (expected.includes(0)) assert.isTrue(yield* isSettled)
  })
})
