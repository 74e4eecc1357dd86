/** A command as one text. No shell reads it: it is a program and its arguments, and nothing else. */
import * as Either from "effect/Either"

export type Words = readonly [program: string, ...args: ReadonlyArray<string>]

const bare = /[^\s'"\\]+|\\(.)/su
const piece = new RegExp(`'([^']*)'|"((?:[^"\\\\]|\\\\.)*)"|${bare.source}`, "suy")

/**
 * Words stand apart by white space. Quotes of either kind keep it; in double quotes and outside of quotes a backslash
 * takes the next character as it is. The failure says what is wrong.
 */
export const commandWords = (text: string): Either.Either<Words, string> => {
  const words: Array<string> = []
  let word: string | null = null
  let at = 0
  const trimmed = text.trim()
  while (at < trimmed.length) {
    const space = /^\s+/u.exec(trimmed.slice(at))
    if (space !== null) {
      if (word !== null) words.push(word)
      word = null
      at += space[0].length
      continue
    }
    piece.lastIndex = at
    const match = piece.exec(trimmed)
    if (match === null) return Either.left("a quote or a backslash at its end is not complete")
    const [whole, single, double, escaped] = match
    word = `${word ?? ""}${single ?? double?.replace(/\\(.)/gsu, "$1") ?? escaped ?? whole}`
    at += whole.length
  }
  if (word !== null) words.push(word)
  const [program, ...args] = words
  return program === undefined || program === ""
    ? Either.left("there is no program in it")
    : Either.right([program, ...args])
}
