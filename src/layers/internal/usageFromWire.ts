/** The answers about usage and reset credits, as what they mean. */
import * as Arr from "effect/Array"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Schema from "effect/Schema"
import type {
  ConsumeResponse,
  ResetCreditsResponse,
  UsageResponse,
  WireCredits,
  WireIndividualLimit,
  WireRateLimit,
  WireResetCredit,
  WireWindow
} from "../../contracts/BackendEndpoints.js"
import type { Unread } from "../../contracts/Tolerant.js"
import type { CallName } from "../../domain/CallPolicy.js"
import type { Identity } from "../../domain/Identity.js"
import { planFromUsage } from "../../domain/Plan.js"
import { byDuration, RateLimitWindow, windowMinutes } from "../../domain/RateLimitWindow.js"
import { type ConsumeOutcome, ResetCredit, ResetCredits } from "../../domain/ResetCredit.js"
import {
  amountOf,
  Credits,
  IndividualLimit,
  ModelUsage,
  RateLimit,
  ReachedType,
  SpendControl,
  UsageSnapshot
} from "../../domain/UsageSnapshot.js"

/** The parts were checked when the answer was decoded; a second check costs more than all the rest of a read. */
export const trusted = { disableValidation: true } as const

/** Names what of an answer could not be understood. */
export const logUnread =
  (operation: CallName) =>
  ({ unread }: Unread) =>
    unread === undefined ? Effect.void : Effect.logDebug(`${operation}: not understood: ${unread.join(", ")}`)

/** The id of Codex's own limit, which the answer leaves unnamed. */
export const mainLimitId = "codex"

const isReachedType = Schema.is(ReachedType)

type Nullish<A> = A | null | undefined

/** The time of the reset, else what was left when the answer was read. */
const resetFromWire = (
  window: Pick<typeof WireWindow.Type, "reset_after_seconds" | "reset_at">,
  fetchedAt: DateTime.Utc
): DateTime.Utc | null => {
  const left = window.reset_after_seconds ?? 0
  if (typeof window.reset_at === "number") return DateTime.unsafeMake(window.reset_at * 1000)
  return left > 0 ? DateTime.add(fetchedAt, { millis: left * 1000 }) : null
}

const windowsFromWire = (limit: Nullish<typeof WireRateLimit.Type>, fetchedAt: DateTime.Utc) =>
  (["primary", "secondary"] as const).flatMap((slot) => {
    const window = limit?.[`${slot}_window`]
    if (!window) return []
    const durationMinutes = windowMinutes(window.limit_window_seconds ?? 0)
    const resetsAt = resetFromWire(window, fetchedAt)
    return [new RateLimitWindow({ durationMinutes, usedPercent: window.used_percent, resetsAt, slot }, trusted)]
  })

const limitFromWire = (
  limit: Nullish<typeof WireRateLimit.Type>,
  label: Pick<RateLimit, "id" | "name" | "normalModelSlug">,
  fetchedAt: DateTime.Utc
) =>
  new RateLimit(
    {
      ...label,
      allowed: limit?.allowed ?? (limit?.limit_reached === true ? false : null),
      windows: Arr.sort(windowsFromWire(limit, fetchedAt), byDuration)
    },
    trusted
  )

/** Without the word itself, a balance or none says whether there are credits. */
const creditsFromWire = (credits: typeof WireCredits.Type): Credits => {
  const unlimited = credits.unlimited ?? false
  const balance = credits.balance ?? null
  const hasCredits = credits.has_credits ?? (unlimited || (amountOf(balance ?? "") ?? 0) > 0)
  const overageLimitReached = credits.overage_limit_reached ?? null
  return new Credits({ hasCredits, unlimited, overageLimitReached, balance }, trusted)
}

/** The members that say how much is left of an allowance. */
const saysRemaining = /^spend_control\.individual_limit\.(remaining_percent|used_percent|limit|used|remaining)$/

/** What is left of an allowance in percent, by whatever of its members says it. */
const remainingPercent = (own: typeof WireIndividualLimit.Type): number | null => {
  const percent = own.remaining_percent ?? (typeof own.used_percent === "number" ? 100 - own.used_percent : null)
  if (percent !== null || !own.limit) return percent
  const [limit, used] = [amountOf(own.limit) ?? Number.NaN, amountOf(own.used ?? "") ?? Number.NaN]
  const computed = ((amountOf(own.remaining ?? "") ?? limit - used) / limit) * 100
  return Number.isFinite(computed) ? computed : null
}

