/** The usage menu on the terminal of this process, and what it leaves behind there. */
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Exit from "effect/Exit"
import * as Fiber from "effect/Fiber"
import * as Option from "effect/Option"
import * as Ref from "effect/Ref"
import type { ActivityView } from "../domain/ActivityCalendar.js"
import { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import { sameIdentity } from "../domain/Identity.js"
import type { Operation } from "../domain/Operation.js"
import { plainLine } from "../domain/PlainText.js"
import type { TokenActivity } from "../domain/TokenActivity.js"
import { showActivity } from "../programs/status.js"
import { readUsageWithVerdict, type UsageView } from "../programs/usage.js"
import { usageMenu } from "../programs/usageMenu.js"
import { AuthSession } from "../services/AuthSession.js"
import { Dialog } from "../services/Dialog.js"
import { ExitCode } from "./exitCodes.js"
import { failureIn } from "./Failure.js"
import { activityLines } from "./render/activity.js"
import type { Canvas } from "./render/limits.js"
import { paintFor } from "./render/paint.js"
import { wrap } from "./render/text.js"
import { withLocalTimes } from "./render/time.js"
import { usageLines } from "./render/usage.js"
import { Report } from "./Report.js"
import { ownScreen } from "./terminal/frame.js"
import { type Left, make as makeTerminal, type Terminal } from "./terminal/Terminal.js"
import { onScreen } from "./terminal/TerminalDialog.js"
import { view } from "./terminal/View.js"
import { unknownOutcome, withBegun } from "./unfinished.js"

/** Null while it is read. */
type Part<A> = Either.Either<A, AuthError | BackendError> | null

const partLines = <A>(
  name: string,
  part: Part<A>,
  { columns, now, paint }: Canvas,
  draw: (value: A) => ReadonlyArray<string>
): ReadonlyArray<string> => {
  if (part === null) return [paint("dim", `Reading the ${name.toLowerCase()}…`)]
  if (Either.isRight(part)) return draw(part.right)
  const why = failureIn("usage", part.left).lines
  return [`${name} unavailable`, ...why.map((line) => withLocalTimes(line, now))].flatMap((line) => wrap(line, columns))
}

/** Reads without showing that it reads: the parts say it themselves. */
const silently = <A, E, R>(program: Effect.Effect<A, E, R>) =>
  Effect.flatMap(Dialog, (dialog) => Effect.provideService(program, Dialog, { ...dialog, progress: (_, work) => work }))

const readUsage = (fresh: boolean) =>
  Effect.gen(function* () {
    const auth = yield* AuthSession
    const { identity } = yield* auth.current
    const view = yield* readUsageWithVerdict({ fresh })
    return sameIdentity(view.snapshot.identity, identity) ? view : yield* AuthError.of("AccountMismatch")
  })

/** Shows both until the person goes back. */
const showUsage = (terminal: Terminal) =>
  Effect.gen(function* () {
    let usage: Part<UsageView> = null
    let activity: Part<TokenActivity> = null
    let drawing: ActivityView = "daily"
    const scope = yield* Effect.scope
    const services = yield* Effect.context<
      Effect.Effect.Context<ReturnType<typeof readUsage>> | Effect.Effect.Context<typeof showActivity>
    >()
    const set = (change: () => void) => Effect.zipRight(Effect.sync(change), terminal.redraw)
    const read = (fresh: boolean) =>
      Effect.all(
        [
          Effect.flatMap(Effect.either(readUsage(fresh)), (part) => set(() => (usage = part))),
          Effect.flatMap(Effect.either(silently(showActivity)), (part) => set(() => (activity = part)))
        ],
        { concurrency: "unbounded", discard: true }
      ).pipe(Effect.provide(services), Effect.forkIn(scope))
    const key = (work: Effect.Effect<unknown>) => Effect.as(work, true)
    const draw = (view: ActivityView) => key(set(() => (drawing = view)))

    yield* read(false)
    yield* terminal.ask<null>((canvas) =>
      view({
        title: "Usage",
        lines: [canvas.paint("dim", "Token activity: d daily, w weekly, c cumulative. r reads again.")],
        wide: [
          ...partLines("Usage", usage, canvas, (value) => usageLines(value, canvas)),
          "",
          ...partLines("Token activity", activity, canvas, (value) => activityLines(value, drawing, canvas))
        ],
        rows: [{ label: "Close", enabled: true, value: null }],
        keys: {
          d: draw("daily"),
          w: draw("weekly"),
          c: draw("cumulative"),
          r: key(
            Effect.suspend(() => {
              if (usage === null || activity === null) return Effect.void
              usage = activity = null
              return read(true)
            })
          )
        },
        busy: usage === null || activity === null
      })
    )
  }).pipe(Effect.scoped)

/** The commands that do the same as the operations of the menu. */
const commands = { redeem: "redeem", invite: "invite", nudge: "notify-owner" } as const

const asked = (outcome: string, target: string | null): string | null =>
  outcome === "sent"
    ? `The workspace owner was asked for ${target === "credits" ? "more credits" : "a higher usage limit"}.`
    : null

const redeemed = (outcome: string): string | null => {
  if (outcome === "reset") return "Your usage was reset."
  return outcome === "alreadyRedeemed" ? "This reset was already made with the same key." : null
}

/** What was done; null where nothing was. */
const doneText = ({ act, key, state, target }: Operation): string | null => {
  if (state._tag !== "succeeded") return null
  const text = { redeem: redeemed(state.outcome), invite: "The invite was sent.", nudge: asked(state.outcome, target) }
  return text[act] === null ? null : `${text[act]} Key: ${plainLine(key, 128)}`
}

/**
 * Says what was done, and what has an unknown outcome, each with its key. `isCutShort`: the person did not wait for the
 * outcome, so an unknown one counts as an error.
 */
const reportOperations = (operations: ReadonlyArray<Operation>, isCutShort: boolean) =>
  Effect.flatMap(Report, ({ fail, print, screen }) => {
    const paint = paintFor(screen.errorColor)
    return Effect.forEach(
      operations,
      (operation) => {
        const command = commands[operation.act]
        const done = doneText(operation)
        if (done !== null) return print("stderr", wrap(done, screen.errorColumns, `${paint("green", "✔")} `, "  "))
        if (!operation.isOpen) return Effect.void
        const open = failureIn(command, unknownOutcome(operation))
        return isCutShort ? fail(command, open) : print("stderr", [paint("yellow", open.lines.join("\n"))])
      },
      { discard: true }
    )
  })

/** Shows the menu; `byCtrlC` is set when the person leaves with Ctrl-C. */
const runMenu = (byCtrlC: Ref.Ref<boolean>) =>
  Effect.gen(function* () {
    const around = yield* Effect.scope
    const quit = yield* Deferred.make<void>()
    const left = (was: Left) => Ref.set(byCtrlC, was.byCtrlC)
    const onTerminal = Effect.gen(function* () {
      const terminal = yield* makeTerminal(ownScreen)
      const program = usageMenu({
        showUsage: Effect.catchTag(showUsage(terminal), "Left", (was) => Effect.zipRight(left(was), Effect.interrupt)),
        explain: (error, act) => failureIn(act === null ? "usage" : commands[act], error).lines
      }).pipe(Effect.provideService(Dialog, onScreen(terminal, { quit: Deferred.succeed(quit, undefined), left })))
      const fiber = yield* Effect.forkIn(program, around)
      yield* Effect.raceFirst(Fiber.join(fiber), Effect.zipRight(Deferred.await(quit), Ref.set(byCtrlC, true)))
    })
    // The terminal is given back first; then what is still under way is interrupted.
    yield* Effect.scoped(onTerminal)
  }).pipe(Effect.scoped)

/**
 * Shows the menu until the person leaves: with Escape, or with Ctrl-C, which is exit code 130. Fails when no account is
 * signed in. What was done, and what has an unknown outcome, is said when the screen is gone.
 */
export const openMenu = withBegun((begun) =>
  Effect.gen(function* () {
    const { exitCode } = yield* Report
    const byCtrlC = yield* Ref.make(false)
    yield* Effect.onExit(runMenu(byCtrlC), (exit) =>
      Effect.gen(function* () {
        const interrupted = yield* Ref.get(byCtrlC)
        yield* reportOperations(yield* begun, interrupted || Exit.isFailure(exit))
        // An operation that was cut short has an exit code of its own, but it is the menu that was left.
        yield* Ref.update(exitCode, (set) =>
          interrupted || Option.isSome(set) ? Option.some(ExitCode.interrupted) : set
        )
      })
    )
  })
)
