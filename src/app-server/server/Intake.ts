/** The requests of one client that were accepted: those that run, and those that wait for a place to run. */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import type { Message, Request } from "../protocol/Envelope.js"
import type { RpcError } from "../protocol/errors.js"
import { type Job, makeJob } from "./Job.js"
import { makeSignal } from "./signal.js"

/**
 * `toRun` is how many may run, or have run without their answers being taken; `toWait` how many wait for that. `serve`
 * answers a job: what it leaves without an answer fails with `cutOff`. `fork` runs it beside everything else.
 */
export interface IntakeOptions<R> {
  readonly toRun: number
  readonly toWait: number
  readonly put: (answer: Message) => void
  readonly serve: (job: Job) => Effect.Effect<void, never, R>
  readonly fork: (work: Effect.Effect<void, never, R>) => Fiber.RuntimeFiber<void>
  readonly cutOff: () => RpcError
  /** Told whenever nothing is owed any more. */
  readonly onIdle: () => void
}

export interface Intake {
  /** Whether there was room for it. */
  readonly accept: (request: Request) => boolean
  /** An answer was taken: its place is free. */
  readonly taken: () => void
  readonly isIdle: () => boolean
  /** Waits until everything that was accepted is answered and done with. */
  readonly idle: Effect.Effect<void>
  /** Fails everything that was accepted, and interrupts it. */
  readonly cancel: () => void
  /** Waits until nothing runs any more. */
  readonly unwound: Effect.Effect<void>
}

export const makeIntake = <R>(options: IntakeOptions<R>): Intake => {
  const { cutOff, fork, onIdle, put, serve, toRun, toWait } = options
  const accepted = new Set<Job>()
  const waiting: Array<Job> = []
  const running = new Map<Job, Fiber.RuntimeFiber<void>>()
  const changed = makeSignal()
  let places = toRun

  const settle = (job: Job) => {
    if (accepted.delete(job) && accepted.size === 0) onIdle()
  }

  const start = (job: Job) => {
    places -= 1
    const ended = Effect.sync(() => {
      running.delete(job)
      job.fail(cutOff())
      settle(job)
      changed.fire()
    })
    running.set(job, fork(Effect.ensuring(serve(job), ended)))
  }

  const startWaiting = () => {
    const next = places > 0 ? waiting.shift() : undefined
    if (next === undefined) return
    start(next)
    startWaiting()
  }

  return {
    accept: (request) => {
      if (places <= 0 && waiting.length >= toWait) return false
      const job = makeJob(request, put)
      accepted.add(job)
      if (places > 0) start(job)
      else waiting.push(job)
      return true
    },
    taken: () => {
      places += 1
      startWaiting()
    },
    isIdle: () => accepted.size === 0,
    idle: changed.until(() => accepted.size === 0),
    cancel: () => {
      waiting.length = 0
      for (const job of Array.from(accepted)) {
        job.fail(cutOff())
        settle(job)
      }
      for (const fiber of running.values()) fiber.unsafeInterruptAsFork(FiberId.none)
      changed.fire()
    },
    unwound: changed.until(() => running.size === 0)
  }
}
