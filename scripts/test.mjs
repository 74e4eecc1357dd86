/**
 * Runs the parts that are named: `static`, `build`, `tests`, `examples`, `soak`. See package.json.
 *
 * A failed check does not stop the next. The last line is `N passed, N failed`, where each check, each test and each
 * example counts as one; the exit code is 1 if anything failed. Property tests start from one fixed seed:
 * `FC_SEED=<n>` sets another, and `FC_SEED=random` draws one and prints it.
 */
import { spawnSync } from "node:child_process"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { home, tool } from "./tools.mjs"

const scratch = mkdtempSync(join(tmpdir(), "codex-account-test-"))
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }))

const parts = process.argv.slice(2)
const passed = []
const failed = []
const record = (name, ok) => (ok ? passed : failed).push(name)

const check = (name, args, { show = false, minutes = 3 } = {}) => {
  const start = performance.now()
  const { error, signal, status, stderr, stdout } = spawnSync(process.execPath, args, {
    cwd: home,
    encoding: "utf8",
    env: { ...process.env, CODEX_HOME: join(scratch, "no-such-home") },
    killSignal: "SIGKILL",
    maxBuffer: 256 * 1024 * 1024,
    stdio: show ? ["ignore", "inherit", "inherit"] : ["ignore", "pipe", "pipe"],
    timeout: minutes * 60_000
  })
  const ok = status === 0
  if (!ok && !show) console.log(`${stdout ?? ""}${stderr ?? ""}`.trimEnd())
  const why = ok ? "" : ` (${error?.message ?? signal ?? `exit ${status}`})`
  console.log(`${ok ? "ok  " : "FAIL"} ${name} ${((performance.now() - start) / 1000).toFixed(1)} s${why}`)
  return ok
}
const counted = (name, ...args) => record(name, check(name, args))

/** CommonJS loads ES modules from Node 22 on, which attw does not know; and `--no-definitely-typed` asks no registry. */
const esmOnly = ["--profile", "esm-only", "--no-definitely-typed"]

const tests = (...projects) => {
  const report = join(scratch, "vitest.json")
  const reporters = ["--reporter=default", "--reporter=json", `--outputFile.json=${report}`]
  const selected = projects.map((name) => `--project=${name}`)
  const vitest = [tool("vitest"), "run", "--allowOnly=false", ...selected, ...reporters]
  const ok = check(projects.join(" and "), vitest, { show: true, minutes: 20 })
  const failures = failed.length
  const files = existsSync(report) ? JSON.parse(readFileSync(report, "utf8")).testResults : []
  let skipped = 0
  for (const { assertionResults, message, name, status } of files) {
    for (const result of assertionResults) {
      if (result.status === "passed" || result.status === "failed") record(result.fullName, result.status === "passed")
      else skipped += 1
    }
    if (status === "failed" && !assertionResults.some((result) => result.status === "failed")) {
      console.log(message)
      record(name.replace(`${home}/`, ""), false)
    }
  }
  if (!ok && failed.length === failures) record("tests (the run itself)", false)
  if (ok && files.length === 0) record("tests (there are none)", false)
  if (skipped > 0) console.log(`${skipped} tests were skipped`)
}

if (parts.includes("static")) {
  counted("types and Effect diagnostics", "scripts/types.mjs")
  counted("lint", tool("oxlint"), "--deny-warnings")
  counted("format", tool("oxfmt"), "--check")
  counted("architecture", "scripts/architecture.mjs")
  counted("unused files and packages", tool("knip"))
}
if (parts.includes("build")) {
  counted("build", "scripts/build.mjs")
  // What npm would publish is checked as it is packed, under no network.
  const { name, version } = JSON.parse(readFileSync(join(home, "package.json"), "utf8"))
  const tarball = join(scratch, `${name}-${version}.tgz`)
  record("what would be published", check("what would be published", ["scripts/pack.mjs", scratch], { show: true }))
  counted("package", tool("publint"), "--strict", tarball)
  counted("types as they are resolved", tool("@arethetypeswrong/cli", "attw"), tarball, ...esmOnly)
}
if (parts.includes("tests")) tests("unit", "processes")
if (parts.includes("examples")) {
  // Against the built package, by its own name: tsconfig.build.json maps no path to src.
  for (const name of readdirSync(join(home, "examples"))
    .filter((name) => name.endsWith(".ts"))
    .toSorted()) {
    counted(`examples/${name}`, tool("tsx"), "--tsconfig", "tsconfig.build.json", join("examples", name))
  }
}
if (parts.includes("soak")) tests("soak")

for (const name of failed) console.log(`failed: ${name}`)
console.log(`${passed.length} passed, ${failed.length} failed`)
process.exitCode = failed.length === 0 ? 0 : 1
