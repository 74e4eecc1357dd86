/**
 * Checks that every arrow between the parts of src goes the right way, and that every file of src was looked at.
 *
 * Usage: node scripts/architecture.mjs [root]
 */
import { spawnSync } from "node:child_process"
import { existsSync, readdirSync } from "node:fs"
import { join, resolve } from "node:path"
import { home, tool } from "./tools.mjs"

const root = resolve(process.argv[2] ?? home)
const { error, stderr, stdout } = spawnSync(
  process.execPath,
  [
    tool("dependency-cruiser", "depcruise"),
    "src",
    "--config",
    join(home, ".dependency-cruiser.cjs"),
    "--output-type",
    "json",
    "--no-cache"
  ],
  { cwd: root, encoding: "utf8", maxBuffer: 256 * 1024 * 1024 }
)
if (error !== undefined || !stdout.startsWith("{")) {
  console.error(error?.message ?? stderr)
  process.exit(2)
}

const { modules, summary } = JSON.parse(stdout)
const cruised = new Set(modules.map((module) => module.source))
const missed = existsSync(join(root, "src"))
  ? readdirSync(join(root, "src"), { recursive: true })
      .map((name) => `src/${String(name).replaceAll("\\", "/")}`)
      .filter((name) => name.endsWith(".ts") && !cruised.has(name))
  : []
const seen = modules.filter((module) => module.source.startsWith("src/")).length

for (const { from, rule, to } of summary.violations) console.log(`${rule.severity} ${rule.name}: ${from} -> ${to}`)
for (const name of missed) console.log(`error not-looked-at: ${name}`)
console.log(
  `${summary.violations.length} violations, ${seen} modules, ${summary.totalDependenciesCruised} dependencies`
)
process.exit(summary.violations.length > 0 || missed.length > 0 || seen === 0 ? 1 : 0)
