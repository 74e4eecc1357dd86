import { describe, it } from "@effect/vitest"
import { deepStrictEqual, strictEqual } from "node:assert"
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import type { Blocker } from "../../src/domain/Blocker.js"
import { type Doubt, Verdict, verdict } from "../../src/domain/Verdict.js"
import { claimedRole, liveRole, type WorkspaceRole } from "../../src/domain/WorkspaceRole.js"
import { at, day, fetchedAt, fiveHours, paying, type Said, snapshot, spend, week, win } from "./snapshots.js"

const blockerText = (blocker: Blocker): string => {
  if (blocker._tag === "WindowExhausted") return blocker.name
  if (blocker._tag === "CreditsDepleted") return `credits/${blocker.standing}`
  if (blocker._tag === "SpendCapReached") return `cap/${blocker.standing}`
  return blocker._tag
}

interface Expected {
  readonly blockers?: ReadonlyArray<string>
  readonly until?: number | null
  readonly paidBy?: "plan" | "credits" | null
  readonly doubts?: ReadonlyArray<Doubt>
  readonly confidence?: Verdict["confidence"]
}

interface Row {
  readonly name: string
  readonly said: Said
  readonly role?: WorkspaceRole
  readonly after?: number
  readonly is: Expected
}

const judge = (row: Row) => verdict(snapshot(row.said), { now: at(row.after ?? 1), role: row.role })

const check = (row: Row) => {
  const judged = judge(row)
  const { blockers = [], doubts = [], until = null } = row.is
  deepStrictEqual(
    {
      state: judged.state,
      blockers: judged.blockers.map(blockerText),
      until: judged.until,
      paidBy: judged.paidBy,
      doubts: judged.doubts,
      confidence: judged.confidence
    },
    {
      state: blockers.length > 0 ? "blocked" : "usable",
      blockers,
      until: until === null ? null : at(until),
      paidBy: row.is.paidBy ?? (blockers.length > 0 ? null : "plan"),
      doubts,
      confidence: row.is.confidence ?? (doubts.length > 0 ? "medium" : "high")
    }
  )
}

const table = (rows: ReadonlyArray<Row>) => it.each(rows)("$name", check)

describe("what the backend allows is usable", () => {
  table([
    { name: "with room in each window", said: { windows: [fiveHours(1), week(80)] }, is: {} },
    { name: "at 100 %, which alone proves no stop", said: { windows: [fiveHours(100), week(80)] }, is: {} },
    {
      name: "at 100 %, where usable credits pay",
      said: { windows: [fiveHours(100)], credits: paying() },
      is: { paidBy: "credits" }
    },
    { name: "with credits that are not needed", said: { windows: [fiveHours(99)], credits: paying() }, is: {} },
    {
      name: "with credits that are spent",
      said: { windows: [fiveHours(100)], credits: paying("0") },
      is: { paidBy: "plan" }
    },
    {
      name: "on a usage-based plan, which credits pay",
      said: { plan: "self_serve_business_usage_based", credits: paying() },
      is: { paidBy: "credits" }
    },
    {
      name: "though a reached type says depleted",
      said: { plan: "business", windows: [fiveHours(37)], reachedType: "workspace_member_credits_depleted" },
      is: { doubts: ["contradictory"] }
    },
    {
      name: "though the spend cap is reached, but then credits do not pay",
      said: { plan: "team", windows: [fiveHours(100)], credits: paying(), spendControl: spend(true) },
      is: { doubts: ["contradictory"], paidBy: "plan" }
    }
  ])
})

