/**
 * Every check there is: `npm test`. With `--static` only those that run nothing: `npm run check`.
 *
 * A failed check does not stop the next. The last line is `N passed, N failed`, where each check, each test and each
 * example counts as one; the exit code is 1 if anything failed. `FC_SEED` repeats a run's property tests.
 */
import { spawnSync } from "node:child_process"
import { randomInt } from "node:crypto"
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync } from "node:fs"
import { tmpdir } from "node:os"
import { join } from "node:path"
import { home, tool } from "./tools.mjs"

const scratch = mkdtempSync(join(tmpdir(), "codex-account-test-"))
process.on("exit", () => rmSync(scratch, { recursive: true, force: true }))

const seed = process.env.FC_SEED ?? String(randomInt(2 ** 31 - 1))
const env = { ...process.env, FC_SEED: seed, CODEX_HOME: join(scratch, "no-such-home") }
const passed = []
const failed = []
const record = (name, ok) => (ok ? passed : failed).push(name)

const check = (name, args, { show = false, minutes = 3 } = {}) => {
  const start = performance.now()
  const { error, signal, status, stderr, stdout } = spawnSync(process.execPath, args, {
    cwd: home,
    encoding: "utf8",
    env,
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
const counted = (name, args, options) => record(name, check(name, args, options))

const tests = () => {
  const report = join(scratch, "vitest.json")
  const ok = check(
    "tests",
    [
      tool("vitest"),
      "run",
      "--allowOnly=false",
      "--reporter=default",
      "--reporter=json",
      `--outputFile.json=${report}`
    ],
    { show: true, minutes: 20 }
  )
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

const examples = () => {
  const folder = join(home, "examples")
  const names = existsSync(folder) ? readdirSync(folder).filter((name) => name.endsWith(".ts")) : []
  // Against the built package, by its own name: tsconfig.build.json maps no path to src.
  for (const name of names.toSorted()) {
    counted(`examples/${name}`, [tool("tsx"), "--tsconfig", "tsconfig.build.json", join("examples", name)])
  }
}

counted("types and Effect diagnostics", ["scripts/types.mjs"])
counted("lint", [tool("oxlint"), "--deny-warnings"])
counted("format", [tool("oxfmt"), "--check"])
counted("architecture", ["scripts/architecture.mjs"])
counted("unused files and packages", [tool("knip")])
if (!process.argv.includes("--static")) {
  counted("build", ["scripts/build.mjs"])
  counted("package", [tool("publint"), "--strict"])
  tests()
  examples()
  console.log(`fast-check seed: ${seed} (repeat with FC_SEED=${seed})`)
}

for (const name of failed) console.log(`failed: ${name}`)
console.log(`${passed.length} passed, ${failed.length} failed`)
process.exitCode = failed.length === 0 ? 0 : 1
