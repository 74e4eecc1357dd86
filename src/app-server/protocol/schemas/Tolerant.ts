/** How the protocol's values are read and written: what we write is complete, what we read may be older or newer. */
import * as Schema from "effect/Schema"

/**
 * A member of a result that is null where nothing is known: always written, and null when an older server leaves it out.
 */
export const nullable = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(Schema.NullOr(schema), { exact: true, default: () => null })

/** A member of params that may be left out or null. */
export const opt = <A, I>(schema: Schema.Schema<A, I>) => Schema.optionalWith(Schema.NullOr(schema), { exact: true })

/** A member of params that may be left out, but is not null. */
export const flag = Schema.optionalWith(Schema.Boolean, { exact: true })

/** One of the words; any other that a newer server says reads as `unknown`. */
export const openWord = <const Word extends string>(first: Word, ...others: ReadonlyArray<Word>) => {
  const known = Schema.Literal<[Word, ...Array<Word | "unknown">]>(first, ...others, "unknown")
  const isKnown = Schema.is(known)
  return Schema.transform(Schema.String, known, {
    strict: true,
    decode: (word): Word | "unknown" => (isKnown(word) ? word : "unknown"),
    encode: (word): string => word
  })
}

/** A 64-bit integer; beyond 2^53 the nearest double. */
export const Int64 = Schema.Number.pipe(Schema.filter((n) => Number.isInteger(n))).annotations({
  identifier: "i64",
  jsonSchema: { type: "integer" },
  arbitrary: () => (fc) => fc.maxSafeInteger()
})

export const UInt32 = Schema.Number.pipe(
  Schema.filter((n) => Number.isInteger(n) && n >= 0 && n <= 4_294_967_295)
).annotations({
  identifier: "u32",
  jsonSchema: { type: "integer", minimum: 0, maximum: 4_294_967_295 },
  arbitrary: () => (fc) => fc.nat()
})
