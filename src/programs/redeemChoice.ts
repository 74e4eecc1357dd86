/** Which credits can be named in a redemption, and by what. */
import * as Option from "effect/Option"
import * as Schema from "effect/Schema"
import type { Operation } from "../domain/Operation.js"
import {
  RedeemKey,
  type ResetCredit,
  ResetCreditId,
  type ResetCredits,
  TypedResetCreditId
} from "../domain/ResetCredit.js"

const asTypedId = Schema.decodeOption(TypedResetCreditId)
const asCreditId = Schema.decodeOption(ResetCreditId)
const asKey = Schema.decodeOption(RedeemKey)

/** The id to redeem the credit by; none when the backend gave one that can't be sent. */
export const creditIdOf = (credit: ResetCredit | null): Option.Option<ResetCreditId> =>
  credit === null ? Option.none() : asTypedId(credit.id)

/**
 * The credits to choose from, in their order. One without a usable id is left out: another would be spent in its place.
 */
export const nameable = (credits: ResetCredits): ReadonlyArray<ResetCredit> =>
  credits.redeemable.filter((credit) => Option.isSome(creditIdOf(credit)))

/** The key and the credit of a redemption in the journal. The credit is null when none was named. */
export const keyAndCredit = ({
  key,
  target
}: Operation): Option.Option<{ readonly key: RedeemKey; readonly creditId: ResetCreditId | null }> =>
  Option.all({ key: asKey(key), creditId: target === null ? Option.some(null) : asCreditId(target) })