/** None where it does not say how much is left. */
const allowanceFromWire = (own: Nullish<typeof WireIndividualLimit.Type>, fetchedAt: DateTime.Utc) => {
  const remaining = own ? remainingPercent(own) : null
  if (!own || remaining === null) return null
  const amounts = { limit: own.limit ?? null, used: own.used ?? null }
  const resetsAt = resetFromWire(own, fetchedAt)
  return new IndividualLimit({ ...amounts, remainingPercent: remaining, resetsAt }, trusted)
}

/**
 * The snapshot of one answer: the main limit is `codex`, each further limit goes by its metered feature, else by its name,
 * in the answer's order and with duplicates. Of the reset credits it holds the count alone.
 */
export const usageFromWire = (
  response: UsageResponse,
  { fetchedAt, identity }: { readonly identity: Identity; readonly fetchedAt: DateTime.Utc }
): UsageSnapshot => {
  const { credits, rate_limit_reset_credits: resets, spend_control: spend } = response
  const reached = response.rate_limit_reached_type?.type
  const individualLimit = allowanceFromWire(spend?.individual_limit, fetchedAt)
  const unread = response.unread ?? []
  return new UsageSnapshot(
    {
      identity,
      fetchedAt,
      plan: planFromUsage(response.plan_type ?? ""),
      main: limitFromWire(response.rate_limit, { id: mainLimitId, name: null, normalModelSlug: null }, fetchedAt),
      additional: (response.additional_rate_limits ?? []).map((limit) => {
        const id = limit.metered_feature ?? limit.limit_name ?? ""
        const label = { id, name: limit.limit_name ?? null, normalModelSlug: limit.normal_model_slug ?? null }
        return limitFromWire(limit.rate_limit, label, fetchedAt)
      }),
      codeReview: response.code_review_rate_limit
        ? limitFromWire(
            response.code_review_rate_limit,
            { id: "code_review", name: "code review", normalModelSlug: null },
            fetchedAt
          )
        : null,
      models: Object.entries(response.model_usage ?? {}).map(([slug, model]) => {
        const [availableAt, creditsWouldEnable] = [model.available_at ?? null, model.credits_would_enable ?? null]
        return new ModelUsage({ slug, available: model.available, availableAt, creditsWouldEnable }, trusted)
      }),
      credits: credits ? creditsFromWire(credits) : null,
      spendControl: spend ? new SpendControl({ reached: spend.reached ?? null, individualLimit }, trusted) : null,
      reachedType: isReachedType(reached) ? reached : null,
      resetCredits:
        typeof resets?.available_count === "number"
          ? new ResetCredits(
              {
                availableCount: resets.available_count,
                applicableCount: resets.applicable_available_count ?? null,
                credits: null
              },
              trusted
            )
          : null,
      backendAccountId: response.account_id ?? null,
      backendUserId: response.user_id ?? null,
      upsell: response.rate_limit_upsell ?? null,
      unread:
        spend?.individual_limit && individualLimit === null && !unread.some((path) => saysRemaining.test(path))
          ? [...unread, "spend_control.individual_limit.remaining_percent"]
          : unread
    },
    trusted
  )
}

// Without a type it is of the kind that this list is for.
const creditFromWire = (credit: typeof WireResetCredit.Type): ResetCredit =>
  new ResetCredit(
    {
      id: credit.id,
      resetType: credit.reset_type ?? "codex_rate_limits",
      status: credit.status ?? "unknown",
      grantedAt: credit.granted_at ?? null,
      expiresAt: credit.expires_at ?? null,
      title: credit.title ?? null,
      description: credit.description ?? null
    },
    trusted
  )

/**
 * The snapshot with the list of its credits as that came: nothing is filtered or counted again. The count is the list's
 * own, or else the usage's.
 */
export const withResetCredits = (
  snapshot: UsageSnapshot,
  { available_count, credits, unread = [] }: typeof ResetCreditsResponse.Type
): UsageSnapshot => {
  const listed = credits?.map(creditFromWire) ?? null
  const available = (listed ?? []).filter(({ status }) => status === "available").length
  const availableCount = available_count ?? snapshot.resetCredits?.availableCount ?? available
  return new UsageSnapshot(
    {
      ...snapshot,
      resetCredits: new ResetCredits(
        { availableCount, applicableCount: snapshot.resetCredits?.applicableCount ?? null, credits: listed },
        trusted
      ),
      unread: [...snapshot.unread, ...unread.map((path) => `rate_limit_reset_credits.${path}`)]
    },
    trusted
  )
}

const outcomes: Record<(typeof ConsumeResponse.Type)["code"], ConsumeOutcome> = {
  reset: "reset",
  nothing_to_reset: "nothingToReset",
  no_credit: "noCredit",
  already_redeemed: "alreadyRedeemed"
}

/** The outcome that the answer's `code` stands for. */
export const consumeOutcomeFromWire = (response: typeof ConsumeResponse.Type): ConsumeOutcome => outcomes[response.code]
