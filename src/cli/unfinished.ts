/** What is said about operations whose outcome is unknown, and about those that Ctrl-C has interrupted. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import { ActError } from "../domain/ActError.js"
import type { Operation } from "../domain/Operation.js"
import { AuthSession } from "../services/AuthSession.js"
import { OperationJournal } from "../services/OperationJournal.js"
import { ExitCode } from "./exitCodes.js"
import { type Failure, failureOf } from "./Failure.js"
import { paintFor } from "./render/paint.js"
import { Report } from "./Report.js"

const sentence = (count: number): string =>
  `${count === 1 ? "1 operation has" : `${count} operations have`} an unknown outcome; see codex-account journal`

const notice = Effect.gen(function* () {
  const report = yield* Report
  if (report.json) return
  const auth = yield* AuthSession
  const journal = yield* OperationJournal
  const { identity } = yield* auth.current
  // A command that needs the journal says itself what is wrong with it.
  const open = yield* journal.list({ identity, open: true }).pipe(Logger.withMinimumLogLevel(LogLevel.None))
  if (open.length === 0) return
  const paint = paintFor(report.screen.errorColor)
  yield* report.write("stderr", `${paint("yellow", sentence(open.length))}\n`)
}).pipe(Effect.ignore)

/** First says, in one line on stderr, how many operations of this account have an unknown outcome. Not with `--json`. */
export const withOpenNotice = <A, E, R>(
  program: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R | AuthSession | OperationJournal | Report> => Effect.zipRight(notice, program)

const done = {
  redeem: "the reset was made",
  invite: "the invite was sent",
  nudge: "the owner was written to"
} as const

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

const unknownOutcome = ({ act, key }: Operation): ActError =>
  new ActError({
    act,
    reason: "OutcomeUnknown",
    key,
    status: null,
    detail: "It was interrupted before the answer came."
  })

/**
 * Interrupted after the request was sent, it reports that the outcome is unknown, and of which operation; interrupted
 * after the answer, that the operation was done.
 */
export const reportInterrupt =
  (act: Operation["act"]) =>
  <A, E, R>(program: Effect.Effect<A, E, R>): Effect.Effect<A, E, R | OperationJournal | Report> =>
    Effect.gen(function* () {
      const journal = yield* OperationJournal
      const { at, fail } = yield* Report
      const startedAt = yield* DateTime.now
      const report = Effect.gen(function* () {
        const all = yield* journal.list({ act })
        const operation = all.find(
          ({ isOpen, state, updatedAt }) =>
            DateTime.greaterThanOrEqualTo(updatedAt, startedAt) && (isOpen || state._tag === "succeeded")
        )
        if (operation === undefined) return
        yield* fail(at.command, operation.isOpen ? failureOf(unknownOutcome(operation), at) : afterSuccess(operation))
      }).pipe(Effect.catchAll((error) => Effect.logDebug(`The journal could not be read. ${error.message}`)))
      return yield* Effect.onInterrupt(program, () => report)
    })
