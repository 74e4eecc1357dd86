/** One side of a JSON-RPC connection: what it has asked, what it sends, and how it ends. */
import * as Chunk from "effect/Chunk"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as FiberId from "effect/FiberId"
import * as Mailbox from "effect/Mailbox"
import type * as Scope from "effect/Scope"
import {
  errorResponse,
  type ErrorResponse,
  type Message,
  type Notification,
  type Request,
  type RequestId,
  type Response
} from "./Envelope.js"
import { RpcError } from "./RpcError.js"
import { PeerError, shutdownLimit, type Transport, withHardLimit } from "./Transport.js"

/** The requests that wait for an answer of the other side, by their ids. */
export interface PendingRequests {
  /**
   * Sends a request and waits for its answer. An id in flight is refused. The id stays in flight until the answer, even
   * when the caller has gone. What arrives after the answer is read when `afterwards` is done.
   */
  readonly request: (
    id: RequestId,
    send: Effect.Effect<unknown, PeerError>,
    afterwards?: Effect.Effect<void>
  ) => Effect.Effect<unknown, PeerError | RpcError>
  readonly isPending: (id: RequestId) => boolean
  /** Takes an answer; one to no request is only logged. */
  readonly settle: (answer: Response | ErrorResponse) => Effect.Effect<void>
  /** Fails what waits with the error, and what comes later as `Gone`. The first end counts. */
  readonly end: (error: PeerError) => void
}

const gone = PeerError.of("Gone")

export const makePendingRequests = (): PendingRequests => {
  interface Pending {
    readonly reply: Deferred.Deferred<unknown, PeerError | RpcError>
    readonly afterwards: Effect.Effect<void>
  }
  const waiting = new Map<RequestId, Pending>()
  let over = false
  return {
    request: (id, send, afterwards = Effect.void) =>
      Effect.suspend(() => {
        if (over) return Effect.fail(gone)
        if (waiting.has(id)) return Effect.fail(PeerError.of("Refused", "duplicate request id"))
        const reply = Deferred.unsafeMake<unknown, PeerError | RpcError>(FiberId.none)
        waiting.set(id, { reply, afterwards })
        return send.pipe(
          Effect.onInterrupt(() => Effect.sync(() => waiting.delete(id))),
          Effect.matchEffect({
            onSuccess: () => Deferred.await(reply),
            // A request that was removed meanwhile has failed with the reason for that.
            onFailure: (error) => (waiting.delete(id) ? Effect.fail(error) : Deferred.await(reply))
          })
        )
      }),
    isPending: (id) => waiting.has(id),
    settle: (answer) =>
      Effect.suspend(() => {
        const pending = waiting.get(answer.id)
        if (pending === undefined) return over ? Effect.void : Effect.logWarning("An answer to no request was ignored.")
        waiting.delete(answer.id)
        const exit =
          answer._tag === "Response"
            ? Exit.succeed(answer.result)
            : Exit.fail(new RpcError(answer.error, { disableValidation: true }))
        return Effect.zipRight(Deferred.done(pending.reply, exit), pending.afterwards)
      }),
    end: (error) => {
      over = true
      for (const { reply } of waiting.values()) Deferred.unsafeDone(reply, Effect.fail(error))
      waiting.clear()
    }
  }
}

/** How many refusals may wait to be sent before no more is read. */
const mostRefusals = 1024

export interface PeerOptions {
  /** How many messages may wait to be sent. */
  readonly capacity: number
  /** Takes the requests and notifications of the other side, in order: nothing more is read until it is done. */
  readonly onMessage: (
    message: Request | Notification,
    replies: Pick<Peer, "refuse" | "send">
  ) => Effect.Effect<unknown>
  /** What to do with text that is no message; by default the connection ends. */
  readonly onInvalid?: Effect.Effect<void, PeerError>
  /** Runs when nothing more arrives, after everything that did. */
  readonly onEnd?: (error: PeerError) => Effect.Effect<unknown>
}

