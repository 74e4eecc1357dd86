/** Laws 1, 2 and 3 over processes that share a store: renewals, sign-ins and sign-outs, deaths and lost answers. */
import { describe, it } from "vitest"
import { breaks, holds, timeLimit } from "./checking.js"
import { withoutCompare, withoutDoubt, withoutSessionLease, withoutReread, withoutUnknownKeys } from "./mutants.js"
import { overtaken, sessions, troubled } from "./scenario.js"

it("laws 1, 2 and 3: whatever the processes do, die of and hear", () => holds(sessions, 20), timeLimit)

describe("control: a mechanism is taken away", () => {
  it("law 1 is broken without the lease", () => breaks(sessions, withoutSessionLease, 1, /was sent/), timeLimit)
  it(
    "law 1 is broken without the look at the store before the exchange",
    () => breaks(sessions, withoutReread, 1, /was sent/),
    timeLimit
  )
  it(
    "law 1 is broken by who takes every trouble for a refusal",
    () => breaks(troubled, withoutDoubt, 1, /ends with nothing/),
    timeLimit
  )
  it(
    "law 2 is broken without compare-and-set",
    () => breaks(overtaken, withoutCompare, 2, /replaced another|brought back/),
    timeLimit
  )
  it(
    "law 3 is broken by a writer that keeps what it knows",
    () => breaks(sessions, withoutUnknownKeys, 3, /lost keys/),
    timeLimit
  )
})
