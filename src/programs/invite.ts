/** Invite a friend, once. */
import { ActError, validInput } from "../domain/ActError.js"
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Either from "effect/Either"
import * as Option from "effect/Option"
import { type Identity, sameIdentity } from "../domain/Identity.js"
import { InviteEmail } from "../domain/InviteEmail.js"
import { type InviteReward, isExpiredOffer, type ReferralOffer, sameOffer } from "../domain/ReferralOffer.js"
import { accountText, type Session } from "../domain/Session.js"
import { AuthSession } from "../services/AuthSession.js"
import { Dialog } from "../services/Dialog.js"
import { Digest } from "../services/Digest.js"
import { OperationJournal, OperationKeys } from "../services/OperationJournal.js"
import { underPolicy } from "../services/Policies.js"
import { Referrals } from "../services/Referrals.js"
import { type Asked, type Operated, runOperation } from "./runOperation.js"

/** The present offer, if there is one. */
export const loadOffer = Effect.flatMap(Referrals, (referrals) => referrals.loadOffer).pipe(
  underPolicy("readOffer", "safe", "32 seconds")
)

/**
 * What the journal keeps of an address: a digest for one identity. The same address gives the same digest, and can't be
 * read from it.
 * @since 0.1.0
 * @category invites
 */
export const emailDigest = (identity: Identity, email: InviteEmail): Effect.Effect<string> =>
  Effect.map(Digest, ({ sha256 }) => sha256(`${identity.key}\n${email.toLowerCase()}`))

/** An invite with this digest that may have gone out, or else one that has, as far as the journal can tell. */
export const earlierInvite = (identity: Identity, target: string) =>
  Effect.gen(function* () {
    const journal = yield* OperationJournal
    const filter = { act: "invite", identity, target, limit: 1 } as const
    const [open] = yield* journal.list({ ...filter, state: "open" })
    // The process that sent it may have died before it could report.
    const [sent] = open === undefined ? yield* journal.list({ ...filter, state: "succeeded" }) : []
    return Option.fromNullable(open ?? sent)
  })

/** Fails for an address whose invite went out, or may have. */
const ensureNotInvited = (identity: Identity, target: string) =>
  Effect.gen(function* () {
    const earlier = Option.getOrNull(yield* earlierInvite(identity, target))
    if (earlier === null) return
    if (earlier.isOpen) return yield* ActError.unresolved("invite", earlier.key)
    const invited = `This address was invited at ${DateTime.formatIso(earlier.updatedAt)}.`
    return yield* ActError.of("invite", "NotNeeded", invited)
  })

/** Fails unless the identity and the offer, read again, are the confirmed ones. */
const ensureAsConfirmed = (offer: ReferralOffer) =>
  Effect.gen(function* () {
    const auth = yield* AuthSession
    const reader = yield* auth.reload
    if (!sameIdentity(reader.identity, offer.identity)) return yield* ActError.of("invite", "IdentityChanged")
    if (isExpiredOffer(offer, yield* DateTime.now)) {
      return yield* ActError.of("invite", "OfferChanged", "It was shown more than ten minutes ago.")
    }
    const present = yield* loadOffer
    if (Option.isNone(present)) return yield* ActError.of("invite", "NotOffered")
    if (!sameOffer(present.value, offer)) return yield* ActError.of("invite", "OfferChanged")
  })

/** The answers that say for certain that no invite went out. */
const definiteRefusals: ReadonlySet<number> = new Set([400, 403, 409, 422])

/**
 * What was confirmed: the offer with its identity, and the recipient. `again` sends although an earlier invite went to
 * the same address, or may have.
 */
interface ConfirmedInvite {
  readonly offer: ReferralOffer
  readonly email: InviteEmail
  readonly again: boolean
}

/**
 * Sends the confirmed invite with a single request, and the journal around it. The identity and the offer are read again
 * just before; on any difference nothing is sent.
 * @since 0.1.0
 * @category programs
 */
export const inviteConfirmed = (
  confirmed: ConfirmedInvite
): Operated<{ readonly reward: InviteReward; readonly key: string }, AuthSession | Referrals> =>
  Effect.flatMap(emailDigest(confirmed.offer.identity, confirmed.email), (target) => sendInvite(confirmed, target))

const sendInvite = ({ again, email, offer }: ConfirmedInvite, target: string) =>
  Effect.gen(function* () {
    const keys = yield* OperationKeys
    const referrals = yield* Referrals
    const as = offer.identity
    const key = yield* keys.next
    const { answer } = yield* runOperation({
      key,
      act: "invite",
      identity: as,
      target,
      send: referrals.sendInvite({ as, email }).pipe(underPolicy("sendInvite", "never", "45 seconds")),
      isRejection: (error) => error.status !== null && definiteRefusals.has(error.status),
      outcomeOf: (reward) => `sent, reward ${reward}`,
      before: Effect.zipRight(again ? Effect.void : ensureNotInvited(as, target), ensureAsConfirmed(offer))
    })
    return { reward: answer, key }
  })

/**
 * @since 0.1.0
 * @category models
 */
export type InviteResult =
  | { readonly _tag: "Sent"; readonly reward: InviteReward; readonly key: string }
  | { readonly _tag: "Declined" }

const toEmail = (text: string): Either.Either<InviteEmail, ActError> => validInput("invite", InviteEmail, text.trim())

const problemOf = ({ advice, detail, summary }: ActError): string => detail ?? advice ?? summary

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
      no: "Cancel"
    })
  )

/**
 * Shows the offer, asks, and sends the invite with a single request. The identity and the offer are read again just
 * before; on any difference nothing is sent. `email` is asked for when it is not given. `again` sends although an earlier
 * invite went to the same address, or may have.
 * @since 0.1.0
 * @category programs
 */
export const inviteFriend = (
  options: { readonly email?: string | undefined; readonly again?: boolean } = {}
): Asked<InviteResult, Referrals> =>
  Effect.gen(function* () {
    const auth = yield* AuthSession
    const dialog = yield* Dialog

    // What is given is checked before any request.
    const given = options.email === undefined ? undefined : yield* toEmail(options.email)
    const { session } = yield* auth.authorization
    if (session.identity.userId === null || session.identity.accountId === null) {
      return yield* ActError.of("invite", "NotOffered", "The sign-in does not name the user and the account.")
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
          check: (text) => Either.match(toEmail(text), { onLeft: problemOf, onRight: () => null })
        }),
        toEmail
      ))
    const again = options.again === true
    const target = yield* emailDigest(offer.identity, email)
    if (!again) yield* ensureNotInvited(offer.identity, target)
    if (!(yield* confirmInvite(session, offer, email))) return { _tag: "Declined" } as const
    const { key, reward } = yield* dialog.progress(
      `Sending an invite to ${email}`,
      sendInvite({ offer, email, again }, target),
      { isAct: true }
    )
    yield* Effect.annotateCurrentSpan({ key, reward })
    return { _tag: "Sent", reward, key } as const
  }).pipe(Effect.withSpan("codex.program.inviteFriend"))
