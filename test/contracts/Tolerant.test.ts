import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import * as Arbitrary from "effect/Arbitrary"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import {
  Int64,
  Num,
  openEnum,
  opt,
  Rfc3339Seconds,
  Seconds,
  tolerant,
  UnixSeconds,
  Whole
} from "../../src/contracts/Tolerant.js"

const accepts = <A, I>(schema: Schema.Schema<A, I>) => {
  const decode = Schema.decodeUnknownEither(schema)
  return (value: unknown) => Either.isRight(decode(value))
}

describe("opt", () => {
  const field = Schema.Struct({ a: opt(Schema.String) })

  it.each([[{}], [{ a: null }], [{ a: "text" }]])("%j stays as it came", (json) =>
    deepStrictEqual(Schema.decodeUnknownSync(field)(json), json)
  )

  it("does not take another type for absent", () => ok(!accepts(field)({ a: 1 })))
})

describe("openEnum", () => {
  const schema = openEnum("on", "off")

  it.prop("reads any word", [FastCheck.string()], ([word]) =>
    strictEqual(Schema.decodeSync(schema)(word), word === "on" || word === "off" ? word : "unknown")
  )

  it.each([null, 1, true, ["on"], { on: 1 }])("%j is no word", (value) => ok(!accepts(schema)(value)))
})

describe("integers", () => {
  it.each([0, -1, 12.0, 2 ** 31, 2 ** 63, -(2 ** 63)])("%d is one", (value) => ok(accepts(Int64)(value)))

  it.each([12.5, 2 ** 65, Number.NaN, Number.POSITIVE_INFINITY, "1", null])("%j is none", (value) =>
    ok(!accepts(Int64)(value))
  )
})

describe("Rfc3339Seconds", () => {
  it.prop("reads what it writes", [Arbitrary.make(Schema.typeSchema(Rfc3339Seconds))], ([time]) => {
    const text = Schema.encodeSync(Rfc3339Seconds)(time)
    ok(/^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\dZ$/.test(text), text)
    strictEqual(Schema.decodeSync(Rfc3339Seconds)(text).epochMillis, time.epochMillis)
  })

  it.each(["2026-02-30T00:00:00Z", "2025-02-29T00:00:00Z", "2026-04-31T00:00:00Z", "2026-06-19T24:00:00Z"])(
    "%s is on no calendar",
    (text) => ok(!accepts(Rfc3339Seconds)(text))
  )
})

describe("tolerant", () => {
  const schema = tolerant(
    Schema.Struct({
      text: opt(Schema.String),
      number: opt(Num),
      whole: opt(Whole),
      flag: opt(Schema.Boolean),
      at: opt(UnixSeconds),
      day: opt(Rfc3339Seconds),
      lasts: opt(Seconds),
      word: opt(openEnum("on")),
      inner: opt(Schema.Struct({ needed: Schema.String, other: opt(Schema.String) })),
      list: opt(Schema.Array(Schema.Struct({ needed: Num }))),
      map: opt(Schema.Record({ key: Schema.String, value: Schema.String }))
    })
  )
  const read = Schema.decodeUnknownSync(schema)

  it.each([
    [{ text: 5 }, { text: "5" }],
    [{ number: " -12.50 " }, { number: -12.5 }],
    [{ number: "1e2" }, { number: 100 }],
    [{ whole: "7.9" }, { whole: 7 }],
    [{ flag: "true" }, { flag: true }],
    [{ flag: 0 }, { flag: false }],
    [{ at: 1_783_000_000 }, { at: 1_783_000_000 }],
    [{ at: 1_783_000_000_000 }, { at: 1_783_000_000 }],
    [{ at: "1783000000" }, { at: 1_783_000_000 }],
    [{ at: "2026-07-02T13:46:40Z" }, { at: 1_783_000_000 }],
    [{ at: 4_102_444_800 }, { at: 4_102_444_800 }],
    [{ at: -1 }, { at: -1 }],
    [{ at: 0 }, {}],
    [{ at: null, text: null, list: null }, {}],
    [{ word: "off" }, { word: "unknown" }],
    [{ inner: { needed: "x", unheard: 1 } }, { inner: { needed: "x" } }]
  ])("%j is %j", (json, expected) => deepStrictEqual({ ...read(json) }, expected))

  it.each([
    [{ text: ["a"] }, ["text"], {}],
    [{ text: true, number: 1 }, ["text"], { number: 1 }],
    [{ number: "0x10" }, ["number"], {}],
    [{ number: "" }, ["number"], {}],
    [{ number: "Infinity" }, ["number"], {}],
    [{ whole: 1e30 }, ["whole"], {}],
    [{ flag: "yes" }, ["flag"], {}],
    [{ at: 1e15 }, ["at"], {}],
    [{ at: "soon" }, ["at"], {}],
    [{ day: "2026-02-30T00:00:00Z" }, ["day"], {}],
    [{ lasts: 1e12 }, ["lasts"], {}],
    [{ word: 5 }, ["word"], { word: "unknown" }],
    [{ inner: [] }, ["inner"], {}],
    [{ inner: {} }, ["inner.needed"], {}],
    [{ inner: { needed: null } }, ["inner.needed"], {}],
    [{ inner: { needed: "x", other: {} } }, ["inner.other"], { inner: { needed: "x" } }],
    [{ list: {} }, ["list"], {}],
    [
      { list: [null, { needed: 1 }, 7, { needed: [] }] },
      ["list.0", "list.2", "list.3.needed"],
      { list: [{ needed: 1 }] }
    ],
    [{ map: { a: "x", b: {} } }, ["map.b"], { map: { a: "x" } }]
  ])("of %j, %j is left out and named", (json, unread, expected) =>
    deepStrictEqual({ ...read(json) }, { ...expected, unread })
  )

  it.each([null, undefined, [], "text", 5, true])("%j is no object", (json) =>
    ok(Either.isLeft(Schema.decodeUnknownEither(schema)(json)))
  )

  it("fails without what the whole requires", () => {
    const needy = tolerant(Schema.Struct({ code: Schema.Literal("a", "b"), more: opt(Num) }))
    deepStrictEqual({ ...Schema.decodeUnknownSync(needy)({ code: "a", more: [] }) }, { code: "a", unread: ["more"] })
    for (const json of [{}, { code: "c" }, { code: null }]) ok(!accepts(needy)(json), JSON.stringify(json))
  })

  it("keeps the names of a map, whatever they are", () => {
    const { map } = read(JSON.parse('{"map":{"__proto__":"x","constructor":"y"}}'))
    deepStrictEqual(Object.entries(map ?? {}), [
      ["__proto__", "x"],
      ["constructor", "y"]
    ])
  })

  it.prop(
    "takes anything anywhere",
    [FastCheck.dictionary(FastCheck.constantFrom("text", "at", "inner", "list", "map"), FastCheck.jsonValue())],
    ([json]) => {
      ok(Either.isRight(Schema.decodeUnknownEither(schema)(json)))
    }
  )
})
