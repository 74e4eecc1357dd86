/** What keys do, without a terminal. */
import { assert, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import { type Input, longestText, readInput } from "../../../src/cli/terminal/input.js"
import { keep, open, type Outcome, type Place, press, type View } from "../../../src/cli/terminal/View.js"
import { anyInput, anyList, anyPrompt, key, list, prompt, row } from "./views.js"

const page = { rows: 3, lines: 5, furthest: 0 }
const unfit = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}\u3164]/u

/** The state behind all inputs, and what came of the last one. */
const pressed = (view: View<string>, inputs: ReadonlyArray<Input>, from = open(view), fits = page) => {
  let state: Place = from
  let outcome: Outcome<string> = { _tag: "None" }
  for (const input of inputs) [state, outcome] = press(view, state, input, fits)
  return { state, outcome }
}
const after = (view: View<string>, ...spelled: ReadonlyArray<string>) => pressed(view, spelled.map(key))
const none = { _tag: "None" } as const
const unknown = { _tag: "Unknown" } as const
const chosen = (value: string) => ({ _tag: "Chosen", value }) as const
const left = (byCtrlC = false) => ({ _tag: "Left", byCtrlC }) as const

const goesOn = Effect.succeed(true)
const gaps = list([
  row("off 0", { enabled: false }),
  row("a"),
  row("off 2", { enabled: false }),
  row("b"),
  row("c"),
  row("off 5", { enabled: false })
])
const nine = list(Array.from({ length: 12 }, (_, index) => row(`r${index}`)))

