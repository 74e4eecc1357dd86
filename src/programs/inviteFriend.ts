/**
 * Invite a friend, once.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import { ActError } from "../domain/ActError.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import { type Identity, sameIdentity } from "../domain/Identity.js"
import { InviteEmail } from "../domain/InviteEmail.js"
import type { JournalError } from "../domain/JournalError.js"
import { type InviteReward, isExpiredOffer, type ReferralOffer, sameOffer } from "../domain/ReferralOffer.js"
import { AuthSession } from "../services/AuthSession.js"
import { Dialog, type DialogError } from "../services/Dialog.js"
import type { Lease } from "../services/Lease.js"
import { OperationJournal } from "../services/OperationJournal.js"
import { OperationKeys } from "../services/OperationKeys.js"
import { Policies } from "../services/Policies.js"
import { Referrals } from "../services/Referrals.js"
import { applyPolicy } from "./applyPolicy.js"
import { emailDigest } from "./emailDigest.js"
import { journaledAct } from "./journaledAct.js"

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

/** The answers that say for certain that no invite went out. */
const definiteRefusals: ReadonlySet<number> = new Set([400, 403, 409, 422])

const toEmail = (text: string): Effect.Effect<InviteEmail, ActError> =>
  Schema.decode(InviteEmail)(text.trim()).pipe(
    Effect.mapError((error) =>
      ActError.of("invite", "InvalidInput", error.message.slice(error.message.lastIndexOf("\n") + 1))
    )
  )

/** Refuses an address whose invite went out, as far as the journal can tell, or may have. */
const notInvitedYet = (identity: Identity, target: string) =>
  Effect.gen(function* () {
    const journal = yield* OperationJournal
    const same = (yield* journal.list({ act: "invite", identity })).filter((operation) => operation.target === target)
    const open = same.find((operation) => operation.isOpen)
    if (open !== undefined) {
      return yield* new ActError({ act: "invite", reason: "Unresolved", key: open.key, status: null, detail: null })
    }
    // Whoever sent it may have died before anybody was told.
    const sent = same.find(({ state }) => state._tag === "succeeded")
    if (sent !== undefined) {
      const at = DateTime.formatIso(sent.updatedAt)
      return yield* ActError.of(
        "invite",
        "NotNeeded",
        `This address was invited at ${at}. To invite it again, say --again.`
      )
    }
  })

const confirmInvite = (offer: ReferralOffer, email: InviteEmail) =>
  Effect.flatMap(Dialog, (dialog) =>
    dialog.confirm({
      id: "invite.confirm",
      title: "Send referral invite?",
      details: [
        offer.description ?? "Invite a friend to Codex.",
        `Recipient: ${email}`,
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
    const keys = yield* OperationKeys
    const policies = yield* Policies
    const referrals = yield* Referrals
    const loadOffer = applyPolicy(policies.readOffer, auth)(referrals.loadOffer)

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
          placeholder: "name@example.com",
          flag: "the EMAIL argument"
        }),
        toEmail
      ))
    const target = yield* emailDigest(session.identity, email)
    const resolved = options.again === true ? Effect.void : notInvitedYet(session.identity, target)
    yield* resolved
    if (!(yield* confirmInvite(offer, email))) return { _tag: "Declined" } as const

    const revalidate = Effect.gen(function* () {
      const reader = yield* auth.reload
      if (!sameIdentity(reader.identity, offer.identity)) return yield* ActError.of("invite", "IdentityChanged")
      if (isExpiredOffer(offer, yield* DateTime.now)) {
        return yield* ActError.of("invite", "OfferChanged", "It was shown more than ten minutes ago.")
      }
      const present = yield* loadOffer
      if (Option.isNone(present)) return yield* ActError.of("invite", "NotOffered")
      if (!sameOffer(present.value, offer)) return yield* ActError.of("invite", "OfferChanged")
    })
    const key = yield* keys.next
    const send = journaledAct({
      key,
      act: "invite",
      identity: session.identity,
      target,
      attempt: referrals.sendInvite({ as: offer.identity, email }),
      policy: applyPolicy(policies.sendInvite, auth),
      isRejection: (error) => error.status !== null && definiteRefusals.has(error.status),
      outcomeOf: (reward) => `sent, reward ${reward}`,
      before: Effect.zipRight(resolved, revalidate)
    })
    const { answer } = yield* dialog.progress("Sending the invite", send)
    yield* Effect.annotateCurrentSpan({ key, reward: answer })
    return { _tag: "Sent", reward: answer, key } as const
  }).pipe(Effect.withSpan("inviteFriend"))
