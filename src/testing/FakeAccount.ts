/** One account of the fake backend: what it has, and what each act does to it. Pure; times are Unix milliseconds. */
import type { ProfileResponse, UsageResponse } from "../contracts/BackendEndpoints.js"
import type { EndpointName } from "./FaultPlan.js"

/**
 * A window as it was at `since`. It fills by `percentPerHour` as the clock moves, up to 100, and is empty again at every
 * `resetAt`.
 * @since 0.1.0
 * @category models
 */
export interface FakeWindow {
  readonly lengthSeconds: number
  readonly usedPercent: number
  readonly percentPerHour: number
  readonly since: number
  readonly resetAt: number
}

/**
 * @since 0.1.0
 * @category models
 */
export interface FakeLimit {
  readonly name: string
  readonly meteredFeature: string
  readonly primary: FakeWindow | null
  readonly secondary: FakeWindow | null
}

/**
 * @since 0.1.0
 * @category models
 */
export interface FakeResetCredit {
  readonly id: string
  readonly resetType: "codex_rate_limits" | "unknown"
  readonly status: "available" | "redeeming" | "redeemed" | "unknown"
  readonly grantedAt: number
  readonly expiresAt: number | null
  readonly title: string | null
  readonly description: string | null
}

/**
 * `inviteReward` is `has_rewards` in the answer to an invite; undefined leaves the field out.
 * @since 0.1.0
 * @category models
 */
export interface FakeOffer {
  readonly shouldShow: boolean
  readonly hasRewards: boolean
  readonly title: string | null
  readonly description: string | null
  readonly grantAction: unknown
  readonly grantAmount: unknown
  readonly rules: ReadonlyArray<string>
  readonly requiresExplicitConfirmation: boolean
  readonly inviteReward: boolean | null | undefined
}

/**
 * @since 0.1.0
 * @category models
 */
export interface FakeMessage {
  readonly id: string
  readonly type: "headline" | "announcement" | "unknown"
  readonly body: string
  readonly createdAt: number | null
  readonly archivedAt: number | null
}

/**
 * A user in an account. `planType`, `reachedType` and `role` are words as the backend spells them. `offer` null answers
 * 403, and each of `laterOffers` takes its place from a time on. `messages` null answers 404, and every endpoint in
 * `forbidden` answers 403. `allowed` null follows the windows. A user's accounts are the workspaces to choose from, each
 * with its `workspaceName` and `structure`.
 * @since 0.1.0
 * @category models
 */
export interface FakeAccount {
  readonly accountId: string
  readonly userId: string
  readonly email: string
  readonly workspaceName: string | null
  readonly structure: "personal" | "workspace"
  readonly planType: string
  readonly isOrgOwner: boolean | null
  readonly isFedramp: boolean
  readonly role: string | null
  readonly allowed: boolean | null
  readonly primary: FakeWindow | null
  readonly secondary: FakeWindow | null
  readonly additional: ReadonlyArray<FakeLimit>
  readonly credits: NonNullable<UsageResponse["credits"]> | null
  readonly spendControl: NonNullable<UsageResponse["spend_control"]> | null
  readonly reachedType: string | null
  readonly upsell: unknown
  readonly resetCredits: ReadonlyArray<FakeResetCredit>
  readonly redemptions: ReadonlyArray<{ readonly key: string; readonly creditId: string; readonly at: number }>
  readonly offer: FakeOffer | null
  readonly laterOffers: ReadonlyArray<{ readonly from: number; readonly offer: FakeOffer | null }>
  readonly invites: ReadonlyArray<{ readonly email: string; readonly at: number }>
  readonly nudges: ReadonlyArray<{ readonly creditType: "credits" | "usage_limit"; readonly at: number }>
  readonly nudgeCooldownMillis: number
  readonly activity: NonNullable<(typeof ProfileResponse.Type)["stats"]>
  readonly messages: ReadonlyArray<FakeMessage> | null
  readonly forbidden: ReadonlyArray<EndpointName>
}

const day = 86_400_000

