/**
 * Invite a friend, once.
 *
 * @since 0.1.0
 */
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import { ActError } from "../domain/ActError.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import { sameIdentity } from "../domain/Identity.js"
import { InviteEmail } from "../domain/InviteEmail.js"
import type { JournalError } from "../domain/JournalError.js"
import type { InviteReward, ReferralOffer } from "../domain/ReferralOffer.js"
import { accountText, type Session } from "../domain/Session.js"
import { AuthSession } from "../services/AuthSession.js"
import { Dialog, type DialogError } from "../services/Dialog.js"
import type { Lease } from "../services/Lease.js"
import type { OperationJournal } from "../services/OperationJournal.js"
import type { Referrals } from "../services/Referrals.js"
import { inviteConfirmed, loadOffer, notInvitedYet } from "./inviteConfirmed.js"
import { validInput } from "./validInput.js"

/**
 * `email` is asked for when it is not given. `again` sends although an earlier invite went to the same address, or may
 * have.
 *
 * @since 0.1.0
 * @category models
 */
export interface InviteOptions {
  readonly email?: string | undefined
  readonly again?: boolean
}

/**
 * @since 0.1.0
 * @category models
 */
export type InviteResult =
  | { readonly _tag: "Sent"; readonly reward: InviteReward; readonly key: string }
  | { readonly _tag: "Declined" }

const toEmail = (text: string): Either.Either<InviteEmail, ActError> => validInput("invite", InviteEmail, text.trim())

const problemOf = ({ detail, message }: ActError): string => detail ?? message

const confirmInvite = (session: Session, offer: ReferralOffer, email: InviteEmail) =>
  Effect.flatMap(Dialog, (dialog) =>
    dialog.confirm({
      id: "invite.confirm",
      title: "Send referral invite?",
      details: [
        offer.description ?? "Invite a friend to Codex.",
        `Recipient: ${email}`,
        `From: ${accountText(session)}`,
        ...offer.rules.map((rule) => `• ${rule}`),
        ...(offer.requiresExplicitConfirmation
          ? ["By sending you confirm that the recipient wants to hear from you."]
          : [])
      ],
      yes: "Send invite",
      no: "Cancel",
      flag: "--yes"
    })
  )

/**
 * Shows the offer, asks, and sends the invite with a single request. The identity and the offer are read again just
 * before it; on any difference nothing is sent.
 *
 * @since 0.1.0
 * @category programs
 */
export const inviteFriend = (
  options: InviteOptions = {}
): Effect.Effect<
  InviteResult,
  ActError | AuthError | BackendError | DialogError | JournalError,
  AuthSession | Dialog | Lease | OperationJournal | Referrals
> =>
  Effect.gen(function* () {
    const auth = yield* AuthSession
    const dialog = yield* Dialog

    // What is given is checked before anything is asked of the network.
    const given = options.email === undefined ? undefined : yield* toEmail(options.email)
    const { session } = yield* auth.authorization
    if (session.identity.userId === null || session.identity.accountId === null) {
      return yield* ActError.of("invite", "NotOffered", "The sign-in does not tell the user and the account.")
    }
    const offer = yield* Effect.flatten(dialog.progress("Looking for an offer", loadOffer)).pipe(
      Effect.catchTag("NoSuchElementException", () => Effect.fail(ActError.of("invite", "NotOffered"))),
      Effect.catchIf(
        (error) => error._tag === "BackendError" && error.reason === "Unsupported",
        () => Effect.fail(ActError.of("invite", "NotOffered", "The configured backend has no invites."))
      )
    )
    if (!sameIdentity(offer.identity, session.identity)) return yield* ActError.of("invite", "IdentityChanged")
    const email =
      given ??
      (yield* Effect.flatMap(
        dialog.ask({
          id: "invite.email",
          title: "Invite someone to Codex",
          details: ["To one e-mail address. You see everything once more before it is sent."],
          placeholder: "name@example.com",
          check: (text) => Either.match(toEmail(text), { onLeft: problemOf, onRight: () => null }),
          flag: "the EMAIL argument"
        }),
        toEmail
      ))
    const again = options.again === true
    if (!again) yield* notInvitedYet(session.identity, email)
    if (!(yield* confirmInvite(session, offer, email))) return { _tag: "Declined" } as const
    const { key, reward } = yield* dialog.progress(
      `Sending an invite to ${email}`,
      inviteConfirmed({ offer, email, again }),
      { isAct: true }
    )
    yield* Effect.annotateCurrentSpan({ key, reward })
    return { _tag: "Sent", reward, key } as const
  }).pipe(Effect.withSpan("inviteFriend"))
