import { it } from "vitest"
import "../programs/harness.js"
import { play } from "./world.js"
import type { Scenario } from "./scenario.js"
it("x", async () => {
  const s: Scenario = { faults: [], tokensDropped: true, processes: [
    { skew: 0, pace: [10], diesAt: [], restartAfter: 1000, commands: [{ at: 0, command: { _tag: "redeem" } }, { at: 0, command: { _tag: "invite", to: "zoe" } }, { at: 0, command: { _tag: "nudge" } }, { at: 5, command: { _tag: "usage" } }] },
    { skew: 0, pace: [0], diesAt: [20], restartAfter: 1000, commands: [{ at: 0, command: { _tag: "redeem" } }, { at: 500, command: { _tag: "refresh" } }] } ] }
  for (let i = 0; i < 25; i++) {
    const t = performance.now()
    const h = await play(s)
    console.log(performance.now() - t)
    if (i === 0) { console.log(h.told.map((t) => [t.at, t.task.process, t.task.command._tag, t.said, t.present, ...t.seen].join(" ")).join("\n")); console.log(h.sent.map((t) => [t.at, t.life.process, t.endpoint, t.end?.status, t.open.length, t.bearerOf].join(" ")).join("\n")); console.log(h.journal.map((t) => [t.at, t.key, t.state].join(" ")).join("\n"), h.holding, h.writes.length) }
  }
})
