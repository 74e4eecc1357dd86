/** A death at every single step of every act, one after the other, and the model's own soundness. */
import * as FastCheck from "effect/FastCheck"
import { assert, describe, it } from "vitest"
import type { FaultPlan } from "../../src/testing/index.js"
import "./checking.js"
import type { History } from "./history.js"
import { violations } from "./laws.js"
import { acts, type Command, type Scenario, usedElsewhere } from "./scenario.js"
import { people, play } from "./world.js"

/** Real milliseconds: some hundred scenarios, on a busy machine a second each. */
const timeLimit = 300_000

const one = (command: Command, diesAt: ReadonlyArray<number>, faults: FaultPlan.FaultPlan = []): Scenario => ({
  processes: [{ skew: 0, pace: [0], commands: [{ at: 0, command }], diesAt, restartAfter: 1_000 }],
  faults,
  tokensDropped: false
})

const done = ({ state }: History) =>
  Array.from(state.accounts, ([, account]) => account)
    .filter(({ accountId }) => accountId === people.A.accountId)
    .map(({ invites, nudges, redemptions }) => [
      redemptions.filter(({ key }) => key !== usedElsewhere).length,
      invites.length,
      nudges.length
    ])

const commands = [
  [{ _tag: "redeem" }, [1, 0, 0]],
  [{ _tag: "invite", to: "zoe" }, [0, 1, 0]],
  [{ _tag: "nudge" }, [0, 0, 1]],
  [{ _tag: "refresh" }, [0, 0, 0]]
] as const

describe.each(commands)("%o", (command, expected) => {
  it(
    "dies at each step in turn, and is asked for again",
    async () => {
      let deaths = 0
      while (true) {
        const history = await play(one(command, [deaths + 1]))
        assert.deepStrictEqual(violations(history), [], `died at step ${deaths + 1}`)
        if (history.answered[0]?.life.number === 0) {
          assert.deepStrictEqual(done(history), [[...expected]])
          break
        }
        deaths += 1
      }
      assert.isAbove(deaths, 10)
    },
    timeLimit
  )
})

it(
  "the same scenario gives the same history",
  async () => {
    const about = (history: History) => ({
      answered: history.answered.map(({ at, said, task }) => [at, task.id, said]),
      sent: history.sent.map(({ at, end, endpoint, life }) => [at, endpoint, life.process, life.number, end]),
      journal: history.journal.map(({ at, key, state }) => [at, key, state])
    })
    for (const scenario of FastCheck.sample(acts, 5)) {
      assert.deepStrictEqual(about(await play(scenario)), about(await play(scenario)))
    }
  },
  timeLimit
)

it(
  "control: the scenarios come to deaths, contention, lost answers and carrying on",
  async () => {
    const expected = [
      "redeem: reset",
      "redeem: alreadyRedeemed, after a death",
      "redeem: ActError TooSoon",
      "redeem: ActError Busy",
      "redeem: ActError OutcomeUnknown",
      "invite: Sent",
      "invite: Sent, after a death",
      "invite: ActError NotNeeded, after a death",
      "invite: ActError Unresolved, after a death",
      "nudge: sent, after a death",
      "nudge: ActError OutcomeUnknown"
    ]
    const said = new Set<string>()
    const unsaid = () => expected.filter((words) => !said.has(words))
    for (const scenario of FastCheck.sample(acts, { numRuns: 60, seed: 7 })) {
      if (unsaid().length === 0) break
      for (const { life, said: words, task } of (await play(scenario)).answered) {
        said.add(`${task.command._tag}: ${words}${life.number > 0 ? ", after a death" : ""}`)
      }
    }
    assert.deepStrictEqual(unsaid(), [], Array.from(said).join("\n"))
  },
  timeLimit
)
