/** What asks the backend in the client's name: readings, and the acts that the client has decided on. */
import * as Effect from "effect/Effect"
import type { ActError } from "../../../domain/ActError.js"
import type { AuthError } from "../../../domain/AuthError.js"
import type { BackendError } from "../../../domain/BackendError.js"
import type { JournalError } from "../../../services/OperationJournal.js"
import { RedeemKey, ResetCreditId } from "../../../domain/ResetCredit.js"
import type { Session } from "../../../domain/Session.js"
import { nudgeOwner } from "../../../programs/nudge.js"
import { consumeReset } from "../../../programs/redeemConfirmed.js"
import { readTokenActivity, readWorkspaceMessages } from "../../../programs/status.js"
import { readUsage } from "../../../programs/usage.js"
import {
  accountAuthRequired,
  failedTo,
  chatgptAuthRequired,
  invalidThreadId,
  mustNotBeEmpty,
  timedOut
} from "../../protocol/errors.js"
import { uuidIn } from "../../protocol/Method.js"
import { CurrentSession } from "../CurrentSession.js"
import type { Handlers, ServerServices } from "../Handler.js"
import { rateLimitsResult, tokenUsageResult, workspaceMessagesResult } from "../results.js"
import { UsageEvents } from "../UsageEvents.js"

type Failure = ActError | AuthError | BackendError | JournalError

/** The message of the error, without the ids and keys of the backend or the client. */
const messageOf = (error: Failure): string => {
  switch (error._tag) {
    case "BackendError":
      return error.description
    case "ActError":
    case "JournalError":
      return error.advice === null ? error.summary : `${error.summary} ${error.advice}`
    case "AuthError":
      return error.message
  }
}

/** How an answer names what failed. Without `timeout`, one that took too long is like every other failure. */
interface Names {
  readonly purpose: string
  readonly prefix: string
  readonly timeout?: string
}

/** Runs work that needs a session with ChatGPT, and answers with its failure. */
const withSession = <A, E extends Failure, R>(
  { prefix, purpose, timeout }: Names,
  work: (session: Session) => Effect.Effect<A, E | AuthError, R>
) =>
  Effect.gen(function* () {
    const sessions = yield* CurrentSession
    const session = yield* sessions.require(purpose)
    return yield* Effect.mapError(sessions.recordingRefusal(work(session)), (error: Failure) => {
      if (error._tag === "BackendError" && error.isTimeout && timeout !== undefined) return timedOut(timeout)
      if (error._tag === "AuthError" && error.reason === "NotSignedIn") return accountAuthRequired(purpose)
      if (error._tag === "AuthError" && error.reason === "WrongAuth") return chatgptAuthRequired(purpose)
      return failedTo(prefix, messageOf(error))
    })
  })

export const usageHandlers: Handlers<
  | "account/rateLimits/read"
  | "account/usage/read"
  | "account/workspaceMessages/read"
  | "account/rateLimitResetCredit/consume"
  | "account/sendAddCreditsNudgeEmail",
  ServerServices | CurrentSession | UsageEvents
> = {
  "account/rateLimits/read": ({ excludeResetCreditDetails }, { connection }) =>
    withSession({ purpose: "to read rate limits", prefix: "failed to fetch codex rate limits" }, (session) =>
      Effect.gen(function* () {
        const events = yield* UsageEvents
        // A client that reads again wants to know what has become of it since.
        const snapshot = yield* readUsage({ details: excludeResetCreditDetails !== true, fresh: "join" })
        const result = rateLimitsResult(snapshot, session)
        yield* events.read(connection, snapshot, result)
        return result
      })
    ),
  "account/usage/read": ({ threadId }) =>
    threadId != null && uuidIn(threadId) === null
      ? Effect.fail(invalidThreadId(threadId))
      : withSession(
          {
            purpose: "to read token usage",
            prefix: "failed to fetch token usage profile",
            timeout: "token usage profile fetch"
          },
          () => Effect.map(readTokenActivity, tokenUsageResult)
        ),
  "account/workspaceMessages/read": () =>
    withSession(
      {
        purpose: "to read workspace messages",
        prefix: "failed to fetch workspace messages",
        timeout: "workspace messages fetch"
      },
      () => Effect.map(readWorkspaceMessages, workspaceMessagesResult)
    ),
  "account/rateLimitResetCredit/consume": ({ creditId, idempotencyKey }) => {
    if (idempotencyKey === "") return Effect.fail(mustNotBeEmpty("idempotencyKey"))
    if (creditId === "") return Effect.fail(mustNotBeEmpty("creditId"))
    return withSession(
      {
        purpose: "for rate limit reset credits",
        prefix: "failed to consume rate limit reset",
        timeout: "rate limit reset consume"
      },
      ({ identity }) =>
        consumeReset({
          as: identity,
          key: RedeemKey.make(idempotencyKey),
          creditId: creditId == null ? undefined : ResetCreditId.make(creditId)
        })
    ).pipe(Effect.map((outcome) => ({ outcome })))
  },
  "account/sendAddCreditsNudgeEmail": ({ creditType }) =>
    withSession({ purpose: "to notify workspace owner", prefix: "failed to notify workspace owner" }, ({ identity }) =>
      nudgeOwner({ as: identity, creditType })
    ).pipe(Effect.map((outcome) => ({ status: outcome === "sent" ? "sent" : "cooldown_active" })))
}
