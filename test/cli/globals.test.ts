/** The values of the global flags. */
import { assert, describe, it } from "@effect/vitest"
import * as Duration from "effect/Duration"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { readDuration, readGlobals } from "../../src/cli/Globals.js"

const millis = (text: string) => Option.getOrNull(Option.map(readDuration(text), Duration.toMillis))

describe("readDuration", () => {
  it.each([
    ["10", 10_000],
    ["10s", 10_000],
    ["10 seconds", 10_000],
    ["1.5s", 1500],
    ["500ms", 500],
    ["2m", 120_000],
    ["2 Minutes", 120_000],
    ["1h", 3_600_000],
    ["0", null],
    ["0s", null],
    ["-1s", null],
    ["", null],
    ["s", null],
    ["10 parsecs", null],
    ["Infinity", null],
    ["1e3", null],
    ["10 constructor", null],
    ["9999999999s", null]
  ])("%s", (text, expected) => {
    assert.strictEqual(millis(text), expected)
  })
})

describe("readGlobals", () => {
  it("has defaults", () => {
    const globals = Either.getOrThrow(readGlobals({}))
    assert.isFalse(globals.json || globals.demo || globals.yes)
    assert.isTrue(globals.color)
    assert.strictEqual(globals.logLevel._tag, "Warning")
    assert.isTrue(Option.isNone(globals.timeout))
  })

  it.each([
    [{ "--codex-home": "" }, "--codex-home needs a folder."],
    [{ "--base-url": "" }, "--base-url needs a URL."],
    [{ "--timeout": "soon" }, "--timeout needs a time above zero, such as 10s, 500ms or 2m."],
    [{ "--log-level": "loud" }, "--log-level is one of all, trace, debug, info, warning, error, fatal, none."],
    [
      { "--demo": "", "--base-url": "http://x" },
      "--demo brings a home and a backend of its own: leave --codex-home and --base-url out."
    ]
  ])("%o is refused", (given, message) => {
    assert.deepStrictEqual(readGlobals(given), Either.left(message))
  })
})
