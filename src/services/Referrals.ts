/** The referral offer and its invite. */
import * as Context from "effect/Context"
import type * as Effect from "effect/Effect"
import type * as Option from "effect/Option"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import type { Identity } from "../domain/Identity.js"
import type { InviteEmail } from "../domain/InviteEmail.js"
import type { InviteReward, ReferralOffer } from "../domain/ReferralOffer.js"

/**
 * @since 0.1.0
 * @category tags
 */
export class Referrals extends Context.Tag("effect-codex-account/services/Referrals")<
  Referrals,
  {
    /** The offer, read anew: eligibility, then rules. None when the backend makes no offer to this account. */
    readonly loadOffer: Effect.Effect<Option.Option<ReferralOffer>, AuthError | BackendError>
    /** Sends the invite, as `as` only, in one attempt. It has no key, so it must not be repeated. */
    readonly sendInvite: (options: {
      readonly as: Identity
      readonly email: InviteEmail
    }) => Effect.Effect<InviteReward, AuthError | BackendError>
  }
>() {}
