import { assert, it } from "@effect/vitest"
import * as Either from "effect/Either"
import * as FastCheck from "effect/FastCheck"
import { commandWords } from "../../../src/app-server/delegate/commandWords.js"

const good: Readonly<Record<string, ReadonlyArray<string>>> = {
  "codex app-server": ["codex", "app-server"],
  "  codex\t app-server \n": ["codex", "app-server"],
  "'/opt/my codex/bin' -c \"a = 'b'\"": ["/opt/my codex/bin", "-c", "a = 'b'"],
  "a\\ b c": ["a b", "c"],
  'x "say \\"hi\\"" \'\'': ["x", 'say "hi"', ""],
  "a'b'c\"d\"e": ["abcde"],
  "echo $HOME `id` ; rm * > f && g": ["echo", "$HOME", "`id`", ";", "rm", "*", ">", "f", "&&", "g"]
}

const wordsOf = (text: string): ReadonlyArray<string> => Either.getOrThrow(commandWords(text))

for (const [text, words] of Object.entries(good)) {
  it(`${JSON.stringify(text)} is ${words.length} words`, () => {
    assert.deepStrictEqual(wordsOf(text), words)
  })
}

for (const text of ["", "   ", "''", "codex 'app", 'codex "app', "codex \\"]) {
  it(`${JSON.stringify(text)} is no command`, () => {
    assert.isTrue(Either.isLeft(commandWords(text)))
  })
}

const quoted = (word: string) => `'${word.replaceAll("'", "'\\''")}'`

it.prop(
  "quoted words come back as they are",
  [FastCheck.array(FastCheck.string({ unit: "grapheme" }), { minLength: 1 }).filter(([first]) => first !== "")],
  ([words]) => {
    assert.deepStrictEqual(wordsOf(words.map(quoted).join(" ")), words)
  }
)

it.prop("no text breaks it", [FastCheck.string({ unit: "binary" })], ([text]) => {
  const words = commandWords(text)
  if (Either.isRight(words)) assert.isAbove(words.right.length, 0)
})
