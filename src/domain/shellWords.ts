/** A command line in one text, split into words the way a POSIX shell splits them. No shell reads it. */
import * as Either from "effect/Either"

/** The program and its arguments. */
export type Words = readonly [program: string, ...args: ReadonlyArray<string>]

/**
 * Words are separated by white space. Single quotes keep their content as it is. Outside quotes a backslash makes the
 * next character literal; in double quotes it does so only before `"` and `\`, and otherwise stands for itself. Nothing
 * is expanded: no variable, no pattern, no home directory, and no character is an operator.
 *
 * The failure says what is wrong, without repeating the text.
 */
export const shellWords = (text: string): Either.Either<Words, string> => {
  const words: Array<string> = []
  let word: string | null = null
  let quote: string | null = null
  for (let index = 0; index < text.length; index++) {
    const character = text[index] ?? ""
    const next = text[index + 1]
    if (quote === "'") {
      if (character === quote) quote = null
      else word += character
    } else if (character === "\\" && (quote === null || next === '"' || next === "\\")) {
      if (next === undefined) return Either.left("it ends with a backslash")
      word = (word ?? "") + next
      index += 1
    } else if (quote !== null) {
      if (character === quote) quote = null
      else word += character
    } else if (character === "'" || character === '"') {
      quote = character
      word ??= ""
    } else if (/\s/.test(character)) {
      if (word !== null) words.push(word)
      word = null
    } else {
      word = (word ?? "") + character
    }
  }
  if (quote !== null) return Either.left(`a quote is not closed: ${quote}`)
  if (word !== null) words.push(word)
  const [program, ...args] = words
  if (program === undefined || program === "") return Either.left("it names no program")
  if (text.includes("\u0000")) return Either.left("it has a character that no argument can have")
  return Either.right([program, ...args])
}
