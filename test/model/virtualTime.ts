/**
 * Virtual time for many simulated processes: a scheduler that runs fibers in one fixed order, and clocks on it that may
 * be skewed and that can stop for good.
 *
 * Not the `TestClock`: that one waits some real milliseconds at every wake-up, and has one present for all. The order of
 * everything here depends on the scenario alone, which a test of its own proves.
 */
import * as Clock from "effect/Clock"
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type * as Exit from "effect/Exit"
import type { Scheduler, Task } from "effect/Scheduler"

interface Sleeper {
  readonly at: number
  readonly wake: () => void
}

/** 2001, so that a skewed clock stays after 1970. */
export const epoch = 1_000_000_000_000

export interface VirtualTime {
  /** Milliseconds since the start. */
  readonly now: () => number
  /** A clock that is ahead by `offset` milliseconds, and on which no sleep ends once `isStopped`. */
  readonly clock: (offset: number, isStopped: () => boolean) => Clock.Clock
  /** Says that something will now go through the platform, such as the body of a request. */
  readonly goingOut: () => void
  /** Runs the effect to its end, from one wake-up to the next. Rejects if nothing can wake it, or not within `limit`. */
  readonly run: <A, E>(effect: Effect.Effect<A, E>, limit: Duration.DurationInput) => Promise<Exit.Exit<A, E>>
}

/** Lets what waits for the platform (the body of a web `Request`) come to its end. */
const platform = () => new Promise<void>((resolve) => void setImmediate(resolve))

const microtasks = () => Promise.resolve()

export const makeVirtualTime = (): VirtualTime => {
  let now = 0
  let tasks: Array<Task> = []
  const sleepers: Array<Sleeper> = []

  const scheduler: Scheduler = {
    // A fiber runs until it waits: between two waits no other fiber runs.
    shouldYield: () => false,
    scheduleTask: (task) => void tasks.push(task)
  }

  /** Whether something may be under way in the platform. */
  let isOut = false

  const settle = async () => {
    let idle = 0
    while (idle < 3) {
      while (tasks.length > 0) {
        idle = 0
        const batch = tasks
        tasks = []
        for (const task of batch) task()
      }
      // A promise that is kept already is heard of within some turns of the microtask queue; a body needs more.
      for (let turn = 0; turn < 8 && tasks.length === 0; turn++) await microtasks()
      if (tasks.length > 0) continue
      if (!isOut) return
      await platform()
      idle += 1
    }
    isOut = false
  }

  const sleep = (millis: number, isStopped: () => boolean) =>
    Effect.async<void>((resume) => {
      const at = now + millis
      const sleeper: Sleeper = { at, wake: () => (isStopped() ? undefined : resume(Effect.void)) }
      // Kept in order; those of the same time in the order in which they came.
      let index = sleepers.length
      while (index > 0 && (sleepers[index - 1]?.at ?? 0) > at) index--
      sleepers.splice(index, 0, sleeper)
      return Effect.sync(() => {
        const found = sleepers.indexOf(sleeper)
        if (found >= 0) sleepers.splice(found, 1)
      })
    })

  return {
    now: () => now,
    goingOut: () => {
      isOut = true
    },
    clock: (offset, isStopped) => ({
      [Clock.ClockTypeId]: Clock.ClockTypeId,
      unsafeCurrentTimeMillis: () => epoch + now + offset,
      currentTimeMillis: Effect.sync(() => epoch + now + offset),
      // Counts from the start of the machine, and never jumps.
      unsafeCurrentTimeNanos: () => BigInt(now) * 1_000_000n,
      currentTimeNanos: Effect.sync(() => BigInt(now) * 1_000_000n),
      sleep: (duration) =>
        Duration.isFinite(duration) ? sleep(Math.ceil(Duration.toMillis(duration)), isStopped) : Effect.never
    }),
    run: async (effect, limit) => {
      const fiber = Effect.runFork(effect, { scheduler })
      const end = now + Duration.toMillis(limit)
      while (true) {
        await settle()
        const exit = fiber.unsafePoll()
        if (exit !== null) return exit
        const next = sleepers[0]
        if (next === undefined) throw new Error(`At ${now} ms nothing is left to wake.`)
        if (next.at > end) throw new Error(`It did not end within ${Duration.format(limit)}.`)
        now = Math.max(now, next.at)
        while ((sleepers[0]?.at ?? Infinity) <= now) sleepers.shift()?.wake()
      }
    }
  }
}
