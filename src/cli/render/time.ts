/**
 * Times and lengths of time as a person reads them.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import { localTime } from "../../domain/LimitMessage.js"

/**
 * The two greatest units, such as `3d 4h`, `2h 5m`, `45s`.
 *
 * @since 0.1.0
 * @category formatting
 */
export const lengthOf = (millis: number): string => {
  const seconds = Math.max(0, Math.round(millis / 1000))
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.floor(seconds / 60)
  if (minutes < 60) return `${minutes}m`
  const hours = Math.floor(minutes / 60)
  if (hours < 24) return minutes % 60 === 0 ? `${hours}h` : `${hours}h ${minutes % 60}m`
  const days = Math.floor(hours / 24)
  return hours % 24 === 0 ? `${days}d` : `${days}d ${hours % 24}h`
}

/**
 * `in 2h 5m`, `3m ago`, or `now`.
 *
 * @since 0.1.0
 * @category formatting
 */
export const relative = (time: DateTime.Utc, now: DateTime.DateTime): string => {
  const distance = time.epochMillis - now.epochMillis
  if (Math.abs(distance) < 1000) return "now"
  return distance > 0 ? `in ${lengthOf(distance)}` : `${lengthOf(-distance)} ago`
}

/**
 * The local time with the distance behind it: `3:05 PM (in 2h 5m)`.
 *
 * @since 0.1.0
 * @category formatting
 */
export const timeAndDistance = (time: DateTime.Utc, now: DateTime.Zoned): string =>
  `${localTime(time, now)} (${relative(time, now)})`

/**
 * How old something is: `just now`, or `3m ago`.
 *
 * @since 0.1.0
 * @category formatting
 */
export const ageOf = (millis: number): string => (millis < 10_000 ? "just now" : `${lengthOf(millis)} ago`)
