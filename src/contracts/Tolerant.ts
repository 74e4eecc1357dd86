/**
 * How values of other programs are read: absent and null are alike, unknown words don't fail, and numbers are those that
 * the original clients accept.
 */
import * as DateTime from "effect/DateTime"
import * as ParseResult from "effect/ParseResult"
import * as Schema from "effect/Schema"

/**
 * A field that may be absent or null, and stays as it came: a default would cost a second pass over every answer. Code
 * that maps the value has to treat both alike.
 */
export const opt = <A, I, R>(schema: Schema.Schema<A, I, R>) =>
  Schema.optionalWith(Schema.NullOr(schema), { exact: true })

/** One of the words. Any other word, which a newer program may use, reads as `"unknown"`. */
export const openEnum = <const Word extends string>(first: Word, ...others: ReadonlyArray<Word>) => {
  const known = Schema.Literal<[Word, ...Array<Word | "unknown">]>(first, ...others, "unknown")
  const isKnown = Schema.is(known)
  return Schema.transform(Schema.String, known, {
    strict: true,
    decode: (word): Word | "unknown" => (isKnown(word) ? word : "unknown"),
    encode: (word): string => word
  })
}

const integer = (
  identifier: string,
  expected: string,
  isWithin: (n: number) => boolean,
  minMax: { readonly minimum?: number; readonly maximum?: number } = {}
) =>
  Schema.Number.pipe(Schema.filter((n) => Number.isInteger(n) && isWithin(n), { message: () => expected })).annotations(
    {
      identifier,
      jsonSchema: { type: "integer", ...minMax },
      arbitrary: () => (fc) => (minMax.minimum === 0 ? fc.nat() : fc.integer())
    }
  )

/** A 32-bit signed integer. `12.0` is one, `12.5` and `2147483648` are not. */
export const Int32 = integer("Int32", "expected a 32-bit integer", (n) => n >= -2_147_483_648 && n <= 2_147_483_647)

/** An integer that is 64 bits wide on the wire. Beyond 2^53 it is the nearest double. */
export const Int64 = integer("Int64", "expected a 64-bit integer", (n) => Math.abs(n) <= 2 ** 63)

/** A 32-bit unsigned integer. */
export const UInt32 = integer("u32", "expected an unsigned 32-bit integer", (n) => n >= 0 && n <= 4_294_967_295, {
  minimum: 0,
  maximum: 4_294_967_295
})

// Generates only times that the text can hold: whole seconds of the years 1970 to 2099.
const WholeSeconds = Schema.DateTimeUtcFromSelf.annotations({
  arbitrary: () => (fc) =>
    fc.integer({ min: 0, max: 4_102_444_799 }).map((seconds) => DateTime.unsafeMake(seconds * 1000))
})

const rfc3339 = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/

// Date.parse reads the 30th of February as the 2nd of March.
const isOnCalendar = (local: string): boolean => {
  const time = Date.parse(`${local}Z`)
  return !Number.isNaN(time) && DateTime.formatIso(DateTime.unsafeMake(time)).startsWith(local)
}

/**
 * An RFC 3339 time in whole seconds: a fraction is cut off, an offset is honoured, a space may stand for the `T`,
 * and a time without a zone is refused.
 */
export const Rfc3339Seconds = Schema.transformOrFail(Schema.String, WholeSeconds, {
  strict: true,
  decode: (text, _options, ast) => {
    const match = rfc3339.exec(text)
    const local = `${match?.[1]}T${match?.[2]}`
    const time = Date.parse(`${local}${match?.[3]?.toUpperCase()}`)
    return Number.isNaN(time) || !isOnCalendar(local)
      ? ParseResult.fail(new ParseResult.Type(ast, text, "expected an RFC 3339 time with a zone"))
      : ParseResult.succeed(DateTime.unsafeMake(time))
  },
  encode: (time) => ParseResult.succeed(DateTime.formatIso(time).replace(/\.\d+Z$/, "Z"))
}).annotations({ identifier: "Rfc3339Seconds" })

/** A member that reads as null when it is absent, and is always written. */
export const nullable = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(Schema.NullOr(schema), { exact: true, default: () => null })

/** A boolean that may be absent, but is not null. */
export const flag = Schema.optionalWith(Schema.Boolean, { exact: true })
