/** The answers about usage and reset credits, as what they mean. */
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Schema from "effect/Schema"
import type {
  ConsumeResponse,
  ResetCreditsResponse,
  UsageResponse,
  WireRateLimit,
  WireResetCredit,
  WireSpendControl
} from "../../contracts/BackendEndpoints.js"
import type { Identity } from "../../domain/Identity.js"
import { planFromUsage } from "../../domain/Plan.js"
import { byDuration, RateLimitWindow, windowMinutes } from "../../domain/RateLimitWindow.js"
import { type ConsumeOutcome, ResetCredit, ResetCredits } from "../../domain/ResetCredit.js"
import {
  Credits,
  IndividualLimit,
  RateLimit,
  ReachedType,
  SpendControl,
  UsageSnapshot
} from "../../domain/UsageSnapshot.js"

/** The parts were checked when the answer was decoded; a second check costs more than all the rest of a read. */
export const trusted = { disableValidation: true } as const

/** The id of Codex's own limit, which the answer leaves unnamed. */
export const mainLimitId = "codex"

const isReachedType = Schema.is(ReachedType)

const timeFromSeconds = (seconds: number) => DateTime.unsafeMake(seconds * 1000)

const windowsFromWire = (limit: typeof WireRateLimit.Type | null | undefined) =>
  (["primary", "secondary"] as const).flatMap((slot) => {
    const window = limit?.[`${slot}_window`]
    if (!window) return []
    const durationMinutes = windowMinutes(window.limit_window_seconds)
    const resetsAt = timeFromSeconds(window.reset_at)
    return [new RateLimitWindow({ durationMinutes, usedPercent: window.used_percent, resetsAt, slot }, trusted)]
  })

const limitFromWire = (
  limit: typeof WireRateLimit.Type | null | undefined,
  label: Pick<RateLimit, "id" | "name" | "normalModelSlug">
) =>
  new RateLimit(
    { ...label, allowed: limit?.allowed ?? null, windows: Arr.sort(windowsFromWire(limit), byDuration) },
    trusted
  )

const spendControlFromWire = ({ reached, individual_limit: own }: typeof WireSpendControl.Type): SpendControl =>
  new SpendControl(
    {
      reached,
      individualLimit: own
        ? new IndividualLimit(
            {
              limit: own.limit,
              used: own.used,
              remainingPercent: own.remaining_percent,
              resetsAt: timeFromSeconds(own.reset_at)
            },
            trusted
          )
        : null
    },
    trusted
  )

/**
 * The snapshot of one answer: the main limit is `codex`, each further limit goes by its metered feature, in the
 * answer's order and with duplicates. Of the reset credits it holds the count alone.
 */
export const usageFromWire = (
  response: UsageResponse,
  read: { readonly identity: Identity; readonly fetchedAt: DateTime.Utc }
): UsageSnapshot => {
  const reached = response.rate_limit_reached_type?.type
  return new UsageSnapshot(
    {
      identity: read.identity,
      fetchedAt: read.fetchedAt,
      plan: planFromUsage(response.plan_type),
      main: limitFromWire(response.rate_limit, { id: mainLimitId, name: null, normalModelSlug: null }),
      additional: (response.additional_rate_limits ?? []).map((limit) =>
        limitFromWire(limit.rate_limit, {
          id: limit.metered_feature,
          name: limit.limit_name,
          normalModelSlug: limit.normal_model_slug ?? null
        })
      ),
      credits: response.credits
        ? new Credits(
            {
              hasCredits: response.credits.has_credits,
              unlimited: response.credits.unlimited,
              balance: response.credits.balance ?? null
            },
            trusted
          )
        : null,
      spendControl: response.spend_control ? spendControlFromWire(response.spend_control) : null,
      reachedType: isReachedType(reached) ? reached : null,
      resetCredits: response.rate_limit_reset_credits
        ? new ResetCredits(
            { availableCount: response.rate_limit_reset_credits.available_count, credits: null },
            trusted
          )
        : null,
      backendAccountId: response.account_id ?? null,
      backendUserId: response.user_id ?? null,
      upsell: response.rate_limit_upsell ?? null
    },
    trusted
  )
}

const creditFromWire = (credit: typeof WireResetCredit.Type): ResetCredit =>
  new ResetCredit(
    {
      id: credit.id,
      resetType: credit.reset_type,
      status: credit.status,
      grantedAt: credit.granted_at,
      expiresAt: credit.expires_at ?? null,
      title: credit.title ?? null,
      description: credit.description ?? null
    },
    trusted
  )

/** The list as it came: nothing is filtered or counted again, and the count is the list's own. */
export const resetCreditsFromWire = (response: typeof ResetCreditsResponse.Type): ResetCredits =>
  new ResetCredits({ availableCount: response.available_count, credits: response.credits.map(creditFromWire) }, trusted)

const outcomes: Record<(typeof ConsumeResponse.Type)["code"], ConsumeOutcome> = {
  reset: "reset",
  nothing_to_reset: "nothingToReset",
  no_credit: "noCredit",
  already_redeemed: "alreadyRedeemed"
}

/** The outcome that the answer's `code` stands for. */
export const consumeOutcomeFromWire = (response: typeof ConsumeResponse.Type): ConsumeOutcome => outcomes[response.code]
