/** What Ctrl-C leaves behind. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { ActError } from "../domain/ActError.js"
import type { Operation } from "../domain/Operation.js"
import { OperationJournal } from "../services/OperationJournal.js"
import { ExitCode } from "./exitCodes.js"
import { type Failure, failureOf } from "./Failure.js"
import type { CommandName } from "./flags.js"
import { Report } from "./Report.js"

const actOf = { redeem: "redeem", invite: "invite", "notify-owner": "nudge", journal: "redeem" } as const

const done = { redeem: "the reset was made", invite: "the invite was sent", nudge: "the owner was written to" } as const

const afterSuccess = (operation: Operation): Failure => ({
  exitCode: ExitCode.interrupted,
  lines: [`Interrupted after ${done[operation.act]}. Operation ${operation.key}.`],
  body: {
    code: "Interrupted",
    message: `Interrupted after ${done[operation.act]}.`,
    changed: "unknown",
    operation: operation.act,
    status: null,
    retryAfterMillis: null,
    requestId: null,
    key: operation.key
  }
})

const unknownOutcome = ({ act, key }: Operation, command: CommandName): Failure =>
  failureOf(
    new ActError({
      act,
      reason: "OutcomeUnknown",
      key,
      status: null,
      detail: "It was interrupted before the answer came."
    }),
    { command, networkVariables: [], homeGiven: false }
  )

/**
 * Interrupted once the request has left, it says that the outcome is unknown, and of which operation; interrupted after
 * the answer, that it was done.
 */
export const tellInterrupted =
  (command: keyof typeof actOf) =>
  <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | OperationJournal | Report> =>
    Effect.gen(function* () {
      const journal = yield* OperationJournal
      const report = yield* Report
      const startedAt = yield* DateTime.now
      const tell = journal.list({ act: actOf[command] }).pipe(
        Effect.map((all) =>
          all.find(
            (operation) =>
              DateTime.greaterThanOrEqualTo(operation.updatedAt, startedAt) &&
              (operation.isOpen || operation.state._tag === "succeeded")
          )
        ),
        Effect.flatMap((operation) =>
          operation === undefined
            ? Effect.void
            : report.fail(command, operation.isOpen ? unknownOutcome(operation, command) : afterSuccess(operation))
        ),
        Effect.catchAll((error) => Effect.logDebug(`The journal could not be read. ${error.message}`))
      )
      return yield* Effect.onInterrupt(program, () => tell)
    })
