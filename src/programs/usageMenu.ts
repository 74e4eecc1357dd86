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
import { BackendError } from "../domain/BackendError.js"
import { type Identity, sameIdentity } from "../domain/Identity.js"
import { plainLine } from "../domain/PlainText.js"
import type { ReferralOffer } from "../domain/ReferralOffer.js"
import { accountText, Session } from "../domain/Session.js"
import type { UsageSnapshot } from "../domain/UsageSnapshot.js"
import { type Workspace, workspaceLabel } from "../domain/Workspace.js"
import { AuthSession } from "../services/AuthSession.js"
import { type Choice, Dialog, DialogError } from "../services/Dialog.js"
import type { Lease } from "../services/Lease.js"
import { OperationJournal } from "../services/OperationJournal.js"
import type { RateLimits } from "../services/RateLimits.js"
import type { Referrals } from "../services/Referrals.js"
import type { WorkspaceRole } from "../services/WorkspaceRole.js"
import type { Workspaces } from "../services/Workspaces.js"
import { loadOffer } from "./invite.js"
import { type Explain, menuInvite, menuNudge, menuRedeem, menuWorkspace } from "./menuFlows.js"
import { nudgeNeed } from "./nudge.js"
import type { OperationFailure } from "./runOperation.js"
import { readUsage } from "./usage.js"
import { readWorkspaces } from "./workspaces.js"

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

/** What the last reads said. `count` is the number of resets; it and the usage stay known when a later read fails. */
interface Known {
  readonly count: number | null
  readonly usage: UsageSnapshot | null
  readonly error: OperationFailure | null
  readonly isOpen: boolean
  readonly offer: ReferralOffer | null
  readonly workspaces: ReadonlyArray<Workspace>
}

const nothing: Known = { count: null, usage: null, error: null, isOpen: false, offer: null, workspaces: [] }

/** How long the menu waits for what its rows say; it is there without that too. */
const patience = "5 seconds"

/** A session that names the user and the account may have an offer; a failure hides it. */
const offerFor = ({ identity }: Session) =>
  identity.userId === null || identity.accountId === null
    ? Effect.succeed(null)
    : loadOffer.pipe(
        Effect.map((offer) =>
          Option.getOrNull(Option.filter(offer, (found) => sameIdentity(found.identity, identity)))
        ),
        Effect.timeout(patience),
        Effect.orElseSucceed(() => null)
      )

/** Whether a redemption can be carried on; without the journal none can. */
const hasOpenRedemption = (identity: Identity) =>
  Effect.flatMap(OperationJournal, (journal) =>
    journal.list({ act: "redeem", identity, state: "open", limit: 1 })
  ).pipe(
    Effect.map((open) => open.length > 0),
    Effect.orElseSucceed(() => false)
  )

/** Where this can't be read there is no choice between several. */
const workspacesOf = readWorkspaces().pipe(
  Effect.timeout(patience),
  Effect.orElseSucceed(() => [])
)

/** Reads what the rows need: the number of resets, whether one is open, the offer, and the workspaces. */
const readRows = (session: Session, before: Known) =>
  Effect.gen(function* () {
    const usage = Effect.gen(function* () {
      const usage = yield* readUsage({ fresh: true })
      if (!sameIdentity(usage.identity, session.identity))
        return yield* BackendError.of("usage.read", "IdentityChanged")
      if (usage.resetCredits === null) return yield* BackendError.of("usage.read", "Malformed")
      return { error: null, count: usage.resetCredits.availableAt(usage.fetchedAt), usage }
    }).pipe(
      Effect.timeoutFail({ duration: patience, onTimeout: () => BackendError.of("usage.read", "Timeout") }),
      Effect.catchAll((error) => Effect.succeed({ error, count: before.count, usage: before.usage }))
    )
    const [read, isOpen, offer, workspaces] = yield* Effect.all(
      [usage, hasOpenRedemption(session.identity), offerFor(session), workspacesOf],
      { concurrency: "unbounded" }
    )
    return { ...read, isOpen, offer, workspaces } satisfies Known
  })

type Flow = "usage" | "redeem" | "invite" | "nudge" | "workspace"

const resetsText = ({ count, error, isOpen }: Known): string => {
  if (isOpen) return "One was sent, and its outcome is not known: carry it on."
  if (count !== null) return count > 0 ? `${count} reset${count === 1 ? "" : "s"} available.` : "None available."
  return error === null ? "Check what is available." : "Check what is available: the last reading failed."
}

const nudgeRow = (usage: UsageSnapshot | null): ReadonlyArray<Choice<Flow>> => {
  const need = usage === null ? null : nudgeNeed(usage)
  if (need === null) return []
  const isCredits = need.creditType === "credits"
  const description = isCredits ? "The workspace has no credits left." : "The workspace's spend cap is reached."
  const label = need.byOwner
    ? "What to do about the workspace's limit"
    : `Ask the workspace owner for ${isCredits ? "credits" : "a higher limit"}`
  return [{ value: "nudge", label, description }]
}

/** The workspace that the session is in, as far as it is listed. */
const currentOf = ({ identity }: Session, { workspaces }: Known): Workspace | null =>
  workspaces.find(({ id }) => id === identity.accountId) ?? null

const workspaceRow = (session: Session, known: Known): ReadonlyArray<Choice<Flow>> => {
  if (known.workspaces.length < 2) return []
  const current = currentOf(session, known)
  const description = current === null ? "You are in none of those listed." : `You are in ${workspaceLabel(current)}.`
  return [{ value: "workspace", label: "Change the workspace", description }]
}

/** The rows, with those left out that lead to nothing now. */
const rowsOf = (session: Session, known: Known): ReadonlyArray<Choice<Flow>> => {
  const { count, isOpen, offer, usage } = known
  const canRedeem = isOpen || (count === null ? session.usesBackend : count > 0)
  return [
    { value: "usage", label: "Show usage", description: "What is left, and your token activity." },
    {
      value: "redeem",
      label: "Redeem usage limit reset",
      description: canRedeem ? resetsText(known) : "None available.",
      enabled: canRedeem
    },
    ...(offer === null
      ? []
      : [
          {
            value: "invite" as const,
            label: "Invite someone to Codex",
            description: plainLine(offer.description ?? "", 300) || "There is an offer for this account."
          }
        ]),
    ...nudgeRow(usage),
    ...workspaceRow(session, known)
  ]
}

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
          accountText(new Session({ ...session, workspace: currentOf(session, read) })),
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
  }).pipe(Effect.scoped, untilBack, Effect.withSpan("usageMenu"))
