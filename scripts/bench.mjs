/**
 * Runs every bench/*.bench.ts, one after the other: `npm run bench`. Words select by name: `npm run bench -- decode`.
 * Flags go to each of them.
 */
import { existsSync, readdirSync } from "node:fs"
import { join } from "node:path"
import { home, node, tool } from "./tools.mjs"

const folder = join(home, "bench")
const given = process.argv.slice(2)
const words = given.filter((word) => !word.startsWith("--"))
const flags = given.filter((word) => word.startsWith("--"))
const names = (existsSync(folder) ? readdirSync(folder) : [])
  .filter((name) => name.endsWith(".bench.ts"))
  .filter((name) => words.length === 0 || words.some((word) => name.includes(word)))
  .toSorted()
if (names.length === 0) console.error("There is no such benchmark.")

let status = names.length === 0 ? 1 : 0
for (const name of names) {
  console.log(`# bench/${name}`)
  status = Math.max(status, node([tool("tsx"), join("bench", name), ...flags]))
}
process.exitCode = status