describe("a window stops an account that is not allowed", () => {
  table([
    {
      name: "the one that is full, by name and until its reset",
      said: { allowed: false, windows: [fiveHours(1), week(100)] },
      is: { blockers: ["weekly"], until: 3 * day }
    },
    {
      name: "all that are full, until the latest reset",
      said: { allowed: false, windows: [fiveHours(100), week(120)], reachedType: "rate_limit_reached" },
      is: { blockers: ["5h", "weekly"], until: 3 * day }
    },
    {
      name: "the latest reset may be the shorter window's",
      said: { allowed: false, windows: [fiveHours(100, 200), week(100, 20)] },
      is: { blockers: ["5h", "weekly"], until: 200 }
    },
    {
      name: "credits that can't pay change nothing",
      said: { allowed: false, windows: [fiveHours(100)], credits: paying("") },
      is: { blockers: ["5h"], until: 60 }
    },
    {
      name: "usable credits pay",
      said: { allowed: false, windows: [fiveHours(100)], credits: paying(), reachedType: "rate_limit_reached" },
      is: { paidBy: "credits" }
    },
    {
      name: "credits do not pay over a spend cap",
      said: { plan: "team", allowed: false, windows: [fiveHours(100)], credits: paying(), spendControl: spend(true) },
      is: { blockers: ["5h", "cap/unknown"] }
    },
    {
      name: "without the backend's word, the window's stands, less certainly",
      said: { allowed: null, windows: [fiveHours(100), week(5)] },
      is: { blockers: ["5h"], until: 60, doubts: ["allowedUnknown"] }
    },
    {
      name: "a reset time that was past when it was told says nothing",
      said: { allowed: false, windows: [win(300, 100, -5)] },
      is: { blockers: ["5h"] }
    },
    {
      name: "one unknown time makes the end unknown",
      said: { allowed: false, windows: [win(300, 100, -5), week(100)] },
      is: { blockers: ["5h", "weekly"] }
    },
    {
      name: "a window without a length",
      said: { allowed: false, windows: [win(null, 100, 9)] },
      is: { blockers: ["usage"], until: 9 }
    }
  ])
})

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
      said: { plan: "team", allowed: false, windows: [fiveHours(100, 5)], reachedType: "workspace_member_credits_depleted" },
      after: 6,
      is: { doubts: ["presumedReset"] }
    },
    {
      name: "which does not lift a spend cap",
      said: { plan: "team", allowed: false, windows: [fiveHours(100, 5)], reachedType: "workspace_owner_usage_limit_reached" },
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
      said: { plan: "business", allowed: false, windows: [fiveHours(100)], reachedType: "workspace_owner_credits_depleted" },
      is: { blockers: ["5h", "credits/owner"], until: 60 }
    },
    {
      name: "for depleted credits, even if a balance is told",
      said: { plan: "business", allowed: false, credits: paying(), reachedType: "workspace_owner_credits_depleted" },
      is: { blockers: ["credits/owner"], doubts: ["contradictory"] }
    },
    {
      name: "for a spend cap by reached type",
      said: { plan: "team", allowed: false, reachedType: "workspace_member_usage_limit_reached" },
      is: { blockers: ["cap/member"] }
    },
    {
      name: "for a spend cap once, where both say so",
      said: { plan: "team", allowed: false, spendControl: spend(true), reachedType: "workspace_owner_usage_limit_reached" },
      is: { blockers: ["cap/owner"] }
    },
    {
      name: "for a spend cap by reached type, though spend control denies it",
      said: { plan: "team", allowed: false, spendControl: spend(false), reachedType: "workspace_owner_usage_limit_reached" },
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

describe("age", () => {
  const said = { windows: [fiveHours(10, 400)] }

  it.each([
    [0, 0, "high"],
    [15, 900_000, "high"],
    [15.001, 900_060, "low"],
    [180, 10_800_000, "low"],
    [-1, 0, "high"],
    [-16, 0, "low"]
  ])("%d minutes", (after, ageMillis, confidence) => {
    const judged = verdict(snapshot(said), { now: at(after) })
    deepStrictEqual([judged.ageMillis, judged.confidence], [ageMillis, confidence])
  })
})

describe("the binding window", () => {
  it.each([
    ["has the least left", [fiveHours(1), week(90)], 0, "weekly", 10],
    ["may be the shorter", [fiveHours(95), week(90)], 0, "5h", 5],
    ["at a tie comes back later", [fiveHours(100, 60), week(100, 30)], 0, "5h", 0],
    ["is not the one that has reset since", [fiveHours(100, 5), week(30)], 6, "weekly", 70],
    ["never has more than all left", [win(60, -20, 30)], 0, "1h", 100],
    ["never has less than nothing left", [win(60, 150, 30)], 0, "1h", 0]
  ])("%s", (_, windows, after, name, left) => {
    const { binding } = verdict(snapshot({ windows }), { now: at(after) })
    deepStrictEqual([binding?.name, binding?.remainingPercent], [name, left])
  })

  it("is none without windows", () => strictEqual(verdict(snapshot({}), { now: fetchedAt }).binding, null))

  it("names no reset that has passed", () => {
    const { binding } = verdict(snapshot({ windows: [fiveHours(100, 5)] }), { now: at(6) })
    deepStrictEqual(binding, { name: "5h", durationMinutes: 300, remainingPercent: 100, resetsAt: null })
  })
})

describe("as JSON", () => {
  it("comes back as it was", () => {
    const judged = judge({
      name: "",
      said: { plan: "team", allowed: false, windows: [fiveHours(100)], reachedType: "workspace_owner_credits_depleted" },
      is: {}
    })
    const json = Schema.encodeSync(Schema.parseJson(Verdict))(judged)
    deepStrictEqual(Schema.decodeSync(Schema.parseJson(Verdict))(json), judged)
    const read: unknown = JSON.parse(json)
    deepStrictEqual(read, {
      state: "blocked",
      blockers: [
        { _tag: "WindowExhausted", name: "5h", durationMinutes: 300, resetsAt: DateTime.formatIso(at(60)) },
        { _tag: "CreditsDepleted", standing: "owner" }
      ],
      until: DateTime.formatIso(at(60)),
      binding: { name: "5h", durationMinutes: 300, remainingPercent: 0, resetsAt: DateTime.formatIso(at(60)) },
      paidBy: null,
      remedies: [{ _tag: "Wait", until: DateTime.formatIso(at(60)) }, { _tag: "AddCredits" }],
      ageMillis: 60_000,
      confidence: "high",
      doubts: []
    })
  })
})
