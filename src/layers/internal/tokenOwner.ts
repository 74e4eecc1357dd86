/** Whose a personal access token is: its record does not tell. */
import * as Effect from "effect/Effect"
import { Identity } from "../../domain/Identity.js"
import { planFromClaim } from "../../domain/Plan.js"
import { Session } from "../../domain/Session.js"
import type { AccountSettings } from "../../services/AccountConfig.js"
import { asAccountId, asUserId, type LiveSession } from "../wire/sessionFromRecord.js"
import type { WholeHttpClient } from "./BoundedHttpClient.js"
import { makeLoginClient } from "./LoginClient.js"

/** How long the auth API may take. */
const limit = "10 seconds"

/**
 * Asks the auth API once for each record that is taken up. Without an answer the token is used as it is, and the session
 * has no identity.
 */
export const makeTokenOwner = (execute: WholeHttpClient, settings: AccountSettings) => {
  const client = makeLoginClient(execute, settings)
  return (live: LiveSession): Effect.Effect<LiveSession> => {
    if (live.session.mode !== "personalAccessToken") return Effect.succeed(live)
    return client.whoami(live.bearer).pipe(
      Effect.interruptible,
      Effect.timeout(limit),
      Effect.map((owner) => ({
        ...live,
        session: new Session({
          ...live.session,
          identity: new Identity({
            userId: asUserId(owner.chatgpt_user_id),
            accountId: asAccountId(owner.chatgpt_account_id)
          }),
          email: owner.email ?? null,
          plan: planFromClaim(owner.chatgpt_plan_type ?? null),
          isFedramp: owner.chatgpt_account_is_fedramp ?? false
        })
      })),
      Effect.catchAll(() =>
        Effect.as(Effect.logWarning("The auth API did not tell whose the personal access token is."), live)
      )
    )
  }
}
