/**
 * Checks types, and what Effect's language service knows of Effect code: the native TypeScript with that built in.
 * Arguments are those of `tsc`.
 */
import { spawnSync } from "node:child_process"
import { home, tool } from "./tools.mjs"

// The command looks for the native TypeScript from where it is started.
const found = spawnSync(process.execPath, [tool("@effect/tsgo", "effect-tsgo"), "get-exe-path"], {
  cwd: home,
  encoding: "utf8"
})
if (found.status !== 0) console.error(found.stderr)
process.exitCode =
  found.status === 0 ? (spawnSync(found.stdout.trim(), process.argv.slice(2), { stdio: "inherit" }).status ?? 1) : 1
