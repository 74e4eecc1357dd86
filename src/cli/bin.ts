/**
 * The command `codex-account`. Asked for its version, it answers before anything heavy is loaded.
 *
 * @since 0.1.0
 */
import { version } from "../domain/version.js"

const given = process.argv.slice(2)
const literal = given.indexOf("--")
const flags = literal === -1 ? given : given.slice(0, literal)

if (flags.includes("--version")) {
  const answer = { schemaVersion: 1, command: "version", ok: true, exitCode: 0, version }
  process.stdout.write(`${flags.includes("--json") ? JSON.stringify(answer) : version}\n`)
} else {
  const { main } = await import("./main.js")
  main(given)
}
