/** Views on terminals of every size: nothing is wider or higher, and nothing foreign gets out. */
import { assert, describe, expect, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { paintFor, withoutColor } from "../../../src/cli/render/paint.js"
import { ownScreen, render } from "../../../src/cli/terminal/frame.js"
import { open, press, type View } from "../../../src/cli/terminal/View.js"
import { columnsOf } from "../../../src/cli/render/text.js"
import { anyInput, anyView, key, list, prompt, row } from "./views.js"

const surface = (columns: number, rows: number, color = false) => ({ columns, rows, paint: paintFor(color), sign: "" })
const page = { rows: 3, lines: 5, furthest: 0 }

const picture = (view: View<string>, columns: number, rows: number, ...keys: ReadonlyArray<string>) => {
  let state = open(view)
  for (const name of keys) {
    const { page } = render(view, state, surface(columns, rows))
    state = press(view, state, key(name), page)[0]
  }
  return `\n${render(view, state, surface(columns, rows)).lines.join("\n")}\n`
}

const ours = new RegExp("\u001b\\[(?:0|1|2|22|31|32|33|36|39)m", "g")
const unfit = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u3164]/u

describe("at every size", () => {
  const sizes = { columns: FastCheck.integer({ min: 40, max: 200 }), rows: FastCheck.integer({ min: 8, max: 50 }) }
  it.prop(
    "a view fits, with its title and the selected row, and holds nothing but text and our own colours",
    [anyView, sizes.columns, sizes.rows, FastCheck.boolean(), FastCheck.array(anyInput, { maxLength: 6 })],
    ([view, columns, rows, color, inputs]) => {
      let state = open(view)
      for (const input of inputs) state = press(view, state, input, page)[0]
      const { cursor, lines } = render(view, state, surface(columns, rows, color))
      assert.isAtMost(lines.length, rows)
      for (const line of lines) {
        assert.isAtMost(columnsOf(line), columns, JSON.stringify(line))
        assert.isFalse(unfit.test(line.replace(ours, "")), JSON.stringify(line))
      }
      const text = lines.map(withoutColor)
      const visible = view.title.replace(/[^a-z]/gi, "")
      if (visible !== "" && /^[a-z]{1,8} /.test(view.title)) {
        assert.strictEqual(text[0]?.split(" ")[0], view.title.split(" ")[0])
      }
      if (view.field === null) {
        assert.strictEqual(text.filter((line) => line.startsWith("› ")).length, state.selected === -1 ? 0 : 1)
        assert.isNull(cursor)
      } else {
        assert.isNotNull(cursor)
        assert.isTrue(text[cursor?.row ?? -1]?.startsWith("›"))
        assert.isBelow(cursor?.column ?? columns, columns)
      }
    }
  )

  it.prop(
    "and what is drawn is one piece, again only when something is different",
    [anyView, anyView, sizes.columns, sizes.rows],
    ([one, other, columns, rows]) => {
      const first = render(one, open(one), surface(columns, rows))
      const second = render(other, open(other), surface(columns, rows))
      assert.strictEqual(ownScreen.paint(first, first), "")
      for (const text of [ownScreen.paint(null, first), ownScreen.paint(first, second)]) {
        if (text === "") continue
        assert.isTrue(text.startsWith("\u001b[?2026h") && text.endsWith("\u001b[?2026l"))
        // Moves, erasing and the cursor's visibility are all that is in it.
        const rest = text.replace(/\u001b\[(?:\?2026[hl]|\?25[hl]|2[JK]|\d+;\d+H)/g, "")
        assert.isFalse(unfit.test(rest.replace(ours, "")), JSON.stringify(rest))
      }
    }
  )

  it("smaller than anybody would have it, nothing breaks", () => {
    const view = list([row("One", { description: "about it" }), row("Two")], { lines: ["a line", "another"] })
    for (let columns = 1; columns < 24; columns++) {
      for (let rows = 1; rows < 8; rows++) {
        for (const each of [view, prompt()]) {
          const { lines } = render(each, open(each), surface(columns, rows))
          assert.isAtMost(lines.length, rows)
          for (const line of lines) assert.isAtMost(columnsOf(line), columns)
        }
      }
    }
  })
})

describe("a list", () => {
  const question = list(
    [
      row("Yes, use reset", { shortcut: "y", detail: "Weekly + 5h", description: "Resets both windows at once." }),
      row("Off", { enabled: false, description: "Not now." }),
      row("No, go back", { shortcut: "n" })
    ],
    { title: "Use this reset?", lines: ["Full reset, expires Jun 29th, 2026 2:00 PM (in 9d)"], initial: 2 }
  )

  it("with room", () => {
    expect(picture(question, 60, 24)).toMatchInlineSnapshot(`
      "
      Use this reset?

      Full reset, expires Jun 29th, 2026 2:00 PM (in 9d)

        1. Yes, use reset (y)  Weekly + 5h
           Resets both windows at once.
           Off
           Not now.
      › 2. No, go back (n)

      Press enter to confirm or esc to go back
      "
    `)
  })

  it("is narrow", () => {
    expect(picture(question, 40, 24, "up")).toMatchInlineSnapshot(`
      "
      Use this reset?

      Full reset, expires Jun 29th, 2026 2:00
      PM (in 9d)

      › 1. Yes, use reset (y)  Weekly + 5h
           Resets both windows at once.
           Off
           Not now.
        2. No, go back (n)

      Press enter to confirm or esc to go back
      "
    `)
  })

  it("is low: what stands above the rows is scrolled, and the rows too", () => {
    const low = list(
      Array.from({ length: 9 }, (_, index) => row(`Credit ${index + 1}`, { description: "a reset" })),
      {
        title: "Usage limit resets",
        lines: ["• first rule", "• second rule that is long enough to take two lines", "• third rule"]
      }
    )
    expect(picture(low, 40, 10)).toMatchInlineSnapshot(`
      "
      Usage limit resets
      • first rule
      • second rule that is long enough to
        take two lines
      • third rule
      › 1. Credit 1
           a reset
        2. Credit 2
           a reset
      Press enter to confirm or esc to go back
      "
    `)
    expect(picture(low, 40, 10, "pagedown", "end")).toMatchInlineSnapshot(`
      "
      Usage limit resets
      • first rule
      • second rule that is long enough to
        take two lines
      • third rule
        8. Credit 8
           a reset
      › 9. Credit 9
           a reset
      Press enter to confirm or esc to go back
      "
    `)
  })

  it("colours go with a line that is broken, and end with it", () => {
    const paint = paintFor(true)
    const view = list([], { lines: [`${paint("red", "all of these words are red")} and these not`] })
    const { lines } = render(view, open(view), surface(20, 24, true))
    expect(lines.slice(2, 5)).toMatchInlineSnapshot(`
      [
        "[31mall of these words[39m",
        "[31mare red[39m and these",
        "not",
      ]
    `)
  })

  it("what can't be cancelled says how to leave", () => {
    const view = list([row("Using a reset...", { enabled: false })], { canLeave: false, title: "Usage limit resets" })
    expect(picture(view, 60, 24)).toMatchInlineSnapshot(`
      "
      Usage limit resets

        Using a reset...

      This can't be called back. Ctrl-C leaves at once.
      "
    `)
  })
})

describe("a line of text", () => {
  it("empty, and refused", () => {
    expect(picture(prompt({ lines: ["One address."] }), 40, 24)).toMatchInlineSnapshot(`
      "
      Title

      One address.

      › name@example.com

      Press enter to go on or esc to go back
      "
    `)
    expect(picture(prompt({ problem: "That is no address." }), 40, 24, "a", "b", "return")).toMatchInlineSnapshot(`
      "
      Title

      › ab
      That is no address.

      Press enter to go on or esc to go back
      "
    `)
  })

  it("longer than the line shows what is around the cursor", () => {
    const view = prompt({ initialText: "abcdefghijklmnopqrstuvwxyz" })
    const at = (...keys: ReadonlyArray<string>) => {
      let state = open(view)
      for (const name of keys) state = press(view, state, key(name), page)[0]
      const { cursor, lines } = render(view, state, surface(14, 24))
      return [lines[cursor?.row ?? -1], cursor?.column]
    }
    assert.deepStrictEqual(at(), ["› …qrstuvwxyz", 13])
    assert.deepStrictEqual(at("home"), ["› abcdefghijk…", 2])
    assert.deepStrictEqual(at("left"), ["› …pqrstuvwxyz", 13])
  })
})
