/** What needs a released codex says so where there is none. */
import { assert, describe, it } from "@effect/vitest"
import { spawnSync } from "node:child_process"
import { fileURLToPath } from "node:url"

const run = (file: string, ...args: ReadonlyArray<string>) =>
  spawnSync(process.execPath, ["--import", "tsx", fileURLToPath(new URL(file, import.meta.url)), ...args], {
    encoding: "utf8"
  })

describe("neighbours", () => {
  it.each(["./main.ts", "./tui.ts"])("%s is skipped in words without a codex", (file) => {
    const { status, stdout } = run(file)
    assert.deepStrictEqual([status, stdout.startsWith("Skipped: this needs")], [0, true])
  })

  it("a codex that is not there is no reason to skip", () => {
    const { status, stderr } = run("./main.ts", "--peer", "/nowhere/codex")
    assert.deepStrictEqual([status, stderr], [2, "There is no /nowhere/codex.\n"])
  })
})
