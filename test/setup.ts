import * as FastCheck from "effect/FastCheck"

/**
 * Every property test of the run starts from one seed. `FC_RUNS` sets how often a property is tried where the test does
 * not say.
 */
FastCheck.configureGlobal({
  ...FastCheck.readConfigureGlobal(),
  seed: Number(process.env.FC_SEED),
  ...(process.env.FC_RUNS === undefined ? {} : { numRuns: Number(process.env.FC_RUNS) })
})
