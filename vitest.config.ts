import { randomInt } from "node:crypto"
import { availableParallelism, tmpdir } from "node:os"
import { join } from "node:path"
import { fileURLToPath } from "node:url"
import { defineConfig } from "vitest/config"

/** One seed, so that every run is the same; `FC_SEED=random` draws another and prints it, and `FC_SEED=<n>` sets it. */
const { FC_SEED = "20240229" } = process.env
const seed = FC_SEED === "random" ? String(randomInt(2 ** 31 - 1)) : FC_SEED
if (FC_SEED === "random") console.log(`fast-check seed: ${seed} (repeat with FC_SEED=${seed})`)
// The projects read this file again.
process.env.FC_SEED = seed

const src = fileURLToPath(new URL("./src", import.meta.url))

/** A command costs a second to start, so `npm test` runs what each command does, and the rest soaks. */
const ofProcesses = [
  "test/e2e/**/*.test.ts",
  "test/conformance/**/*.test.ts",
  "test/neighbours/**/*.test.ts",
  "test/app-server/client/command.test.ts",
  "test/app-server/delegate/**/*.test.ts",
  "test/layers/keyring/**/*.test.ts"
]

/**
 * Real processes that are killed, that wait for minutes of the clock, or that are many; the packed package as others
 * install it; and the model's at every step.
 */
const onlySoak = [
  "test/e2e/processes/**/*.test.ts",
  "test/e2e/journal/**/*.test.ts",
  "test/e2e/package/**/*.test.ts",
  "test/e2e/cli/journal.test.ts",
  "test/e2e/cli/login.test.ts",
  "test/e2e/cli/secrets.test.ts",
  "test/e2e/cli/watch.test.ts",
  "test/e2e/cli/withoutKoffi.test.ts",
  "test/conformance/conformance.test.ts",
  "test/app-server/client/command.test.ts",
  "test/model/everyStep.test.ts"
]

/** What every run tries a few times is tried more often when it soaks. */
const alsoSoak = ["test/model/acts.test.ts", "test/model/readers.test.ts", "test/model/sessions.test.ts"]

/** Processes start slowly on a machine that has much else to do. */
const patient = { testTimeout: 180_000, hookTimeout: 180_000 }

export default defineConfig({
  resolve: {
    alias: [
      { find: /^effect-codex-account$/, replacement: join(src, "index.ts") },
      { find: /^effect-codex-account\/testing$/, replacement: join(src, "testing/index.ts") },
      { find: /^effect-codex-account\/app-server$/, replacement: join(src, "app-server/index.ts") },
      { find: /^effect-codex-account\/(.+)$/, replacement: `${src}/$1.ts` }
    ]
  },
  test: {
    // What waits for processes, sockets and terminals goes one by one; the rest takes every core.
    projects: [
      {
        extends: true,
        test: {
          name: "unit",
          include: ["test/**/*.test.ts"],
          exclude: [...ofProcesses, ...onlySoak],
          sequence: { groupOrder: 0 }
        }
      },
      {
        extends: true,
        test: {
          name: "processes",
          include: ofProcesses,
          exclude: onlySoak,
          ...patient,
          sequence: { groupOrder: 1 },
          poolOptions: { forks: { singleFork: true } }
        }
      },
      {
        extends: true,
        test: {
          name: "soak",
          include: [...onlySoak, ...alsoSoak],
          env: { FC_RUNS: process.env.FC_RUNS ?? "70" },
          ...patient,
          sequence: { groupOrder: 2 },
          poolOptions: { forks: { singleFork: true } }
        }
      }
    ],
    // Loading modules anew for each file is half the time. A project's own setting has no effect.
    poolOptions: { forks: { isolate: false } },
    maxWorkers: availableParallelism(),
    minWorkers: 1,
    setupFiles: ["test/setup.ts"],
    env: {
      FC_SEED: seed,
      // No test reads the account of whoever runs it.
      CODEX_HOME: join(tmpdir(), "codex-account-no-such-home")
    },
    testTimeout: 20_000,
    hookTimeout: 20_000,
    restoreMocks: true,
    unstubEnvs: true
  }
})
