/** Times and lengths of time as a person reads them. */
import * as DateTime from "effect/DateTime"
import * as Option from "effect/Option"
import { localTime } from "../../domain/LimitMessage.js"

/** The two greatest units, such as `3d 4h`, `2h 5m`, `45s`, rounded to the smaller one. */
export const lengthOf = (millis: number): string => {
  const seconds = Math.max(0, Math.round(millis / 1000))
  if (seconds < 60) return `${seconds}s`
  const minutes = Math.round(seconds / 60)
  if (minutes < 60) return `${minutes}m`
  if (minutes < 24 * 60) return two(Math.floor(minutes / 60), "h", minutes % 60, "m")
  const hours = Math.round(minutes / 60)
  return two(Math.floor(hours / 24), "d", hours % 24, "h")
}

const two = (great: number, greatUnit: string, small: number, smallUnit: string): string =>
  small === 0 ? `${great}${greatUnit}` : `${great}${greatUnit} ${small}${smallUnit}`

/** `in 2h 5m`, `3m ago`, or `now`. */
export const relative = (time: DateTime.Utc, now: DateTime.DateTime): string => {
  const distance = time.epochMillis - now.epochMillis
  if (Math.abs(distance) < 1000) return "now"
  return distance > 0 ? `in ${lengthOf(distance)}` : `${lengthOf(-distance)} ago`
}

/** The local time with the distance behind it: `3:05 PM (in 2h 5m)`. */
export const timeAndDistance = (time: DateTime.Utc, now: DateTime.Zoned): string =>
  `${localTime(time, now)} (${relative(time, now)})`

/** How old something is: `just now`, or `3m ago`. */
export const ageOf = (millis: number): string => (millis < 10_000 ? "just now" : `${lengthOf(millis)} ago`)

const isoTimes = /\b\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(?:\.\d+)?Z/g

/** The text with every time of the form `2026-11-29T14:26:06Z` in local words. */
export const withLocalTimes = (
  text: string,
  now: DateTime.Zoned,
  words: (time: DateTime.Utc, now: DateTime.Zoned) => string = localTime
): string =>
  text.replace(isoTimes, (iso) =>
    Option.match(DateTime.make(iso), {
      onNone: () => iso,
      onSome: (time) => words(DateTime.toUtc(time), now)
    })
  )
