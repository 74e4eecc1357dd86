/** What the generators of wire values are made of. */
import * as DateTime from "effect/DateTime"
import * as FastCheck from "effect/FastCheck"
import { orNull, time } from "./BasicArbitraries.js"

export type Json = Readonly<Record<string, unknown>>

export const int32 = FastCheck.integer({ min: -2_147_483_648, max: 2_147_483_647 })

export const int64 = FastCheck.oneof(FastCheck.maxSafeInteger(), FastCheck.nat({ max: 10 }))

/** An object whose `optional` fields may be null or missing; with an unknown field now and then. */
export const object = (
  required: Record<string, FastCheck.Arbitrary<unknown>>,
  optional: Record<string, FastCheck.Arbitrary<unknown>>
): FastCheck.Arbitrary<Json> => {
  const fields: Record<string, FastCheck.Arbitrary<unknown>> = {
    ...required,
    ...Object.fromEntries(Object.entries(optional).map(([name, value]) => [name, orNull(value)])),
    field_from_the_future: FastCheck.jsonValue()
  }
  return FastCheck.record(fields, { requiredKeys: Object.keys(required) })
}

/** One of the known words, or now and then another. */
export const word = (...known: ReadonlyArray<string>) =>
  FastCheck.oneof(
    { weight: 4, arbitrary: FastCheck.constantFrom(...known) },
    { weight: 1, arbitrary: FastCheck.constantFrom("word_from_the_future", "", known.join("").toUpperCase()) }
  )

const fraction = FastCheck.constantFrom("", "", ".5", ".123456789")

const zone = FastCheck.constantFrom("Z", "+00:00", "-00:00")

/** An RFC 3339 time as backends spell it. */
export const rfc3339: FastCheck.Arbitrary<string> = FastCheck.tuple(time, fraction, zone).map(
  ([at, fraction, zone]) => DateTime.formatIso(at).replace(/\.\d+Z$/, "") + fraction + zone
)
