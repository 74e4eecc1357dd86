/**
 * Runs every bench/*.bench.ts, one after the other: `npm run bench`. Words select by name: `npm run bench -- decode`.
 * Flags go to each of them.
 */
import { readdirSync } from "node:fs"
import { join } from "node:path"
import { home, node, tool } from "./tools.mjs"

const given = process.argv.slice(2)
const words = given.filter((word) => !word.startsWith("--"))
const flags = given.filter((word) => word.startsWith("--"))
const isWanted = (name) =>
  name.endsWith(".bench.ts") && (words.length === 0 || words.some((word) => name.includes(word)))
const names = readdirSync(join(home, "bench")).filter(isWanted).toSorted()
if (names.length === 0) console.error("There is no such benchmark.")

process.exitCode = names.length === 0 ? 1 : 0
for (const name of names) {
  console.log(`# bench/${name}`)
  if (node([tool("tsx"), join("bench", name), ...flags]) !== 0) process.exitCode = 1
}
