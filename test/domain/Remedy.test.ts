import { describe, it } from "@effect/vitest"
import { deepStrictEqual } from "node:assert"
import { AccountId, Identity, UserId } from "../../src/domain/Identity.js"
import type { ReferralOffer } from "../../src/domain/ReferralOffer.js"
import { type Blocker, remediesFor, type Remedy, verdict } from "../../src/domain/Verdict.js"
import { liveRole, type WorkspaceRole } from "../../src/domain/WorkspaceRole.js"
import {
  at,
  credit,
  day,
  fetchedAt,
  fiveHours,
  identity,
  offer,
  paying,
  resets,
  type Said,
  snapshot,
  spend,
  week
} from "./snapshots.js"

const minutes = (time: { readonly epochMillis: number } | null) =>
  time === null ? null : (time.epochMillis - fetchedAt.epochMillis) / 60_000

const text = (remedy: Remedy): string => {
  if (remedy._tag === "Wait") return `Wait ${minutes(remedy.until)}`
  if (remedy._tag === "Redeem") return `Redeem ${remedy.available} by ${minutes(remedy.soonestExpiry)}`
  return remedy._tag === "NudgeOwner" ? `Nudge ${remedy.creditType}` : remedy._tag
}

type Row = readonly [
  name: string,
  said: Said,
  remedies: ReadonlyArray<string>,
  context?: { readonly role?: WorkspaceRole; readonly offer?: ReferralOffer; readonly after?: number }
]

const table = (rows: ReadonlyArray<Row>) =>
  it.each(rows.map(([name, ...row]) => ({ name, row })))("$name", ({ row: [said, remedies, context = {}] }) => {
    const judged = verdict(snapshot(said), { now: at(context.after ?? 1), role: context.role, offer: context.offer })
    deepStrictEqual(judged.remedies.map(text), remedies)
  })

const full: Said = { plan: "free", allowed: false, windows: [fiveHours(100)] }
const member = liveRole("standard-user")
const owner = liveRole("account-owner")

describe("waiting", () => {
  table([
    ["is not for the usable", { windows: [fiveHours(100)], resetCredits: resets(2) }, [], { offer: offer() }],
    ["is until the latest reset", { ...full, windows: [fiveHours(100), week(100)] }, [`Wait ${3 * day}`]],
    ["has no end where the backend told none", { plan: "free", allowed: false }, ["Wait null"]],
    ["has no end where the told one is past", { ...full, windows: [fiveHours(100, -1)] }, ["Wait null"]],
    ["does not fill credits", { allowed: false, reachedType: "workspace_owner_credits_depleted" }, ["AddCredits"]],
    ["does not lift a spend cap", { plan: "team", allowed: false, spendControl: spend(true) }, []],
    [
      "brings back a monthly allowance",
      {
        plan: "team",
        allowed: false,
        windows: [fiveHours(100)],
        spendControl: spend(true, { remainingPercent: 0, resetsIn: 900 })
      },
      ["Wait 900"]
    ]
  ])
})

describe("a reset credit", () => {
  table([
    ["helps against a full window", { ...full, resetCredits: resets(2) }, ["Wait 60", "Redeem 2 by null"]],
    [
      "comes with its soonest expiry",
      { ...full, resetCredits: resets(3, [credit("a", null), credit("b", 9000), credit("c", 50)]) },
      ["Wait 60", "Redeem 3 by 50"]
    ],
    [
      "that is spent has no expiry to tell",
      { ...full, resetCredits: resets(1, [credit("a", 50, "redeemed"), credit("b", 90)]) },
      ["Wait 60", "Redeem 1 by 90"]
    ],
    [
      "that has expired since does not count",
      { ...full, resetCredits: resets(2, [credit("a", 1), credit("b", 90)]) },
      ["Wait 60", "Redeem 1 by 90"]
    ],
    [
      "that was the last and has expired is not offered",
      { ...full, resetCredits: resets(1, [credit("a", 1)]) },
      ["Wait 60"]
    ],
    [
      "is counted by the count, which the list may fall short of",
      { ...full, resetCredits: resets(5, []) },
      ["Wait 60", "Redeem 5 by null"]
    ],
    ["is not offered without any", { ...full, resetCredits: resets(0, [credit("a", 90)]) }, ["Wait 60"]],
    ["is not offered below zero", { ...full, resetCredits: resets(-1) }, ["Wait 60"]],
    [
      "is not offered where no window is full",
      { plan: "free", allowed: false, windows: [fiveHours(50)], resetCredits: resets(2) },
      ["Wait null"]
    ],
    [
      "is not offered where the limit is not named",
      { plan: "free", allowed: false, reachedType: "rate_limit_reached", resetCredits: resets(2) },
      ["Wait null"]
    ],
    [
      "is not offered for depleted credits alone",
      { plan: "team", allowed: false, reachedType: "workspace_owner_credits_depleted", resetCredits: resets(2) },
      ["AddCredits"]
    ],
    [
      "is offered where a window stands beside depleted credits",
      { ...full, plan: "team", reachedType: "workspace_owner_credits_depleted", resetCredits: resets(1) },
      ["Wait 60", "Redeem 1 by null", "AddCredits"]
    ],
    [
      "is not wasted under a spend cap",
      { ...full, plan: "team", spendControl: spend(true), resetCredits: resets(2) },
      []
    ],
    ["is not offered where credits pay", { ...full, credits: paying(), resetCredits: resets(2) }, []],
    ["is not offered once the window has reset", { ...full, resetCredits: resets(2) }, [], { after: 61 }]
  ])
})

