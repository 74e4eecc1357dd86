/** What is on its way to one client, in order. */
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { Message } from "../protocol/Envelope.js"
import { makeSignal } from "./signal.js"

/**
 * An `answer` belongs to a request that was accepted and a `rejection` to one that was not: whoever puts them here bounds
 * them. A `notice` is what the client did not ask for: there is room for so many.
 */
export type Weight = "answer" | "rejection" | "notice"

export interface Outbox {
  /** How many of these wait to be taken. */
  readonly waiting: (weight: Weight) => number
  /** Takes an answer or rejection, whatever else waits. */
  readonly put: (message: Message, weight: "answer" | "rejection") => void
  /** Takes a notice if there is room for one. */
  readonly offer: (message: Message) => boolean
  /** Puts a notice in the place of an older one of its method, at the end; false when there is none. */
  readonly supersede: (message: Message) => boolean
  /** Waits until `offer` or `put` need not wait any longer, or nothing is taken any more. */
  readonly until: (condition: () => boolean) => Effect.Effect<void>
  readonly take: Effect.Effect<Option.Option<Message>>
  readonly takeAll: Effect.Effect<ReadonlyArray<Message>>
  /** Nothing more comes: what is here can still be taken. */
  readonly finish: () => void
  /** Nothing more comes, and what is here is given up. */
  readonly drop: () => void
  readonly isFinished: () => boolean
  /** Waits until nothing more comes and all was taken. */
  readonly drained: Effect.Effect<void>
}

interface Entry {
  readonly message: Message
  readonly weight: Weight
}

/** `capacity` is how many notices may wait. `onTaken` is told of everything that was taken. */
export const makeOutbox = (capacity: number, onTaken: (weight: Weight) => void): Outbox => {
  let entries: Array<Entry> = []
  const counts: Record<Weight, number> = { answer: 0, rejection: 0, notice: 0 }
  let finished = false
  const changed = makeSignal()

  const add = (entry: Entry) => {
    entries.push(entry)
    counts[entry.weight] += 1
    changed.fire()
  }

  const taken = (gone: ReadonlyArray<Entry>) => {
    for (const { weight } of gone) counts[weight] -= 1
    for (const { weight } of gone) onTaken(weight)
    changed.fire()
    return gone.map(({ message }) => message)
  }

  const hasRoom = () => !finished && counts.notice < capacity
  const isReady = () => entries.length > 0 || finished

  /** One look at a time; who comes late finds nothing, and waits on. */
  const taking = <A>(look: () => Option.Option<A>, nothing: A): Effect.Effect<A> =>
    Effect.suspend(() =>
      Option.match(look(), {
        onSome: Effect.succeed,
        onNone: () =>
          finished ? Effect.succeed(nothing) : Effect.zipRight(changed.until(isReady), taking(look, nothing))
      })
    )

  return {
    waiting: (weight) => counts[weight],
    put: (message, weight) => {
      if (!finished) add({ message, weight })
    },
    offer: (message) => {
      if (!hasRoom()) return false
      add({ message, weight: "notice" })
      return true
    },
    supersede: (message) => {
      const old = entries.findIndex(
        (entry) =>
          entry.weight === "notice" &&
          entry.message._tag === "Notification" &&
          message._tag === "Notification" &&
          entry.message.method === message.method
      )
      if (finished || old < 0) return false
      entries.splice(old, 1)
      entries.push({ message, weight: "notice" })
      return true
    },
    until: changed.until,
    take: taking(() => {
      const first = entries.shift()
      return first === undefined ? Option.none() : Option.some(Option.fromNullable(taken([first])[0]))
    }, Option.none<Message>()),
    takeAll: taking(() => {
      if (entries.length === 0) return Option.none()
      const all = entries
      entries = []
      return Option.some(taken(all))
    }, []),
    finish: () => {
      finished = true
      changed.fire()
    },
    drop: () => {
      finished = true
      entries = []
      changed.fire()
    },
    isFinished: () => finished,
    drained: changed.until(() => finished && entries.length === 0)
  }
}
