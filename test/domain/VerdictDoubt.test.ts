import { describe } from "@effect/vitest"
import { table } from "./judging.js"
import { day, fiveHours, paying, spend, week } from "./snapshots.js"

describe("a window that has reset since is presumed empty", () => {
  table([
    {
      name: "so that nothing stops",
      said: { allowed: false, windows: [fiveHours(100, 5), week(40)], reachedType: "rate_limit_reached" },
      after: 5,
      is: { doubts: ["presumedReset"] }
    },
    {
      name: "not a moment before",
      said: { allowed: false, windows: [fiveHours(100, 5)] },
      after: 4.999,
      is: { blockers: ["5h"], until: 5 }
    },
    {
      name: "but the other window still stops",
      said: { allowed: false, windows: [fiveHours(100, 5), week(100)] },
      after: 6,
      is: { blockers: ["weekly"], until: 3 * day }
    },
    {
      name: "and depleted credits are not needed any more",
      said: {
        plan: "team",
        allowed: false,
        windows: [fiveHours(100, 5)],
        reachedType: "workspace_member_credits_depleted"
      },
      after: 6,
      is: { doubts: ["presumedReset"] }
    },
    {
      name: "which does not lift a spend cap",
      said: {
        plan: "team",
        allowed: false,
        windows: [fiveHours(100, 5)],
        reachedType: "workspace_owner_usage_limit_reached"
      },
      after: 6,
      is: { blockers: ["cap/owner"] }
    },
    {
      name: "a refusal that the window never explained stands",
      said: { allowed: false, windows: [fiveHours(80, 5)] },
      after: 6,
      is: { blockers: ["NotAllowed"], doubts: ["noReason"] }
    },
    {
      name: "a monthly allowance resets as well",
      said: { plan: "team", allowed: false, spendControl: spend(true, { remainingPercent: 0, resetsIn: 5 }) },
      after: 6,
      is: { doubts: ["presumedReset"] }
    }
  ])
})

describe("little is known", () => {
  table([
    {
      name: "no limit at all: usable, and said to be a guess",
      said: { allowed: null },
      is: { doubts: ["nothingKnown"], confidence: "low" }
    },
    {
      name: "windows with room, without the backend's word",
      said: { allowed: null, windows: [fiveHours(20)] },
      is: { doubts: ["allowedUnknown"] }
    },
    {
      name: "refused without a reason",
      said: { allowed: false, windows: [fiveHours(20), week(99)] },
      is: { blockers: ["NotAllowed"], doubts: ["noReason"] }
    },
    {
      name: "refused without a reason: credits pay for full windows only",
      said: { allowed: false, windows: [fiveHours(20)], credits: paying() },
      is: { blockers: ["NotAllowed"], doubts: ["noReason"] }
    },
    {
      name: "a reached rate limit that no window shows",
      said: { allowed: false, windows: [fiveHours(20)], reachedType: "rate_limit_reached" },
      is: { blockers: ["RateLimitReached"], doubts: ["contradictory"] }
    },
    {
      name: "a reached rate limit without windows",
      said: { allowed: null, reachedType: "rate_limit_reached" },
      is: { blockers: ["RateLimitReached"], doubts: ["allowedUnknown"] }
    },
    {
      name: "a reached rate limit that no window shows: credits pay",
      said: { allowed: false, reachedType: "rate_limit_reached", credits: paying() },
      is: { paidBy: "credits" }
    }
  ])
})
