/** Views and keys to try things with. */
import * as FastCheck from "effect/FastCheck"
import type { Input, Key } from "../../../src/cli/menu/kitInput.js"
import type { ListView, PromptView, Row, View } from "../../../src/cli/menu/View.js"
import { Arbitraries } from "../../../src/testing/index.js"

export const row = (label: string, more: Partial<Row<string>> = {}): Row<string> => ({
  label,
  enabled: true,
  event: label,
  ...more
})

export const list = (rows: ReadonlyArray<Row<string>>, more: Partial<ListView<string>> = {}): ListView<string> => ({
  _tag: "List",
  id: "list",
  title: "Title",
  lines: [],
  wide: [],
  rows,
  initial: 0,
  cancel: "cancel",
  keys: {},
  busy: false,
  ...more
})

export const prompt = (more: Partial<PromptView<string>> = {}): PromptView<string> => ({
  _tag: "Prompt",
  id: "prompt",
  title: "Title",
  lines: [],
  placeholder: "name@example.com",
  initial: "",
  problem: null,
  submit: (text) => `submit ${text}`,
  cancel: "cancel",
  ...more
})

/** A key by its name, as Node names it: `up`, `ctrl-c`, `alt-y`; any other single character is typed. */
export const key = (spelled: string): Key => {
  const name = spelled.replace(/^(?:ctrl|alt)-/, "")
  const ctrl = spelled.startsWith("ctrl-")
  // Node reports Escape alone as held with Alt.
  const meta = spelled.startsWith("alt-") || spelled === "escape"
  const text = Array.from(name).length === 1 && !ctrl && !meta ? name : null
  return { _tag: "Key", name: name.toLowerCase(), ctrl, meta, text }
}

const names = [
  "up down left right home end pageup pagedown return enter escape tab delete backspace undefined",
  "ctrl-c ctrl-p ctrl-n ctrl-a ctrl-e ctrl-u ctrl-w ctrl-k alt-return alt-y alt-1",
  "k j y n Y d w c 0 1 2 3 9 é 漢"
].flatMap((line) => line.split(" "))

export const anyInput: FastCheck.Arbitrary<Input> = FastCheck.oneof(
  { weight: 8, arbitrary: FastCheck.constantFrom(...names).map(key) },
  { weight: 1, arbitrary: Arbitraries.untrustedText.map((text) => ({ ...key("x"), text })) },
  { weight: 1, arbitrary: Arbitraries.untrustedText.map((text) => ({ _tag: "Paste", text }) as const) }
)

const text = FastCheck.oneof(
  Arbitraries.untrustedText,
  FastCheck.lorem({ maxCount: 40 }),
  FastCheck.constantFrom(
    "\u001b[2J\u001b[31mred",
    "\u001b]52;c;cm0gLXJm\u0007",
    "\u001b[1mbold without an end",
    "\u202egnp.exe",
    "漢字".repeat(40),
    "x".repeat(10_000),
    "e\u0301".repeat(100),
    "\u009b31m",
    "a\nb\r\nc\td",
    ""
  )
)

const anyRow: FastCheck.Arbitrary<Row<string>> = FastCheck.record(
  {
    label: text,
    detail: text,
    description: text,
    shortcut: FastCheck.constantFrom("y", "n", "d", "1"),
    enabled: FastCheck.boolean(),
    event: FastCheck.uuid()
  },
  { requiredKeys: ["label", "enabled", "event"] }
)

export const anyList: FastCheck.Arbitrary<ListView<string>> = FastCheck.record({
  _tag: FastCheck.constant("List"),
  id: FastCheck.constantFrom("a", "b"),
  title: text,
  lines: FastCheck.array(text, { maxLength: 6 }),
  wide: FastCheck.array(text, { maxLength: 12 }),
  rows: FastCheck.array(anyRow, { maxLength: 14 }),
  initial: FastCheck.integer({ min: -1, max: 15 }),
  cancel: FastCheck.option(FastCheck.constant("cancel")),
  keys: FastCheck.constantFrom({}, { d: "daily", w: "weekly", c: "cumulative" }),
  busy: FastCheck.boolean()
})

export const anyPrompt: FastCheck.Arbitrary<PromptView<string>> = FastCheck.record({
  _tag: FastCheck.constant("Prompt"),
  id: FastCheck.constantFrom("a", "p"),
  title: text,
  lines: FastCheck.array(text, { maxLength: 6 }),
  placeholder: text,
  initial: text,
  problem: FastCheck.option(text),
  submit: FastCheck.constant((text: string) => `submit ${text}`),
  cancel: FastCheck.constant("cancel")
})

export const anyView: FastCheck.Arbitrary<View<string>> = FastCheck.oneof(anyList, anyPrompt)
