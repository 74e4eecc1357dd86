/** What keys do, without a terminal. */
import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import * as Option from "effect/Option"
import { keep, type KitState, open, type Outcome, press } from "../../../src/cli/menu/kit.js"
import { type Input, longestText, readInput } from "../../../src/cli/menu/kitInput.js"
import type { View } from "../../../src/cli/menu/View.js"
import { anyInput, anyList, anyPrompt, anyView, key, list, prompt, row } from "./views.js"

const page = { rows: 3, lines: 5, furthest: 0 }
const unfit = /[\p{Cc}\p{Cf}\p{Cs}\p{Zl}\p{Zp}]/u

/** The state behind all inputs, and what came of the last one. */
const pressed = (view: View<string>, inputs: ReadonlyArray<Input>, from = open(view), fits = page) => {
  let state: KitState = from
  let outcome: Outcome<string> = { _tag: "None" }
  for (const input of inputs) [state, outcome] = press(view, state, input, fits)
  return { state, outcome }
}
const after = (view: View<string>, ...spelled: ReadonlyArray<string>) => pressed(view, spelled.map(key))
const none = { _tag: "None" } as const
const event = (name: string, byCtrlC = false) => ({ _tag: "Event", event: name, byCtrlC }) as const

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
    assert.deepStrictEqual(after(gaps, name).outcome, event(label))
  })

  it("4, 0, Alt-1 and Alt-Enter accept nothing there", () => {
    for (const name of ["4", "0", "alt-1", "alt-return"]) assert.deepStrictEqual(after(gaps, name).outcome, none)
  })

  it("there is no tenth number", () => {
    assert.deepStrictEqual(after(nine, "9").outcome, event("r8"))
    assert.deepStrictEqual(after(nine, "0").outcome, none)
  })

  it("shortcuts come before numbers, numbers before keys of the view, and these before k and j", () => {
    const view = list([row("one"), row("two", { shortcut: "1" }), row("three", { shortcut: "Y" })], {
      keys: { y: "key y", "2": "key 2", k: "key k", d: "key d" }
    })
    assert.deepStrictEqual(after(view, "1").outcome, event("two"))
    assert.deepStrictEqual(after(view, "y").outcome, event("three"))
    assert.deepStrictEqual(after(view, "Y").outcome, event("three"))
    assert.deepStrictEqual(after(view, "2").outcome, event("two"))
    assert.deepStrictEqual(after(view, "k").outcome, event("key k"))
    assert.deepStrictEqual(after(view, "d").outcome, event("key d"))
    assert.deepStrictEqual(after(view, "alt-y").outcome, none)
    assert.deepStrictEqual(after(view, "toString").outcome, none)
  })

  it("a shortcut of a disabled row accepts nothing", () => {
    const view = list([row("yes", { shortcut: "y", enabled: false }), row("no", { shortcut: "n" })])
    assert.deepStrictEqual(after(view, "y").outcome, none)
    assert.deepStrictEqual(after(view, "n").outcome, event("no"))
  })

  it("Escape and Ctrl-C cancel; where nothing can be cancelled only Ctrl-C leaves", () => {
    assert.deepStrictEqual(after(gaps, "escape").outcome, event("cancel"))
    assert.deepStrictEqual(after(gaps, "ctrl-c").outcome, event("cancel", true))
    const busy = list([row("Sending...", { enabled: false })], { cancel: null })
    assert.deepStrictEqual(after(busy, "escape").outcome, none)
    assert.deepStrictEqual(after(busy, "return").outcome, none)
    assert.deepStrictEqual(after(busy, "ctrl-c").outcome, { _tag: "Quit" })
  })

  it("where no row can be selected Enter cancels", () => {
    const { outcome, state } = after(list([row("Loading...", { enabled: false })]), "return")
    assert.deepStrictEqual([state.selected, outcome], [-1, event("cancel")])
  })

  it("begins with its initial row, or the first that is enabled", () => {
    assert.strictEqual(open(list([row("a"), row("b")], { initial: 1 })).selected, 1)
    assert.strictEqual(open({ ...gaps, initial: 2 }).selected, 1)
    assert.strictEqual(open({ ...gaps, initial: 99 }).selected, 1)
  })

  it("keeps its cursor while it is the same view, and leaves a row that is disabled by now", () => {
    const { state } = after(gaps, "down", "down")
    assert.strictEqual(keep(state, { ...gaps, title: "Another" }).selected, 4)
    assert.strictEqual(keep(state, { ...gaps, id: "other" }).selected, 1)
    assert.strictEqual(keep(state, { ...gaps, rows: gaps.rows.slice(0, 3) }).selected, 1)
    assert.strictEqual(keep(state, { ...gaps, rows: [] }).selected, -1)
  })

  it.prop(
    "no keys ever accept a row that is disabled, and a paste does nothing at all",
    [anyList, FastCheck.array(anyInput, { maxLength: 30 })],
    ([view, inputs]) => {
      let state = open(view)
      const disabled = new Set(view.rows.filter((row) => !row.enabled).map((row) => row.event))
      for (const input of inputs) {
        const [next, outcome] = press(view, state, input, page)
        if (input._tag === "Paste") assert.deepStrictEqual([next, outcome], [state, none])
        if (outcome._tag === "Event") assert.isFalse(disabled.has(outcome.event))
        if (outcome._tag === "Quit") assert.isNull(view.cancel)
        assert.isTrue(next.selected === -1 || view.rows[next.selected]?.enabled === true)
        if (next.selected === -1) assert.isTrue(view.rows.every((row) => !row.enabled))
        state = next
      }
    }
  )

  it.prop("Enter at once accepts the initial row, if it can be accepted", [anyList], ([view]) => {
    const { outcome } = after(view, "return")
    const initial = view.rows[view.initial]
    if (initial?.enabled === true) assert.deepStrictEqual(outcome, event(initial.event))
    else {
      const first = view.rows.find((row) => row.enabled)
      const cancelled = view.cancel === null ? none : event(view.cancel)
      assert.deepStrictEqual(outcome, first === undefined ? cancelled : event(first.event))
    }
  })
})