/**
 * A window that is `usedPercent` used and resets after `resetsInSeconds`, by default half its length. By default it fills
 * at the rate that would use half of it up in its length; with `percentPerHour` 0 it stands still.
 * @since 0.1.0
 * @category constructors
 */
export const makeWindow = (
  now: number,
  options: {
    readonly lengthSeconds: number
    readonly usedPercent: number
    readonly percentPerHour?: number
    readonly resetsInSeconds?: number
  }
): FakeWindow => ({
  lengthSeconds: options.lengthSeconds,
  usedPercent: options.usedPercent,
  percentPerHour: options.percentPerHour ?? 50 / (options.lengthSeconds / 3600),
  since: now,
  resetAt: now + (options.resetsInSeconds ?? options.lengthSeconds / 2) * 1000
})

/**
 * A credit that is available for 30 days.
 * @since 0.1.0
 * @category constructors
 */
export const makeResetCredit = (now: number, id: string, options?: Partial<FakeResetCredit>): FakeResetCredit => ({
  id,
  resetType: "codex_rate_limits",
  status: "available",
  grantedAt: now,
  expiresAt: now + 30 * day,
  title: "Full reset",
  description: "Ready to use",
  ...options
})

/**
 * The offer that an account has by default.
 * @since 0.1.0
 * @category constants
 */
export const usualOffer: FakeOffer = {
  shouldShow: true,
  hasRewards: true,
  title: null,
  description: "Invite a friend; rewards may apply.",
  grantAction: "usage_reset",
  grantAmount: 1,
  rules: ["Your friend must be new to Codex."],
  requiresExplicitConfirmation: true,
  inviteReward: true
}

/**
 * A member of a business workspace who can do everything: both windows in use, two reset credits, an offer, no cooldown
 * yet.
 * @since 0.1.0
 * @category constructors
 */
export const makeAccount = (now: number, options?: Partial<FakeAccount>): FakeAccount => ({
  accountId: "00000000-1111-4222-8333-444444444444",
  userId: "user-FAKE1",
  email: "ada@example.test",
  workspaceName: "Analytical Engines",
  structure: "workspace",
  planType: "business",
  isOrgOwner: false,
  isFedramp: false,
  role: "standard-user",
  allowed: null,
  primary: makeWindow(now, { lengthSeconds: 18_000, usedPercent: 37 }),
  secondary: makeWindow(now, { lengthSeconds: 604_800, usedPercent: 61 }),
  additional: [],
  credits: {
    has_credits: true,
    unlimited: false,
    balance: "18.40",
    approx_local_messages: null,
    approx_cloud_messages: null
  },
  spendControl: null,
  reachedType: null,
  upsell: null,
  resetCredits: [makeResetCredit(now, "rc_1"), makeResetCredit(now, "rc_2", { expiresAt: now + 60 * day })],
  redemptions: [],
  offer: usualOffer,
  laterOffers: [],
  invites: [],
  nudges: [],
  nudgeCooldownMillis: day,
  activity: {
    lifetime_tokens: 987_654_321,
    peak_daily_tokens: 4_321_000,
    longest_running_turn_sec: 5_400,
    current_streak_days: 4,
    longest_streak_days: 19,
    daily_usage_buckets: [
      { start_date: "2026-06-14", tokens: 120_000 },
      { start_date: "2026-06-15", tokens: 0 }
    ]
  },
  messages: [{ id: "wm_1", type: "headline", body: "Credits renew on Friday.", createdAt: now, archivedAt: null }],
  forbidden: [],
  ...options
})

/**
 * What is different where the workspace's credits are used up: the member is stopped, has no reset to redeem, and can
 * only write to the owner or wait.
 * @since 0.1.0
 * @category constructors
 */
export const withoutCredits: Partial<FakeAccount> = {
  credits: {
    has_credits: false,
    unlimited: false,
    balance: "0",
    approx_local_messages: null,
    approx_cloud_messages: null
  },
  reachedType: "workspace_member_credits_depleted",
  resetCredits: []
}

/**
 * The account's name in the fake: a user in an account.
 * @since 0.1.0
 * @category accessors
 */
export const accountKey = (account: Pick<FakeAccount, "userId" | "accountId">): string =>
  `${account.userId}/${account.accountId}`
