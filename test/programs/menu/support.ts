/** What the menu's tests are about: two accounts, and what the backend may say of them. */
import { ActError } from "../../../src/domain/ActError.js"
import { AuthError } from "../../../src/domain/AuthError.js"
import { BackendError } from "../../../src/domain/BackendError.js"
import { AccountId, Identity, UserId } from "../../../src/domain/Identity.js"
import { JournalError } from "../../../src/domain/JournalError.js"
import { Operation } from "../../../src/domain/Operation.js"
import { ReferralOffer } from "../../../src/domain/ReferralOffer.js"
import { type ResetCredit, ResetCredits } from "../../../src/domain/ResetCredit.js"
import { Session } from "../../../src/domain/Session.js"
import { TokenActivity } from "../../../src/domain/TokenActivity.js"
import { type ReachedType, SpendControl, UsageSnapshot } from "../../../src/domain/UsageSnapshot.js"
import { verdict } from "../../../src/domain/Verdict.js"
import type { UsageView } from "../../../src/programs/usage.js"
import { at, credit, fetchedAt, fiveHours, snapshot, week } from "../../domain/snapshots.js"

export { at, credit, fetchedAt }

const identityOf = (name: string) =>
  new Identity({ userId: UserId.make(`user-${name}`), accountId: AccountId.make(`account-${name}`) })

export const sessionOf = (name: string, mode: Session["mode"] = "chatgpt"): Session =>
  new Session({
    mode,
    identity: identityOf(name),
    email: `${name}@example.test`,
    plan: "business",
    isOrgOwner: false,
    isFedramp: false,
    accessExpiresAt: null,
    lastRefreshAt: null,
    source: "file"
  })

export const ada = sessionOf("ada")
export const bob = sessionOf("bob")

export interface Said {
  readonly of?: Session
  readonly count?: number | null
  readonly credits?: ReadonlyArray<ResetCredit> | null
  readonly reachedType?: ReachedType | null
  readonly capped?: boolean
}

/** A snapshot; without `credits` only their count is told, and with `count` null not even that. */
export const usageOf = ({
  capped,
  count = 2,
  credits = null,
  of = ada,
  reachedType = null
}: Said = {}): UsageSnapshot =>
  new UsageSnapshot({
    ...snapshot({ plan: "business", windows: [fiveHours(80), week(60)] }),
    identity: of.identity,
    reachedType,
    spendControl: capped === undefined ? null : new SpendControl({ reached: capped, individualLimit: null }),
    resetCredits: count === null ? null : new ResetCredits({ availableCount: count, credits })
  })

export const viewOf = (usage: UsageSnapshot): UsageView => ({
  snapshot: usage,
  verdict: verdict(usage, { now: at(0) })
})

export const activityOf = (session: Session): TokenActivity =>
  new TokenActivity({
    identity: session.identity,
    fetchedAt,
    lifetimeTokens: 1,
    peakDailyTokens: null,
    longestRunningTurnSeconds: null,
    currentStreakDays: null,
    longestStreakDays: null,
    daily: null
  })

export const offerOf = (session: Session, fields: { readonly description?: string; readonly loadedIn?: number } = {}) =>
  new ReferralOffer({
    identity: session.identity,
    description: fields.description ?? "Invite a friend.",
    rules: ["New to Codex."],
    grantAction: '"usage_reset"',
    grantAmount: "1",
    requiresExplicitConfirmation: true,
    loadedAt: at(fields.loadedIn ?? 0)
  })

export const operationOf = (
  act: Operation["act"],
  fields: {
    readonly key?: string
    readonly target?: string | null
    readonly state?: Operation["state"]
    readonly of?: Session
  } = {}
): Operation =>
  new Operation({
    key: fields.key ?? "open-key",
    act,
    identity: (fields.of ?? ada).identity.key,
    target: fields.target ?? null,
    state: fields.state ?? { _tag: "unknown", reason: "Timeout" },
    createdAt: at(-5),
    updatedAt: at(-4)
  })

export const credits = [credit("soon", 60), credit("late", 6000), credit("never", null)]

export const actError = (act: Operation["act"], reason: ActError["reason"], key: string | null = null): ActError =>
  new ActError({ act, reason, key, status: null, detail: null })

export const offline = BackendError.of("usage.read", "Unreachable")
export const timeout = BackendError.of("usage.read", "Timeout")
export const signedOut = AuthError.of("NotSignedIn")
export const busy = ActError.of("redeem", "Busy")
export const noJournal = new JournalError({ reason: "Unavailable", key: null })
