/** A fake account at a given time: as the contract's answers show it, and what acts do to it. */
import * as DateTime from "effect/DateTime"
import type {
  AccountsCheckResponse,
  ConsumeResponse,
  EligibilityResponse,
  ProfileResponse,
  ResetCreditsResponse,
  RulesResponse,
  UsageResponse,
  WorkspaceMessagesResponse
} from "../contracts/BackendEndpoints.js"
import type { WorkspacesResponse } from "../contracts/WorkspaceEndpoints.js"
import type { FakeAccount, FakeMessage, FakeOffer, FakeResetCredit, FakeWindow } from "./FakeAccount.js"

/** The window as it stands at `now`: used further, or begun anew when its reset has passed. */
const windowAt = (window: FakeWindow, now: number): FakeWindow => {
  const length = Math.max(1, window.lengthSeconds) * 1000
  const passed = now >= window.resetAt
  const since = passed ? window.resetAt + Math.floor((now - window.resetAt) / length) * length : window.since
  const used = (passed ? 0 : window.usedPercent) + (window.percentPerHour * (now - since)) / 3_600_000
  return {
    ...window,
    usedPercent: passed || window.percentPerHour !== 0 ? Math.min(100, used) : used,
    since: now,
    resetAt: passed ? since + length : window.resetAt
  }
}

const isAvailable = (credit: FakeResetCredit, now: number): boolean =>
  credit.status === "available" && (credit.expiresAt === null || credit.expiresAt > now)

type WireRateLimit = NonNullable<UsageResponse["rate_limit"]>

const time = (millis: number) => DateTime.unsafeMake(millis)

const maybeTime = (millis: number | null) => (millis === null ? null : time(millis))

const wireWindow = (window: FakeWindow | null, now: number): NonNullable<WireRateLimit["primary_window"]> | null => {
  if (window === null) return null
  const current = windowAt(window, now)
  return {
    used_percent: Math.round(current.usedPercent),
    limit_window_seconds: current.lengthSeconds,
    reset_after_seconds: Math.ceil((current.resetAt - now) / 1000),
    reset_at: Math.floor(current.resetAt / 1000)
  }
}

const wireLimit = (
  limit: { readonly primary: FakeWindow | null; readonly secondary: FakeWindow | null },
  now: number,
  stopped: boolean
) => {
  const primary = wireWindow(limit.primary, now)
  const secondary = wireWindow(limit.secondary, now)
  const reached = stopped || [primary, secondary].some((window) => (window?.used_percent ?? 0) >= 100)
  return { allowed: !reached, limit_reached: reached, primary_window: primary, secondary_window: secondary }
}

export const usage = (account: FakeAccount, now: number): UsageResponse => {
  const main = wireLimit(account, now, account.reachedType !== null || account.spendControl?.reached === true)
  const reachedType = account.reachedType ?? (main.limit_reached ? "rate_limit_reached" : null)
  return {
    plan_type: account.planType,
    rate_limit: { ...main, allowed: account.allowed ?? main.allowed },
    credits: account.credits,
    spend_control: account.spendControl,
    additional_rate_limits: account.additional.map((limit) => ({
      limit_name: limit.name,
      metered_feature: limit.meteredFeature,
      rate_limit: wireLimit(limit, now, false),
      normal_model_slug: null
    })),
    rate_limit_reached_type: reachedType === null ? null : { type: reachedType },
    rate_limit_reset_credits: { available_count: availableCount(account, now) },
    account_id: account.accountId,
    user_id: account.userId,
    rate_limit_upsell: account.upsell
  }
}

const availableCount = (account: FakeAccount, now: number): number =>
  account.resetCredits.filter((credit) => isAvailable(credit, now)).length

const wireCredit = (credit: FakeResetCredit, now: number) => ({
  id: credit.id,
  reset_type: credit.resetType,
  status: credit.status === "available" && !isAvailable(credit, now) ? ("unknown" as const) : credit.status,
  granted_at: time(credit.grantedAt),
  expires_at: maybeTime(credit.expiresAt),
  title: credit.title,
  description: credit.description
})

export const resetCredits = (account: FakeAccount, now: number): typeof ResetCreditsResponse.Type => ({
  credits: account.resetCredits.map((credit) => wireCredit(credit, now)),
  available_count: availableCount(account, now)
})

/** The offer that is in force at `now`. */
export const offerAt = (account: FakeAccount, now: number): FakeOffer | null =>
  [{ from: -Infinity, offer: account.offer }, ...account.laterOffers].findLast(({ from }) => from <= now)?.offer ?? null

