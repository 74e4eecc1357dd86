/** The protocol as a client speaks it over a link: what is in flight, what is asked, and how it ends. */
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Mailbox from "effect/Mailbox"
import * as Option from "effect/Option"
import { decodeLine } from "../../protocol/decodeLine.js"
import { encode, errorResponse, type Message, type Request } from "../../protocol/Envelope.js"
import * as errors from "../../protocol/errors.js"
import type { RequestId } from "../../protocol/RequestId.js"
import { serverRequestNames } from "../../protocol/serverRequests.js"
import type { Forwarded } from "../forward.js"
import { type IoError, ioError } from "../TypedRequestError.js"
import { makeEventQueue } from "./EventQueue.js"
import { defaultCapacity } from "./initialize.js"
import { endError, type Link, LinkEnd } from "./Link.js"

export const initializeId = "initialize"

/** How many refusals may wait to be written before nothing more is read. */
const mostRefusals = 1024

/** What of the client the channel was for. */
export type Operation = "request" | "notify" | "resolve" | "reject"

const channelClosed = (operation: Operation | "worker"): IoError =>
  ioError("BrokenPipe", `remote app-server ${operation} channel is closed`)

const queueFull = errors.rpcError(errors.codes.overloaded, "remote app-server event queue is full")
const consumerClosed = errors.rpcError(errors.codes.internal, "remote app-server event consumer is closed")

const written = (message: Message): Effect.Effect<string, IoError> =>
  Effect.try({
    try: () => encode(message),
    catch: () => ioError("InvalidInput", "this can't be written as JSON")
  })

/** `reading` and `writing` run as long as the link does; the events end with `reading`. */
export const makeWire = (link: Link, capacity: number) =>
  Effect.gen(function* () {
    const outbox = yield* Mailbox.make<string>(capacity)
    const refusals = yield* Mailbox.make<string>(mostRefusals)
    const queue = yield* makeEventQueue(capacity, defaultCapacity)
    const pending = new Map<RequestId, Deferred.Deferred<unknown, IoError | errors.RpcError>>()
    let phase: "initialize" | "running" = "initialize"
    let over: IoError | null = null

    const failPending = (error: IoError) =>
      Effect.suspend(() => {
        const replies = [...pending.values()]
        pending.clear()
        return Effect.forEach(replies, (reply) => Deferred.fail(reply, error), { discard: true })
      })

    /** The first end counts. */
    const ended = (end: LinkEnd) =>
      Effect.suspend(() => {
        if (over !== null) return Effect.void
        over = endError(link.endpoint, phase, end)
        return Effect.zipRight(failPending(over), Effect.all([outbox.shutdown, refusals.shutdown], { discard: true }))
      })

    const settle = (id: RequestId, answer: Exit.Exit<unknown, errors.RpcError>): Effect.Effect<unknown> => {
      const reply = pending.get(id)
      if (reply === undefined)
        return over === null ? Effect.logWarning("An answer to no request was ignored.") : Effect.void
      pending.delete(id)
      if (id !== initializeId || phase === "running") return Deferred.done(reply, answer)
      phase = "running"
      return Effect.zipRight(queue.settle, Deferred.done(reply, answer))
    }

    /** By a way of its own: what the server sends must go on to be read, or it may not be able to listen. */
    const refuse = (event: Forwarded, error: errors.RpcError): Effect.Effect<void> =>
      event._tag === "Request" ? Effect.asVoid(refusals.offer(encode(errorResponse(event.id, error)))) : Effect.void

    const put = (event: Request | Extract<Message, { readonly _tag: "Notification" }>) =>
      Effect.flatMap(queue.put(event), (outcome) =>
        outcome === "delivered" ? Effect.void : refuse(event, outcome === "dropped" ? queueFull : consumerClosed)
      )

    const handle = (message: Message): Effect.Effect<unknown> => {
      switch (message._tag) {
        case "Response":
          return settle(message.id, Exit.succeed(message.result))
        case "ErrorResponse":
          return settle(message.id, Exit.fail(new errors.RpcError(message.error)))
        case "Notification":
          return put(message)
        case "Request":
          return serverRequestNames.has(message.method)
            ? put(message)
            : refuse(message, errors.unsupportedServerRequest(message.method))
      }
    }

    const readText = (text: string) =>
      Option.match(decodeLine(text), {
        onNone: () => new LinkEnd({ reason: "Invalid", detail: "not a message" }),
        onSome: handle
      })

    const reading = Effect.flatMap(link.receive, Effect.forEach(readText, { discard: true })).pipe(
      Effect.forever,
      Effect.catchAll(ended),
      Effect.zipRight(
        Effect.suspend(() =>
          over === null || phase === "initialize"
            ? Effect.void
            : queue.put({ _tag: "Disconnected", message: over.message })
        )
      ),
      Effect.zipRight(queue.end)
    )

    const write: Effect.Effect<void, LinkEnd> = Effect.flatMap(outbox.takeAll, ([texts, isDone]) =>
      Effect.zipRight(
        Chunk.isEmpty(texts) ? Effect.void : link.send(Chunk.toReadonlyArray(texts)),
        isDone ? Effect.void : write
      )
    )

    // The reader tells of the end, after all that had come before it.
    const writing = Effect.catchAll(write, (end) => Effect.zipRight(ended(end), link.abort))

    const refusing = Effect.ignore(Effect.forever(Effect.flatMap(refusals.take, (text) => outbox.offer(text))))

    /** Says something when its turn has come. */
    const say = (operation: Operation, message: Message): Effect.Effect<void, IoError> =>
      Effect.suspend(() =>
        over !== null
          ? channelClosed("worker")
          : Effect.flatMap(written(message), (text) =>
              Effect.flatMap(outbox.offer(text), (taken) => (taken ? Effect.void : channelClosed(operation)))
            )
      )

    const call = (message: Request): Effect.Effect<unknown, IoError | errors.RpcError> =>
      Effect.flatMap(Deferred.make<unknown, IoError | errors.RpcError>(), (reply) => {
        const { id } = message
        if (over !== null) return channelClosed("worker")
        if (pending.has(id)) return ioError("InvalidInput", `duplicate remote app-server request id \`${id}\``)
        pending.set(id, reply)
        return say("request", message).pipe(
          Effect.onInterrupt(() => Effect.sync(() => pending.delete(id))),
          Effect.matchEffect({
            onSuccess: () => Deferred.await(reply),
            // Who waits no more has been told why.
            onFailure: (error) => (pending.delete(id) ? error : Deferred.await(reply))
          })
        )
      })

    const closeEvents = Effect.flatMap(
      queue.close,
      Effect.forEach((event) => refuse(event, consumerClosed), { discard: true })
    )

    /** Nothing more is said but what was said before; whoever waits is let go. */
    const finish = Effect.suspend(() => {
      over ??= channelClosed("worker")
      return failPending(channelClosed("request")).pipe(
        Effect.zipRight(queue.close),
        Effect.zipRight(Effect.all([refusals.shutdown, outbox.end], { discard: true }))
      )
    })

    /** Whoever still waits for room to say something is let go. */
    const giveUp = Effect.asVoid(outbox.shutdown)

    return { call, closeEvents, finish, giveUp, reading, refusing, say, take: queue.take, writing }
  })
