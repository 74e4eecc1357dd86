import { assert, describe, it } from "@effect/vitest"
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

/** A server whose one call takes `work`, and is cancelled when the drain is over; a client that takes `reading`. */
const scene = (options: { readonly work: string; readonly reading?: string; readonly leaves?: string }) =>
  Effect.gen(function* () {
    const signals = yield* Queue.unbounded<Signal>()
    const settled = yield* Deferred.make<"answered" | "cancelled">()
    const drains: Array<number> = []
    yield* Effect.fork(
      Effect.zipRight(
        Effect.sleep(Duration.decode(options.work as Duration.DurationInput)),
        Deferred.succeed(settled, "answered")
      )
    )
    const server = AppServer.of({
      connect: () => Effect.dieMessage("not used"),
      shutdown: ({ drain }) =>
        Effect.sync(() => drains.push(Duration.toMillis(drain))).pipe(
          Effect.zipRight(Effect.raceFirst(Deferred.await(settled), Effect.sleep(drain))),
          Effect.zipRight(Deferred.succeed(settled, "cancelled"))
        )
    })
    const reading = Effect.sleep((options.reading ?? "0 millis") as Duration.DurationInput)
    const leaving = Effect.sleep((options.leaves ?? "1 hour") as Duration.DurationInput)
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
      outcome: Effect.map(Deferred.poll(settled), Option.isSome)
    }
  })

describe("serving until somebody ends it", () => {
  it.scoped("is over when the transport is", () =>
    Effect.gen(function* () {
      const { drains, ending } = yield* scene({ work: "1 hour", leaves: "3 seconds" })
      yield* TestClock.adjust("2 seconds")
      assert.isNull(yield* ending)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* ending, "drained")
      assert.deepStrictEqual(drains, [])
    })
  )

  it.scoped("SIGTERM waits for what was accepted", () =>
    Effect.gen(function* () {
      const { drains, ending, send } = yield* scene({ work: "5 seconds" })
      yield* send("SIGTERM")
      yield* TestClock.adjust("4 seconds")
      assert.isNull(yield* ending)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* ending, "drained")
      assert.deepStrictEqual(drains, [10_000])
    })
  )

  it.scoped("SIGTERM waits ten seconds at most", () =>
    Effect.gen(function* () {
      const { ending, send } = yield* scene({ work: "1 hour" })
      yield* send("SIGTERM")
      yield* TestClock.adjust("9 seconds")
      assert.isNull(yield* ending)
      yield* TestClock.adjust("1 second")
      assert.strictEqual(yield* ending, "drained")
    })
  )

  it.scoped("SIGTERM does not wait for good for a client that does not read", () =>
    Effect.gen(function* () {
      const { ending, send } = yield* scene({ work: "1 second", reading: "1 hour" })
      yield* send("SIGTERM")
      yield* TestClock.adjust("12 seconds")
      assert.strictEqual(yield* ending, "drained")
    })
  )

  it.scoped("a second SIGTERM ends at once", () =>
    Effect.gen(function* () {
      const { ending, send } = yield* scene({ work: "1 hour" })
      yield* send("SIGTERM")
      yield* TestClock.adjust("1 second")
      yield* send("SIGTERM")
      assert.strictEqual(yield* ending, "cut")
    })
  )

  it.scoped("SIGINT cancels, and ends when that is told", () =>
    Effect.gen(function* () {
      const { drains, ending, outcome, send } = yield* scene({ work: "1 hour" })
      yield* send("SIGINT")
      assert.strictEqual(yield* ending, "cancelled")
      assert.isTrue(yield* outcome)
      assert.deepStrictEqual(drains, [0])
    })
  )

  it.scoped("SIGINT waits one second at most", () =>
    Effect.gen(function* () {
      const { ending, send } = yield* scene({ work: "1 hour", reading: "1 hour" })
      yield* send("SIGINT")
      yield* TestClock.adjust("999 millis")
      assert.isNull(yield* ending)
      yield* TestClock.adjust("1 millis")
      assert.strictEqual(yield* ending, "cancelled")
    })
  )

  it.scoped("SIGINT cuts an orderly end short", () =>
    Effect.gen(function* () {
      const { drains, ending, send } = yield* scene({ work: "1 hour" })
      yield* send("SIGTERM")
      yield* TestClock.adjust("1 second")
      yield* send("SIGINT")
      assert.strictEqual(yield* ending, "cancelled")
      assert.deepStrictEqual(drains, [10_000, 0])
    })
  )

  it.scoped("a signal after SIGINT ends at once", () =>
    Effect.gen(function* () {
      const { ending, send } = yield* scene({ work: "1 hour", reading: "1 hour" })
      yield* send("SIGINT")
      yield* send("SIGTERM")
      assert.strictEqual(yield* ending, "cut")
    })
  )
})
