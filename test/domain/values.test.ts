/** Small rules of identities, plans, credits and roles. */
import { sessionSourceNamed } from "../../src/domain/Thread.js"
import { describe, it } from "@effect/vitest"
import { deepStrictEqual, ok, strictEqual } from "node:assert"
import * as Arbitrary from "effect/Arbitrary"
import * as Either from "effect/Either"
import * as Schema from "effect/Schema"
import { AccountId, Identity, sameIdentity, UserId } from "../../src/domain/Identity.js"
import { isWorkspacePlan, Plan, planFromClaim, planFromUsage, planLabel } from "../../src/domain/Plan.js"
import { isExpiredOffer, sameOffer } from "../../src/domain/ReferralOffer.js"
import { TypedRedeemKey, TypedResetCreditId } from "../../src/programs/redeem.js"
import { ResetCredit } from "../../src/domain/ResetCredit.js"
import { claimedRole, liveRole } from "../../src/domain/WorkspaceRole.js"
import { at, credit, offer, resets } from "./snapshots.js"

describe("identity", () => {
  it.prop("the key tells identities apart", [Arbitrary.make(Identity), Arbitrary.make(Identity)], ([a, b]) => {
    strictEqual(a.key === b.key, sameIdentity(a, b))
    ok(sameIdentity(a, new Identity({ ...a })))
  })

  it("no part stands in for another", () => {
    const one = new Identity({ userId: UserId.make("x"), accountId: null })
    const other = new Identity({ userId: null, accountId: AccountId.make("x") })
    ok(!sameIdentity(one, other))
    ok(one.key !== other.key)
  })
})

describe("plan", () => {
  it("every plan is itself in the usage and in the claim", () => {
    for (const plan of Plan.literals) deepStrictEqual([planFromUsage(plan), planFromClaim(plan)], [plan, plan])
  })

  it.each([
    ["hc", "unknown", "enterprise"],
    ["education", "edu", "edu"],
    ["PRO", "unknown", "unknown"],
    ["", "unknown", "unknown"]
  ])("%j is %s in the usage, %s in the claim", (word, usage, claim) =>
    deepStrictEqual([planFromUsage(word), planFromClaim(word)], [usage, claim])
  )

  it("no claim is an unknown plan", () => strictEqual(planFromClaim(null), "unknown"))

  it("seven are personal", () =>
    deepStrictEqual(
      Plan.literals.filter((plan) => !isWorkspacePlan(plan)),
      ["free", "go", "plus", "pro", "prolite", "promax", "unknown"]
    ))

  it("each has a name for a person", () => ok(Plan.literals.every((plan) => /^[A-Z]/.test(planLabel(plan)))))
})

describe("reset credits", () => {
  const ids = (count: number, ...credits: Parameters<typeof resets>[1] & object) =>
    resets(count, credits)
      .redeemableAt(at(0))
      .map(({ id }) => id)

  it("redeemable ones are available, soonest first, without expiry last", () =>
    deepStrictEqual(
      ids(9, credit("d", null), credit("c", 30), credit("r", 1, "redeemed"), credit("a", 10), credit("b", 10)),
      ["a", "b", "c", "d"]
    ))

  it("never more than the count", () => {
    deepStrictEqual(ids(1, credit("b", 30), credit("a", 10)), ["a"])
    deepStrictEqual(ids(0, credit("a", 10)), [])
    deepStrictEqual(ids(-1, credit("a", 10)), [])
  })

  it("none where only the count is known", () => deepStrictEqual(resets(3).redeemableAt(at(0)), []))

  const expired = credit("old", -1)
  const other = new ResetCredit({ ...credit("other", 10), resetType: "unknown" })

  it("neither one whose time has passed nor one of another kind, whatever its status", () =>
    deepStrictEqual(ids(9, expired, other, credit("a", 10)), ["a"]))

  it.each([
    [3, [expired, credit("a", 10), credit("b", 20)], 2],
    [2, [expired, credit("a", 10), credit("b", 20)], 2],
    [9, [credit("a", 10)], 9],
    [2, [other, credit("gone", 5, "redeemed")], 1],
    [1, [expired], 0],
    [0, [credit("a", 10)], 0],
    [4, null, 4]
  ] as const)("of %d, with the list %j, %d are there", (count, list, available) =>
    strictEqual(resets(count, list).availableAt(at(0)), available)
  )

  it.each(["redeeming", "redeemed", "unknown"] as const)("one that is %s is not", (status) =>
    deepStrictEqual(ids(3, credit("a", 10, status)), [])
  )

  it.each([
    [TypedRedeemKey, 128],
    [TypedResetCreditId, 256]
  ])("%s is printable, without spaces, and bounded", (schema, length) => {
    const accepts = (text: string) => Either.isRight(Schema.decodeUnknownEither(schema)(text))
    ok(accepts("7d1f6c9e-4b0a-4c58-9d0a-2f3f4c1d2e3f"))
    ok(accepts("x".repeat(length)))
    for (const text of ["", " ", "a b", "a\n", "ä", "\u001b[0m", "x".repeat(length + 1)]) ok(!accepts(text), text)
  })
})

describe("offer", () => {
  it.each([
    [9.999, false],
    [10, true],
    [11, true]
  ])("after %d minutes expired: %s", (minutes, expired) => strictEqual(isExpiredOffer(offer(), at(minutes)), expired))

  it("is the same whenever it was loaded, in every term", () => {
    ok(sameOffer(offer(), offer({ loadedIn: 5 })))
    ok(!sameOffer(offer(), offer({ identity: new Identity({ userId: null, accountId: null }) })))
  })
})

describe("role", () => {
  it.each([
    ["account-owner", true],
    ["account-admin", true],
    ["standard-user", false]
  ] as const)("%s: owner %s", (role, isOwner) =>
    deepStrictEqual({ ...liveRole(role) }, { role, isOwner, source: "live" })
  )

  it.each([
    [true, "claim"],
    [false, "claim"],
    [null, "none"]
  ])("the claim %s", (isOwner, source) => deepStrictEqual({ ...claimedRole(isOwner) }, { role: null, isOwner, source }))
})

describe("the source that a server is started with", () => {
  it.each([
    ["cli", "cli"],
    [" VSCode ", "vscode"],
    ["exec", "exec"],
    ["appServer", "appServer"],
    ["app-server", "appServer"],
    ["mcp", "appServer"],
    ["unknown", "unknown"],
    ["My-IDE", { custom: "my-ide" }]
  ] as const)("%s", (name, source) => deepStrictEqual(sessionSourceNamed(name), source))
})
