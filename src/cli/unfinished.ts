/** What is said about operations whose outcome is unknown, and about those that Ctrl-C interrupts. */
import * as Arr from "effect/Array"
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import * as Ref from "effect/Ref"
import { ActError } from "../domain/ActError.js"
import type { Operation } from "../domain/Operation.js"
import { AuthSession } from "../services/AuthSession.js"
import { OnIntent, OperationJournal } from "../services/OperationJournal.js"
import { failureOf, interruption } from "./Failure.js"
import { paintFor } from "./render/paint.js"
import { Report } from "./Report.js"

const mostCounted = 99

const notice = Effect.gen(function* () {
  const report = yield* Report
  if (report.json) return
  const auth = yield* AuthSession
  const journal = yield* OperationJournal
  const { identity } = yield* auth.current
  // A command that needs the journal says itself what is wrong with it.
  const open = yield* journal
    .list({ identity, state: "open", limit: mostCounted + 1 })
    .pipe(Logger.withMinimumLogLevel(LogLevel.None))
  if (open.length === 0) return
  const count = open.length > mostCounted ? `more than ${mostCounted}` : open.length
  const have = open.length === 1 ? "1 operation has" : `${count} operations have`
  const text = `${have} an unknown outcome; see codex-account journal`
  yield* report.print("stderr", [paintFor(report.screen.errorColor)("yellow", text)])
}).pipe(Effect.ignore)

/** First says, in one line on stderr, how many operations of this account have an unknown outcome. Not with `--json`. */
export const withOpenNotice = <A, E, R>(program: Effect.Effect<A, E, R>) => Effect.zipRight(notice, program)

/** Gives the program the operations that were begun within it, in order, each as the journal has it by then. */
export const withBegun = <A, E, R>(
  program: (begun: Effect.Effect<ReadonlyArray<Operation>>) => Effect.Effect<A, E, R>
) =>
  Effect.gen(function* () {
    const journal = yield* OperationJournal
    const keys = yield* Ref.make<ReadonlyArray<string>>([])
    const begun = Ref.get(keys).pipe(
      Effect.flatMap(Effect.forEach(journal.find)),
      Effect.map(Arr.getSomes),
      Effect.catchAll((error) => Effect.as(Effect.logDebug(`The journal could not be read. ${error.message}`), []))
    )
    const note = ({ key }: Operation) => Ref.update(keys, (known) => Arr.union(known, [key]))
    return yield* Effect.provideService(program(begun), OnIntent, note)
  })

export const unknownOutcome = ({ act, key }: Operation, detail: string | null = null): ActError =>
  new ActError({ act, reason: "OutcomeUnknown", key, status: null, detail })

/**
 * Interrupted after a request was sent, it reports that the outcome is unknown, and of which operation; interrupted after
 * the answer, that the operation was done.
 */
export const reportInterrupt = <A, E, R>(program: Effect.Effect<A, E, R>) =>
  withBegun((begun) =>
    Effect.flatMap(Report, ({ at, fail }) =>
      Effect.onInterrupt(program, () =>
        Effect.flatMap(begun, (operations) => {
          const operation = operations.find(({ isOpen, state }) => isOpen || state._tag === "succeeded")
          if (operation === undefined) return Effect.void
          const unknown = unknownOutcome(operation, "It was interrupted before the answer came.")
          return fail(at.command, operation.isOpen ? failureOf(unknown, at) : interruption(at, operation))
        })
      )
    )
  )
