/** Text that has to fit into a line, with colours and without. */
import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { sparkline } from "../../../src/cli/render/activity.js"
import { bar } from "../../../src/cli/render/limits.js"
import { paintFor, withoutColor } from "../../../src/cli/render/paint.js"
import { amountOf, columnsOf, compact, fit, grouped, padStart, wrap, wrapItems } from "../../../src/cli/render/text.js"
import { lengthOf, relative, withLocalTimes } from "../../../src/cli/render/time.js"
import { at } from "../../domain/snapshots.js"
import { canvas } from "./canvas.js"

const paint = paintFor(true)
const red = (text: string) => `\u001b[31m${text}\u001b[39m`
const bold = (text: string) => `\u001b[1m${text}\u001b[22m`

describe("columns", () => {
  it.each([
    ["", 0],
    ["abc", 3],
    ["e\u0301", 1],
    ["漢字", 4],
    ["𠀋", 2],
    ["가나", 4],
    ["ｱ", 1],
    ["Ａ", 2],
    ["😀", 2],
    ["·░▒▓█▁▸…", 8],
    [red("ab"), 2]
  ])("%j takes %d", (text, columns) => assert.strictEqual(columnsOf(text), columns))

  it("a text is cut where it is too wide, never within a wide letter", () => {
    assert.deepStrictEqual(
      [4, 3, 2, 1].map((columns) => fit("a漢b", columns)),
      ["a漢b", "a…", "a…", "…"]
    )
    assert.strictEqual(fit("one two", 5), "one…")
    assert.strictEqual(padStart("漢", 4), "  漢")
  })
})

describe("wrapping", () => {
  it("ends a colour with the line and begins it again in the next", () => {
    assert.deepStrictEqual(wrap(`see ${paint("red", "one two three")} four`, 8), [
      `see ${red("one")}`,
      red("two"),
      `${red("three")}`,
      "four"
    ])
  })

  it("keeps colours within colours", () => {
    assert.deepStrictEqual(
      wrap(paint("bold", `one ${paint("red", "two three")} four`), 8, "", "  ").map(withoutColor),
      ["one two", "  three", "  four"]
    )
    assert.deepStrictEqual(wrap(paint("bold", paint("red", "one two six")), 8), [
      bold(red("one two")),
      bold(red("six"))
    ])
  })

  it("breaks a coloured word as one without colours", () => {
    assert.deepStrictEqual(wrap(paint("bold", "abcdefghij"), 8), [bold("abcdefgh"), bold("ij")])
  })

  it.prop(
    "is the same with colours as without",
    [
      FastCheck.array(
        FastCheck.tuple(FastCheck.constantFrom("bold", "red", "none"), FastCheck.stringMatching(/^[a-z漢 ]{1,20}$/)),
        {
          maxLength: 8
        }
      ),
      FastCheck.integer({ min: 8, max: 30 })
    ],
    ([parts, columns]) => {
      const plain = parts.map(([, text]) => text).join("")
      const colored = parts.map(([hue, text]) => (hue === "bold" || hue === "red" ? paint(hue, text) : text)).join("")
      assert.deepStrictEqual(wrap(colored, columns).map(withoutColor), wrap(plain, columns))
      for (const line of wrap(plain, columns)) assert.isAtMost(columnsOf(line), columns)
    }
  )

  it("keeps items whole where they fit", () => {
    assert.deepStrictEqual(wrapItems(["one two", "three four", "five"], 12), ["one two ·", "three four ·", "five"])
    assert.deepStrictEqual(wrapItems(["one two", "three"], 15), ["one two · three"])
    assert.deepStrictEqual(wrapItems(["one two", "three", "x"], 16), ["one two ·", "three · x"])
    assert.deepStrictEqual(wrapItems(["one two three"], 9), ["one two", "three"])
  })
})

describe("amounts", () => {
  it.each([
    [0, "0"],
    [-5, "0"],
    [999, "999"],
    [1500, "1.5K"],
    [999_999, "1M"],
    [21_400_000_000, "21.4B"],
    [Number.MAX_SAFE_INTEGER, "9007.2T"]
  ])("%d in short is %s", (amount, text) => assert.strictEqual(compact(amount), text))

  it.each([
    ["12345.67", "12,346"],
    ["0", "0"],
    ["0.2", "less than 1"],
    ["", null],
    [" ", null],
    ["-0.5", null],
    ["many", null],
    ["Infinity", null],
    ["1e400", null]
  ])("%j is %s", (text, shown) => {
    const amount = amountOf(text)
    assert.strictEqual(amount === null ? null : grouped(amount), shown)
  })

  it("a line of bars hides no value", () => {
    assert.strictEqual(sparkline([0, 1, 500_000, 1_000_000]), "·▁▄█")
    assert.strictEqual(sparkline([0, 0]), "··")
    assert.strictEqual(sparkline([]), "")
  })
})

const { now } = canvas(80)

describe("pieces", () => {
  it("a bar never hides what is left or what is used", () => {
    const cells = (remaining: number) => bar(remaining, 10, paintFor(false))
    assert.strictEqual(cells(0), "░░░░░░░░░░")
    assert.strictEqual(cells(0.1), "█░░░░░░░░░")
    assert.strictEqual(cells(99.9), "█████████░")
    assert.strictEqual(cells(100), "██████████")
    assert.strictEqual(cells(-5), "░░░░░░░░░░")
    assert.strictEqual(cells(500), "██████████")
  })

  it.each([
    [0, "0s"],
    [59_400, "59s"],
    [59_999, "1m"],
    [3_600_000, "1h"],
    [7_799_000, "2h 10m"],
    [86_399_999, "1d"],
    [274_000_000, "3d 4h"],
    [-5, "0s"]
  ])("%d ms is %s", (millis, text) => {
    assert.strictEqual(lengthOf(millis), text)
  })

  it("times are told from now", () => {
    assert.strictEqual(relative(at(125), now), "in 2h 5m")
    assert.strictEqual(relative(at(-3), now), "3m ago")
    assert.strictEqual(relative(at(0), now), "now")
    assert.strictEqual(
      withLocalTimes("until 2026-06-20T13:05:00.000Z, or 2026-99-99T00:00:00Z", now),
      "until 3:05 PM, or 2026-99-99T00:00:00Z"
    )
  })

  it("wraps by columns, also where letters are wide", () => {
    assert.deepStrictEqual(wrap("one two three four", 10, "• ", "  "), ["• one two", "  three", "  four"])
    for (const line of wrap("漢字".repeat(30), 20, "  ")) assert.isAtMost(columnsOf(line), 20)
    assert.strictEqual(columnsOf("e\u0301漢😀"), 5)
  })
})
