/** Times on the wire. */
import type * as DateTime from "effect/DateTime"

/** Unix seconds, a fraction cut off. */
export const unixSeconds = (time: DateTime.Utc): number => Math.floor(time.epochMillis / 1000)

export const unixSecondsOrNull = (time: DateTime.Utc | null): number | null =>
  time === null ? null : unixSeconds(time)
