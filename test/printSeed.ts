import type { TestProject } from "vitest/node"

/** Prints, once per run, what repeats its property tests. */
export const setup = (project: TestProject): void => {
  console.log(`fast-check seed: ${project.config.env.FC_SEED} (repeat with FC_SEED=${project.config.env.FC_SEED})`)
}
