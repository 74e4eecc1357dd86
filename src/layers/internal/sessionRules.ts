/** When a session is renewed, and which sessions the configuration allows. */
import * as Duration from "effect/Duration"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import type { RefreshReason } from "../../contracts/OAuthApi.js"
import { AuthError } from "../../domain/AuthError.js"
import type { Session } from "../../domain/Session.js"
import type { AccountSettings } from "../../services/AccountConfig.js"

const maxAgeOfOpaqueToken = Duration.days(8)

/**
 * Why the session is due for renewal at `nowMillis`, or null. A token that tells its expiry is due `before` it; an
 * opaque one eight days after the last renewal.
 */
export const renewalReason = (
  session: Session,
  nowMillis: number,
  before: Duration.Duration
): Extract<RefreshReason, "proactive_expiry" | "scheduled"> | null => {
  if (!session.isRefreshable) return null
  if (session.accessExpiresAt !== null) {
    return session.accessExpiresAt.epochMillis <= nowMillis + Duration.toMillis(before) ? "proactive_expiry" : null
  }
  if (session.lastRefreshAt === null) return null
  return session.lastRefreshAt.epochMillis < nowMillis - Duration.toMillis(maxAgeOfOpaqueToken) ? "scheduled" : null
}

/** Refuses a session that `forced_login_method` or `forced_chatgpt_workspace_id` rules out. Nothing is removed. */
export const checkForced = (session: Session, settings: AccountSettings): Effect.Effect<void, AuthError> => {
  const method = session.usesBackend ? "chatgpt" : "api"
  if (Option.isSome(settings.forcedLoginMethod) && settings.forcedLoginMethod.value !== method) {
    return Effect.fail(AuthError.of("Forbidden", `forced_login_method is ${settings.forcedLoginMethod.value}`))
  }
  const workspaces = settings.forcedWorkspaces
  if (method === "api" || workspaces.length === 0) return Effect.void
  return session.identity.accountId !== null && workspaces.includes(session.identity.accountId)
    ? Effect.void
    : Effect.fail(AuthError.of("Forbidden", "forced_chatgpt_workspace_id names another workspace"))
}
