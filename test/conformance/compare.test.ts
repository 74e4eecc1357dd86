/** The comparison finds what is different, and nothing else: proved with the recording itself as what was played. */
import { assert, describe, it } from "@effect/vitest"
import { compare, type Difference, recordedAnswer } from "./compare.js"
import { judge } from "./wanted.js"
import type { Played } from "./play.js"
import { loadScenarios, type Scenario } from "./Scenario.js"

const scenarios = loadScenarios(1_763_640_000)

const named = (name: string): Scenario => {
  const found = scenarios.find((scenario) => scenario.name === name)
  assert(found !== undefined, `there is no scenario ${name}`)
  return found
}

/** What the original did, as if it had been played. */
const asRecorded = ({ exit, notifications, steps, totals }: Scenario): Played => ({
  calls: steps.flatMap((step) =>
    "call" in step
      ? [{ answer: recordedAnswer(step.call, step.answer), requests: step.requests, tookMillis: step.tookMillis ?? 1 }]
      : []
  ),
  lines: steps.flatMap((step) => ("send" in step ? [step.answers] : [])),
  pages: steps.flatMap((step) => ("visit" in step ? [step.answer] : [])),
  notifications,
  totals,
  exit,
  broken: []
})

const whats = (differences: ReadonlyArray<Difference>) => differences.map(({ path, what }) => `${what} ${path}`.trim())

const calls = (played: Played, change: (call: Played["calls"][number]) => Played["calls"][number]): Played => ({
  ...played,
  calls: played.calls.map((call, n) => (n === 0 ? change(call) : call))
})

describe("comparing", () => {
  it("all scenarios are there", () => {
    assert.lengthOf(scenarios, 80)
    assert.lengthOf(new Set(scenarios.map(({ name }) => name.toLowerCase())), 80)
    assert.isAbove(scenarios.flatMap(({ steps }) => steps.filter((step) => "call" in step)).length, 400)
  })

  it("what was recorded is no different from itself", () => {
    for (const scenario of scenarios) assert.deepStrictEqual(compare(scenario, asRecorded(scenario)), [])
  })

  const minimal = named("rl-minimal")
  const played = asRecorded(minimal)
  /** What is found when the first answer is another. */
  const answered = (answer: Played["calls"][number]["answer"], scenario = minimal) =>
    whats(
      compare(
        scenario,
        calls(asRecorded(scenario), (call) => ({ ...call, answer }))
      )
    )

  it("another answer to a call", () => {
    const { rateLimitUpsell, ...result } = recordedResult(minimal)
    assert.deepStrictEqual(answered({ result: { ...result, rateLimitUpsell, accountId: "acc-other", more: 1 } }), [
      "result accountId",
      "result more"
    ])
    assert.deepStrictEqual(answered({ result }), ["result rateLimitUpsell"])
    assert.deepStrictEqual(answered({ error: { code: -32_603, message: "failed" } }), ["outcome"])
    assert.deepStrictEqual(answered({ none: true }), ["outcome"])
    const none = named("auth-none")
    const other = { error: { code: -32_602, message: "other" } }
    const firstError = asRecorded(none).calls.findIndex(({ answer }) => "error" in answer)
    const changed = asRecorded(none).calls.map((call, n) => (n === firstError ? { ...call, answer: other } : call))
    assert.deepStrictEqual(whats(compare(none, { ...asRecorded(none), calls: changed })), [
      "code code",
      "message message"
    ])
  })

  it("a request more, whatever the order of those at once", () => {
    const reordered = calls(played, (call) => ({ ...call, requests: call.requests.toReversed() }))
    assert.deepStrictEqual(compare(minimal, reordered), [])
    const more = calls(played, (call) => ({ ...call, requests: [...call.requests, "GET /backend-api/x -> 200"] }))
    assert.deepStrictEqual(whats(compare(minimal, more)), ["requests"])
  })

  it("notifications, totals, exit, time, lines, pages and rules", () => {
    const slow = named("timeout-consume-hang")
    const malformed = named("proto-malformed")
    const browser = named("login-chatgpt-browser")
    const found = [
      ...compare(minimal, { ...played, notifications: [] }),
      ...compare(minimal, { ...played, totals: { ...played.totals, "GET /x": 1 } }),
      ...compare(minimal, { ...played, exit: "SIGKILL" }),
      ...compare(minimal, { ...played, broken: ["two answers"] }),
      ...compare(
        slow,
        calls(asRecorded(slow), (call) => ({ ...call, tookMillis: 30_000 }))
      ),
      ...compare(malformed, { ...asRecorded(malformed), lines: [[{ id: 1, result: true }]] }),
      ...compare(browser, { ...asRecorded(browser), pages: [{ status: 200, body: "Not Found" }] })
    ]
    assert.includeMembers(whats(found), ["notifications", "totals GET /x", "exit", "rule", "took", "line", "page"])
  })

  it("an entry of the list excuses what it names, and counts as used only then", () => {
    const found = compare(minimal, { ...played, exit: 1 })
    const excuse = { why: "a reason", scenario: /^rl-/, what: ["exit"] } as const
    const names = scenarios.map(({ name }) => name)
    assert.deepStrictEqual(judge(found, names, names, [excuse]), { unwanted: [], stale: [] })
    assert.lengthOf(judge(found, names, names, [{ ...excuse, what: ["totals"] }]).unwanted, 1)
    assert.lengthOf(judge([], names, names, [excuse]).stale, 1)
    // Not every scenario that it could be about was played.
    assert.lengthOf(judge([], ["rl-minimal"], names, [excuse]).stale, 0)
  })
})

const recordedResult = (scenario: Scenario): Record<string, unknown> => {
  const [step] = scenario.steps.filter((one) => "call" in one)
  assert(step !== undefined)
  const answer = recordedAnswer(step.call, step.answer)
  assert("result" in answer && typeof answer.result === "object" && answer.result !== null)
  return { ...answer.result }
}
