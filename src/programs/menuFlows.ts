/** What the menu leads to: each program with its endings, and the way on from there. */
import { type ActError, validInput } from "../domain/ActError.js"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { InviteEmail } from "../domain/InviteEmail.js"
import type { Act, Operation } from "../domain/Operation.js"
import type { InviteReward } from "../domain/ReferralOffer.js"
import type { Session } from "../domain/Session.js"
import type { CreditType } from "../domain/WorkspaceRole.js"
import { type Choice, Dialog, type DialogError, type Selection } from "../services/Dialog.js"
import { OperationJournal } from "../services/OperationJournal.js"
import { earlierInvite, emailDigest, inviteFriend } from "./invite.js"
import { notifyOwner } from "./nudge.js"
import { redeemReset, type RedeemResult } from "./redeem.js"
import { quietReset } from "./redeemConfirmed.js"
import type { OperationFailure } from "./runOperation.js"
import { changeWorkspace } from "./workspaces.js"

/** Lines about a failure, for a person; `act` is null for what is no act. */
export type Explain = (error: OperationFailure, act: Act | null) => ReadonlyArray<string>

/** For whom, and how failures are explained. */
export interface MenuContext {
  readonly session: Session
  readonly explain: Explain
}

/** A row that goes on. */
const goOn = (label: string, description?: string): Choice<true> => ({ value: true, label, description })
const goBack = { cancel: "No, go back", initial: "cancel" } as const

const isAct = (error: OperationFailure, ...reasons: ReadonlyArray<ActError["reason"]>): boolean =>
  error._tag === "ActError" && reasons.includes(error.reason)

const isAnotherAccount = ({ reason }: OperationFailure): boolean =>
  reason === "IdentityChanged" || reason === "AccountMismatch"

const endingsOf = (dialog: Dialog["Type"], act: Act, title: string) => {
  /** Shows how the act ended; fails as cancelled unless a way on is chosen. */
  const ending = (
    how: string,
    details: ReadonlyArray<string>,
    ways: ReadonlyArray<Choice<true>> = [],
    more: Partial<Selection<true>> = {}
  ) => dialog.choose({ id: `${act}.${how}`, title, details, choices: ways, cancel: "Close", ...more })

  /** The program's result, or why it failed. A person who leaves goes back to the menu. */
  const attempted = <A, R>(program: Effect.Effect<A, DialogError | OperationFailure, R>) =>
    Effect.matchEffect(program, {
      onFailure: (error): Effect.Effect<Either.Either<A, OperationFailure>, DialogError> => {
        if (error._tag === "DialogError") return error
        const another = ["Another account is signed in by now. Nothing was sent for it. Start again."]
        return Effect.as(isAnotherAccount(error) ? ending("done", another) : Effect.void, Either.left(error))
      },
      onSuccess: (result) => Effect.succeed(Either.right(result))
    })
  return { ending, attempted }
}

/** What the journal has, if it can be read. */
const found = <A, E, R>(read: Effect.Effect<Option.Option<A>, E, R>) =>
  Effect.orElseSucceed(read, () => Option.none<A>())

const redeemed: Readonly<Record<Exclude<RedeemResult["outcome"], "declined">, string>> = {
  reset: "Your usage was reset.",
  alreadyRedeemed: "This reset was done before, with the same key. No further credit was used.",
  alreadyRedeemedElsewhere: "Nothing was done: this key was used before, by somebody else.",
  nothingToReset: "Your usage does not need a reset now. No credit was used.",
  noCredit: "No usage limit resets are available. Nothing was used.",
  creditGone: "This reset is gone. Nothing was used."
}

const redeemedLines = (outcome: keyof typeof redeemed, key: string | null, left: number | null) => {
  if (outcome !== "reset" && outcome !== "alreadyRedeemed") return [redeemed[outcome]]
  const count =
    left === null
      ? "How many resets are left could not be read."
      : left === 0
        ? "No resets are left."
        : `${left} reset${left === 1 ? "" : "s"} left.`
  return [redeemed[outcome], count, ...(key === null ? [] : [`Key: ${key}`])]
}

/** Spends a reset. `learned` gets the number that is left, null when that is not known. */
export const menuRedeem = ({ explain, session }: MenuContext, learned: (count: number | null) => Effect.Effect<void>) =>
  Effect.gen(function* () {
    const { attempted, ending } = endingsOf(yield* Dialog, "redeem", "Usage limit resets")
    let again = false
    const retry = (error: OperationFailure) =>
      isAnotherAccount(error) || isAct(error, "Unresolved", "TooSoon")
        ? Effect.succeed(false)
        : ending("failed", explain(error, "redeem"), [
            goOn("Try again", "With the same key and the same credit: it can't use a second one.")
          ])

    while (true) {
      const ended = yield* attempted(redeemReset({ again, browse: true, retry }))
      if (Either.isRight(ended)) {
        const { key, outcome, usage } = ended.right
        if (outcome === "declined") return
        const left = outcome === "noCredit" ? 0 : (usage?.resetCredits?.availableAt(usage.fetchedAt) ?? null)
        if (outcome !== "nothingToReset") yield* learned(left)
        const ways = outcome === "creditGone" ? [goOn("Try again", "See which resets there are.")] : []
        yield* ending("done", redeemedLines(outcome, key, left), ways)
      } else if (isAct(ended.left, "TooSoon")) {
        const quiet = Option.getOrNull(yield* found(quietReset(session.identity)))
        const until = quiet === null ? "" : `, until ${DateTime.formatIso(quiet.until)}`
        const older = `The usage that the backend shows may be older than that${until}.`
        const ways = [goOn("Use another reset")]
        yield* ending("quiet", ["This account was reset a short while ago.", older], ways, { initial: "cancel" })
        again = true
      } else if (!isAct(ended.left, "Unresolved")) {
        // An unresolved redemption comes first when it starts again.
        yield* ending("failed", explain(ended.left, "redeem"), [goOn("Try again")])
      }
    }
  })

