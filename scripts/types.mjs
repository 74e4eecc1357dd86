/**
 * Checks types, and what Effect's language service knows of Effect code: the native TypeScript with that built in.
 * Arguments are those of `tsc`.
 */
import { spawnSync } from "node:child_process"
import { home, tool } from "./tools.mjs"

// The command looks for the native TypeScript from where it is started.
const effectTsgo = [tool("@effect/tsgo", "effect-tsgo"), "get-exe-path"]
const { status, stderr, stdout } = spawnSync(process.execPath, effectTsgo, { cwd: home, encoding: "utf8" })
if (status !== 0) console.error(stderr)
const check = () => spawnSync(stdout.trim(), process.argv.slice(2), { stdio: "inherit" }).status ?? 1
process.exitCode = status === 0 ? check() : 1
