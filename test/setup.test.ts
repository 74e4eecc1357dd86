import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "node:assert"
import * as Effect from "effect/Effect"
import * as FastCheck from "effect/FastCheck"

describe("property tests", () => {
  const value = FastCheck.integer()
  const seed = Number(process.env.FC_SEED)
  const expected = FastCheck.sample(FastCheck.tuple(value), { seed, numRuns: 20 }).map(([n]) => n)
  const otherSeed = FastCheck.sample(FastCheck.tuple(value), { seed: seed + 1, numRuns: 20 }).map(([n]) => n)
  const runs = { fastCheck: { numRuns: 20 } }

  const pure: Array<number> = []
  const effectful: Array<number> = []
  const record = FastCheck.record({ n: value })
  const named: Array<number> = []

  it.prop("it.prop tries", [value], ([n]) => void pure.push(n), runs)
  it.effect.prop("it.effect.prop tries", [value], ([n]) => Effect.sync(() => void effectful.push(n)), runs)
  it.effect.prop(
    "it.effect.prop with names tries",
    { n: value },
    ({ n }) => Effect.sync(() => void named.push(n)),
    runs
  )

  it("start from the seed of the run, whichever way they are written", () => {
    strictEqual(FastCheck.readConfigureGlobal().seed, seed)
    deepStrictEqual(pure, expected)
    deepStrictEqual(effectful, expected)
    deepStrictEqual(
      named,
      FastCheck.sample(record, { seed, numRuns: 20 }).map(({ n }) => n)
    )
  })

  it("control: another seed gives other values", () => {
    strictEqual(JSON.stringify(otherSeed) === JSON.stringify(expected), false)
  })
})
