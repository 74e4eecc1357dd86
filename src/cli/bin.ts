/** The command `codex-account`. Asked for its version, it answers before anything heavy is loaded. */
import { version } from "../domain/version.js"
import type * as Main from "./main.js"
import { loadScript } from "./startup.js"

/** The main part as a script, beside this file; only where the build has made one. */
declare const MAIN_SCRIPT: string | undefined

const given = process.argv.slice(2)
const literal = given.indexOf("--")
const flags = literal === -1 ? given : given.slice(0, literal)

if (flags.includes("--version")) {
  const answer = { schemaVersion: 1, command: "version", ok: true, exitCode: 0, version }
  process.stdout.write(`${flags.includes("--json") ? JSON.stringify(answer) : version}\n`)
} else {
  const { main } =
    typeof MAIN_SCRIPT === "string"
      ? (loadScript(new URL(MAIN_SCRIPT, import.meta.url), flags) as typeof Main)
      : await import("./main.js")
  main(given)
}
