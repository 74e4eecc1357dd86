/** What becomes of an event on its way into a queue that may be full. */
import type { Notification, Request } from "../protocol/Envelope.js"
import { isLossless } from "../protocol/notifications.js"

/** So many events were dropped since the last one that came. */
export interface Lagged {
  readonly _tag: "Lagged"
  readonly skipped: number
}

/** The connection is gone; nothing comes after it. */
export interface Disconnected {
  readonly _tag: "Disconnected"
  readonly message: string
}

/** An event as it travels: messages stay as they came. */
export type Forwarded = Request | Notification | Lagged | Disconnected

export const lagged = (skipped: number): Lagged => ({ _tag: "Lagged", skipped })

const legacyPrefix = "codex/event/"

/** A notification of the protocol before the present one. */
export const isLegacy = (method: string): boolean => method.startsWith(legacyPrefix)

/** The ends of a turn, as the older protocol tells them. */
const legacyEnds: ReadonlySet<string> = new Set(
  ["task_complete", "turn_aborted", "shutdown_complete"].map((name) => legacyPrefix + name)
)

/** Whether the event waits for room rather than being dropped: what a transcript or the end of a turn consists of. */
export const requiresDelivery = (event: Forwarded): boolean =>
  event._tag === "Disconnected" ||
  (event._tag === "Notification" && (isLossless(event.method) || legacyEnds.has(event.method)))

/**
 * `deliver` goes into the queue in order; more than there is room for only where the last of it requires delivery, and
 * then it is waited for. `skipped` is what is still to be told.
 */
export interface Step {
  readonly deliver: ReadonlyArray<Forwarded>
  readonly skipped: number
  readonly dropped: boolean
}

/**
 * One event, when `skipped` were dropped before it and the queue has `room`. What was dropped is told before the next
 * event that comes.
 */
export const forward = (skipped: number, event: Forwarded, room: number): Step => {
  if (event._tag === "Lagged") {
    const total = skipped + event.skipped
    return room > 0
      ? { deliver: [lagged(total)], skipped: 0, dropped: false }
      : { deliver: [], skipped: total, dropped: false }
  }
  const gap = skipped > 0 ? [lagged(skipped)] : []
  if (requiresDelivery(event) || room > gap.length) return { deliver: [...gap, event], skipped: 0, dropped: false }
  return room > 0 ? { deliver: gap, skipped: 1, dropped: true } : { deliver: [], skipped: skipped + 1, dropped: true }
}
