/** Laws 10 and 13 over processes whose account changes, and over those with many readers. */
import { breaks, holds } from "./checking.js"
import { withoutInterval, withoutRetryAfter, withSharedCache } from "./mutants.js"
import { identities, readers, switches } from "./scenario.js"

holds("law 10: an account never sees or spends what is another's", identities, 15)
holds("law 13: one reading an interval and a process, and no sooner than the backend wishes", readers, 15)

breaks("law 10 is broken by a cache that does not tell accounts apart", switches, withSharedCache, 10, /saw/)
breaks("law 13 is broken without the interval", readers, withoutInterval, 13, /in an interval/)
breaks("law 13 is broken without Retry-After", readers, withoutRetryAfter, 13, /wish/)
