/**
 * Times on the wire.
 *
 * @since 0.1.0
 */
import type * as DateTime from "effect/DateTime"

/**
 * Unix seconds, a fraction cut off.
 *
 * @since 0.1.0
 * @category combinators
 */
export const unixSeconds = (time: DateTime.Utc): number => Math.floor(time.epochMillis / 1000)

/**
 * @since 0.1.0
 * @category combinators
 */
export const unixSecondsOrNull = (time: DateTime.Utc | null): number | null =>
  time === null ? null : unixSeconds(time)
