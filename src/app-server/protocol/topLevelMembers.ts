/**
 * The members of a JSON object as they are written, which `JSON.parse` does not tell: it keeps the last of two equal
 * names, and the nearest double of a number.
 */

const quote = 0x22
const backslash = 0x5c
const comma = 0x2c
const openBrace = 0x7b
const closeBrace = 0x7d
const openBracket = 0x5b
const closeBracket = 0x5d

/** Where the string that begins at `start` ends: the place of its closing quote, or the end of the text. */
const endOfString = (text: string, start: number): number => {
  let end = text.indexOf('"', start + 1)
  while (end >= 0) {
    let escapes = 0
    while (text.charCodeAt(end - 1 - escapes) === backslash) escapes++
    if (escapes % 2 === 0) return end
    end = text.indexOf('"', end + 1)
  }
  return text.length
}

/**
 * Name and text of each member of the outermost object, in order and with duplicates. `json` is valid JSON of an object:
 * whoever calls has parsed it.
 */
export const topLevelMembers = (json: string): ReadonlyArray<readonly [name: string, value: string]> => {
  const members: Array<readonly [string, string]> = []
  let depth = 0
  let name: string | null = null
  let start = 0
  const close = (end: number) => {
    if (name !== null) members.push([name, json.slice(start, end).trim()])
    name = null
  }
  for (let i = 0; i < json.length; i++) {
    const code = json.charCodeAt(i)
    if (code === quote) {
      const end = endOfString(json, i)
      if (depth === 1 && name === null) {
        const key: unknown = JSON.parse(json.slice(i, end + 1))
        name = String(key)
        i = json.indexOf(":", end)
        start = i + 1
      } else i = end
    } else if (code === openBrace || code === openBracket) depth++
    else if (code === closeBrace || code === closeBracket) {
      if (depth === 1) close(i)
      depth--
    } else if (code === comma && depth === 1) close(i)
  }
  return members
}
