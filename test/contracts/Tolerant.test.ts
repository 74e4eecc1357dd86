import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import * as Arbitrary from "effect/Arbitrary"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import * as Schema from "effect/Schema"
import { Int32, Int64, openEnum, opt, Rfc3339Seconds } from "../../src/contracts/Tolerant.js"

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
  it.each([
    ["both", [0, -1, 12.0, 2 ** 31 - 1, -(2 ** 31)], [true, true]],
    ["64 bits alone", [2 ** 31, -(2 ** 31) - 1, 2 ** 63, -(2 ** 63)], [false, true]],
    ["neither", [12.5, 2 ** 65, Number.NaN, Number.POSITIVE_INFINITY, "1", null], [false, false]]
  ])("%s: %j", (_, values, expected) => {
    for (const value of values) deepStrictEqual([accepts(Int32)(value), accepts(Int64)(value)], expected)
  })
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
