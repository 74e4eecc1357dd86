/** Runs scenarios, and says which laws were broken. */
import { beforeEach, vi } from "@effect/vitest"
import { createHash } from "node:crypto"
import * as FastCheck from "effect/FastCheck"
import { assert } from "vitest"
import type { History } from "./history.js"
import { violations, type Violation } from "./laws.js"
import type { Mutation } from "./life.js"
import type { Scenario } from "./scenario.js"
import { play } from "./world.js"

// The platform's digest works on a thread, and virtual time would not wait for it.
beforeEach(() => {
  vi.spyOn(globalThis.crypto.subtle, "digest").mockImplementation((_algorithm, data) => {
    const bytes = ArrayBuffer.isView(data)
      ? new Uint8Array(data.buffer, data.byteOffset, data.byteLength)
      : new Uint8Array(data)
    return Promise.resolve(Uint8Array.from(createHash("sha256").update(bytes).digest()).buffer)
  })
})

class Broken extends Error {
  constructor(
    readonly found: ReadonlyArray<Violation>,
    history: History
  ) {
    const answered = history.answered.map(
      ({ at, life, said, task }) => `  ${at} ms, process ${task.process}.${life.number}: ${task.command._tag}: ${said}`
    )
    super([...found.map(({ law, what }) => `law ${law}: ${what}`), "Answers:", ...answered].join("\n"))
  }
}

/** `FC_RUNS` sets the number of tries, as everywhere. */
const runs = (usual: number) => (process.env.FC_RUNS === undefined ? usual : Number(process.env.FC_RUNS))

/** Real milliseconds: a try costs about a tenth of a second, on a busy machine more. */
export const timeLimit = 60_000 + runs(0) * 1_000

const property = (
  scenarios: FastCheck.Arbitrary<Scenario>,
  mutation: Mutation,
  concerns: (violation: Violation) => boolean
) =>
  FastCheck.asyncProperty(scenarios, async (scenario) => {
    const history = await play(scenario, mutation)
    const found = violations(history)
    if (found.some(concerns)) throw new Broken(found, history)
  })

/** Every law holds in every scenario. A failure is shrunk, for half a minute at most, and shown with its seed. */
export const holds = (scenarios: FastCheck.Arbitrary<Scenario>, usual: number): Promise<void> =>
  FastCheck.assert(
    property(scenarios, {}, () => true),
    { numRuns: runs(usual), interruptAfterTimeLimit: timeLimit - 10_000 }
  )

/** In the world without a mechanism some scenario breaks this law, in these words, and no other law. */
export const breaks = async (
  scenarios: FastCheck.Arbitrary<Scenario>,
  mutation: Mutation,
  law: number,
  words: RegExp
): Promise<void> => {
  const result = await FastCheck.check(
    property(scenarios, mutation, (violation) => violation.law === law && words.test(violation.what)),
    { numRuns: 300, endOnFailure: true, interruptAfterTimeLimit: timeLimit - 10_000 }
  )
  assert.isTrue(result.failed, `law ${law} was never seen broken in ${result.numRuns} scenarios`)
  assert.instanceOf(result.errorInstance, Broken)
  const laws = result.errorInstance instanceof Broken ? result.errorInstance.found.map(({ law }) => law) : []
  assert.deepStrictEqual(new Set(laws), new Set([law]), String(result.errorInstance))
}
