/** Limits, token usage and messages: what can be read at any time. */
import * as Effect from "effect/Effect"
import type { AuthError } from "../../../domain/AuthError.js"
import type { BackendError } from "../../../domain/BackendError.js"
import { readTokenActivity, readWorkspaceMessages } from "../../../programs/status.js"
import { readUsage } from "../../../programs/usage.js"
import type { RateLimits } from "../../../services/RateLimits.js"
import type { TokenUsage } from "../../../services/TokenUsage.js"
import type { WorkspaceMessages } from "../../../services/WorkspaceMessages.js"
import { invalidThreadId, timedOut } from "../../protocol/errors.js"
import { uuidIn } from "../../protocol/uuid.js"
import { CurrentSession } from "../CurrentSession.js"
import { failureOf } from "../failureWords.js"
import type { Handlers } from "../Handler.js"
import { UsageEvents } from "../UsageEvents.js"
import { rateLimitsResult, tokenUsageResult, workspaceMessagesResult } from "../results.js"

type Methods = "account/rateLimits/read" | "account/usage/read" | "account/workspaceMessages/read"

const isTimeout = (error: AuthError | BackendError): boolean =>
  error._tag === "BackendError" && error.reason === "Timeout"

export const usageHandlers: Handlers<
  Methods,
  CurrentSession | RateLimits | TokenUsage | UsageEvents | WorkspaceMessages
> = {
  "account/rateLimits/read": ({ excludeResetCreditDetails }, { connection }) =>
    Effect.gen(function* () {
      const events = yield* UsageEvents
      const sessions = yield* CurrentSession
      const session = yield* sessions.require("to read rate limits")
      const read = readUsage({
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
      const sessions = yield* CurrentSession
      if (threadId != null && uuidIn(threadId) === null) return yield* invalidThreadId(threadId)
      yield* sessions.require("to read token usage")
      const activity = yield* Effect.mapError(sessions.recordingRefusal(readTokenActivity), (error) =>
        isTimeout(error)
          ? timedOut("token usage profile fetch")
          : failureOf(error, "failed to fetch token usage profile", "to read token usage")
      )
      return tokenUsageResult(activity)
    }),
  "account/workspaceMessages/read": () =>
    Effect.gen(function* () {
      const sessions = yield* CurrentSession
      yield* sessions.require("to read workspace messages")
      const list = yield* Effect.mapError(sessions.recordingRefusal(readWorkspaceMessages), (error) =>
        isTimeout(error)
          ? timedOut("workspace messages fetch")
          : failureOf(error, "failed to fetch workspace messages", "to read workspace messages")
      )
      return workspaceMessagesResult(list)
    })
}