describe("a list", () => {
  it.each([
    ["down", 3],
    ["down down", 4],
    ["down down down", 1],
    ["up", 4],
    ["ctrl-n", 3],
    ["ctrl-p", 4],
    ["j", 3],
    ["k", 4],
    ["end", 4],
    ["end home", 1],
    ["pagedown", 4],
    ["pagedown pagedown", 4],
    ["pagedown pageup", 1],
    ["tab", 1],
    ["alt-j", 1],
    ["undefined", 1]
  ])("%s moves past what is disabled, and on at the other end", (keys, selected) => {
    const { outcome, state } = after(gaps, ...keys.split(" "))
    assert.deepStrictEqual([state.selected, outcome], [selected, none])
  })

  it("pages stop at the ends", () => {
    assert.strictEqual(after(nine, "pagedown").state.selected, 3)
    assert.strictEqual(after(nine, "down", "pageup").state.selected, 0)
    assert.strictEqual(after(nine, ...Array.from({ length: 9 }, () => "pagedown")).state.selected, 11)
  })

  it("pages move the lines above where these don't fit", () => {
    const fits = { rows: 3, lines: 5, furthest: 7 }
    const walk = (...keys: ReadonlyArray<string>) => {
      const { state } = pressed(nine, keys.map(key), open(nine), fits)
      return [state.selected, state.scroll]
    }
    assert.deepStrictEqual(walk("pagedown"), [0, 4])
    assert.deepStrictEqual(walk("pagedown", "pagedown", "pagedown", "down"), [1, 7])
    assert.deepStrictEqual(walk("pagedown", "pageup", "pageup"), [0, 0])
  })

  it("where there is nothing to choose between, every move is one of the lines above", () => {
    const fits = { rows: 1, lines: 5, furthest: 7 }
    const only = list([row("Loading...", { enabled: false }), row("Close")])
    const walk = (...keys: ReadonlyArray<string>) => {
      const { state } = pressed(only, keys.map(key), open(only), fits)
      return [state.selected, state.scroll]
    }
    assert.deepStrictEqual(walk("down", "down", "up"), [1, 1])
    assert.deepStrictEqual(walk("end"), [1, 7])
    assert.deepStrictEqual(walk("end", "home"), [1, 0])
    assert.deepStrictEqual(walk("pagedown", "j", "k", "k"), [1, 3])
  })

  it.each([
    ["return", "a"],
    ["enter", "a"],
    ["1", "a"],
    ["2", "b"],
    ["3", "c"]
  ])("%s accepts %s: numbers are those of the enabled rows", (name, label) => {
    assert.deepStrictEqual(after(gaps, name).outcome, chosen(label))
  })

  it("4, 0, Alt-1 and Alt-Enter accept nothing there", () => {
    for (const name of ["4", "0"]) assert.deepStrictEqual(after(gaps, name).outcome, unknown)
    for (const name of ["alt-1", "alt-return"]) assert.deepStrictEqual(after(gaps, name).outcome, none)
  })

  it("there is no tenth number", () => {
    assert.deepStrictEqual(after(nine, "9").outcome, chosen("r8"))
    assert.deepStrictEqual(after(nine, "0").outcome, unknown)
  })

  it("shortcuts come before numbers, numbers before keys of the view, and these before k and j", () => {
    const view = list([row("one"), row("two", { shortcut: "1" }), row("three", { shortcut: "Y" })], {
      keys: { y: goesOn, "2": goesOn, k: goesOn, d: goesOn }
    })
    assert.deepStrictEqual(after(view, "1").outcome, chosen("two"))
    assert.deepStrictEqual(after(view, "y").outcome, chosen("three"))
    assert.deepStrictEqual(after(view, "Y").outcome, chosen("three"))
    assert.deepStrictEqual(after(view, "2").outcome, chosen("two"))
    assert.deepStrictEqual(after(view, "k").outcome, { _tag: "Key", run: goesOn })
    assert.deepStrictEqual(after(view, "d").outcome, { _tag: "Key", run: goesOn })
    assert.deepStrictEqual(after(view, "alt-y").outcome, none)
    assert.deepStrictEqual(after(view, "toString").outcome, none)
    assert.deepStrictEqual(after(view, "x").outcome, unknown)
  })

  it("a shortcut of a disabled row accepts nothing", () => {
    const view = list([row("yes", { shortcut: "y", enabled: false }), row("no", { shortcut: "n" })])
    assert.deepStrictEqual(after(view, "y").outcome, unknown)
    assert.deepStrictEqual(after(view, "n").outcome, chosen("no"))
  })

  it("Escape and Ctrl-C cancel; where nothing can be cancelled only Ctrl-C leaves", () => {
    assert.deepStrictEqual(after(gaps, "escape").outcome, left())
    assert.deepStrictEqual(after(gaps, "ctrl-c").outcome, left(true))
    const busy = list([row("Sending...", { enabled: false })], { canLeave: false })
    assert.deepStrictEqual(after(busy, "escape").outcome, none)
    assert.deepStrictEqual(after(busy, "return").outcome, none)
    assert.deepStrictEqual(after(busy, "ctrl-c").outcome, left(true))
  })

  it("where no row can be selected Enter cancels", () => {
    const { outcome, state } = after(list([row("Loading...", { enabled: false })]), "return")
    assert.deepStrictEqual([state.selected, outcome], [-1, left()])
  })

  it("begins with its initial row, or the first that is enabled", () => {
    assert.strictEqual(open(list([row("a"), row("b")], { initial: 1 })).selected, 1)
    assert.strictEqual(open({ ...gaps, initial: 2 }).selected, 1)
    assert.strictEqual(open({ ...gaps, initial: 99 }).selected, 1)
  })

  it("keeps its cursor while it is the same view, and leaves a row that is disabled by now", () => {
    const { state } = after(gaps, "down", "down")
    assert.strictEqual(keep(state, { ...gaps, title: "Another" }).selected, 4)
    assert.strictEqual(keep(state, { ...gaps, rows: gaps.rows.slice(0, 3) }).selected, 1)
    assert.strictEqual(keep(state, { ...gaps, rows: [] }).selected, -1)
  })

  it.prop(
    "no keys ever accept a row that is disabled, and a paste does nothing at all",
    [anyList, FastCheck.array(anyInput, { maxLength: 30 })],
    ([view, inputs]) => {
      let state = open(view)
      const disabled = new Set(view.rows.filter((row) => !row.enabled).map((row) => row.value))
      for (const input of inputs) {
        const [next, outcome] = press(view, state, input, page)
        if (input._tag === "Paste") assert.deepStrictEqual([next, outcome], [state, none])
        if (outcome._tag === "Chosen") assert.isFalse(disabled.has(outcome.value))
        if (outcome._tag === "Left" && !outcome.byCtrlC) assert.isTrue(view.canLeave)
        assert.isTrue(next.selected === -1 || view.rows[next.selected]?.enabled === true)
        if (next.selected === -1) assert.isTrue(view.rows.every((row) => !row.enabled))
        state = next
      }
    }
  )

  it.prop("Enter at once accepts the initial row, if it can be accepted", [anyList], ([view]) => {
    const { outcome } = after(view, "return")
    const initial = view.rows[view.initial]
    if (initial?.enabled === true) assert.deepStrictEqual(outcome, chosen(initial.value))
    else {
      const first = view.rows.find((row) => row.enabled)
      const cancelled = view.canLeave ? left() : none
      assert.deepStrictEqual(outcome, first === undefined ? cancelled : chosen(first.value))
    }
  })
})

