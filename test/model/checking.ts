/** Runs scenarios, and says which laws were broken. */
import { beforeEach, vi } from "@effect/vitest"
import { createHash } from "node:crypto"
import * as FastCheck from "effect/FastCheck"
import { assert, it } from "vitest"
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

/** Real milliseconds: a try costs about a tenth of a second, on a busy machine more than one. */
const timeLimit = 120_000 + runs(0) * 1_000

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
export const holds = (name: string, scenarios: FastCheck.Arbitrary<Scenario>, usual: number): void =>
  it(name, { timeout: timeLimit }, () =>
    FastCheck.assert(
      property(scenarios, {}, () => true),
      { numRuns: runs(usual), interruptAfterTimeLimit: timeLimit - 10_000 }
    )
  )

/** Control: in the world without a mechanism some scenario breaks this law, in these words, and no other law. */
export const breaks = (
  name: string,
  scenarios: FastCheck.Arbitrary<Scenario>,
  mutation: Mutation,
  law: number,
  words: RegExp
): void =>
  it(`control: ${name}`, { timeout: timeLimit }, async () => {
    const result = await FastCheck.check(
      property(scenarios, mutation, (violation) => violation.law === law && words.test(violation.what)),
      { numRuns: 300, endOnFailure: true, interruptAfterTimeLimit: timeLimit - 10_000 }
    )
    assert.isTrue(result.failed, `law ${law} was never seen broken in ${result.numRuns} scenarios`)
    const { errorInstance } = result
    assert(errorInstance instanceof Broken)
    assert.deepStrictEqual(new Set(errorInstance.found.map(({ law }) => law)), new Set([law]), String(errorInstance))
  })