export interface Peer extends Pick<PendingRequests, "isPending"> {
  readonly request: (message: Request, afterwards?: Effect.Effect<void>) => Effect.Effect<unknown, PeerError | RpcError>
  /** Waits for room, in the order of the callers. */
  readonly send: (message: Message) => Effect.Effect<void, PeerError>
  /**
   * Answers a request with an error, from within `onMessage`: it waits in a queue of its own, as reading must go on even
   * where the other side does not listen.
   */
  readonly refuse: (request: Request, error: RpcError) => Effect.Effect<void>
  /** Fails what waits, sends what was queued before, and closes the transport. In bounded time. */
  readonly close: Effect.Effect<void>
}

/** Reads and writes until either side ends the connection, or the scope closes. */
export const makePeer = <Packet>(
  transport: Transport<Packet>,
  {
    capacity,
    onEnd = () => Effect.void,
    onInvalid = Effect.fail(PeerError.of("Invalid", "not a message")),
    onMessage
  }: PeerOptions
): Effect.Effect<Peer, never, Scope.Scope> =>
  Effect.gen(function* () {
    const outbound = yield* Mailbox.make<Packet>(capacity)
    const refusals = yield* Mailbox.make<Packet>(mostRefusals)
    const pending = makePendingRequests()
    let over: PeerError | null = null

    /** The first end counts. */
    const end = (error: PeerError) =>
      Effect.suspend(() => {
        if (over !== null) return Effect.void
        over = error
        pending.end(error)
        return Effect.zipRight(outbound.shutdown, refusals.shutdown)
      })

    const send = (message: Message): Effect.Effect<void, PeerError> =>
      Effect.suspend(() => {
        if (over !== null) return Effect.fail(gone)
        return Effect.try({
          try: () => transport.pack(message),
          catch: () => PeerError.of("Refused", "it can't be written as JSON")
        }).pipe(
          Effect.flatMap((packet) => outbound.offer(packet)),
          Effect.flatMap((taken) => (taken ? Effect.void : Effect.fail(gone)))
        )
      })

    const refuse: Peer["refuse"] = ({ id }, error) =>
      Effect.asVoid(refusals.offer(transport.pack(errorResponse(id, error))))

    const handle = (message: Message | null): Effect.Effect<unknown, PeerError> => {
      if (message === null) return onInvalid
      return message._tag === "Response" || message._tag === "ErrorResponse"
        ? pending.settle(message)
        : onMessage(message, { refuse, send })
    }

    const reading = Effect.flatMap(transport.receive, Effect.forEach(handle, { discard: true })).pipe(
      Effect.forever,
      Effect.catchAll(end),
      Effect.zipRight(Effect.suspend(() => onEnd(over ?? gone)))
    )

    const write: Effect.Effect<void, PeerError> = Effect.flatMap(outbound.takeAll, ([packets, isDone]) =>
      Effect.zipRight(
        Chunk.isEmpty(packets) ? Effect.void : transport.send(Chunk.toReadonlyArray(packets)),
        isDone ? Effect.void : write
      )
    )
    // The reader reports the end, after everything that arrived before it.
    const writing = Effect.catchAll(write, (error) => Effect.zipRight(end(error), transport.abort))

    const refusing = Effect.ignore(Effect.forever(Effect.flatMap(refusals.take, (packet) => outbound.offer(packet))))

    const writer = yield* Effect.forkScoped(Effect.interruptible(writing))
    yield* Effect.forkScoped(Effect.interruptible(refusing))
    yield* Effect.forkScoped(Effect.interruptible(reading))

    const close = yield* Effect.cached(
      Effect.gen(function* () {
        over ??= gone
        pending.end(gone)
        yield* refusals.shutdown
        yield* outbound.end
        yield* withHardLimit(shutdownLimit)(Fiber.await(writer))
        // Callers that still wait for room are released.
        yield* outbound.shutdown
        yield* withHardLimit(shutdownLimit)(transport.close)
      }).pipe(Effect.uninterruptible)
    )
    yield* Effect.addFinalizer(() => close)

    return {
      isPending: pending.isPending,
      request: (message, afterwards) => pending.request(message.id, send(message), afterwards),
      send,
      refuse,
      close
    }
  })
