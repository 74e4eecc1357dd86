/** Law 17: text from elsewhere reaches a terminal without control characters. */
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import * as FastCheck from "effect/FastCheck"
import { jsonLine } from "../../src/cli/json/envelope.js"
import { hasUnsafe, plainLine } from "../../src/domain/PlainText.js"

/** Every character that no text from elsewhere may bring to a terminal. */
const forbidden = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u00ad\u115f\u1160\u180e\u3164\uffa0\u{e0000}-\u{e007f}]/u

const everyCharacter = Array.from({ length: 0x110000 }, (_, code) => String.fromCodePoint(code))
const everyForbidden = everyCharacter.filter((character) => forbidden.test(character))

describe("of all characters of Unicode", () => {
  it("those that are unsafe are found, and no other", () => {
    deepStrictEqual(everyCharacter.filter(hasUnsafe), everyForbidden)
    ok(everyForbidden.length > 2000 + 65 + 160)
  })

  it("none that is unsafe is left in a line", () =>
    deepStrictEqual(
      everyForbidden.filter((character) => forbidden.test(plainLine(`a${character}b`))),
      []
    ))

  it("none that is unsafe is left in JSON, which means the same", () => {
    for (const character of everyForbidden) {
      const json = jsonLine({ text: character })
      ok(!forbidden.test(json), json)
      deepStrictEqual(JSON.parse(json), { text: character })
    }
  })
})

describe("plainLine", () => {
  it.each([
    ["plain text", "a plain line", "a plain line"],
    ["other scripts and emoji", "Größe 試験 👍🏽", "Größe 試験 👍🏽"],
    ["colours", "\u001b[1;31mred\u001b[0m", "red"],
    ["cursor moves and erasure", "a\u001b[2J\u001b[1;1Hb\u001b[?25l", "ab"],
    ["a CSI with intermediates", "a\u001b[4 qb", "ab"],
    ["a CSI of one byte", "a\u009b31mb", "ab"],
    ["an unfinished CSI", "a\u001b[31", "a"],
    ["OSC 52, which writes the clipboard", "a\u001b]52;c;cm0gLXJmIC8=\u0007b", "ab"],
    ["an OSC that ends in ST", "a\u001b]0;title\u001b\\b", "ab"],
    ["an OSC of one byte", "a\u009d0;title\u009cb", "ab"],
    ["an OSC without an end", "a\u001b]52;c;cm0gLXJm", "a"],
    ["an OSC 8 link", "\u001b]8;;https://evil.test\u001b\\click\u001b]8;;\u001b\\", "click"],
    ["DCS, PM, APC and SOS", "a\u001bPq\u001b\\b\u001b^x\u001b\\c\u001b_y\u001b\\d\u001bXz\u001b\\e", "abcde"],
    ["a reset", "a\u001bcb", "ab"],
    ["a charset switch", "a\u001b(0b", "ab"],
    ["a lone escape", "a\u001b", "a"],
    ["escapes that only meet once others are gone", "a\u001b\u001b[0m[31mb", "a[31mb"],
    ["bidirectional overrides", "user\u202egnp.exe", "usergnp.exe"],
    ["bidirectional isolates", "\u2066a\u2069\u061cb", "ab"],
    ["invisible marks", "a\u200bb\u2060c\ufeffd", "abcd"],
    ["a soft hyphen and letters that show nothing", "a\u00adb\u180ec\u3164d", "abcd"],
    ["invisible tags", "a\u{e0041}\u{e007f}b", "ab"],
    ["C1 controls", "a\u0085b\u008dc", "abc"],
    ["bell, backspace and delete", "a\u0007b\u0008c\u007f", "abc"],
    ["a null", "a\u0000b", "ab"],
    ["line breaks and tabs", " a\r\n\n\tb\u2028c ", "a b c"],
    ["nothing", "", ""],
    ["white space alone", " \n\t ", ""],
    ["white space around what is taken out", "a \u0007 \u202e \u001b[0m b", "a b"]
  ])("%s", (_, text, expected) => strictEqual(plainLine(text), expected))

  it("is bounded, and says where it was cut", () => {
    const line = plainLine("x".repeat(10_000))
    strictEqual(line, `${"x".repeat(499)}…`)
    strictEqual(plainLine("x".repeat(500)), "x".repeat(500))
    strictEqual(plainLine("x".repeat(501), 10), `${"x".repeat(9)}…`)
  })

  it("does not cut a character in two", () => strictEqual(plainLine("👍".repeat(6), 5), "👍👍👍👍…"))

  it.each([
    ["an endless OSC", "\u001b]".repeat(5000)],
    ["endless escapes", "\u001b".repeat(10_000)],
    ["an endless CSI", `\u001b[${"1;".repeat(5000)}`],
    ["white space", " ".repeat(10_000)],
    ["bidi", "\u202e".repeat(10_000)]
  ])("%s of 10 kB gives an empty line", (_, text) => strictEqual(plainLine(text), ""))

  const hostile = FastCheck.array(
    FastCheck.oneof(
      FastCheck.string({ unit: "binary" }),
      FastCheck.constantFrom(
        "\u001b",
        "\u001b[",
        "\u001b]52;c;",
        "\u009b",
        "\u009d",
        "\u0007",
        "\u001b\\",
        "\u009c",
        "\u202e",
        "\u0085",
        "31m",
        "\n",
        "\ud83d",
        "\u00ad",
        "\u180e",
        "\u3164",
        "\u{e0041}",
        "\u{e007f}"
      )
    ),
    { maxLength: 20 }
  ).map((parts) => parts.join(""))

  const runs = { fastCheck: { numRuns: 1000 } }

  it.prop(
    "never holds control characters or invisible marks, nor is it too long",
    [hostile, FastCheck.integer({ min: 1, max: 60 })],
    ([text, length]) => {
      const line = plainLine(text, length)
      ok(!forbidden.test(line), JSON.stringify(line))
      ok(Array.from(line).length <= length)
    },
    runs
  )

  it.prop(
    "changes nothing twice",
    [hostile],
    ([text]) => strictEqual(plainLine(plainLine(text)), plainLine(text)),
    runs
  )

  it("control: hostile text does hold them", () =>
    ok(FastCheck.sample(hostile, 50).some((text) => forbidden.test(text))))
})
