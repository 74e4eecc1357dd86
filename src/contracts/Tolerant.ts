/**
 * How wire values are read: what may be missing may also be null, unknown words are kept apart instead of failing,
 * and numbers are what the backend's own clients accept.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

/**
 * A field that may be absent or null; both read as null.
 *
 * @since 0.1.0
 * @category combinators
 */
export const opt = <A, I, R>(schema: Schema.Schema<A, I, R>) =>
  Schema.optionalWith(Schema.NullOr(schema), { default: () => null })

/**
 * A closed set of words in an open world: any other string reads as `"unknown"`.
 *
 * @since 0.1.0
 * @category combinators
 */
export const openEnum = <const Known extends string>(...known: ReadonlyArray<Known>) => {
  const literals = Schema.Literal<[Known | "unknown", ...Array<Known>]>("unknown", ...known)
  const isKnown = Schema.is(literals)
  return Schema.transform(Schema.String, literals, {
    strict: true,
    decode: (word): Known | "unknown" => (isKnown(word) ? word : "unknown"),
    encode: (word): string => word
  })
}

/**
 * A 32-bit signed integer. `12.0` is one, `12.5` and `2147483648` are not.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Int32 = Schema.Int.pipe(Schema.between(-2_147_483_648, 2_147_483_647)).annotations({
  identifier: "Int32"
})

/**
 * An integer that is 64 bits wide on the wire. Beyond 2^53 it is the nearest double.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Int64 = Schema.Number.pipe(
  Schema.filter((n) => Number.isInteger(n) && Math.abs(n) <= 2 ** 63, { message: () => "expected a 64-bit integer" })
).annotations({
  identifier: "Int64",
  arbitrary: () => (fc) => fc.integer()
})

// Only times that the text can hold: whole seconds of the years 1970 to 2099.
const WholeSeconds = Schema.DateTimeUtcFromSelf.annotations({
  arbitrary: () => (fc) => fc.integer({ min: 0, max: 4_102_444_799 }).map((seconds) => DateTime.unsafeMake(seconds * 1000))
})

const rfc3339 = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/

/**
 * An RFC 3339 time in whole seconds: a fraction is cut off, an offset is honoured, a space may stand for the `T`,
 * and a time without a zone is refused.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Rfc3339Seconds = Schema.transformOrFail(Schema.String, WholeSeconds, {
  strict: true,
  decode: (text, _options, ast) => {
    const match = rfc3339.exec(text)
    const time = match === null ? Number.NaN : Date.parse(`${match[1]}T${match[2]}${match[3]?.toUpperCase()}`)
    return Number.isNaN(time)
      ? ParseResult.fail(new ParseResult.Type(ast, text, "expected an RFC 3339 time with a zone"))
      : ParseResult.succeed(DateTime.unsafeMake(time))
  },
  encode: (time) => ParseResult.succeed(DateTime.formatIso(time).replace(/\.\d+Z$/, "Z"))
}).annotations({ identifier: "Rfc3339Seconds" })
