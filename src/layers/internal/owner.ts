/** Who a session is, where its record does not say. */
import * as Effect from "effect/Effect"
import { planFromClaim } from "../../domain/Plan.js"
import { Session } from "../../domain/Session.js"
import type { OAuthClient } from "./OAuthClient.js"
import { identityOf, type LiveSession } from "./sessionRecord.js"

/** How long the auth API may take to name the owner of a token. */
const ownerTimeout = "10 seconds"

/**
 * Asks the auth API who owns a personal access token, whose record does not say. Without an answer the token is used as it
 * is, and the session has no identity.
 */
export const identifyWith =
  (oauth: OAuthClient) =>
  (live: LiveSession): Effect.Effect<LiveSession> => {
    if (live.session.mode !== "personalAccessToken") return Effect.succeed(live)
    return oauth.whoami(live.bearer).pipe(
      Effect.interruptible,
      Effect.timeout(ownerTimeout),
      Effect.map((owner) => ({
        ...live,
        session: new Session({
          ...live.session,
          identity: identityOf(owner.chatgpt_user_id, owner.chatgpt_account_id),
          email: owner.email ?? null,
          plan: planFromClaim(owner.chatgpt_plan_type ?? null),
          isFedramp: owner.chatgpt_account_is_fedramp ?? false
        })
      })),
      Effect.catchAll(() =>
        Effect.as(Effect.logWarning("The auth API did not say who owns the personal access token."), live)
      )
    )
  }
