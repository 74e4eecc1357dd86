/**
 * Checks that every arrow between the parts of src goes the right way, and that every file of src was looked at.
 *
 * Usage: node scripts/architecture.mjs [root]
 */
import { spawnSync } from "node:child_process"
import { readdirSync } from "node:fs"
import { join, resolve } from "node:path"
import { home, tool } from "./tools.mjs"

const root = resolve(process.argv[2] ?? home)
const depcruise = [tool("dependency-cruiser", "depcruise"), "src", "--config", join(home, ".dependency-cruiser.cjs")]
const { error, stderr, stdout } = spawnSync(process.execPath, [...depcruise, "--output-type=json", "--no-cache"], {
  cwd: root,
  encoding: "utf8",
  maxBuffer: 256 * 1024 * 1024
})
if (error !== undefined || !stdout.startsWith("{")) {
  console.error(error?.message ?? stderr)
  process.exit(2)
}

const { modules, summary } = JSON.parse(stdout)
const cruised = new Set(modules.map((module) => module.source).filter((source) => source.startsWith("src/")))
const missed = readdirSync(join(root, "src"), { recursive: true })
  .map((name) => `src/${name.replaceAll("\\", "/")}`)
  .filter((name) => name.endsWith(".ts") && !cruised.has(name))
const { totalDependenciesCruised, violations } = summary

for (const { from, rule, to } of violations) console.log(`${rule.severity} ${rule.name}: ${from} -> ${to}`)
for (const name of missed) console.log(`error not-looked-at: ${name}`)
console.log(`${violations.length} violations, ${cruised.size} modules, ${totalDependenciesCruised} dependencies`)
process.exitCode = violations.length > 0 || missed.length > 0 || cruised.size === 0 ? 1 : 0