export const rewards: Readonly<Record<InviteReward, string>> = {
  included: "A reward comes with it.",
  notIncluded: "No reward comes with it.",
  unknown: "Whether a reward comes with it was not confirmed."
}

const earlierInviteLine = (email: string, operation: Operation): string => {
  const sent = `An invite to ${email} was sent at ${DateTime.formatIso(operation.updatedAt)}`
  return operation.isOpen ? `${sent}, and its outcome is not known. Ask the recipient first.` : `${sent}.`
}

/** Sends an invite. The address that was typed stands in the line when it is edited. */
export const menuInvite = ({ explain, session }: MenuContext) =>
  Effect.gen(function* () {
    const dialog = yield* Dialog
    const { attempted, ending } = endingsOf(dialog, "invite", "Invite someone to Codex")
    let typed = ""
    let options: { readonly email?: string; readonly again?: boolean } = {}
    const remembering = Dialog.of({
      ...dialog,
      ask: (question) =>
        Effect.tap(dialog.ask({ ...question, initial: typed }), (text) => Effect.sync(() => void (typed = text.trim())))
    })

    while (true) {
      const ended = yield* attempted(Effect.provideService(inviteFriend(options), Dialog, remembering))
      options = {}
      if (Either.isRight(ended)) {
        if (ended.right._tag === "Declined") return
        const { key, reward } = ended.right
        yield* ending("done", [`The invite to ${typed} was sent. ${rewards[reward]}`, `Operation ${key}`])
      } else if (isAct(ended.left, "Rejected")) {
        const lines = [...explain(ended.left, "invite"), `Check the address: ${typed}`]
        yield* ending("rejected", lines, [goOn("Edit the address")])
      } else if (isAct(ended.left, "Unresolved", "NotNeeded")) {
        const earlier = yield* found(
          Effect.flatMap(validInput("invite", InviteEmail, typed), (email) =>
            Effect.flatMap(emailDigest(session.identity, email), (target) => earlierInvite(session.identity, target))
          )
        )
        const lines = Option.toArray(Option.map(earlier, (operation) => earlierInviteLine(typed, operation)))
        yield* ending("again", [...lines, "Nothing was sent now."], [goOn("Send another one")], {
          title: "Invite this address again?",
          ...goBack
        })
        options = { email: typed, again: true }
      } else {
        yield* ending("done", explain(ended.left, "invite"))
      }
    }
  })

const nudged: Readonly<Record<CreditType, { readonly sent: string; readonly cooldownActive: string }>> = {
  credits: {
    sent: "Workspace owner notified.",
    cooldownActive: "The owner was notified not long ago. Nothing was sent this time."
  },
  usage_limit: {
    sent: "Limit increase requested.",
    cooldownActive: "An increase was requested not long ago. Nothing was sent this time."
  }
}

/** Asks the workspace's owner for what the reached limit calls for. */
export const menuNudge = ({ explain }: MenuContext) =>
  Effect.gen(function* () {
    const journal = yield* OperationJournal
    const { attempted, ending } = endingsOf(yield* Dialog, "nudge", "Message to the workspace owner")
    let again = false
    while (true) {
      const ended = yield* attempted(notifyOwner({ again }))
      if (Either.isRight(ended)) {
        const { creditType, key, outcome } = ended.right
        if (outcome === "declined") return
        const name = outcome === "sent" && key !== null ? [`Operation ${key}`] : []
        yield* ending("done", [nudged[creditType][outcome], ...name])
      } else if (ended.left._tag === "ActError" && ended.left.reason === "Unresolved") {
        const { key } = ended.left
        const earlier = Option.getOrNull(key === null ? Option.none() : yield* found(journal.find(key)))
        const at = earlier === null ? "before" : `at ${DateTime.formatIso(earlier.updatedAt)}`
        const lines = [
          `A message was sent ${at}, and its outcome is not known. Ask the owner first.`,
          "Nothing was sent now.",
          ...(key === null ? [] : [`Operation ${key}`])
        ]
        yield* ending("again", lines, [goOn("Send another one")], { title: "Write to the owner again?", ...goBack })
        again = true
      } else {
        const mayRetry = !isAct(ended.left, "OutcomeUnknown", "NotNeeded")
        yield* ending("failed", explain(ended.left, "nudge"), mayRetry ? [goOn("Try again")] : [])
      }
    }
  })

/** Changes to another workspace, which begins the menu anew. */
export const menuWorkspace = ({ explain }: MenuContext) =>
  Effect.catchAll(changeWorkspace(), (error) => {
    if (error._tag === "DialogError") return error
    const details = error._tag === "WorkspaceError" ? [error.message] : explain(error, null)
    return Effect.flatMap(Dialog, (dialog) =>
      dialog.choose<never>({ id: "workspace.failed", title: "Workspace", details, choices: [], cancel: "Close" })
    )
  })
