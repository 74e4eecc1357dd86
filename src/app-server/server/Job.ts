/** A request that was accepted, until it is answered. */
import * as Effect from "effect/Effect"
import { errorResponse, type Message, type Request, response } from "../protocol/Envelope.js"
import type { RpcError } from "../protocol/errors.js"

/** It is answered once: what comes second is dropped. */
export interface Job {
  readonly request: Request
  /** Answers with the result, and then does what was left for afterwards. */
  readonly succeed: (result: unknown) => Effect.Effect<void>
  readonly fail: (error: RpcError) => void
  readonly afterwards: (work: Effect.Effect<void>) => void
}

/** `put` finds the answer its place. */
export const makeJob = (request: Request, put: (answer: Message) => void): Job => {
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
