/** What a client was asked and has not answered. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as FiberId from "effect/FiberId"
import { type Message, request } from "../protocol/Envelope.js"
import type { RpcError } from "../protocol/errors.js"
import type { RequestId } from "../protocol/RequestId.js"

export interface Questions {
  /** Sends a request under the next id, counted from 0, and waits for its answer. */
  readonly ask: (method: string, params: unknown) => Effect.Effect<unknown, RpcError>
  /** Takes an answer; one to no question is only logged. */
  readonly answer: (id: RequestId, answer: Effect.Effect<unknown, RpcError>) => Effect.Effect<void>
  /** Nobody answers any more: what was asked fails, and so does what will be. */
  readonly end: (error: RpcError) => void
}

export const makeQuestions = (send: (message: Message) => Effect.Effect<unknown>): Questions => {
  const open = new Map<RequestId, Deferred.Deferred<unknown, RpcError>>()
  let nextId = 0
  let over: RpcError | null = null
  return {
    ask: (method, params) =>
      Effect.suspend(() => {
        if (over !== null) return Effect.fail(over)
        const id = nextId++
        const question = Deferred.unsafeMake<unknown, RpcError>(FiberId.none)
        open.set(id, question)
        return Effect.ensuring(
          Effect.zipRight(send(request(id, method, params)), Deferred.await(question)),
          Effect.sync(() => open.delete(id))
        )
      }),
    answer: (id, answer) =>
      Effect.suspend(() => {
        const question = open.get(id)
        if (question === undefined) return Effect.logWarning("An answer came to no question.")
        open.delete(id)
        return Effect.asVoid(Deferred.complete(question, answer))
      }),
    end: (error) => {
      over ??= error
      for (const question of open.values()) Deferred.unsafeDone(question, Effect.fail(error))
      open.clear()
    }
  }
}
