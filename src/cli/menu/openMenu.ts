/** The usage menu on the terminal of this process, and what it leaves behind there. */
import * as DateTime from "effect/DateTime"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { ActError } from "../../domain/ActError.js"
import type { Operation } from "../../domain/Operation.js"
import { plainLine } from "../../domain/PlainText.js"
import { usageMenu } from "../../programs/usageMenu.js"
import { Dialog } from "../../services/Dialog.js"
import { OperationJournal } from "../../services/OperationJournal.js"
import { ExitCode } from "../exitCodes.js"
import { type CommandError, failureOf } from "../Failure.js"
import { paintFor } from "../render/paint.js"
import { wrap } from "../render/text.js"
import { Report } from "../Report.js"
import { ownScreen } from "../terminal/frame.js"
import { type Left, make as makeTerminal } from "../terminal/Terminal.js"
import { onScreen } from "../terminal/TerminalDialog.js"
import { showUsage } from "./showUsage.js"

/** The commands that do the same as the acts of the menu. */
const commands = { redeem: "redeem", invite: "invite", nudge: "notify-owner" } as const

const failure = (error: CommandError, command: string) =>
  failureOf(error, { command, networkVariables: [], homeGiven: false })

const asked = (outcome: string, target: string | null): string | null =>
  outcome === "sent"
    ? `The workspace owner was asked for ${target === "credits" ? "more credits" : "a higher usage limit"}.`
    : null

const redeemed = (outcome: string): string | null => {
  if (outcome === "reset") return "Your usage was reset."
  return outcome === "alreadyRedeemed" ? "This reset was done before, with the same key." : null
}

/** What was done; null where nothing was. */
const doneText = ({ act, key, state, target }: Operation): string | null => {
  if (state._tag !== "succeeded") return null
  const text = { redeem: redeemed(state.outcome), invite: "The invite was sent.", nudge: asked(state.outcome, target) }
  return text[act] === null ? null : `${text[act]} Key: ${plainLine(key, 128)}`
}

/**
 * A line for every act since then that was done, or whose outcome is not known, each with its key. `isCutShort`: the
 * person did not wait for the outcome, so an unknown one counts as an error.
 */
const tellActs = (since: DateTime.Utc, isCutShort: boolean) =>
  Effect.gen(function* () {
    const journal = yield* OperationJournal
    const report = yield* Report
    const paint = paintFor(report.screen.errorColor)
    const recent = (yield* journal.list()).filter(({ updatedAt }) => DateTime.greaterThanOrEqualTo(updatedAt, since))
    for (const operation of [...recent].reverse()) {
      const { act, isOpen, key } = operation
      const done = doneText(operation)
      const lines = done === null ? [] : wrap(done, report.screen.errorColumns, `${paint("green", "✔")} `, "  ")
      yield* report.write("stderr", lines.map((line) => `${line}\n`).join(""))
      if (!isOpen) continue
      const open = failure(
        new ActError({ act, reason: "OutcomeUnknown", key, status: null, detail: null }),
        commands[act]
      )
      if (isCutShort) yield* report.fail(commands[act], open)
      else yield* report.write("stderr", `${paint("yellow", open.lines.join("\n"))}\n`)
    }
  }).pipe(Effect.catchAll((error) => Effect.logDebug(`The journal could not be read. ${error.message}`)))

/**
 * Shows the menu until the person leaves: with Escape, or with Ctrl-C, which is exit code 130. Fails when no account is signed
 * in. What was done, and what has an outcome that is not known, is said when the screen is gone.
 */
export const openMenu = Effect.gen(function* () {
  const report = yield* Report
  const openedAt = yield* DateTime.now
  const acted = yield* Ref.make(false)
  const byCtrlC = yield* Ref.make(false)
  const quit = yield* Deferred.make<void>()
  const left = (was: Left) => Ref.set(byCtrlC, was.byCtrlC)

  const menu = Effect.gen(function* () {
    const around = yield* Effect.scope
    const onTerminal = Effect.gen(function* () {
      const terminal = yield* makeTerminal(ownScreen)
      const dialog = onScreen(terminal, { quit: Deferred.succeed(quit, undefined), left })
      const program = usageMenu({
        showUsage: Effect.catchTag(showUsage(terminal), "Left", (was) => Effect.zipRight(left(was), Effect.interrupt)),
        explain: (error, act) => failure(error, act === null ? "usage" : commands[act]).lines
      }).pipe(
        Effect.provideService(Dialog, {
          ...dialog,
          progress: (label, work, options) => {
            const shown = dialog.progress(label, work, options)
            return options?.isAct === true ? Effect.zipRight(Ref.set(acted, true), shown) : shown
          }
        })
      )
      const fiber = yield* Effect.forkIn(program, around)
      yield* Effect.raceFirst(Fiber.join(fiber), Effect.zipRight(Deferred.await(quit), Ref.set(byCtrlC, true)))
    })
    // The terminal is given back first; then what is still under way is interrupted.
    yield* Effect.scoped(onTerminal)
  }).pipe(Effect.scoped)

  yield* menu.pipe(
    Effect.onExit((exit) =>
      Effect.gen(function* () {
        const interrupted = yield* Ref.get(byCtrlC)
        if (yield* Ref.get(acted)) yield* tellActs(openedAt, interrupted || Exit.isFailure(exit))
        // An act that was cut short has an exit code of its own, but it is the menu that was left.
        yield* Ref.update(report.exitCode, (said) =>
          interrupted || Option.isSome(said) ? Option.some(ExitCode.interrupted) : said
        )
      })
    )
  )
})
