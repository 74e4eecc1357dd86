/** Snapshots in few words. Times are in minutes after noon, when the snapshot was taken. */
import * as DateTime from "effect/DateTime"
import { AccountId, Identity, UserId } from "../../src/domain/Identity.js"
import type { Plan } from "../../src/domain/Plan.js"
import { byDuration, RateLimitWindow } from "../../src/domain/RateLimitWindow.js"
import { ReferralOffer } from "../../src/domain/ReferralOffer.js"
import { ResetCredit, ResetCredits } from "../../src/domain/ResetCredit.js"
import {
  Credits,
  IndividualLimit,
  RateLimit,
  type ReachedType,
  SpendControl,
  UsageSnapshot
} from "../../src/domain/UsageSnapshot.js"

export const identity = new Identity({ userId: UserId.make("user-1"), accountId: AccountId.make("acct-1") })

export const fetchedAt = DateTime.unsafeMake("2026-06-20T12:00:00Z")

export const at = (minutes: number): DateTime.Utc => DateTime.add(fetchedAt, { minutes })

export const day = 1440

/** A window: how long, how much is used, when it resets. */
export const win = (
  minutes: number | null,
  usedPercent: number,
  resetsIn: number,
  slot: RateLimitWindow["slot"] = "primary"
): RateLimitWindow => new RateLimitWindow({ durationMinutes: minutes, usedPercent, resetsAt: at(resetsIn), slot })

export const fiveHours = (used: number, resetsIn = 60) => win(300, used, resetsIn)

export const week = (used: number, resetsIn = 3 * day) => win(10_080, used, resetsIn, "secondary")

export const paying = (balance: string | null = "18.40") =>
  new Credits({ hasCredits: true, unlimited: false, overageLimitReached: null, balance })

export const spend = (
  reached: boolean,
  own?: { readonly remainingPercent: number; readonly resetsIn: number }
): SpendControl =>
  new SpendControl({
    reached,
    individualLimit:
      own === undefined
        ? null
        : new IndividualLimit({
            limit: "100",
            used: "100",
            remainingPercent: own.remainingPercent,
            resetsAt: at(own.resetsIn)
          })
  })

export const credit = (id: string, expiresIn: number | null, status: ResetCredit["status"] = "available") =>
  new ResetCredit({
    id,
    resetType: "codex_rate_limits",
    status,
    grantedAt: at(-day),
    expiresAt: expiresIn === null ? null : at(expiresIn),
    title: null,
    description: null
  })

export const resets = (availableCount: number, credits: ReadonlyArray<ResetCredit> | null = null) =>
  new ResetCredits({ availableCount, applicableCount: null, credits })

export const offer = (fields: { readonly identity?: Identity; readonly loadedIn?: number } = {}) =>
  new ReferralOffer({
    identity: fields.identity ?? identity,
    description: null,
    rules: [],
    grantAction: '"usage_reset"',
    grantAmount: "1",
    requiresExplicitConfirmation: false,
    loadedAt: at(fields.loadedIn ?? 0)
  })

export interface Said {
  readonly plan?: Plan
  readonly allowed?: boolean | null
  readonly windows?: ReadonlyArray<RateLimitWindow>
  readonly credits?: Credits
  readonly spendControl?: SpendControl
  readonly reachedType?: ReachedType
  readonly resetCredits?: ResetCredits
  readonly unread?: ReadonlyArray<string>
}

export const snapshot = (said: Said): UsageSnapshot =>
  new UsageSnapshot({
    identity,
    fetchedAt,
    plan: said.plan ?? "plus",
    main: new RateLimit({
      id: "codex",
      name: null,
      allowed: said.allowed === undefined ? true : said.allowed,
      windows: [...(said.windows ?? [])].sort(byDuration),
      normalModelSlug: null
    }),
    additional: [],
    codeReview: null,
    models: [],
    credits: said.credits ?? null,
    spendControl: said.spendControl ?? null,
    reachedType: said.reachedType ?? null,
    resetCredits: said.resetCredits ?? null,
    backendAccountId: null,
    backendUserId: null,
    upsell: null,
    unread: said.unread ?? []
  })
