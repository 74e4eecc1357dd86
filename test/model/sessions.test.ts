/** Laws 1, 2 and 3 over processes that share a store: renewals, sign-ins and sign-outs, deaths and lost answers. */
import { breaks, holds } from "./checking.js"
import { withoutCompare, withoutDoubt, withoutReread, withoutSessionLease, withoutUnknownKeys } from "./mutants.js"
import { overtaken, sessions, touched, troubled } from "./scenario.js"

holds("laws 1, 2 and 3: whatever the processes do, die of and hear", sessions, 20)
holds("laws 1, 2 and 3: whatever others change while a renewal is under way", touched, 10)

breaks("law 1 is broken without the lease", sessions, withoutSessionLease, 1, /was sent/)
breaks("law 1 is broken without the look at the store before the exchange", sessions, withoutReread, 1, /was sent/)
breaks("law 1 is broken by a client that takes trouble for a refusal", troubled, withoutDoubt, 1, /ends with nothing/)
breaks("law 2 is broken without compare-and-set", overtaken, withoutCompare, 2, /replaced another|brought back/)
breaks("law 3 is broken by a writer that keeps what it knows", sessions, withoutUnknownKeys, 3, /lost keys/)
