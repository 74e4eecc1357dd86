/** Another app-server, a child of this process, on behalf of one client of ours. */
import * as Command from "@effect/platform/Command"
import type * as CommandExecutor from "@effect/platform/CommandExecutor"
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Mailbox from "effect/Mailbox"
import * as Option from "effect/Option"
import type * as Scope from "effect/Scope"
import type { LinkEnd } from "../client/internal/Link.js"
import * as StdioLink from "../client/internal/stdioLink.js"
import { decodeLine } from "../protocol/decodeLine.js"
import {
  encode,
  type ErrorResponse,
  errorResponse,
  type Message,
  notification,
  type Request,
  request,
  type Response,
  response
} from "../protocol/Envelope.js"
import { codes, RpcError, rpcError } from "../protocol/errors.js"
import { initialized } from "../protocol/notifications.js"
import type { RequestId } from "../protocol/RequestId.js"
import type { InitializeParams } from "../protocol/schemas/Initialize.js"
import type { Caller } from "../server/Handler.js"
import { makeIgnored } from "../transports/reporting.js"
import type { Words } from "../../domain/shellWords.js"

/** How long the child may take to answer the handshake. */
const startLimit = "20 seconds"

/** How long what the child says next waits for an answer to find its place at the client. */
const placeLimit = "1 second"

/** How much may wait to be written to the child. */
const capacity = 128

const failed = (message: string): RpcError => rpcError(codes.internal, `the delegated app-server ${message}`)

const hasEnded = failed("has ended; the next request starts it again")

/** What this server tells of itself, so that nobody else does. */
const own = ["account/updated", "account/login/completed"]

/** What the child is told of the client. It need not say what this server says anyway. */
export const introduction = ({ capabilities, ...params }: InitializeParams): InitializeParams => ({
  ...params,
  capabilities: {
    ...capabilities,
    optOutNotificationMethods: [...(capabilities?.optOutNotificationMethods ?? []), ...own]
  }
})

/** Of the account it is heard only on what turns tell of limits. */
const isForClient = (method: string): boolean =>
  !method.startsWith("account/") || method === "account/rateLimits/updated"

interface Answered {
  readonly answer: Response | ErrorResponse
  /** Done when the client's answer has its place: what the child says next comes after it. */
  readonly placed: Deferred.Deferred<void>
}

/** `call` asks the child in the client's name, under an id of our own. `ended` is done when the child is gone. */
export interface Delegated {
  readonly call: (request: Request, caller: Caller) => Effect.Effect<unknown, RpcError>
  readonly ended: Effect.Effect<void>
}

/**
 * Starts the child and makes the handshake. What it says and asks goes to the client, in order; it ends with the scope.
 */
export const start = (
  [program, ...args]: Words,
  env: Readonly<Record<string, string>>,
  client: Pick<Caller, "ask" | "client" | "notifyRaw">
): Effect.Effect<Delegated, RpcError, CommandExecutor.CommandExecutor | Scope.Scope> =>
  Effect.gen(function* () {
    const scope = yield* Effect.scope
    const link = yield* Effect.mapError(StdioLink.open(Command.env(Command.make(program, ...args), env), program), () =>
      failed("could not be started")
    )
    const outbox = yield* Mailbox.make<string>(capacity)
    const pending = new Map<RequestId, Deferred.Deferred<Answered, RpcError>>()
    const over = yield* Deferred.make<void>()
    const ignored = makeIgnored("A line of the delegated app-server that is no message was ignored.")
    let isOver = false
    let nextId = 0

    const end = Effect.suspend(() => {
      isOver = true
      const waiting = Array.from(pending.values())
      pending.clear()
      return Effect.forEach(waiting, (one) => Deferred.fail(one, hasEnded), { discard: true }).pipe(
        Effect.zipRight(outbox.shutdown),
        Effect.zipRight(Deferred.succeed(over, undefined))
      )
    })

    const say = (message: Message): Effect.Effect<boolean> => outbox.offer(encode(message))

    const settle = (answer: Response | ErrorResponse): Effect.Effect<unknown> => {
      const waiting = pending.get(answer.id)
      if (waiting === undefined) return Effect.void
      pending.delete(answer.id)
      return Effect.flatMap(Deferred.make<void>(), (placed) =>
        Effect.zipRight(
          Deferred.succeed(waiting, { answer, placed }),
          Effect.timeoutOption(Deferred.await(placed), placeLimit)
        )
      )
    }

    const ask = ({ id, method, params }: Request): Effect.Effect<unknown> =>
      client
        .ask(method, params)
        .pipe(
          Effect.match({ onFailure: (error) => errorResponse(id, error), onSuccess: (result) => response(id, result) }),
          Effect.flatMap(say)
        )

    const hear = (message: Message): Effect.Effect<unknown> => {
      switch (message._tag) {
        case "Response":
        case "ErrorResponse":
          return settle(message)
        case "Notification":
          return isForClient(message.method) ? client.notifyRaw(message.method, message.params) : Effect.void
        case "Request":
          // Beside everything else, as the client may take its time; but it is asked before it is told more.
          return Effect.zipRight(Effect.forkIn(ask(message), scope), Effect.yieldNow())
      }
    }

    const reading = link.receive.pipe(
      Effect.flatMap(
        Effect.forEach((line) => Option.match(decodeLine(line), { onNone: () => ignored, onSome: hear }), {
          discard: true
        })
      ),
      Effect.forever,
      Effect.catchAll(() => Effect.void)
    )
    const writing: Effect.Effect<void, LinkEnd> = Effect.flatMap(outbox.takeAll, ([lines, isDone]) =>
      Effect.zipRight(
        Chunk.isEmpty(lines) ? Effect.void : link.send(Chunk.toReadonlyArray(lines)),
        isDone ? Effect.void : writing
      )
    )
    yield* Effect.forkScoped(Effect.ensuring(Effect.interruptible(reading), end))
    yield* Effect.forkScoped(Effect.interruptible(Effect.zipRight(Effect.ignore(writing), end)))

    const exchange = (message: Request): Effect.Effect<Answered, RpcError> =>
      Effect.gen(function* () {
        const answered = yield* Deferred.make<Answered, RpcError>()
        if (isOver) return yield* hasEnded
        pending.set(message.id, answered)
        return yield* Effect.ensuring(
          Effect.zipRight(say(message), Deferred.await(answered)),
          Effect.sync(() => pending.delete(message.id))
        )
      })

    const introduce = request("initialize", "initialize", introduction(client.client))
    const { answer, placed } = yield* Effect.timeoutFail(exchange(introduce), {
      duration: startLimit,
      onTimeout: () => failed("did not answer the handshake in time")
    })
    if (answer._tag === "ErrorResponse") return yield* failed("refused the handshake")
    yield* say(notification(initialized))
    yield* Deferred.succeed(placed, undefined)

    return {
      ended: Deferred.await(over),
      call: ({ method, params, trace }, caller) =>
        Effect.gen(function* () {
          const message = request(nextId++, method, params)
          const { answer, placed } = yield* exchange(trace === undefined ? message : { ...message, trace })
          if (answer._tag === "ErrorResponse") {
            yield* Deferred.succeed(placed, undefined)
            return yield* new RpcError(answer.error, { disableValidation: true })
          }
          yield* caller.afterwards(Effect.asVoid(Deferred.succeed(placed, undefined)))
          return answer.result
        })
    }
  })
