import { describe } from "@effect/vitest"
import { claimedRole, liveRole } from "../../src/domain/WorkspaceRole.js"
import { table } from "./judging.js"
import { day, fiveHours, paying, spend } from "./snapshots.js"

describe("a workspace stops", () => {
  const member = liveRole("standard-user")
  const owner = liveRole("account-admin")
  table([
    {
      name: "for depleted credits, which waiting does not fill",
      said: { plan: "business", allowed: false, reachedType: "workspace_member_credits_depleted" },
      is: { blockers: ["credits/member"] }
    },
    {
      name: "for depleted credits beside a full window, until the plan pays again",
      said: {
        plan: "business",
        allowed: false,
        windows: [fiveHours(100)],
        reachedType: "workspace_owner_credits_depleted"
      },
      is: { blockers: ["5h", "credits/owner"], until: 60 }
    },
    {
      name: "for depleted credits, even if a balance is told",
      said: { plan: "business", allowed: false, credits: paying(), reachedType: "workspace_owner_credits_depleted" },
      is: { blockers: ["credits/owner"], doubts: ["contradictory"] }
    },
    {
      name: "for depleted credits beside a full window, even if a balance is told",
      said: {
        plan: "business",
        allowed: false,
        windows: [fiveHours(100)],
        credits: paying(),
        reachedType: "workspace_owner_credits_depleted"
      },
      is: { blockers: ["5h", "credits/owner"], until: 60, doubts: ["contradictory"] }
    },
    {
      name: "for a spend cap by reached type",
      said: { plan: "team", allowed: false, reachedType: "workspace_member_usage_limit_reached" },
      is: { blockers: ["cap/member"] }
    },
    {
      name: "for a spend cap once, where both say so",
      said: {
        plan: "team",
        allowed: false,
        spendControl: spend(true),
        reachedType: "workspace_owner_usage_limit_reached"
      },
      is: { blockers: ["cap/owner"] }
    },
    {
      name: "for a spend cap by reached type, though spend control denies it",
      said: {
        plan: "team",
        allowed: false,
        spendControl: spend(false),
        reachedType: "workspace_owner_usage_limit_reached"
      },
      is: { blockers: ["cap/owner"], doubts: ["contradictory"] }
    },
    {
      name: "until the monthly allowance comes back, where that is used up",
      said: { plan: "team", allowed: false, spendControl: spend(true, { remainingPercent: 0, resetsIn: 7 * day }) },
      role: member,
      is: { blockers: ["cap/member"], until: 7 * day }
    },
    {
      name: "without an end, where the allowance is not what is used up",
      said: { plan: "team", allowed: false, spendControl: spend(true, { remainingPercent: 40, resetsIn: 7 * day }) },
      role: owner,
      is: { blockers: ["cap/owner"] }
    },
    {
      name: "the reached type outweighs the role",
      said: { plan: "team", allowed: false, reachedType: "workspace_member_usage_limit_reached" },
      role: owner,
      is: { blockers: ["cap/member"] }
    },
    {
      name: "the token's claim is a role too",
      said: { plan: "team", allowed: false, spendControl: spend(true) },
      role: claimedRole(true),
      is: { blockers: ["cap/owner"] }
    },
    {
      name: "a role that tells nothing leaves it open",
      said: { plan: "team", allowed: false, spendControl: spend(true) },
      role: claimedRole(null),
      is: { blockers: ["cap/unknown"] }
    },
    {
      name: "a personal plan is its user's own",
      said: { plan: "pro", allowed: false, spendControl: spend(true) },
      is: { blockers: ["cap/owner"] }
    },
    {
      name: "an unknown plan is nobody's",
      said: { plan: "unknown", allowed: false, spendControl: spend(true) },
      is: { blockers: ["cap/unknown"] }
    },
    {
      name: "without the backend's word, its reached type stands",
      said: { plan: "team", allowed: null, reachedType: "workspace_member_credits_depleted" },
      is: { blockers: ["credits/member"], doubts: ["allowedUnknown"] }
    }
  ])
})
