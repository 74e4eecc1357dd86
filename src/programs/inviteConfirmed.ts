/**
 * Send the invite that was confirmed.
 *
 * @since 0.1.0
 */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Option from "effect/Option"
import { ActError } from "../domain/ActError.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import { type Identity, sameIdentity } from "../domain/Identity.js"
import type { InviteEmail } from "../domain/InviteEmail.js"
import type { JournalError } from "../domain/JournalError.js"
import { type InviteReward, isExpiredOffer, type ReferralOffer, sameOffer } from "../domain/ReferralOffer.js"
import { AuthSession } from "../services/AuthSession.js"
import type { Lease } from "../services/Lease.js"
import { OperationJournal } from "../services/OperationJournal.js"
import { OperationKeys } from "../services/OperationKeys.js"
import { underPolicy } from "../services/Policies.js"
import { Referrals } from "../services/Referrals.js"
import { emailDigest } from "./emailDigest.js"
import { runOperation } from "./runOperation.js"

/**
 * What was confirmed: the offer with its identity, and the recipient. `again` sends although an earlier invite went to the
 * same address, or may have.
 *
 * @since 0.1.0
 * @category models
 */
export interface ConfirmedInvite {
  readonly offer: ReferralOffer
  readonly email: InviteEmail
  readonly again: boolean
}

/** The answers that say for certain that no invite went out. */
const definiteRefusals: ReadonlySet<number> = new Set([400, 403, 409, 422])

/**
 * An invite to this address that may have gone out, or else one that has, as far as the journal can tell.
 *
 * @since 0.1.0
 * @category invites
 */
export const earlierInvite = (identity: Identity, email: InviteEmail) =>
  Effect.gen(function* () {
    const journal = yield* OperationJournal
    const target = yield* emailDigest(identity, email)
    const same = (yield* journal.list({ act: "invite", identity })).filter((operation) => operation.target === target)
    return Option.fromNullable(
      same.find((operation) => operation.isOpen) ??
        // Whoever sent it may have died before anybody was told.
        same.find(({ state }) => state._tag === "succeeded")
    )
  })

/**
 * Refuses an address whose invite went out, or may have.
 *
 * @since 0.1.0
 * @category invites
 */
export const notInvitedYet = (identity: Identity, email: InviteEmail) =>
  Effect.flatMap(
    earlierInvite(identity, email),
    Option.match({
      onNone: () => Effect.void,
      onSome: (earlier) => {
        if (earlier.isOpen) {
          return new ActError({ act: "invite", reason: "Unresolved", key: earlier.key, status: null, detail: null })
        }
        const at = DateTime.formatIso(earlier.updatedAt)
        return ActError.of("invite", "NotNeeded", `This address was invited at ${at}. To invite it again, say --again.`)
      }
    })
  )

/**
 * The present offer, under its policy.
 *
 * @since 0.1.0
 * @category invites
 */
export const loadOffer: Effect.Effect<
  Option.Option<ReferralOffer>,
  AuthError | BackendError,
  Referrals
> = Effect.flatMap(Referrals, (referrals) => referrals.loadOffer.pipe(underPolicy("readOffer", "safe", "32 seconds")))

/** The identity and the offer are as they were confirmed, read anew. */
const stillAsConfirmed = (offer: ReferralOffer) =>
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

/**
 * Sends it with a single request, and the journal around it. The identity and the offer are read again just before; on
 * any difference nothing is sent.
 *
 * @since 0.1.0
 * @category programs
 */
export const inviteConfirmed = ({
  again,
  email,
  offer
}: ConfirmedInvite): Effect.Effect<
  { readonly reward: InviteReward; readonly key: string },
  ActError | AuthError | BackendError | JournalError,
  AuthSession | Lease | OperationJournal | Referrals
> =>
  Effect.gen(function* () {
    const keys = yield* OperationKeys
    const referrals = yield* Referrals
    const as = offer.identity
    const target = yield* emailDigest(as, email)
    const key = yield* keys.next
    const { answer } = yield* runOperation({
      key,
      act: "invite",
      identity: as,
      target,
      send: referrals.sendInvite({ as, email }).pipe(underPolicy("sendInvite", "never", "45 seconds")),
      isRejection: (error) => error.status !== null && definiteRefusals.has(error.status),
      outcomeOf: (reward) => `sent, reward ${reward}`,
      before: Effect.zipRight(again ? Effect.void : notInvitedYet(as, email), stillAsConfirmed(offer))
    })
    return { reward: answer, key }
  })
