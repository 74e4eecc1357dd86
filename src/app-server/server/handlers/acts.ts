/** What can't be undone, as the client has decided. */
import * as Effect from "effect/Effect"
import { RedeemKey, ResetCreditId } from "../../../domain/ResetCredit.js"
import { consumeReset } from "../../../programs/redeemConfirmed.js"
import { nudgeOwner } from "../../../programs/nudge.js"
import type { AuthSession } from "../../../services/AuthSession.js"
import type { Lease } from "../../../services/Lease.js"
import type { OperationJournal } from "../../../services/OperationJournal.js"
import type { RateLimits } from "../../../services/RateLimits.js"
import type { WorkspaceRole } from "../../../services/WorkspaceRole.js"
import { mustNotBeEmpty, timedOut } from "../../protocol/errors.js"
import { consumeResult } from "../results.js"
import { CurrentSession } from "../CurrentSession.js"
import { failureOf } from "../failureWords.js"
import type { Handlers } from "../Handler.js"

type Methods = "account/rateLimitResetCredit/consume" | "account/sendAddCreditsNudgeEmail"

export const actHandlers: Handlers<
  Methods,
  AuthSession | CurrentSession | Lease | OperationJournal | RateLimits | WorkspaceRole
> = {
  "account/rateLimitResetCredit/consume": ({ creditId, idempotencyKey }) =>
    Effect.gen(function* () {
      if (idempotencyKey === "") return yield* mustNotBeEmpty("idempotencyKey")
      if (creditId === "") return yield* mustNotBeEmpty("creditId")
      const sessions = yield* CurrentSession
      const { identity } = yield* sessions.require("for rate limit reset credits")
      const outcome = yield* sessions
        .recordingRefusal(
          consumeReset({
            as: identity,
            key: RedeemKey.make(idempotencyKey),
            creditId: creditId === undefined || creditId === null ? undefined : ResetCreditId.make(creditId)
          })
        )
        .pipe(
          Effect.mapError((error) =>
            error._tag === "BackendError" && error.reason === "Timeout"
              ? timedOut("rate limit reset consume")
              : failureOf(error, "failed to consume rate limit reset", "for rate limit reset credits")
          )
        )
      return consumeResult(outcome)
    }),
  "account/sendAddCreditsNudgeEmail": ({ creditType }) =>
    Effect.gen(function* () {
      const sessions = yield* CurrentSession
      const { identity } = yield* sessions.require("to notify workspace owner")
      const outcome = yield* Effect.mapError(
        sessions.recordingRefusal(nudgeOwner({ as: identity, creditType })),
        (error) => failureOf(error, "failed to notify workspace owner", "to notify workspace owner")
      )
      return { status: outcome === "sent" ? ("sent" as const) : ("cooldown_active" as const) }
    })
}
