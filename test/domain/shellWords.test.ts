import { assert, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import { shellWords } from "../../src/domain/shellWords.js"

const all = (text: string) =>
  Either.match(shellWords(text), { onLeft: (problem) => problem, onRight: (words): ReadonlyArray<string> => words })

it.each<[text: string, words: ReadonlyArray<string> | string]>([
  ["notify", ["notify"]],
  ["  a  b\tc\n", ["a", "b", "c"]],
  ["say 'two words' \"and two\"", ["say", "two words", "and two"]],
  ["a'b'\"c\"d", ["abcd"]],
  ["a '' \"\"", ["a", "", ""]],
  ["echo $HOME ~ *.txt `id` $(id)", ["echo", "$HOME", "~", "*.txt", "`id`", "$(id)"]],
  ["a; b && c | d > e & f # g", ["a;", "b", "&&", "c", "|", "d", ">", "e", "&", "f", "#", "g"]],
  ["'$HOME' \"$HOME\"", ["$HOME", "$HOME"]],
  ["a\\ b \\\"c \\'d \\\\e", ["a b", '"c', "'d", "\\e"]],
  ['"a\\"b\\\\c\\nd"', ['a"b\\c\\nd']],
  ["'a\\b' x", ["a\\b", "x"]],
  ["'C:\\Program Files\\x.exe'", ["C:\\Program Files\\x.exe"]],
  ["", "it names no program"],
  ["   ", "it names no program"],
  ["'' a", "it names no program"],
  ["a 'b", "a quote is not closed: '"],
  ['a "b', 'a quote is not closed: "'],
  ["a \\", "it ends with a backslash"],
  ['a "b\\', 'a quote is not closed: "'],
  ["  codex\t app-server \n", ["codex", "app-server"]],
  ["'/opt/my codex/bin' -c \"a = 'b'\"", ["/opt/my codex/bin", "-c", "a = 'b'"]],
  ['x "say \\"hi\\"" \'\'', ["x", 'say "hi"', ""]],
  ["a \u0000", "it has a character that no argument can have"]
])("%j", (text, words) => assert.deepStrictEqual(all(text), words))

const word = FastCheck.string({ maxLength: 12 }).filter((text) => !text.includes("\u0000"))
const written: ReadonlyArray<(text: string) => string> = [
  (text) => `'${text.replaceAll("'", `'\\''`)}'`,
  (text) => `"${text.replaceAll("\\", "\\\\").replaceAll('"', '\\"')}"`,
  (text) => (text === "" ? "''" : Array.from(text, (character) => `\\${character}`).join(""))
]

it.prop(
  "written in any of the three ways come out as they are",
  [
    FastCheck.array(FastCheck.tuple(word, FastCheck.constantFrom(...written)), { minLength: 1, maxLength: 6 }).filter(
      ([first]) => first?.[0] !== ""
    )
  ],
  ([words]) => {
    const text = words.map(([word, write]) => write(word)).join(" ")
    assert.deepStrictEqual(
      all(text),
      words.map(([word]) => word)
    )
  }
)

it.prop("no text breaks it", [FastCheck.string({ unit: "binary" })], ([text]) => {
  const words = shellWords(text)
  if (Either.isRight(words)) assert.isAbove(words.right.length, 0)
})