export const eligibility = (offer: FakeOffer): typeof EligibilityResponse.Type => ({
  should_show: offer.shouldShow,
  has_rewards: offer.hasRewards,
  title: offer.title,
  description: offer.description,
  grant_action: offer.grantAction,
  grant_amount: offer.grantAmount,
  ineligible_reason: null
})

export const rules = (offer: FakeOffer): typeof RulesResponse.Type => ({
  rules: offer.rules,
  requires_explicit_confirmation: offer.requiresExplicitConfirmation
})

/** The accounts of one user by their ids, the account asked as before all others. */
const ofUser = (asked: FakeAccount, all: Iterable<FakeAccount>): ReadonlyArray<FakeAccount> => {
  const others = Array.from(all).filter(
    ({ accountId, userId }) => userId === asked.userId && accountId !== asked.accountId
  )
  return [asked, ...others.sort((a, b) => (a.accountId < b.accountId ? -1 : 1))]
}

export const workspaces = (asked: FakeAccount, all: Iterable<FakeAccount>): typeof WorkspacesResponse.Type => {
  const own = ofUser(asked, all)
  return {
    accounts: own.map((account) => ({
      id: account.accountId,
      name: account.workspaceName,
      structure: account.structure,
      profile_picture_url: null,
      workspace_backend_origin: "https://chatgpt.com",
      account_routing_override: "NO_CONSTRAINT"
    })),
    account_ordering: own.map(({ accountId }) => accountId)
  }
}

/** The role in every account of one user, the account asked as first in order. */
export const accountsCheck = (asked: FakeAccount, all: Iterable<FakeAccount>): typeof AccountsCheckResponse.Type => {
  const own = ofUser(asked, all)
  return {
    accounts: Object.fromEntries(
      own.map((account) => [account.accountId, { account: { account_user_role: account.role } }])
    ),
    account_ordering: own.map((account) => account.accountId)
  }
}

export const messages = (all: ReadonlyArray<FakeMessage>): typeof WorkspaceMessagesResponse.Type => ({
  messages: all.map((message) => ({
    message_id: message.id,
    message_type: message.type,
    message_body: message.body,
    created_at: maybeTime(message.createdAt),
    archived_at: maybeTime(message.archivedAt)
  }))
})

export const profile = (account: FakeAccount): typeof ProfileResponse.Type => ({ stats: account.activity })

const fresh = (window: FakeWindow | null, now: number): FakeWindow | null =>
  window && { ...window, usedPercent: 0, since: now, resetAt: now + Math.max(1, window.lengthSeconds) * 1000 }

/**
 * Spends a credit and resets the windows. Nothing is spent when the key was used before, when there is no credit, or when
 * every window is unused and stands still: one that fills is never quite unused, so that a second key always costs a
 * second credit.
 */
export const consume = (
  account: FakeAccount,
  now: number,
  request: { readonly key: string; readonly creditId: string | null }
): readonly [result: typeof ConsumeResponse.Type, account: FakeAccount] => {
  const nothing = (code: "already_redeemed" | "no_credit" | "nothing_to_reset") =>
    [{ code, windows_reset: 0 }, account] as const
  if (account.redemptions.some(({ key }) => key === request.key)) return nothing("already_redeemed")
  const credit = account.resetCredits
    .filter((credit) => isAvailable(credit, now) && (request.creditId === null || credit.id === request.creditId))
    .sort((a, b) => (a.expiresAt ?? Infinity) - (b.expiresAt ?? Infinity))
    .at(0)
  if (credit === undefined) return nothing("no_credit")
  const used = [account.primary, account.secondary].filter(
    (window) => window !== null && (window.percentPerHour > 0 || windowAt(window, now).usedPercent > 0)
  )
  if (used.length === 0) return nothing("nothing_to_reset")
  return [
    { code: "reset", windows_reset: used.length },
    {
      ...account,
      primary: fresh(account.primary, now),
      secondary: fresh(account.secondary, now),
      reachedType: account.reachedType === "rate_limit_reached" ? null : account.reachedType,
      resetCredits: account.resetCredits.map((other) => (other === credit ? { ...other, status: "redeemed" } : other)),
      redemptions: [...account.redemptions, { key: request.key, creditId: credit.id, at: now }]
    }
  ]
}

/** Sends an invite: every call sends one more, to the same address too. */
export const invite = (account: FakeAccount, now: number, email: string): FakeAccount => ({
  ...account,
  invites: [...account.invites, { email, at: now }]
})

/** Writes to the owner; null if that happened within the cooldown. */
export const nudge = (account: FakeAccount, now: number, creditType: "credits" | "usage_limit"): FakeAccount | null =>
  account.nudges.some((nudge) => now - nudge.at < account.nudgeCooldownMillis)
    ? null
    : { ...account, nudges: [...account.nudges, { creditType, at: now }] }
