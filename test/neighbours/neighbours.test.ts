/** What needs a released codex says so where there is none. */
import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const run = (...args: ReadonlyArray<string>) =>
  spawnSync(process.execPath, ["--import", "tsx", fileURLToPath(new URL("./main.ts", import.meta.url)), ...args], {
    encoding: "utf8"
  })

describe("neighbours", () => {
  it("is skipped in words without a codex", () => {
    const { status, stdout } = run()
    assert.deepStrictEqual([status, stdout.startsWith("Skipped: the neighbour is a released codex")], [0, true])
  })

  it("a codex that is not there is no reason to skip", () => {
    const { status, stderr } = run("--peer", "/nowhere/codex")
    assert.deepStrictEqual([status, stderr], [2, "There is no /nowhere/codex.\n"])
  })
})
