/** Laws 4, 7 and 9 over processes that share a journal: acts, processes that die during them, and those that carry them on. */
import { describe, it } from "vitest"
import { breaks, holds, timeLimit } from "./checking.js"
import { withoutActLease, withoutMemory, withoutQuiet, withoutSent } from "./mutants.js"
import { acts, invites, keyed, resets, retried } from "./scenario.js"

it("law 4: carrying on yields one credit spent, one invite, one message at most", () => holds(acts, 20), timeLimit)
it("law 7: a key is reported as ours if and only if we sent it", () => holds(keyed, 10), timeLimit)
it("law 9: after a reset the old usage spends nothing for 20 minutes", () => holds(resets, 10), timeLimit)

const twice = /twice|two credits|two messages/

describe("control: a mechanism is taken away", () => {
  it("law 4 is broken without the lease", () => breaks(invites, withoutActLease, 4, twice), timeLimit)
  it(
    "law 4 is broken without the journal's word that something is about to leave",
    () => breaks(acts, withoutSent, 4, twice),
    timeLimit
  )
  it(
    "law 7 is broken by who forgets what was sent",
    () => breaks(retried, withoutMemory, 7, /called another's/),
    timeLimit
  )
  it("law 9 is broken without the quiet period", () => breaks(resets, withoutQuiet, 9, /after the reset/), timeLimit)
})
