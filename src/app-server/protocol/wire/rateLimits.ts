/** A reading of usage, as `account/rateLimits/read` answers it. */
import type { RateLimitWindow } from "../../../domain/RateLimitWindow.js"
import type { RateLimit, UsageSnapshot } from "../../../domain/UsageSnapshot.js"
import type { GetAccountRateLimitsResponse, RateLimitSnapshot } from "../schemas/RateLimits.js"
import { resetCreditsWire } from "./resetCredits.js"
import { unixSeconds } from "./seconds.js"

const slot = (limit: RateLimit, name: RateLimitWindow["slot"]): RateLimitSnapshot["primary"] => {
  const window = limit.windows.find((one) => one.slot === name)
  return window === undefined
    ? null
    : {
        usedPercent: window.usedPercent,
        windowDurationMins: window.durationMinutes,
        resetsAt: unixSeconds(window.resetsAt)
      }
}

const additionalSnapshot = (limit: RateLimit, planType: UsageSnapshot["plan"]): RateLimitSnapshot => ({
  limitId: limit.id,
  limitName: limit.name,
  normalModelSlug: limit.normalModelSlug,
  primary: slot(limit, "primary"),
  secondary: slot(limit, "secondary"),
  credits: null,
  individualLimit: null,
  spendControlReached: null,
  planType,
  rateLimitReachedType: null
})

/** Codex's own limit. Credits, spend control and the reason for a stop stand here alone, not at the further limits. */
export const mainSnapshot = (snapshot: UsageSnapshot): RateLimitSnapshot => {
  const { credits, spendControl } = snapshot
  const own = spendControl?.individualLimit ?? null
  return {
    ...additionalSnapshot(snapshot.main, snapshot.plan),
    credits:
      credits === null
        ? null
        : { hasCredits: credits.hasCredits, unlimited: credits.unlimited, balance: credits.balance },
    individualLimit:
      own === null
        ? null
        : {
            limit: own.limit,
            used: own.used,
            remainingPercent: own.remainingPercent,
            resetsAt: unixSeconds(own.resetsAt)
          },
    spendControlReached: spendControl?.reached ?? null,
    rateLimitReachedType: snapshot.reachedType
  }
}

/** Whether the answer names the very login that asked. */
const isOwn = ({ backendAccountId, backendUserId, identity }: UsageSnapshot): boolean =>
  backendAccountId !== null &&
  backendUserId !== null &&
  backendAccountId === identity.accountId &&
  backendUserId === identity.userId

/**
 * The whole answer. Whether ordinary usage is allowed, and the upsell, are told only where the answer names the login
 * that asked, and never to a FedRAMP account. Of further limits with one id the last counts; one that is called like the
 * main limit stands in its place in the map, and not in `rateLimits`.
 */
export const rateLimitsResult = (
  snapshot: UsageSnapshot,
  { isFedramp }: { readonly isFedramp: boolean }
): GetAccountRateLimitsResponse => {
  const rateLimits = mainSnapshot(snapshot)
  const own = isOwn(snapshot) && !isFedramp
  return {
    ordinaryUsageAllowed: own ? snapshot.main.allowed : null,
    rateLimits,
    rateLimitsByLimitId: Object.fromEntries([
      [snapshot.main.id, rateLimits],
      ...snapshot.additional.map((limit) => [limit.id, additionalSnapshot(limit, snapshot.plan)] as const)
    ]),
    rateLimitResetCredits: resetCreditsWire(snapshot.resetCredits),
    accountId: snapshot.backendAccountId,
    rateLimitUpsell: own ? (snapshot.upsell ?? null) : null
  }
}
