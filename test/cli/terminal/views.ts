/** Views and keys to try things with. */
import * as FastCheck from "effect/FastCheck"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import type { Input, Key } from "../../../src/cli/terminal/input.js"
import { type Row, view, type View } from "../../../src/cli/terminal/View.js"
import { Arbitraries } from "../../../src/testing/index.js"

export const row = (label: string, more: Partial<Row<string>> = {}): Row<string> => ({
  label,
  enabled: true,
  value: label,
  ...more
})

export const list = (rows: ReadonlyArray<Row<string>>, more: Partial<View<string>> = {}): View<string> =>
  view({ title: "Title", rows, ...more })

export const prompt = (
  more: Partial<View<string>> & { readonly initialText?: string; readonly problem?: string } = {}
) =>
  view<string>({
    title: "Title",
    field: {
      placeholder: "name@example.com",
      initial: more.initialText ?? "",
      read: (text) => (more.problem === undefined ? Either.right(`submit ${text}`) : Either.left(more.problem))
    },
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
    value: FastCheck.uuid()
  },
  { requiredKeys: ["label", "enabled", "value"] }
)

export const anyList: FastCheck.Arbitrary<View<string>> = FastCheck.record({
  title: text,
  lines: FastCheck.array(text, { maxLength: 6 }),
  wide: FastCheck.array(text, { maxLength: 12 }),
  rows: FastCheck.array(anyRow, { maxLength: 14 }),
  initial: FastCheck.integer({ min: -1, max: 15 }),
  field: FastCheck.constant(null),
  canLeave: FastCheck.boolean(),
  keys: FastCheck.constantFrom({}, { d: Effect.succeed(true), q: Effect.succeed(false) }),
  busy: FastCheck.boolean()
})

export const anyPrompt: FastCheck.Arbitrary<View<string>> = FastCheck.record({
  title: text,
  lines: FastCheck.array(text, { maxLength: 6 }),
  placeholder: text,
  initial: text,
  problem: FastCheck.option(text)
}).map(({ initial, lines, placeholder, problem, title }) =>
  view({
    title,
    lines,
    field: {
      placeholder,
      initial,
      read: (given) => (problem === null ? Either.right(`submit ${given}`) : Either.left(problem))
    }
  })
)

export const anyView: FastCheck.Arbitrary<View<string>> = FastCheck.oneof(anyList, anyPrompt)
