/** The bounded queue between a connection and the reader of its events. Gaps are reported, and some events never dropped. */
import * as Effect from "effect/Effect"
import * as MutableList from "effect/MutableList"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Stream from "effect/Stream"
import { makeCondition } from "../../rpc/condition.js"
import type { Notification, Request } from "../../rpc/Envelope.js"
import {
  isServerNotificationName,
  type ServerNotificationName,
  type ServerNotificationParams,
  serverNotifications,
  isLossless
} from "../protocol/notifications.js"
import type { AppServerEvent, ServerNotification } from "./AppServerClient.js"

/** An event in the queue: messages are decoded when they are read. */
export type Forwarded = Request | Notification | Extract<AppServerEvent, { readonly _tag: "Lagged" | "Disconnected" }>

export const lagged = (skipped: number): Forwarded => ({ _tag: "Lagged", skipped })

const legacyPrefix = "codex/event/"

/** The end of a turn in the older protocol. */
const legacyEnds: ReadonlySet<string> = new Set(
  ["task_complete", "turn_aborted", "shutdown_complete"].map((name) => legacyPrefix + name)
)

/** Whether the event waits for room rather than being dropped: parts of a transcript, and the end of a turn. */
export const requiresDelivery = (event: Forwarded): boolean =>
  event._tag === "Disconnected" ||
  (event._tag === "Notification" && (isLossless(event.method) || legacyEnds.has(event.method)))

/**
 * `deliver` goes into the queue in order; it is more than there is room for only where its last event requires delivery,
 * which then waits. `skipped` is the gap that has not been reported yet.
 */
export interface Step {
  readonly deliver: ReadonlyArray<Forwarded>
  readonly skipped: number
  readonly dropped: boolean
}

/**
 * What to do with one event, when `skipped` were dropped before it and the queue has `room`. A gap is reported before the
 * next event that is delivered.
 */
export const forward = (skipped: number, event: Forwarded, room: number): Step => {
  const gap = skipped > 0 ? [lagged(skipped)] : []
  if (requiresDelivery(event) || room > gap.length) return { deliver: [...gap, event], skipped: 0, dropped: false }
  return room > 0 ? { deliver: gap, skipped: 1, dropped: true } : { deliver: [], skipped: skipped + 1, dropped: true }
}

/** What happened to an event. `dropped`: no room. `closed`: events are not read any more. */
export type Outcome = "delivered" | "dropped" | "closed"

/** For one writer and one reader. */
export interface EventQueue {
  /** Waits for room only with an event that requires delivery. */
  readonly put: (event: Forwarded) => Effect.Effect<Outcome>
  /** The next event; none when there are no more. A gap at the end is reported once everything before it was taken. */
  readonly take: Effect.Effect<Option.Option<Forwarded>>
  /** Nothing more comes; what is queued can still be taken. */
  readonly end: Effect.Effect<void>
  /** Events are not read any more: returns what was not taken, and releases a writer that waits for room. */
  readonly close: Effect.Effect<ReadonlyArray<Forwarded>>
  /** From now on only `capacity` holds. */
  readonly settle: Effect.Effect<void>
}

/** Until it is settled, the queue has room for `atFirst` events, if that is more. */
export const makeEventQueue = (capacity: number, atFirst = 0): Effect.Effect<EventQueue> =>
  Effect.sync(() => {
    const items = MutableList.empty<Forwarded>()
    const changed = makeCondition()
    let places = Math.max(capacity, atFirst)
    let skipped = 0
    let open = true

    const room = () => places - MutableList.length(items)

    const push = (event: Forwarded): Effect.Effect<boolean> =>
      Effect.map(
        changed.until(() => !open || room() > 0),
        () => {
          if (open) MutableList.append(items, event)
          changed.notify()
          return open
        }
      )

    const stop = () => {
      open = false
      changed.notify()
    }

    return {
      put: (event) =>
        Effect.suspend(() => {
          if (!open) return Effect.succeed("closed")
          const step = forward(skipped, event, room())
          skipped = step.skipped
          return Effect.map(Effect.forEach(step.deliver, push), (pushed): Outcome =>
            pushed.includes(false) ? "closed" : step.dropped ? "dropped" : "delivered"
          )
        }),
      take: Effect.map(
        changed.until(() => !open || skipped > 0 || MutableList.length(items) > 0),
        () => {
          const next = MutableList.shift(items)
          if (next !== undefined) {
            changed.notify()
            return Option.some(next)
          }
          if (skipped === 0) return Option.none()
          const gap = lagged(skipped)
          skipped = 0
          return Option.some(gap)
        }
      ),
      end: Effect.sync(stop),
      close: Effect.sync(() => {
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

const kinds: {
  readonly [M in ServerNotificationName]: {
    readonly params: Schema.Schema<ServerNotificationParams<M>, (typeof serverNotifications)[M]["params"]["Encoded"]>
  }
} = serverNotifications

const known = <M extends ServerNotificationName>(
  method: M,
  { emittedAtMs, params }: Notification
): Option.Option<ServerNotification<M>> =>
  Option.map(Schema.decodeUnknownOption(kinds[method].params)(params), (params): ServerNotification<M> => ({
    _tag: "ServerNotification",
    method,
    params,
    emittedAtMs: emittedAtMs ?? null
  }))

const other = ({ emittedAtMs, method, params }: Notification): AppServerEvent =>
  method.startsWith(legacyPrefix)
    ? { _tag: "LegacyNotification", method, params }
    : { _tag: "OtherNotification", method, params, emittedAtMs: emittedAtMs ?? null }

/** Decodes a message only when it is read: what is dropped costs nothing. */
export const readEvent = (event: Forwarded): AppServerEvent => {
  switch (event._tag) {
    case "Request":
      return { _tag: "ServerRequest", id: event.id, method: event.method, params: event.params }
    case "Notification":
      return isServerNotificationName(event.method)
        ? Option.getOrElse(known(event.method, event), (): AppServerEvent => other(event))
        : other(event)
    default:
      return event
  }
}

/** One at a time, so that a stream that is stopped loses nothing. */
export const eventStream = (take: Effect.Effect<Option.Option<Forwarded>>): Stream.Stream<AppServerEvent> =>
  Stream.repeatEffectOption(Effect.flatMap(take, Effect.mapBoth({ onFailure: Option.none, onSuccess: readEvent })))
