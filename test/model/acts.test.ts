/** Laws 4, 7 and 9 over processes that share a journal: acts, processes that die during them, and those that carry them on. */
import { breaks, holds } from "./checking.js"
import { withoutActLease, withoutMemory, withoutQuiet, withoutSent } from "./mutants.js"
import { acts, invites, keyed, resets, retried } from "./scenario.js"

holds("law 4: carrying on yields one credit spent, one invite, one message at most", acts, 20)
holds("law 7: a key is reported as ours if and only if we sent it", keyed, 10)
holds("law 9: after a reset the old usage spends nothing for 20 minutes", resets, 10)

const twice = /twice|two credits|two messages/

breaks("law 4 is broken without the lease", invites, withoutActLease, 4, twice)
breaks("law 4 is broken when the journal doesn't note what is about to leave", acts, withoutSent, 4, twice)
breaks("law 7 is broken by a journal that forgets what was sent", retried, withoutMemory, 7, /called another's/)
breaks("law 9 is broken without the quiet period", resets, withoutQuiet, 9, /after the reset/)