describe("a line of text", () => {
  const typed = (...spelled: ReadonlyArray<string>) => {
    const { after: behind, before } = after(prompt({ initialText: "ab cd" }), ...spelled).state.typed
    return `${before}|${behind}`
  }

  it.each([
    ["x", "ab cdx|"],
    ["left left", "ab |cd"],
    ["left left right", "ab c|d"],
    ["home", "|ab cd"],
    ["ctrl-a x", "x|ab cd"],
    ["home end", "ab cd|"],
    ["ctrl-a ctrl-e", "ab cd|"],
    ["backspace", "ab c|"],
    ["home backspace", "|ab cd"],
    ["home delete", "|b cd"],
    ["delete", "ab cd|"],
    ["left ctrl-u", "|d"],
    ["left left ctrl-k", "ab |"],
    ["ctrl-w", "ab |"],
    ["ctrl-w ctrl-w", "|"],
    ["left ctrl-w", "ab |d"],
    ["up down tab alt-x ctrl-x alt-return", "ab cd|"],
    ["k j y 1", "ab cdkjy1|"]
  ])("%s", (keys, expected) => {
    assert.strictEqual(typed(...keys.split(" ")), expected)
  })

  it("moves over what a person takes for one character", () => {
    const view = prompt({ initialText: "ae\u0301🇫🇷" })
    assert.strictEqual(after(view, "backspace").state.typed.before, "ae\u0301")
    assert.strictEqual(after(view, "backspace", "backspace").state.typed.before, "a")
  })

  it("Enter submits the text without the space around it, and nothing when there is none", () => {
    assert.deepStrictEqual(after(prompt({ initialText: " a b " }), " ", "return").outcome, chosen("submit a b"))
    assert.deepStrictEqual(after(prompt(), "return").outcome, none)
    assert.deepStrictEqual(after(prompt(), " ", " ", "return").outcome, none)
    assert.deepStrictEqual(after(prompt({ initialText: "a" }), "alt-return").outcome, none)
  })

  it("Escape and Ctrl-C cancel", () => {
    assert.deepStrictEqual(after(prompt(), "escape").outcome, left())
    assert.deepStrictEqual(after(prompt(), "ctrl-c").outcome, left(true))
  })

  it("keeps a text that is not taken, and says why", () => {
    const { outcome, state } = after(prompt({ problem: "no" }), "a", "b", "return")
    assert.deepStrictEqual([outcome, state.problem, state.typed.before], [none, "no", "ab"])
  })

  it.prop(
    "never holds a control character, nor more than its length, and submits what it holds",
    [anyPrompt, FastCheck.array(anyInput, { maxLength: 30 })],
    ([view, inputs]) => {
      let state = open(view)
      for (const input of inputs) {
        const [next, outcome] = press(view, state, input, page)
        const text = next.typed.before + next.typed.after
        assert.isFalse(unfit.test(text), JSON.stringify(text))
        assert.isAtMost(Array.from(text).length, Math.max(longestText, Array.from(view.field?.initial ?? "").length))
        if (outcome._tag === "Chosen") {
          assert.strictEqual(outcome.value, `submit ${text.trim()}`)
          assert.notStrictEqual(text.trim(), "")
        }
        state = next
      }
    }
  )
})

describe("a paste", () => {
  const typing = (text: string) =>
    Array.from(text, (character) => ({
      input: Option.some(character),
      key: { name: character === "\r" ? "return" : character, ctrl: character === "\u0003", meta: false, shift: false }
    }))
  const mark = (name: string) => ({ input: Option.none(), key: { name, ctrl: false, meta: false, shift: false } })

  it("is one line, and none of it is a key", () => {
    const keys = [mark("paste-start"), ...typing("a@b.c\r\n\r\nyes\u0003\u0007\t1 "), mark("paste-end"), ...typing("z")]
    const [open, inputs] = readInput(null, keys, 0)
    assert.isNull(open)
    assert.deepStrictEqual(inputs, [{ _tag: "Paste", text: "a@b.c yes 1" }, key("z")])
  })

  it("may come in several parts", () => {
    const [first, none] = readInput(null, [mark("paste-start"), ...typing("a\r")], 0)
    assert.deepStrictEqual(none, [])
    const [second, inputs] = readInput(first, [...typing("b"), mark("paste-end")], 900)
    assert.isNull(second)
    assert.deepStrictEqual(inputs, [{ _tag: "Paste", text: "a b" }])
  })

  it("whose end is lost is over after a second", () => {
    const [first] = readInput(null, [mark("paste-start"), ...typing("a")], 0)
    const [second, inputs] = readInput(first, typing("b"), 1001)
    assert.isNull(second)
    assert.deepStrictEqual(inputs, [{ _tag: "Paste", text: "a" }, key("b")])
  })

  it("is bounded", () => {
    const keys = [mark("paste-start"), ...typing("x".repeat(50_000)), mark("paste-end")]
    const [, inputs] = readInput(null, keys, 0)
    const { state } = pressed(prompt(), inputs)
    assert.lengthOf(state.typed.before, longestText)
    assert.deepStrictEqual(pressed(prompt(), inputs).outcome, none)
  })

  it("goes in at the cursor of a text", () => {
    const { state } = pressed(prompt({ initialText: "ad" }), [key("left"), { _tag: "Paste", text: "bc" }])
    assert.deepStrictEqual(state.typed, { before: "abc", after: "d" })
  })
})
