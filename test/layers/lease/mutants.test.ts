/** Each law of leases fails on leases that break it. */
import { assert, describe } from "@effect/vitest"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import { make } from "../../../src/layers/LeaseMemory.js"
import type { Lease } from "../../../src/services/Lease.js"
import { leaseLaws } from "./laws.js"
import { live } from "../../cases.js"

type Leases = Lease["Type"]
const mutants: Readonly<Record<string, readonly [law: keyof typeof leaseLaws, mutate: (lease: Leases) => Leases]>> = {
  "let everybody in": [
    "there is one holder at a time",
    () => ({ withLease: ({ name }, work) => work({ name, fence: 1, assertHeld: Effect.void }) })
  ],
  "have one fence": [
    "the fence grows with every holder",
    (lease) => ({ withLease: (options, work) => lease.withLease(options, (held) => work({ ...held, fence: 1 })) })
  ],
  "know one name": [
    "names have nothing to do with one another",
    (lease) => ({
      withLease: (options, work) =>
        lease.withLease({ ...options, name: options.name.toLowerCase() }, (held) =>
          work({ ...held, name: options.name })
        )
    })
  ],
  "wait for ever": [
    "a lease that is not given back in time is busy, and nothing is done",
    (lease) => ({ withLease: (options, work) => lease.withLease({ ...options, wait: "1 hour" }, work) })
  ],
  "are kept by a work that fails": [
    "it is given back however the work ends",
    (lease) => ({
      withLease: (options, work) =>
        Effect.flatMap(
          lease.withLease(options, (held) => Effect.exit(work(held))),
          (exit) =>
            Exit.isFailure(exit)
              ? Effect.zipRight(Effect.forkDaemon(lease.withLease(options, () => Effect.never)), exit)
              : exit
        )
    })
  ],
  "never are lost": [
    "after the work it is lost",
    (lease) => ({
      withLease: (options, work) => lease.withLease(options, (held) => work({ ...held, assertHeld: Effect.void }))
    })
  ]
}

describe("mutants of leases", () => {
  for (const [name, [law, mutate]] of Object.entries(mutants)) {
    live(`leases that ${name} break: ${law}`, function* () {
      const check = leaseLaws[law]
      assert(check !== undefined)
      assert.isTrue(Exit.isFailure(yield* Effect.exit(Effect.timeout(check(mutate(yield* make)), "4 seconds"))))
    })
  }
})
