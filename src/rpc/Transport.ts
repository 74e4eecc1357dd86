/** What carries messages to the other side and back: a websocket, the streams of a process, or memory. */
import * as Data from "effect/Data"
import type * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import type { Message } from "./Envelope.js"

/** The longest message that is read, as a line or as a frame: 128 MiB, the original's limit. */
export const maxMessageBytes = 128 * 1024 * 1024

/**
 * - `Closed`: the other side closed the connection, perhaps with a reason. `Ended`: it ended without one.
 * - `Failed`: the connection broke. `WriteFailed`: nothing can be sent any more. `Invalid`: the other side sent what is no
 *   message.
 * - `Unreachable`: no connection was made. `TimedOut`: not in time.
 * - `Gone`: the connection is closed already; nothing was sent. `Refused`: this side would not send it.
 */
export class PeerError extends Data.TaggedError("PeerError")<{
  readonly reason:
    | "Closed"
    | "Ended"
    | "Failed"
    | "WriteFailed"
    | "Invalid"
    | "Unreachable"
    | "TimedOut"
    | "Gone"
    | "Refused"
  readonly detail: string
}> {
  static of(reason: PeerError["reason"], detail = ""): PeerError {
    return new PeerError({ reason, detail })
  }
}

/** `Packet` is a message in the form that the transport sends: text, or in memory the message itself. */
export interface Transport<Packet> {
  /** The other side, as errors and logs name it. */
  readonly endpoint: string
  /** Throws where the message can't be written. */
  readonly pack: (message: Message) => Packet
  /** Everything that has arrived, at least one; null stands for text that is no message. */
  readonly receive: Effect.Effect<ReadonlyArray<Message | null>, PeerError>
  /** Done when there is room for more. */
  readonly send: (packets: ReadonlyArray<Packet>) => Effect.Effect<void, PeerError>
  /** Says goodbye and waits for the other side. */
  readonly close: Effect.Effect<void>
  /** Gives up without waiting: `receive` comes to its end. */
  readonly abort: Effect.Effect<void>
}

/**
 * Waits for the effect no longer than the limit, then interrupts it without waiting for that. Also works where the
 * caller can't be interrupted.
 */
export const withHardLimit =
  (limit: Duration.DurationInput) =>
  <A, E, R>(effect: Effect.Effect<A, E, R>): Effect.Effect<void, never, R> =>
    effect.pipe(Effect.disconnect, Effect.interruptible, Effect.timeoutOption(limit), Effect.ignore)

/** How long each step of a shutdown may take. */
export const shutdownLimit: Duration.DurationInput = "5 seconds"

/** Logs what was ignored: the first time, and whenever the count has doubled, as a peer may send any number. */
export const makeIgnored = (what: string): Effect.Effect<void> => {
  let count = 0
  return Effect.suspend(() => {
    count += 1
    return (count & (count - 1)) === 0 ? Effect.logWarning(`${what} (${count} so far)`) : Effect.void
  })
}
