/** Laws 10 and 13 over processes whose account changes, and over those with many readers. */
import { describe, it } from "vitest"
import { breaks, holds, timeLimit } from "./checking.js"
import { withoutInterval, withoutRetryAfter, withSharedCache } from "./mutants.js"
import { identities, readers, switches } from "./scenario.js"

it("law 10: an account never sees or spends what is another's", () => holds(identities, 15), timeLimit)
it(
  "law 13: one reading an interval and a process, and no sooner than the backend wishes",
  () => holds(readers, 15),
  timeLimit
)

describe("control: a mechanism is taken away", () => {
  it(
    "law 10 is broken by a cache that does not tell accounts apart",
    () => breaks(switches, withSharedCache, 10, /saw/),
    timeLimit
  )
  it("law 13 is broken without the interval", () => breaks(readers, withoutInterval, 13, /in an interval/), timeLimit)
  it("law 13 is broken when the wish is not heard", () => breaks(readers, withoutRetryAfter, 13, /wish/), timeLimit)
})
