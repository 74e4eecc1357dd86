/** The recorded exchanges of the original, played against the built command. */
import { assert, beforeAll, describe, it } from "@effect/vitest"
import * as Effect from "effect/Effect"
import { bundle } from "../e2e/cli/harness.js"
import { type Difference, render } from "./compare.js"
import { judge } from "./wanted.js"
import { playAll } from "./playAll.js"
import { loadScenarios } from "./Scenario.js"

/** How many servers run at once. */
const atOnce = 3

const all = loadScenarios(Math.floor((performance.timeOrigin + performance.now()) / 1000))
const fast = all.filter(({ slow }) => !slow)

describe("as the original", () => {
  let found: ReadonlyMap<string, ReadonlyArray<Difference>> = new Map()
  const judged = (differences: ReadonlyArray<Difference>) =>
    judge(
      differences,
      fast.map(({ name }) => name),
      all.map(({ name }) => name)
    )

  beforeAll(async () => {
    const command = { file: process.execPath, args: [bundle(), "app-server"] }
    found = await Effect.runPromise(playAll(command, fast, atOnce))
  }, 120_000)

  for (const { name } of fast) {
    it(name, () => {
      const { unwanted } = judged(found.get(name) ?? [])
      assert.isTrue(found.has(name), "was played")
      assert.lengthOf(unwanted, 0, `\n${unwanted.map(render).join("\n")}\n`)
    })
  }

  it("every wanted difference is there", () => {
    const { stale } = judged([...found.values()].flat())
    assert.deepStrictEqual(
      stale.map(({ why }) => why),
      []
    )
  })
})