describe("the owner", () => {
  const team = { plan: "team", allowed: false } as const
  table([
    [
      "is asked by a member for credits",
      { ...team, reachedType: "workspace_member_credits_depleted" },
      ["Nudge credits"]
    ],
    [
      "is asked by a member for a higher limit",
      { ...team, reachedType: "workspace_member_usage_limit_reached" },
      ["Nudge usage_limit"]
    ],
    [
      "is asked by one whose role says member",
      { ...team, spendControl: spend(true) },
      ["Nudge usage_limit"],
      { role: member }
    ],
    [
      "is never asked for credits under the cap",
      { ...team, reachedType: "workspace_member_credits_depleted", spendControl: spend(true) },
      ["Nudge usage_limit"]
    ],
    [
      "is not asked for a plain window",
      { ...team, windows: [fiveHours(100)], reachedType: "rate_limit_reached" },
      ["Wait 60"],
      { role: member }
    ],
    ["adds credits", { ...team, reachedType: "workspace_owner_credits_depleted" }, ["AddCredits"]],
    ["raises the limit", { ...team, reachedType: "workspace_owner_usage_limit_reached" }, ["RaiseLimit"]],
    [
      "adds credits and raises the limit where both stop",
      { ...team, reachedType: "workspace_owner_credits_depleted", spendControl: spend(true) },
      ["AddCredits", "RaiseLimit"]
    ],
    ["may buy past a full window", { ...team, windows: [fiveHours(100)] }, ["Wait 60", "AddCredits"], { role: owner }],
    [
      "by the reached type is not asked, whatever the role",
      { ...team, reachedType: "workspace_owner_credits_depleted" },
      ["AddCredits"],
      { role: member }
    ],
    [
      "by role only, is still told as a member what a member may do",
      { ...team, reachedType: "workspace_member_credits_depleted" },
      ["Nudge credits"],
      { role: owner }
    ]
  ])
})

describe("a cap of unknown standing", () => {
  it("still keeps a member from asking for credits", () => {
    const blockers: ReadonlyArray<Blocker> = [
      { _tag: "CreditsDepleted", standing: "member" },
      { _tag: "SpendCapReached", standing: "unknown", resetsAt: null }
    ]
    deepStrictEqual(remediesFor(blockers, snapshot({ plan: "team" }), { now: at(1) }), [])
  })
})

describe("credits for money", () => {
  const row = (
    plan: "free" | "go" | "plus" | "pro" | "prolite" | "promax" | "edu" | "unknown",
    ...more: ReadonlyArray<string>
  ): Row => [plan, { ...full, plan }, ["Wait 60", ...more]]
  table([
    row("free"),
    row("go"),
    row("plus", "AddCredits"),
    row("pro", "AddCredits"),
    row("prolite", "AddCredits"),
    row("promax", "AddCredits"),
    row("edu"),
    row("unknown")
  ])
})

describe("the invite", () => {
  const other = new Identity({ userId: UserId.make("user-2"), accountId: AccountId.make("acct-1") })
  table([
    [
      "stands before money",
      { ...full, plan: "plus", resetCredits: resets(1) },
      ["Wait 60", "Redeem 1 by null", "Invite", "AddCredits"],
      { offer: offer() }
    ],
    ["expires after ten minutes", full, ["Wait 60"], { offer: offer(), after: 10 }],
    ["holds for its own identity", full, ["Wait 60"], { offer: offer({ identity: other }) }],
    [
      "control: the same identity, made anew",
      full,
      ["Wait 60", "Invite"],
      { offer: offer({ identity: new Identity(identity) }) }
    ],
    [
      "does not lift a cap",
      { plan: "pro", allowed: false, spendControl: spend(true) },
      ["RaiseLimit"],
      { offer: offer() }
    ],
    ["does not answer a refusal without a reason", { plan: "free", allowed: false }, ["Wait null"], { offer: offer() }],
    [
      "may bring credits",
      { plan: "team", allowed: false, reachedType: "workspace_member_credits_depleted" },
      ["Nudge credits", "Invite"],
      { offer: offer() }
    ]
  ])
})
