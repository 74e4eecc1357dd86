/** The accepted requests of one client: those that run, and those that wait to run. */
import * as Effect from "effect/Effect"
import type * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Metrics from "../../services/Metrics.js"
import { errorResponse, type Message, type Request, response } from "../../rpc/Envelope.js"
import type { RpcError } from "../../rpc/RpcError.js"
import { makeCondition } from "../../rpc/condition.js"

/** A request that was accepted. The first answer counts. */
export interface AcceptedRequest {
  readonly request: Request
  /** Answers with the result, then runs what was registered with `afterwards`. */
  readonly succeed: (result: unknown) => Effect.Effect<void>
  readonly fail: (error: RpcError) => void
  readonly afterwards: (work: Effect.Effect<void>) => void
}

const accepted = (request: Request, put: (answer: Message) => void): AcceptedRequest => {
  const later: Array<Effect.Effect<void>> = []
  let answered = false
  const answer = (message: Message) => {
    if (answered) return
    answered = true
    put(message)
  }
  return {
    request,
    succeed: (result) =>
      Effect.suspend(() => {
        answer(response(request.id, result))
        return Effect.all(later, { discard: true })
      }),
    fail: (error) => answer(errorResponse(request.id, error)),
    afterwards: (work) => void later.push(work)
  }
}

/**
 * `maxRunning` counts requests that run, and those whose answers have not been taken; `maxWaiting` those that wait for
 * that. `serve` answers a request: if it ends without an answer, the request fails with `interrupted`. `fork` runs it
 * beside everything else.
 */
export interface RequestQueueOptions<R> {
  readonly maxRunning: number
  readonly maxWaiting: number
  readonly put: (answer: Message) => void
  readonly serve: (request: AcceptedRequest) => Effect.Effect<void, never, R>
  readonly fork: (work: Effect.Effect<void, never, R>) => Fiber.RuntimeFiber<void>
  readonly interrupted: () => RpcError
  /** Called whenever every accepted request has been answered and has ended. */
  readonly onIdle: () => void
}

export interface RequestQueue {
  /** False when there is no room. */
  readonly accept: (request: Request) => boolean
  /** An answer was taken, which makes room. */
  readonly taken: () => void
  readonly isIdle: () => boolean
  /** Waits until every accepted request has been answered and has ended. */
  readonly idle: Effect.Effect<void>
  /** Fails and interrupts every accepted request. */
  readonly cancel: () => void
  /** Waits until nothing runs any more. */
  readonly unwound: Effect.Effect<void>
}

const waits = (change: number) => Metrics.appServerWaiting().unsafeModify(change, [])

export const makeRequestQueue = <R>(options: RequestQueueOptions<R>): RequestQueue => {
  const { fork, interrupted, maxRunning, maxWaiting, onIdle, put, serve } = options
  const open = new Set<AcceptedRequest>()
  const waiting: Array<AcceptedRequest> = []
  const running = new Map<AcceptedRequest, Fiber.RuntimeFiber<void>>()
  const changed = makeCondition()
  let room = maxRunning

  const settle = (request: AcceptedRequest) => {
    if (open.delete(request) && open.size === 0) onIdle()
  }

  const start = (request: AcceptedRequest) => {
    room -= 1
    const ended = Effect.sync(() => {
      running.delete(request)
      request.fail(interrupted())
      settle(request)
      changed.notify()
    })
    running.set(request, fork(Effect.ensuring(serve(request), ended)))
  }

  return {
    accept: (message) => {
      if (room <= 0 && waiting.length >= maxWaiting) return false
      const request = accepted(message, put)
      open.add(request)
      if (room > 0) start(request)
      else {
        waiting.push(request)
        waits(1)
      }
      return true
    },
    taken: () => {
      room += 1
      const next = room > 0 ? waiting.shift() : undefined
      if (next === undefined) return
      waits(-1)
      start(next)
    },
    isIdle: () => open.size === 0,
    idle: changed.until(() => open.size === 0),
    cancel: () => {
      waits(-waiting.length)
      waiting.length = 0
      for (const request of Array.from(open)) {
        request.fail(interrupted())
        settle(request)
      }
      for (const fiber of running.values()) fiber.unsafeInterruptAsFork(FiberId.none)
      changed.notify()
    },
    unwound: changed.until(() => running.size === 0)
  }
}
