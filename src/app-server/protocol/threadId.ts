/** Thread ids are UUIDs. */
import { echoed } from "./echo.js"

const simple = /^[0-9a-f]{32}$/i
const hyphenated = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i
const lengths = [8, 4, 4, 4, 12]

/** What is wrong with the id, in the words of the original's parser; null when nothing is. */
export const threadIdProblem = (id: string): string | null => {
  const bare = /^\{(.*)\}$/s.exec(id)?.[1] ?? /^urn:uuid:(.*)$/s.exec(id)?.[1] ?? id
  if (hyphenated.test(bare) || (bare === id && simple.test(id))) return null
  const offset = id.indexOf(bare)
  const stranger = /[^0-9a-f-]/iu.exec(bare)
  if (stranger !== null) {
    return `invalid character: expected an optional prefix of \`urn:uuid:\` followed by [0-9a-fA-F-], found \`${echoed(stranger[0])}\` at ${stranger.index + offset + 1}`
  }
  const groups = bare.split("-")
  if (groups.length === 1 && bare === id) {
    return `invalid length: expected length 32 for simple format, found ${id.length}`
  }
  if (groups.length !== 5) return `invalid group count: expected 5, found ${groups.length}`
  const wrong = groups.findIndex((group, i) => group.length !== lengths[i])
  return `invalid group length in group ${wrong}: expected ${lengths[wrong]}, found ${groups[wrong]?.length}`
}

/** The id as it is compared and stored: lower case with hyphens. Only for ids without a problem. */
export const canonicalThreadId = (id: string): string =>
  id
    .toLowerCase()
    .replace(/^urn:uuid:|[{}-]/g, "")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
