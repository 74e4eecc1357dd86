/** What is queued for one client, in order. */
import * as Effect from "effect/Effect"
import type { Message } from "../../rpc/Envelope.js"
import { makeCondition } from "../../rpc/condition.js"

/**
 * An `answer` belongs to a request that was accepted, a `rejection` to one that was not: their number is bounded by the
 * requests. An `event` is what the client did not ask for; the queue has room for a fixed number of them.
 */
export type MessageKind = "answer" | "rejection" | "event"

export interface OutboundQueue {
  /** How many of a kind wait to be taken. */
  readonly waiting: (kind: MessageKind) => number
  /** Takes an answer or rejection, however full the queue is. */
  readonly put: (message: Message, kind: "answer" | "rejection") => void
  /** Takes an event if there is room for it. */
  readonly offer: (message: Message) => boolean
  /** Replaces a queued event of the same method, and moves it to the end; false when there is none. */
  readonly supersede: (message: Message) => boolean
  /** Waits until the condition holds; it is looked at after every change of the queue. */
  readonly until: (condition: () => boolean) => Effect.Effect<void>
  /** All messages, at least one; empty when the queue has ended and is empty. */
  readonly takeAll: Effect.Effect<ReadonlyArray<Message>>
  /** Nothing more comes; what is queued can still be taken. */
  readonly finish: () => void
  /** Nothing more comes, and what is queued is dropped. */
  readonly drop: () => void
  readonly isFinished: () => boolean
  /** Waits until nothing more comes and everything was taken. */
  readonly drained: Effect.Effect<void>
}

interface Entry {
  readonly message: Message
  readonly kind: MessageKind
}

/** `capacity` is how many events may wait. `onTaken` is called for every message that was taken. */
export const makeOutboundQueue = (capacity: number, onTaken: (kind: MessageKind) => void): OutboundQueue => {
  let entries: Array<Entry> = []
  const counts: Record<MessageKind, number> = { answer: 0, rejection: 0, event: 0 }
  let finished = false
  const changed = makeCondition()

  const add = (entry: Entry) => {
    entries.push(entry)
    counts[entry.kind] += 1
    changed.notify()
  }

  const isReady = () => entries.length > 0 || finished

  const takeAll: Effect.Effect<ReadonlyArray<Message>> = Effect.flatMap(changed.until(isReady), () => {
    const taken = entries.splice(0)
    // Another fiber was faster.
    if (taken.length === 0 && !finished) return takeAll
    for (const { kind } of taken) counts[kind] -= 1
    for (const { kind } of taken) onTaken(kind)
    if (taken.length > 0) changed.notify()
    return Effect.succeed(taken.map(({ message }) => message))
  })

  return {
    waiting: (kind) => counts[kind],
    put: (message, kind) => {
      if (!finished) add({ message, kind })
    },
    offer: (message) => {
      if (finished || counts.event >= capacity) return false
      add({ message, kind: "event" })
      return true
    },
    supersede: (message) => {
      const old = entries.findIndex(
        (entry) =>
          entry.kind === "event" &&
          entry.message._tag === "Notification" &&
          message._tag === "Notification" &&
          entry.message.method === message.method
      )
      if (finished || old < 0) return false
      entries.splice(old, 1)
      entries.push({ message, kind: "event" })
      return true
    },
    until: changed.until,
    takeAll,
    finish: () => {
      finished = true
      changed.notify()
    },
    drop: () => {
      finished = true
      entries = []
      changed.notify()
    },
    isFinished: () => finished,
    drained: changed.until(() => finished && entries.length === 0)
  }
}
