/** The usage menu on the terminal of this process. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Exit from "effect/Exit"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import { changes, perform } from "../../programs/menu/perform.js"
import { type Command, init, update } from "../../programs/menu/UsageMenu.js"
import { AuthSession } from "../../services/AuthSession.js"
import { Dialog } from "../../services/Dialog.js"
import { ExitCode } from "../exitCodes.js"
import { paintFor } from "../render/paint.js"
import { Report } from "../Report.js"
import { runLive } from "./live.js"
import { tellActs } from "./tellActs.js"
import * as Tty from "./tty.js"
import { usageMenuView } from "./views/usageMenu.js"

/** Whether it does something that can't be undone. */
const isAct = (command: Command): boolean => {
  switch (command._tag) {
    case "Redeem":
      return command.command._tag === "Consume"
    case "Nudge":
      return command.command._tag === "Nudge"
    case "Invite":
      return true
    default:
      return false
  }
}

/**
 * Shows the menu until the person leaves: with Escape, or with Ctrl-C, which is exit code 130. Fails before it is shown
 * when nobody is signed in. What was done, and what has an outcome that nobody knows, is told when it is gone.
 */
export const openMenu = Effect.gen(function* () {
  const auth = yield* AuthSession
  const dialog = yield* Dialog
  const report = yield* Report
  const { screen } = report
  const { session } = yield* dialog.progress("Looking who is signed in", auth.authorization)
  const openedAt = yield* DateTime.now
  const acted = yield* Ref.make(false)
  /** The outcome of what was cut short is told, and has an exit code of its own; but it is the menu that was left. */
  const leave = (byCtrlC: boolean) =>
    Ref.update(report.exitCode, (told) => (byCtrlC || Option.isSome(told) ? Option.some(ExitCode.interrupted) : told))

  yield* runLive(
    {
      init: init(session),
      update,
      view: usageMenuView,
      perform: (command) =>
        Effect.zipRight(
          Effect.when(Ref.set(acted, true), () => isAct(command)),
          perform(command)
        ),
      events: changes
    },
    {
      tty: Effect.provideService(Tty.make, Report, report),
      paint: paintFor(screen.errorColor),
      zone: screen.zone()
    }
  ).pipe(
    Effect.onExit((exit) => {
      const byCtrlC = Exit.isSuccess(exit) && exit.value.byCtrlC
      const isCutShort = byCtrlC || !Exit.isSuccess(exit)
      return Effect.whenEffect(tellActs(openedAt, isCutShort), Ref.get(acted)).pipe(Effect.zipRight(leave(byCtrlC)))
    })
  )
})
