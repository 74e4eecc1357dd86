/** What an earlier command left open. */
import * as Effect from "effect/Effect"
import * as Logger from "effect/Logger"
import * as LogLevel from "effect/LogLevel"
import { AuthSession } from "../services/AuthSession.js"
import { OperationJournal } from "../services/OperationJournal.js"
import { paintFor } from "./render/paint.js"
import { Report } from "./Report.js"

const sentence = (count: number): string =>
  `${count === 1 ? "1 act has" : `${count} acts have`} an unknown outcome; see codex-account journal`

const notice = Effect.gen(function* () {
  const report = yield* Report
  if (report.json) return
  const auth = yield* AuthSession
  const journal = yield* OperationJournal
  const { identity } = yield* auth.current
  // An act that needs the journal says what is wrong with it.
  const open = yield* journal.list({ identity, open: true }).pipe(Logger.withMinimumLogLevel(LogLevel.None))
  if (open.length === 0) return
  const paint = paintFor(report.screen.errorColor)
  yield* report.write("stderr", `${paint("yellow", sentence(open.length))}\n`)
}).pipe(Effect.ignore)

/**
 * Says first, in one line on stderr, how many acts of this account have an outcome that nobody knows. Not with `--json`.
 */
export const tellOpen = <A, E, R>(
  program: Effect.Effect<A, E, R>
): Effect.Effect<A, E, R | AuthSession | OperationJournal | Report> => Effect.zipRight(notice, program)
