/** Generators of usage, from a window to a verdict. */
import * as Arbitrary from "effect/Arbitrary"
import * as FastCheck from "effect/FastCheck"
import { Plan } from "../domain/Plan.js"
import { RateLimitWindow } from "../domain/RateLimitWindow.js"
import { ResetCredit, ResetCredits, TypedResetCreditId } from "../domain/ResetCredit.js"
import {
  Credits,
  IndividualLimit,
  RateLimit,
  ReachedType,
  SpendControl,
  UsageSnapshot
} from "../domain/UsageSnapshot.js"
import { durationMinutes, identity, orNull, time, untrustedText, usedPercent } from "./BasicArbitraries.js"

export const rateLimitWindow: FastCheck.Arbitrary<RateLimitWindow> = FastCheck.record({
  durationMinutes,
  usedPercent,
  resetsAt: time,
  slot: FastCheck.constantFrom("primary" as const, "secondary" as const)
}).map((fields) => new RateLimitWindow(fields))

export const rateLimit: FastCheck.Arbitrary<RateLimit> = FastCheck.record({
  id: FastCheck.oneof(FastCheck.constantFrom("codex", "codex_review"), untrustedText),
  name: orNull(untrustedText),
  allowed: orNull(FastCheck.boolean()),
  windows: FastCheck.array(rateLimitWindow, { maxLength: 2 }),
  normalModelSlug: orNull(untrustedText)
}).map((fields) => new RateLimit(fields))

export const resetCredit: FastCheck.Arbitrary<ResetCredit> = FastCheck.record({
  id: Arbitrary.make(TypedResetCreditId),
  resetType: FastCheck.constantFrom("codex_rate_limits" as const, "unknown" as const),
  status: FastCheck.constantFrom("available" as const, "redeeming" as const, "redeemed" as const, "unknown" as const),
  grantedAt: time,
  expiresAt: orNull(time),
  title: orNull(untrustedText),
  description: orNull(untrustedText)
}).map((fields) => new ResetCredit(fields))

/** The count and the list need not agree. */
export const resetCredits: FastCheck.Arbitrary<ResetCredits> = FastCheck.record({
  availableCount: FastCheck.integer({ min: -1, max: 6 }),
  credits: orNull(FastCheck.uniqueArray(resetCredit, { maxLength: 5, selector: (credit) => credit.id }))
}).map((fields) => new ResetCredits(fields))

const decimal = FastCheck.oneof(
  FastCheck.nat({ max: 1_000_000 }).map((cents) => (cents / 100).toFixed(2)),
  FastCheck.constantFrom("0", "0.00", "-1", "", "many")
)

const spendControl = FastCheck.record({
  reached: FastCheck.boolean(),
  individualLimit: orNull(
    FastCheck.record({ limit: decimal, used: decimal, remainingPercent: usedPercent, resetsAt: time }).map(
      (fields) => new IndividualLimit(fields)
    )
  )
}).map((fields) => new SpendControl(fields))

export const usageSnapshot: FastCheck.Arbitrary<UsageSnapshot> = FastCheck.record({
  identity,
  fetchedAt: time,
  plan: Arbitrary.make(Plan),
  main: rateLimit,
  additional: FastCheck.array(rateLimit, { maxLength: 2 }),
  credits: orNull(
    FastCheck.record({
      hasCredits: FastCheck.boolean(),
      unlimited: FastCheck.boolean(),
      balance: orNull(decimal)
    }).map((fields) => new Credits(fields))
  ),
  spendControl: orNull(spendControl),
  reachedType: orNull(Arbitrary.make(ReachedType)),
  resetCredits: orNull(resetCredits),
  backendAccountId: orNull(FastCheck.string()),
  backendUserId: orNull(FastCheck.string()),
  upsell: FastCheck.jsonValue()
}).map((fields) => new UsageSnapshot(fields))
