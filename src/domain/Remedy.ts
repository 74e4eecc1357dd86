/**
 * What helps an account that is stopped.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import type { Blocker } from "./Blocker.js"
import { sameIdentity } from "./Identity.js"
import { isWorkspacePlan, type Plan } from "./Plan.js"
import { isExpiredOffer, type ReferralOffer } from "./ReferralOffer.js"
import type { ResetCredits } from "./ResetCredit.js"
import type { UsageSnapshot } from "./UsageSnapshot.js"
import { CreditType, type WorkspaceRole } from "./WorkspaceRole.js"

/**
 * - `Wait`: until then, or for a time that nobody told. `Redeem`: spend one of the reset credits; `soonestExpiry` is
 *   null when none expires or only the count is known.
 * - `NudgeOwner`: ask the owner, for what. `Invite`: send the referral invite on offer.
 * - `AddCredits`, `RaiseLimit`: what whoever pays may do.
 *
 * @since 0.1.0
 * @category schemas
 */
export const Remedy = Schema.Union(
  Schema.TaggedStruct("Wait", { until: Schema.NullOr(Schema.DateTimeUtc) }),
  Schema.TaggedStruct("Redeem", { available: Schema.Number, soonestExpiry: Schema.NullOr(Schema.DateTimeUtc) }),
  Schema.TaggedStruct("NudgeOwner", { creditType: CreditType }),
  Schema.TaggedStruct("Invite", {}),
  Schema.TaggedStruct("AddCredits", {}),
  Schema.TaggedStruct("RaiseLimit", {})
)

/**
 * @since 0.1.0
 * @category models
 */
export type Remedy = typeof Remedy.Type

// Every blocker has to end. Depleted credits end with the windows beside them, whose plan then pays again.
const waiting = (blockers: ReadonlyArray<Blocker>): Array<Remedy> => {
  const windowBlocks = blockers.some((blocker) => blocker._tag === "WindowExhausted")
  const times: Array<DateTime.Utc | null> = []
  for (const blocker of blockers) {
    if (blocker._tag === "CreditsDepleted") {
      if (!windowBlocks) return []
    } else if (blocker._tag === "SpendCapReached") {
      if (blocker.resetsAt === null) return []
      times.push(blocker.resetsAt)
    } else {
      times.push(blocker._tag === "WindowExhausted" ? blocker.resetsAt : null)
    }
  }
  const latest = times.reduce((a, b) => (a === null || b === null ? null : DateTime.max(a, b)))
  return [{ _tag: "Wait", until: latest }]
}

// Listed credits that have expired since the snapshot was taken no longer count.
const redeeming = (credits: ResetCredits | null, now: DateTime.Utc): Array<Remedy> => {
  if (credits === null) return []
  const listed = credits.redeemable
  const live = listed.filter(({ expiresAt }) => expiresAt === null || DateTime.greaterThan(expiresAt, now))
  const available = credits.availableCount - (listed.length - live.length)
  return available > 0 ? [{ _tag: "Redeem", available, soonestExpiry: live[0]?.expiresAt ?? null }] : []
}

const sellsCredits: ReadonlySet<Plan> = new Set<Plan>(["plus", "pro", "prolite", "promax"])

/**
 * The remedies for what blocks, in the order to try them: what costs nothing first, money last. No blocker, no remedy.
 * Under a spend cap neither resets nor credits help, so that none is offered.
 *
 * @since 0.1.0
 * @category constructors
 */
export const remediesFor = (
  blockers: ReadonlyArray<Blocker>,
  snapshot: UsageSnapshot,
  options: {
    readonly now: DateTime.Utc
    readonly role?: WorkspaceRole | undefined
    readonly offer?: ReferralOffer | undefined
  }
): ReadonlyArray<Remedy> => {
  if (blockers.length === 0) return []
  const { now, offer, role } = options
  const window = blockers.some(({ _tag }) => _tag === "WindowExhausted")
  const rateLimit = window || blockers.some(({ _tag }) => _tag === "RateLimitReached")
  const depleted = blockers.find((blocker) => blocker._tag === "CreditsDepleted")
  const cap = blockers.find((blocker) => blocker._tag === "SpendCapReached")
  const buys = sellsCredits.has(snapshot.plan) || (isWorkspacePlan(snapshot.plan) && role?.isOwner === true)

  const remedies = waiting(blockers)
  if (window && cap === undefined) remedies.push(...redeeming(snapshot.resetCredits, now))
  if (cap?.standing === "member") remedies.push({ _tag: "NudgeOwner", creditType: "usage_limit" })
  else if (cap === undefined && depleted?.standing === "member") {
    remedies.push({ _tag: "NudgeOwner", creditType: "credits" })
  }
  if (
    offer !== undefined &&
    cap === undefined &&
    (rateLimit || depleted !== undefined) &&
    !isExpiredOffer(offer, now) &&
    sameIdentity(offer.identity, snapshot.identity)
  ) {
    remedies.push({ _tag: "Invite" })
  }
  if (depleted === undefined ? rateLimit && cap === undefined && buys : depleted.standing === "owner") {
    remedies.push({ _tag: "AddCredits" })
  }
  if (cap?.standing === "owner") remedies.push({ _tag: "RaiseLimit" })
  return remedies
}
