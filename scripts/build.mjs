/** Builds the library (src to dist, unbundled, with declarations) and the command. */
import { existsSync, readdirSync, rmSync } from "node:fs"
import { join } from "node:path"
import { home, node, tool } from "./tools.mjs"

const dist = join(home, "dist")
const run = (...args) => {
  const status = node(args)
  if (status !== 0) process.exit(status)
}

// What was built from an older source goes; the command stays until there is a new one.
for (const name of existsSync(dist) ? readdirSync(dist) : []) {
  if (!name.startsWith("bin")) rmSync(join(dist, name), { recursive: true })
}
run(tool("@typescript/native", "tsc"), "-p", "tsconfig.build.json")
run("scripts/build-bin.mjs")
