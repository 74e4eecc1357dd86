/**
 * Builds the library (src to dist, unbundled, with declarations) and the command.
 */
import { existsSync, readdirSync, rmSync, statSync } from "node:fs"
import { join } from "node:path"
import { home, node, tool } from "./tools.mjs"

const src = join(home, "src")
const dist = join(home, "dist")
const run = (...args) => {
  const status = node(args)
  if (status !== 0) process.exit(status)
}

run(tool("@typescript/native", "tsc"), "-p", "tsconfig.build.json")

// What has no source any more goes, and an empty folder with it.
const prune = (folder) => {
  for (const name of readdirSync(join(dist, folder))) {
    const path = join(folder, name)
    if (path === "bin.js" || path === "bin-chunks") continue
    if (statSync(join(dist, path)).isDirectory()) {
      prune(path)
      if (readdirSync(join(dist, path)).length === 0) rmSync(join(dist, path), { recursive: true })
    } else if (!existsSync(join(src, path.replace(/(\.d)?\.(js|ts)(\.map)?$/, ".ts")))) rmSync(join(dist, path))
  }
}
prune("")

run(join(home, "scripts/build-bin.mjs"))
