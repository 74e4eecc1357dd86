/**
 * How values of other programs are read: absent and null are alike, unknown words don't fail, and what can't be understood
 * in an answer of the backend costs its own place alone.
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as ParseResult from "effect/ParseResult"
import * as Predicate from "effect/Predicate"
import * as Schema from "effect/Schema"
import * as SchemaAST from "effect/SchemaAST"

/**
 * A field that may be absent or null, and stays as it came: a default would cost a second pass over every answer. Code
 * that maps the value has to treat both alike.
 */
export const opt = <A, I, R>(schema: Schema.Schema<A, I, R>) =>
  Schema.optionalWith(Schema.NullOr(schema), { exact: true })

/**
 * A value as `tolerant` reads it: null where it tells nothing, undefined where it can't be understood. Paths within the
 * value are added to `unread`, the empty one for the value itself.
 */
type Read<A = unknown> = (value: unknown, unread: Array<string>) => A | null | undefined

const ReadAs = Symbol.for("effect-codex-account/contracts/Tolerant/ReadAs")

/** The schema, with what `tolerant` reads in its place. */
export const readAs = <A, I>(schema: Schema.Schema<A, I>, read: Read<NoInfer<A>>) =>
  schema.annotations({ [ReadAs]: read })

/** One of the words. Any other word, which a newer program may use, reads as `"unknown"`. */
export const openEnum = <const Word extends string>(first: Word, ...others: ReadonlyArray<Word>) => {
  const known = Schema.Literal<[Word, ...Array<Word | "unknown">]>(first, ...others, "unknown")
  const isKnown = Schema.is(known)
  const decode = (word: string): Word | "unknown" => (isKnown(word) ? word : "unknown")
  return readAs(
    Schema.transform(Schema.String, known, { strict: true, decode, encode: (word): string => word }),
    (value, unread) => {
      if (typeof value === "string") return decode(value)
      unread.push("")
      return "unknown" as const
    }
  )
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

/** An integer that is 64 bits wide on the wire. Beyond 2^53 it is the nearest double. */
export const Int64 = integer("Int64", "expected a 64-bit integer", (n) => Math.abs(n) <= 2 ** 63)

/** A 32-bit unsigned integer. */
export const UInt32 = integer("u32", "expected an unsigned 32-bit integer", (n) => n >= 0 && n <= 4_294_967_295, {
  minimum: 0,
  maximum: 4_294_967_295
})

const decimal = /^[+-]?(\d+\.?\d*|\.\d+)(e[+-]?\d{1,3})?$/i

/** A number, or one that is written as text. */
const numberFrom = (value: unknown): number | undefined => {
  const number = typeof value === "string" && decimal.test(value.trim()) ? Number(value) : value
  return typeof number === "number" && Number.isFinite(number) ? number : undefined
}

const textFrom = (value: unknown): string | undefined =>
  typeof value === "number" ? String(value) : typeof value === "string" ? value : undefined

const truths = new Map<unknown, boolean>([
  [true, true],
  ["true", true],
  [1, true],
  [false, false],
  ["false", false],
  [0, false]
])

/** A number, which may have a fraction. */
export const Num = Schema.JsonNumber

/** A count: a fraction is cut off. */
export const Whole = readAs(Int64, (value) => {
  const number = numberFrom(value)
  return number === undefined || Math.abs(number) > 2 ** 63 ? undefined : Math.trunc(number)
})

const rfc3339 = /^(\d{4}-\d{2}-\d{2})[Tt ](\d{2}:\d{2}:\d{2})(?:\.\d+)?([Zz]|[+-]\d{2}:\d{2})$/

// Date.parse reads the 30th of February as the 2nd of March.
const isOnCalendar = (local: string): boolean => {
  const time = Date.parse(`${local}Z`)
  return !Number.isNaN(time) && DateTime.formatIso(DateTime.unsafeMake(time)).startsWith(local)
}

/** The whole seconds of an RFC 3339 text, as milliseconds. */
const millisFromText = (text: string): number | undefined => {
  const match = rfc3339.exec(text)
  const local = `${match?.[1]}T${match?.[2]}`
  const time = Date.parse(`${local}${match?.[3]?.toUpperCase()}`)
  return Number.isNaN(time) || !isOnCalendar(local) ? undefined : time
}

/** Beyond this a number of seconds is one of milliseconds, and beyond that it is no time. The year is 5138. */
const latestSeconds = 1e11

const sensible = (max: number) => Num.annotations({ arbitrary: () => (fc) => fc.integer({ min: 1, max }) })

/** A length in seconds. */
export const Seconds = readAs(sensible(100_000_000), (value) => {
  const number = numberFrom(value)
  return number === undefined || Math.abs(number) > latestSeconds ? undefined : number
})

/** A time in seconds, milliseconds or RFC 3339, as milliseconds. Zero is no time. */
const millisFrom = (value: unknown): number | null | undefined => {
  const number = numberFrom(value)
  if (number === undefined) return typeof value === "string" ? millisFromText(value) : undefined
  if (number === 0) return null
  if (Math.abs(number) <= latestSeconds) return number * 1000
  return number > 0 && number <= latestSeconds * 1000 ? number : undefined
}

const mapTime = <A>(value: unknown, map: (millis: number) => A): A | null | undefined => {
  const millis = millisFrom(value)
  return typeof millis === "number" ? map(millis) : millis
}

/** A time in Unix seconds, with their fraction. */
export const UnixSeconds = readAs(sensible(4_102_444_799), (value) => mapTime(value, (millis) => millis / 1000))

// Generates only times that the text can hold: whole seconds of the years 1970 to 2099.
const WholeSeconds = Schema.DateTimeUtcFromSelf.annotations({
  arbitrary: () => (fc) =>
    fc.integer({ min: 0, max: 4_102_444_799 }).map((seconds) => DateTime.unsafeMake(seconds * 1000))
})

/**
 * An RFC 3339 time in whole seconds: a fraction is cut off, an offset is honoured, a space may stand for the `T`,
 * and a time without a zone is refused.
 */
export const Rfc3339Seconds = readAs(
  Schema.transformOrFail(Schema.String, WholeSeconds, {
    strict: true,
    decode: (text, _options, ast) => {
      const time = millisFromText(text)
      return time === undefined
        ? ParseResult.fail(new ParseResult.Type(ast, text, "expected an RFC 3339 time with a zone"))
        : ParseResult.succeed(DateTime.unsafeMake(time))
    },
    encode: (time) => ParseResult.succeed(DateTime.formatIso(time).replace(/\.\d+Z$/, "Z"))
  }).annotations({ identifier: "Rfc3339Seconds" }),
  (value) => mapTime(value, (millis) => DateTime.unsafeMake(Math.floor(millis / 1000) * 1000))
)

/** A member that reads as null when it is absent, and is always written. */
export const nullable = <A, I>(schema: Schema.Schema<A, I>) =>
  Schema.optionalWith(Schema.NullOr(schema), { exact: true, default: () => null })

/** A boolean that may be absent, but is not null. */
export const flag = Schema.optionalWith(Schema.Boolean, { exact: true })

/** Reads one place, and names it where it can't be understood. What is named within it is named from here. */
const readPlace = (name: string | number, read: Read, value: unknown, unread: Array<string>): unknown => {
  const from = unread.length
  const result = read(value, unread)
  if (result === undefined && unread.length === from) unread.push(String(name))
  else for (let at = from; at < unread.length; at++) unread[at] = unread[at] ? `${name}.${unread[at]}` : String(name)
  return result
}

/** An object is nothing without its required members; of the others each costs its own place. */
const structReader = (ast: SchemaAST.TypeLiteral): Read => {
  const members = ast.propertySignatures.map(({ isOptional, name, type }) => ({
    name: String(name),
    isOptional,
    read: readerOf(type)
  }))
  return (value, unread) => {
    if (!Predicate.isRecord(value)) return undefined
    const known: Record<string, unknown> = {}
    let isWhole = true
    for (const { isOptional, name, read } of members) {
      const given = value[name]
      const from = unread.length
      const member = Predicate.isNotNullable(given) ? readPlace(name, read, given, unread) : null
      if (Predicate.isNotNullable(member)) {
        known[name] = member
      } else if (!isOptional) {
        if (unread.length === from) unread.push(name)
        isWhole = false
      }
    }
    return isWhole ? known : undefined
  }
}

const entriesReader =
  (read: Read): Read =>
  (value, unread) => {
    if (!Predicate.isRecord(value)) return undefined
    const entries = Object.entries(value).map(([name, entry]) => [name, readPlace(name, read, entry, unread)] as const)
    return Object.fromEntries(entries.filter(([, entry]) => Predicate.isNotNullable(entry)))
  }

const listReader =
  (read: Read): Read =>
  (value, unread) =>
    Array.isArray(value)
      ? value.map((entry: unknown, index) => readPlace(index, read, entry, unread)).filter(Predicate.isNotNullable)
      : undefined

/** What the first of them makes of it. */
const firstReader =
  (reads: ReadonlyArray<Read>): Read =>
  (value, unread) => {
    for (const read of reads) {
      const from = unread.length
      const result = read(value, unread)
      if (result !== undefined) return result
      if (reads.length > 1) unread.length = from
    }
    return undefined
  }

const readerOf = (ast: SchemaAST.AST): Read => {
  const own = ast.annotations[ReadAs]
  if (Predicate.isFunction(own)) return own as Read
  const [element] = ast._tag === "TupleType" ? ast.rest : []
  const [index] = ast._tag === "TypeLiteral" ? ast.indexSignatures : []
  if (element !== undefined) return listReader(readerOf(element.type))
  if (index !== undefined) return entriesReader(readerOf(index.type))
  switch (ast._tag) {
    case "StringKeyword":
      return textFrom
    case "NumberKeyword":
      return numberFrom
    case "BooleanKeyword":
      return (value) => truths.get(value)
    case "TypeLiteral":
      return structReader(ast)
    case "Refinement":
      return readerOf(ast.from)
    case "Union": {
      return firstReader(ast.types.filter((type) => type !== Schema.Null.ast).map(readerOf))
    }
  }
  const is = ParseResult.is(Schema.make(ast))
  return (value) => (is(value) ? value : undefined)
}

/** What of an answer could not be understood, as dotted paths; absent where all was. */
export interface Unread {
  readonly unread?: ReadonlyArray<string>
}

/**
 * The object as far as it can be understood. A member or an entry that can't be is left out and named, and so is an
 * object without a member that it requires; only the whole fails for that. Numbers may be written as text and the reverse.
 */
export const tolerant = <A extends object, I>(schema: Schema.Schema<A, I>): Schema.Schema<A & Unread, I> => {
  const read = readerOf(schema.ast)
  return Schema.declare(
    [schema],
    {
      decode: () => (input, _options, ast) => {
        const unread: Array<string> = []
        const known = read(input, unread)
        if (known === undefined) return Effect.fail(new ParseResult.Type(ast, input, `unread: ${unread.join(", ")}`))
        return Effect.succeed((unread.length === 0 ? known : { ...(known as A), unread }) as A & Unread)
      },
      encode: (strict) => ParseResult.encodeUnknown(strict)
    },
    { [SchemaAST.SurrogateAnnotationId]: schema.ast, arbitrary: (strict) => strict }
  )
}
