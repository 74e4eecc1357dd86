/** The menu over any sequence of events: right answers, late ones, foreign ones, double keys, changes of account. */
import { assert, describe, it } from "@effect/vitest"
import * as FastCheck from "effect/FastCheck"
import { init } from "../../../src/programs/menu/UsageMenu.js"
import { answer, reply } from "./answers.js"
import { ada, offerOf, usageOf } from "./support.js"
import { begin, moves, rowEvent, step, take } from "./world.js"

const runs = { numRuns: Number(process.env.FC_RUNS ?? 150) }

/** Where the sequences have to come by: a test that never comes near an act proves nothing. */
const wanted = [
  "Redeem Consuming",
  "Redeem ConsumeFailed",
  "Redeem Refreshing",
  "Redeem Done",
  "Redeem Resume",
  "Redeem QuietPeriod",
  "Invite Sending",
  "Invite Earlier",
  "Invite Sent",
  "Nudge Prompt",
  "Nudge Sending",
  "Nudge Sent"
]

describe("any sequence of events", () => {
  it("keeps the laws", () => {
    FastCheck.assert(
      FastCheck.property(moves, (moves) => {
        const world = begin(init(ada))
        for (const move of moves) take(world, move)
      }),
      runs
    )
  })

  it("comes by every act", () => {
    const seen = new Set<string>()
    for (const some of FastCheck.sample(moves, { seed: 1, numRuns: 400 })) {
      const world = begin(init(ada))
      for (const move of some) {
        take(world, move)
        const { flow } = world.state
        if (flow !== null) seen.add(`${flow._tag} ${flow.state._tag}`)
      }
    }
    assert.includeMembers([...seen], wanted)
  })

  it("sends nothing, however often Enter accepts the row that is selected at first", () => {
    const flows = FastCheck.constantFrom(
      "OpenRedeem" as const,
      "OpenInvite" as const,
      "OpenNudge" as const,
      "OpenUsage" as const
    )
    const answers = FastCheck.array(answer, { minLength: 5, maxLength: 40 })
    FastCheck.assert(
      FastCheck.property(flows, answers, (_tag, answers) => {
        const world = begin(init(ada))
        const stopped = usageOf({ reachedType: "workspace_member_credits_depleted" })
        step(world, { _tag: "CountLoaded", id: 1, usage: stopped, isOpen: false })
        step(world, { _tag: "OfferLoaded", id: 2, offer: offerOf(ada) })
        step(world, { _tag })
        for (const like of answers) {
          const command = world.open.pop()
          if (command !== undefined && command._tag !== "AwaitExpiry") step(world, reply(command, like, 0))
          const event = rowEvent(world.state, "preselected")
          if (event !== null) step(world, event)
        }
        assert.strictEqual(world.acts, 0)
      }),
      runs
    )
  })

  it("holds no offer any more when the end of each has come", () => {
    FastCheck.assert(
      FastCheck.property(moves, (moves) => {
        const world = begin(init(ada))
        for (const move of moves) take(world, move)
        for (const command of world.all) {
          if (command._tag === "AwaitExpiry") step(world, { _tag: "OfferExpired", id: command.id })
        }
        assert.isTrue(world.state.offer === null || world.state._tag === "Ended")
      }),
      runs
    )
  })
})
