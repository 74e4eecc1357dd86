/** The referral offer and its invite over the backend's HTTP API. */
import * as DateTime from "effect/DateTime"
import * as Effect from "effect/Effect"
import * as Layer from "effect/Layer"
import * as Option from "effect/Option"
import * as Predicate from "effect/Predicate"
import { referralKey } from "../contracts/BackendEndpoints.js"
import type { AuthError } from "../domain/AuthError.js"
import type { BackendError } from "../domain/BackendError.js"
import { ReferralOffer } from "../domain/ReferralOffer.js"
import { BackendCall, BackendHttp } from "../services/BackendHttp.js"
import { Referrals } from "../services/Referrals.js"
import { logUnread } from "./internal/usageFromWire.js"
import { perAccount } from "./internal/perAccount.js"

/** As JSON, with the members of every object in one order. */
const asText = (value: unknown): string =>
  JSON.stringify(value, (_, part: unknown) =>
    Predicate.isRecord(part) ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1))) : part
  ) ?? "null"

/** The backend answers 403 where the account has no part in the campaign. */
const isNoOffer = (error: AuthError | BackendError): boolean =>
  error._tag === "BackendError" && error.reason === "Forbidden"

const make = Effect.gen(function* () {
  const backend = yield* BackendHttp

  /** Both requests are one read: made as the same session, and repeated together. */
  const loadOffer = backend.read("referrals.eligibility", (client, { session: { identity } }) =>
    Effect.gen(function* () {
      const offered = yield* client.referrals
        .eligibility({
          urlParams: { referral_key: referralKey, requested_referrals: "1", supports_rewardless_invites: "false" }
        })
        .pipe(Effect.tap(logUnread("referrals.eligibility")))
      if (!offered.should_show || offered.has_rewards !== true) return Option.none()
      const terms = yield* client.referrals.rules({ urlParams: { referral_key: referralKey } }).pipe(
        Effect.tap(logUnread("referrals.rules")),
        Effect.updateService(BackendCall, (call) => ({ ...call, operation: "referrals.rules" as const }))
      )
      return Option.some(
        new ReferralOffer({
          identity,
          description: offered.description ?? null,
          rules: terms.rules ?? [],
          grantAction: asText(offered.grant_action),
          grantAmount: asText(offered.grant_amount),
          requiresExplicitConfirmation: terms.requires_explicit_confirmation,
          loadedAt: yield* DateTime.now
        })
      )
    })
  )

  return Referrals.of({
    loadOffer: Effect.catchIf(loadOffer, isNoOffer, () => Effect.succeedNone),
    sendInvite: ({ as, email }) =>
      backend
        .actOnce("referrals.invite", as, (client) =>
          client.referrals.invite({ payload: { referral_key: referralKey, emails: [email] } })
        )
        .pipe(
          Effect.map(({ has_rewards }) => {
            if (has_rewards === null || has_rewards === undefined) return "unknown"
            return has_rewards ? "included" : "notIncluded"
          })
        )
  })
})

export const layer = perAccount(Layer.effect(Referrals, make), BackendHttp)
