/** The queue between who tells and who listens: bounded, with its gaps told. */
import * as Effect from "effect/Effect"
import * as MutableList from "effect/MutableList"
import * as Option from "effect/Option"
import { forward, type Forwarded, lagged } from "../forward.js"

/** What became of an event. `dropped`: no room. `closed`: nobody listens any more. */
export type Outcome = "delivered" | "dropped" | "closed"

/** One fiber puts, one takes. */
export interface EventQueue {
  /** Waits for room only with an event that requires delivery. */
  readonly put: (event: Forwarded) => Effect.Effect<Outcome>
  /** The next event; none when there will be no more. A gap at the end is told as soon as all before it was taken. */
  readonly take: Effect.Effect<Option.Option<Forwarded>>
  /** Nothing more comes; what is there can still be taken. */
  readonly end: Effect.Effect<void>
  /** Nobody listens any more: gives what was not taken, and lets go whoever waits for room. */
  readonly close: Effect.Effect<ReadonlyArray<Forwarded>>
  /** From now on `capacity` holds, and no more the one for the start. */
  readonly settle: Effect.Effect<void>
}

/** Until it is settled the queue has room for `atFirst`, where that is more. */
export const makeEventQueue = (capacity: number, atFirst = 0): Effect.Effect<EventQueue> =>
  Effect.gen(function* () {
    const items = MutableList.empty<Forwarded>()
    const arrived = yield* Effect.makeLatch(false)
    const left = yield* Effect.makeLatch(false)
    let places = Math.max(capacity, atFirst)
    let skipped = 0
    let open = true
    let listening = true

    const room = () => places - MutableList.length(items)

    const push = (event: Forwarded): Effect.Effect<boolean> =>
      Effect.suspend(() => {
        if (!open) return Effect.succeed(false)
        if (room() > 0) {
          MutableList.append(items, event)
          arrived.unsafeOpen()
          return Effect.succeed(true)
        }
        left.unsafeClose()
        return Effect.zipRight(left.await, push(event))
      })

    const put = (event: Forwarded): Effect.Effect<Outcome> =>
      Effect.suspend(() => {
        if (!open) return Effect.succeed("closed")
        const step = forward(skipped, event, room())
        skipped = step.skipped
        return Effect.map(Effect.forEach(step.deliver, push), (pushed): Outcome =>
          pushed.includes(false) ? "closed" : step.dropped ? "dropped" : "delivered"
        )
      })

    const take: Effect.Effect<Option.Option<Forwarded>> = Effect.suspend(() => {
      const next = MutableList.shift(items)
      if (next !== undefined) {
        left.unsafeOpen()
        return Effect.succeed(Option.some(next))
      }
      if (skipped > 0) {
        const gap = lagged(skipped)
        skipped = 0
        return Effect.succeed(Option.some(gap))
      }
      if (!open) return Effect.succeed(Option.none())
      arrived.unsafeClose()
      return Effect.zipRight(arrived.await, take)
    })

    const stop = () => {
      open = false
      arrived.unsafeOpen()
      left.unsafeOpen()
    }

    return {
      put,
      take,
      end: Effect.sync(stop),
      close: Effect.sync(() => {
        if (!listening) return []
        listening = false
        stop()
        const rest = [...items]
        MutableList.reset(items)
        skipped = 0
        return rest
      }),
      settle: Effect.sync(() => {
        places = capacity
      })
    }
  })
