/** What the menu leaves behind on the terminal: a line for every act. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import { ActError } from "../../domain/ActError.js"
import type { Operation } from "../../domain/Operation.js"
import { plainLine } from "../../domain/PlainText.js"
import { OperationJournal } from "../../services/OperationJournal.js"
import { failureOf } from "../Failure.js"
import { paintFor } from "../render/paint.js"
import { wrap } from "../render/text.js"
import { Report } from "../Report.js"

/** What the outcome says that was done; null where nothing was. */
const doneText = (operation: Operation): string | null => {
  const { act, key, state, target } = operation
  if (state._tag !== "succeeded") return null
  const text = { redeem: redeemed(state.outcome), invite: "The invite was sent.", nudge: asked(state.outcome, target) }[
    act
  ]
  return text === null ? null : `${text} Key: ${plainLine(key, 128)}`
}

const redeemed = (outcome: string): string | null => {
  if (outcome === "reset") return "Your usage was reset."
  return outcome === "alreadyRedeemed" ? "This reset was done before, with the same key." : null
}

const asked = (outcome: string, target: string | null): string | null =>
  outcome === "sent"
    ? `The workspace owner was asked for ${target === "credits" ? "more credits" : "a higher usage limit"}.`
    : null

const commands = { redeem: "redeem", invite: "invite", nudge: "notify-owner" } as const

const unknownOutcome = ({ act, key }: Operation) => {
  const error = new ActError({ act, reason: "OutcomeUnknown", key, status: null, detail: null })
  return failureOf(error, { command: commands[act], networkVariables: [], homeGiven: false })
}

/**
 * Tells which acts were done since then, and which have an outcome that nobody knows, each with its key. `isCutShort`: the
 * person did not wait for the outcome, so that it counts as an error.
 */
export const tellActs = (
  since: DateTime.Utc,
  isCutShort: boolean
): Effect.Effect<void, never, OperationJournal | Report> =>
  Effect.gen(function* () {
    const journal = yield* OperationJournal
    const report = yield* Report
    const paint = paintFor(report.screen.errorColor)
    const all = yield* journal.list()
    const recent = all.filter(({ updatedAt }) => DateTime.greaterThanOrEqualTo(updatedAt, since))
    for (const operation of [...recent].reverse()) {
      const done = doneText(operation)
      const lines = done === null ? [] : wrap(done, report.screen.errorColumns, `${paint("green", "✔")} `, "  ")
      yield* report.write("stderr", lines.map((line) => `${line}\n`).join(""))
      if (!operation.isOpen) continue
      const failure = unknownOutcome(operation)
      if (isCutShort) yield* report.fail(commands[operation.act], failure)
      else yield* report.write("stderr", `${paint("yellow", failure.lines.join("\n"))}\n`)
    }
  }).pipe(Effect.catchAll((error) => Effect.logDebug(`The journal could not be read. ${error.message}`)))
