/** Limits, token usage and messages: what can be read at any time. */
import * as Effect from "effect/Effect"
import type { AuthError } from "../../../domain/AuthError.js"
import type { BackendError } from "../../../domain/BackendError.js"
import type { CallPolicy } from "../../../domain/CallPolicy.js"
import { applyPolicy } from "../../../programs/applyPolicy.js"
import { AuthSession } from "../../../services/AuthSession.js"
import { Policies } from "../../../services/Policies.js"
import { RateLimits } from "../../../services/RateLimits.js"
import { TokenUsage } from "../../../services/TokenUsage.js"
import { WorkspaceMessages } from "../../../services/WorkspaceMessages.js"
import { invalidThreadId, timedOut } from "../../protocol/errors.js"
import { uuidIn } from "../../protocol/uuid.js"
import { CurrentSession } from "../CurrentSession.js"
import { failureOf } from "../failureWords.js"
import type { Handlers } from "../Handler.js"
import { UsageEvents } from "../UsageEvents.js"
import { rateLimitsResult, tokenUsageResult, workspaceMessagesResult } from "../results.js"

type Methods = "account/rateLimits/read" | "account/usage/read" | "account/workspaceMessages/read"

type Read<A, R> = Effect.Effect<A, AuthError | BackendError, R>

/** Under its policy, and with what its failure tells of the session kept in mind. */
const under = <A, R>(policy: CallPolicy, read: Read<A, R>): Read<A, AuthSession | CurrentSession | R> =>
  Effect.gen(function* () {
    const auth = yield* AuthSession
    const sessions = yield* CurrentSession
    const context = yield* Effect.context<R>()
    return yield* sessions.recordingRefusal(applyPolicy(policy, auth)(Effect.provide(read, context)))
  })

const isTimeout = (error: AuthError | BackendError): boolean =>
  error._tag === "BackendError" && error.reason === "Timeout"

export const usageHandlers: Handlers<
  Methods,
  AuthSession | CurrentSession | RateLimits | TokenUsage | UsageEvents | WorkspaceMessages
> = {
  "account/rateLimits/read": ({ excludeResetCreditDetails }, { connection }) =>
    Effect.gen(function* () {
      const auth = yield* AuthSession
      const events = yield* UsageEvents
      const limits = yield* RateLimits
      const policies = yield* Policies
      const sessions = yield* CurrentSession
      const session = yield* sessions.require("to read rate limits")
      const read = limits.read({
        usage: applyPolicy(policies.readUsage, auth),
        resetCredits: applyPolicy(policies.readResetCredits, auth),
        details: excludeResetCreditDetails !== true,
        // A client that reads again wants to know what has become of it since.
        fresh: "join"
      })
      const snapshot = yield* Effect.mapError(sessions.recordingRefusal(read), (error) =>
        failureOf(error, "failed to fetch codex rate limits", "to read rate limits")
      )
      const result = rateLimitsResult(snapshot, session)
      yield* events.read(connection, snapshot, result)
      return result
    }),
  "account/usage/read": ({ threadId }) =>
    Effect.gen(function* () {
      const policies = yield* Policies
      const sessions = yield* CurrentSession
      const tokens = yield* TokenUsage
      if (threadId != null && uuidIn(threadId) === null) return yield* invalidThreadId(threadId)
      yield* sessions.require("to read token usage")
      const activity = yield* Effect.mapError(under(policies.readTokenActivity, tokens.read), (error) =>
        isTimeout(error)
          ? timedOut("token usage profile fetch")
          : failureOf(error, "failed to fetch token usage profile", "to read token usage")
      )
      return tokenUsageResult(activity)
    }),
  "account/workspaceMessages/read": () =>
    Effect.gen(function* () {
      const messages = yield* WorkspaceMessages
      const policies = yield* Policies
      const sessions = yield* CurrentSession
      yield* sessions.require("to read workspace messages")
      const list = yield* Effect.mapError(under(policies.readWorkspaceMessages, messages.read), (error) =>
        isTimeout(error)
          ? timedOut("workspace messages fetch")
          : failureOf(error, "failed to fetch workspace messages", "to read workspace messages")
      )
      return workspaceMessagesResult(list)
    })
}
