/** The released codex that `--peer` names. */
import { existsSync } from "node:fs"
import { parseArgs } from "node:util"

const { values } = parseArgs({ options: { peer: { type: "string" } }, strict: false })

/** Its path; null where there is none, which is said. */
export const peerOf = (what: string): string | null => {
  const { peer } = values
  if (typeof peer !== "string") console.log(`Skipped: this needs ${what}, and no --peer PATH/TO/codex is given.`)
  else if (existsSync(peer)) return peer
  else {
    console.error(`There is no ${peer}.`)
    process.exitCode = 2
  }
  return null
}
