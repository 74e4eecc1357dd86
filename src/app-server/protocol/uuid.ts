/** Ids of threads and sign-ins are UUIDs. */

const simple = /^[0-9a-f]{32}$/i
const hyphenated = /^[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}$/i

/**
 * The UUID in lower case with hyphens, from any form that the original accepts: with or without hyphens, in braces, or as
 * `urn:uuid:`. Null for text that is none.
 */
export const uuidIn = (text: string): string | null => {
  const bare = /^\{(.*)\}$/s.exec(text)?.[1] ?? /^urn:uuid:(.*)$/s.exec(text)?.[1] ?? text
  if (!hyphenated.test(bare) && !(bare === text && simple.test(bare))) return null
  return bare
    .toLowerCase()
    .replaceAll("-", "")
    .replace(/^(.{8})(.{4})(.{4})(.{4})(.{12})$/, "$1-$2-$3-$4-$5")
}
