/** A limit's window, named by how long it is and never by the slot that it came in. */
import * as Order from "effect/Order"
import * as Schema from "effect/Schema"

/**
 * `usedPercent` is as the backend says it, also below 0, above 100 or with a fraction. `durationMinutes` and `resetsAt`
 * are null when the backend gave none. `slot` is where the window stood in the answer; nothing but the app-server face may depend on it.
 * @since 0.1.0
 * @category models
 */
export class RateLimitWindow extends Schema.Class<RateLimitWindow>("RateLimitWindow")({
  durationMinutes: Schema.NullOr(Schema.Int),
  usedPercent: Schema.Number,
  resetsAt: Schema.NullOr(Schema.DateTimeUtc),
  slot: Schema.Literal("primary", "secondary")
}) {
  /** Percent left, from 0 to 100. */
  get remainingPercent(): number {
    return Math.min(100, Math.max(0, 100 - this.usedPercent))
  }

  /** `5h`, `daily`, `weekly`, `monthly`, `annual`, or the length in words. */
  get name(): string {
    return windowName(this.durationMinutes)
  }
}

/** Minutes of a window of `seconds`, rounded up; null when there is no such length. */
export const windowMinutes = (seconds: number): number | null => (seconds <= 0 ? null : Math.ceil(seconds / 60))

const named: ReadonlyArray<readonly [minutes: number, name: string]> = [
  [300, "5h"],
  [1440, "daily"],
  [10_080, "weekly"],
  [43_200, "monthly"],
  [525_600, "annual"]
]

/** The names of the usual lengths. */
export const usualNames: ReadonlySet<string> = new Set(named.map(([, name]) => name))

/**
 * The window's name by its length, within five percent of the usual ones.
 * @since 0.1.0
 * @category accessors
 */
export const windowName = (minutes: number | null): string => {
  if (minutes === null) return "usage"
  const usual = named.find(([length]) => Math.abs(minutes - length) <= length * 0.05)
  if (usual !== undefined) return usual[1]
  if (minutes % 1440 === 0) return `${minutes / 1440}d`
  return minutes % 60 === 0 ? `${minutes / 60}h` : `${minutes}min`
}

/** Shortest first, unknown lengths last; then by use and reset time, so that the order of the slots never shows. */
export const byDuration: Order.Order<RateLimitWindow> = Order.combineAll([
  Order.mapInput(Order.number, (window: RateLimitWindow) => window.durationMinutes ?? Number.POSITIVE_INFINITY),
  Order.mapInput(Order.number, (window: RateLimitWindow) => -window.usedPercent),
  Order.mapInput(Order.number, (window: RateLimitWindow) => window.resetsAt?.epochMillis ?? 0)
])