describe("a line of text", () => {
  const typed = (...spelled: ReadonlyArray<string>) => {
    const { after: behind, before } = after(prompt({ initial: "ab cd" }), ...spelled).state.typed
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
    const view = prompt({ initial: "ae\u0301🇫🇷" })
    assert.strictEqual(after(view, "backspace").state.typed.before, "ae\u0301")
    assert.strictEqual(after(view, "backspace", "backspace").state.typed.before, "a")
  })

  it("Enter submits the text without the space around it, and nothing when there is none", () => {
    assert.deepStrictEqual(after(prompt({ initial: " a b " }), " ", "return").outcome, event("submit a b"))
    assert.deepStrictEqual(after(prompt(), "return").outcome, none)
    assert.deepStrictEqual(after(prompt(), " ", " ", "return").outcome, none)
    assert.deepStrictEqual(after(prompt({ initial: "a" }), "alt-return").outcome, none)
  })

  it("Escape and Ctrl-C cancel", () => {
    assert.deepStrictEqual(after(prompt(), "escape").outcome, event("cancel"))
    assert.deepStrictEqual(after(prompt(), "ctrl-c").outcome, event("cancel", true))
  })

  it("keeps the text while it is the same prompt", () => {
    const { state } = after(prompt(), "a", "b")
    assert.strictEqual(keep(state, prompt({ problem: "no" })).typed.before, "ab")
    assert.strictEqual(keep(state, prompt({ id: "other" })).typed.before, "")
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
        assert.isAtMost(Array.from(text).length, Math.max(longestText, Array.from(view.initial).length))
        assert.notStrictEqual(outcome._tag, "Quit")
        if (outcome._tag === "Event" && outcome.event !== "cancel") {
          assert.strictEqual(outcome.event, `submit ${text.trim()}`)
          assert.notStrictEqual(text.trim(), "")
        }
        state = next
      }
    }
  )
})

it.prop("a key belongs to the view that is shown, whatever was shown before", [anyView, anyView, anyInput], (given) => {
  const [before, view, input] = given
  if (before.id === view.id) return
  assert.deepStrictEqual(press(view, open(before), input, page), press(view, open(view), input, page))
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
    const { state } = pressed(prompt({ initial: "ad" }), [key("left"), { _tag: "Paste", text: "bc" }])
    assert.deepStrictEqual(state.typed, { before: "abc", after: "d" })
  })
})
