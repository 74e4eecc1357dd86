/** The results of the account's methods, as the protocol writes them. */
import type * as DateTime from "effect/DateTime"
import type { RateLimitWindow } from "../../domain/RateLimitWindow.js"
import type { ResetCredits } from "../../domain/ResetCredit.js"
import type { Session } from "../../domain/Session.js"
import type { TokenActivity } from "../../domain/TokenActivity.js"
import type { RateLimit, UsageSnapshot } from "../../domain/UsageSnapshot.js"
import type { WorkspaceMessageList } from "../../domain/WorkspaceMessage.js"
import { claimedRole, type WorkspaceRole } from "../../domain/WorkspaceRole.js"
import type { Result } from "../protocol/methods.js"
import type { ServerNotificationParams } from "../protocol/notifications.js"
import type { RateLimitSnapshot } from "../protocol/schemas/Usage.js"

/** The account of a session: of ChatGPT, or the kind of key. The name of the workspace is null until it is known. */
export const accountWire = (session: Session): Result<"account/read">["account"] => {
  switch (session.mode) {
    case "apikey":
      return { type: "apiKey" }
    case "bedrockApiKey":
    case "bedrockAccessKeys":
      return { type: "amazonBedrock", usesCodexManagedCredentials: true }
    default:
      return {
        type: "chatgpt",
        email: session.email,
        planType: session.plan,
        workspaceName: session.workspace?.name ?? null
      }
  }
}

/** Where the workspace's requests go; null until it is known. */
const routingOf = (session: Session | null): Result<"account/read">["workspaceRouting"] => {
  const workspace = session?.workspace ?? null
  if (workspace === null || workspace.routing === null) return null
  const { origin, override } = workspace.routing
  return { chatgptAccountId: workspace.id, backendOrigin: origin, accountRoutingOverride: override }
}

/** The live role, or what the token claims; null without a workspace. */
const roleMembers = (session: Session | null, live: WorkspaceRole | null) => {
  const role = session === null || !session.usesBackend ? null : (live ?? claimedRole(session.isOrgOwner))
  return { workspaceRole: role?.role ?? null, isWorkspaceOwner: role?.isOwner ?? null }
}

/** A session, null when signed out, with the live role of its identity, null while that is not known. */
export interface Known {
  readonly session: Session | null
  readonly role: WorkspaceRole | null
}

export const accountResult = ({ role, session }: Known): Result<"account/read"> => ({
  account: session === null ? null : accountWire(session),
  userId: session === null || !session.usesBackend ? null : session.identity.userId,
  requiresOpenaiAuth: true,
  workspaceRouting: routingOf(session),
  ...roleMembers(session, role)
})

/** `isSame`: the client knows of this account already. */
export const accountUpdated = (
  { role, session }: Known,
  isSame: boolean
): ServerNotificationParams<"account/updated"> => ({
  authMode: session?.mode ?? null,
  planType: session === null || !session.usesBackend ? null : session.plan,
  reason: isSame ? "workspaceRoutingReady" : null,
  ...roleMembers(session, role)
})

/** The way of signing in; `token` only where the client asked for it. */
export const authStatusResult = (session: Session | null, token: string | null): Result<"getAuthStatus"> => ({
  authMethod: session?.mode ?? null,
  authToken: session === null ? null : token,
  requiresOpenaiAuth: true
})

/** Unix seconds, rounded down. */
const unixSeconds = (time: DateTime.Utc): number => Math.floor(time.epochMillis / 1000)

/** The protocol has no null for some times. */
const unixSecondsOrZero = (time: DateTime.Utc | null): number => unixSecondsOrNull(time) ?? 0

const unixSecondsOrNull = (time: DateTime.Utc | null): number | null => (time === null ? null : unixSeconds(time))

/** Count and list as the backend sent them: nothing is filtered, sorted or counted again. */
export const resetCreditsWire = (
  resetCredits: ResetCredits | null
): Result<"account/rateLimits/read">["rateLimitResetCredits"] =>
  resetCredits === null
    ? null
    : {
        availableCount: resetCredits.availableCount,
        credits:
          resetCredits.credits?.map((credit) => ({
            ...credit,
            resetType: credit.resetType === "codex_rate_limits" ? ("codexRateLimits" as const) : ("unknown" as const),
            grantedAt: unixSecondsOrZero(credit.grantedAt),
            expiresAt: unixSecondsOrNull(credit.expiresAt)
          })) ?? null
      }

const slot = (limit: RateLimit, name: RateLimitWindow["slot"]): RateLimitSnapshot["primary"] => {
  const window = limit.windows.find((one) => one.slot === name)
  return window === undefined
    ? null
    : {
        usedPercent: Math.round(window.usedPercent),
        windowDurationMins: window.durationMinutes,
        resetsAt: unixSecondsOrNull(window.resetsAt)
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

/** Codex's own limit, the only one with credits, spend control and the reason why it was reached. */
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
      own === null || own.limit === null || own.used === null
        ? null
        : {
            limit: own.limit,
            used: own.used,
            remainingPercent: Math.round(own.remainingPercent),
            resetsAt: unixSecondsOrZero(own.resetsAt)
          },
    spendControlReached: spendControl?.reached ?? null,
    rateLimitReachedType: snapshot.reachedType
  }
}

/** Whether the backend answered for the login that asked. */
const isOwn = ({ backendAccountId, backendUserId, identity }: UsageSnapshot): boolean =>
  backendAccountId !== null &&
  backendUserId !== null &&
  backendAccountId === identity.accountId &&
  backendUserId === identity.userId

/**
 * Whether ordinary usage is allowed, and the upsell, are filled in only when the backend answered for the login that
 * asked, and never for a FedRAMP account. Of further limits with the same id the last counts; one with the id of the main
 * limit replaces that in the map, but not in `rateLimits`.
 */
export const rateLimitsResult = (
  snapshot: UsageSnapshot,
  { isFedramp }: { readonly isFedramp: boolean }
): Result<"account/rateLimits/read"> => {
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

/** Totals and days as the backend sent them; the usage of one thread is never known here. */
export const tokenUsageResult = (activity: TokenActivity): Result<"account/usage/read"> => ({
  summary: {
    lifetimeTokens: activity.lifetimeTokens,
    peakDailyTokens: activity.peakDailyTokens,
    longestRunningTurnSec: activity.longestRunningTurnSeconds,
    currentStreakDays: activity.currentStreakDays,
    longestStreakDays: activity.longestStreakDays
  },
  dailyUsageBuckets: activity.daily?.map((day) => ({ ...day })) ?? null,
  threadUsage: null
})

/** All messages in their order, archived ones included. */
export const workspaceMessagesResult = (list: WorkspaceMessageList): Result<"account/workspaceMessages/read"> => ({
  featureEnabled: list.featureEnabled,
  messages: list.messages.map(({ archivedAt, body, createdAt, id, type }) => ({
    messageId: id,
    messageType: type,
    messageBody: body,
    createdAt: unixSecondsOrNull(createdAt),
    archivedAt: unixSecondsOrNull(archivedAt)
  }))
})
