/** The usage menu: a choice that comes back after each of the programs that it leads to. */
import * as Cause from "effect/Cause"
import * as Deferred from "effect/Deferred"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import * as Ref from "effect/Ref"
import * as Stream from "effect/Stream"
import type { AuthError } from "../domain/AuthError.js"
import { accountText, type Session } from "../domain/Session.js"
import { AuthSession } from "../services/AuthSession.js"
import { Dialog, DialogError } from "../services/Dialog.js"
import type { Lease } from "../services/Lease.js"
import type { OperationJournal } from "../services/OperationJournal.js"
import type { RateLimits } from "../services/RateLimits.js"
import type { Referrals } from "../services/Referrals.js"
import type { WorkspaceRole } from "../services/WorkspaceRole.js"
import type { Workspaces } from "../services/Workspaces.js"
import { type Explain, menuInvite, menuNudge, menuRedeem, menuWorkspace } from "./menuFlows.js"
import { nothing, readRows, rowsOf, withWorkspace } from "./menuRows.js"

/**
 * What the face adds to the menu: how it shows the usage and the token activity, and how it explains a failure; by default
 * with the message of the error.
 * @since 0.1.0
 * @category models
 */
export interface MenuOptions<R> {
  readonly showUsage: Effect.Effect<void, DialogError, R>
  readonly explain?: Explain
}

const byMessage: Explain = ({ message }) => [message]

const isDialogError = Schema.is(DialogError)

/** Whether the person went back: at a question, or while something was read. */
const isBack = (cause: Cause.Cause<unknown>): boolean =>
  Cause.isInterruptedOnly(cause) ||
  Option.exists(Cause.failureOption(cause), (error) => isDialogError(error) && error.reason === "Cancelled")

const untilBack = <A, E, R>(work: Effect.Effect<A, E, R>): Effect.Effect<void, E, R> =>
  Effect.catchAllCause(Effect.asVoid(work), (cause) => (isBack(cause) ? Effect.void : Effect.failCause(cause)))

type OrGone = <A, E, R>(work: Effect.Effect<A, E, R>) => Effect.Effect<A, E, R>

/**
 * A dialog whose questions go away when another account signs in, or this one signs out. An act that is under way comes to
 * its end.
 */
const dismissible = (dialog: Dialog["Type"], orGone: OrGone) =>
  Dialog.of({
    ...dialog,
    confirm: (question) => orGone(dialog.confirm(question)),
    choose: (question) => orGone(dialog.choose(question)),
    ask: (question) => orGone(dialog.ask(question)),
    progress: (label, work, options) => {
      const shown = dialog.progress(label, work, options)
      return options?.isAct === true ? shown : orGone(shown)
    }
  })

/** The menu of one account, until the person leaves. */
const menuOf = <R>(session: Session, { explain = byMessage, showUsage }: MenuOptions<R>) =>
  Effect.gen(function* () {
    const dialog = yield* Dialog
    const known = yield* Ref.make(nothing)
    const to = { session, explain }
    const flows = {
      usage: untilBack(showUsage),
      // What was read before a reset is no longer true.
      redeem: untilBack(menuRedeem(to, (count) => Ref.set(known, { ...nothing, count }))),
      invite: untilBack(menuInvite(to)),
      nudge: untilBack(menuNudge(to)),
      workspace: untilBack(menuWorkspace(to))
    }

    while (true) {
      const read = yield* dialog.progress("Reading your account", readRows(session, yield* Ref.get(known)))
      yield* Ref.set(known, read)
      const flow = yield* dialog.choose({
        id: "menu",
        title: "Usage",
        details: [
          accountText(withWorkspace(session, read)),
          ...(read.error === null ? [] : explain(read.error, null).slice(0, 1))
        ],
        choices: rowsOf(session, read)
      })
      yield* flows[flow]
    }
  })

/** In the menu's place while no account is signed in any more. */
const signedOut = (error: AuthError, explain: Explain) =>
  Effect.flatMap(Dialog, (dialog) =>
    dialog.choose<never>({
      id: "menu.signedOut",
      title: "Usage",
      details: ["No account is signed in any more.", ...explain(error, null)],
      choices: [],
      cancel: "Close"
    })
  )

/**
 * Shows the menu until the person leaves. Fails before it is shown when no account is signed in. When another account signs
 * in, the questions on the screen go away and the menu begins anew.
 * @since 0.1.0
 * @category programs
 */
export const usageMenu = <R = never>(
  options: MenuOptions<R>
): Effect.Effect<
  void,
  AuthError | DialogError,
  AuthSession | Dialog | Lease | OperationJournal | RateLimits | Referrals | WorkspaceRole | Workspaces | R
> =>
  Effect.gen(function* () {
    const auth = yield* AuthSession
    const dialog = yield* Dialog
    /** Done when another account has signed in, or this one has signed out. */
    const gone = yield* Ref.make(yield* Deferred.make<void>())
    yield* auth.changes.pipe(
      Stream.runForEach(() => Effect.flatMap(Ref.get(gone), (until) => Deferred.succeed(until, undefined))),
      Effect.forkScoped
    )
    // It listens from here on.
    yield* Effect.yieldNow()
    const account = Effect.map(auth.authorization, ({ session }) => session)
    let present: Either.Either<Session, AuthError> = Either.right(
      yield* dialog.progress("Looking up your account", account)
    )
    while (true) {
      const until = yield* Ref.get(gone)
      const orGone = <A, E, R2>(work: Effect.Effect<A, E, R2>) =>
        Effect.if(Deferred.isDone(until), {
          onTrue: () => Effect.interrupt,
          onFalse: () => Effect.raceFirst(work, Effect.zipRight(Deferred.await(until), Effect.interrupt))
        })
      const shown = Either.isRight(present)
        ? menuOf(present.right, { ...options, showUsage: orGone(options.showUsage) })
        : signedOut(present.left, options.explain ?? byMessage)
      yield* untilBack(Effect.provideService(shown, Dialog, dismissible(dialog, orGone)))
      if (!(yield* Deferred.isDone(until))) return
      yield* Ref.set(gone, yield* Deferred.make<void>())
      present = yield* Effect.either(account)
    }
  }).pipe(Effect.scoped, untilBack, Effect.withSpan("codex.program.usageMenu"))
