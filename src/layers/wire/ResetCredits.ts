/** The list of reset credits, and the outcome of a consumption. */
import type { ConsumeResponse, ResetCreditsResponse, WireResetCredit } from "../../contracts/BackendEndpoints.js"
import { type ConsumeOutcome, ResetCredit, ResetCredits } from "../../domain/ResetCredit.js"
import { decoded } from "./decoded.js"

const creditFromWire = (credit: typeof WireResetCredit.Type): ResetCredit =>
  new ResetCredit(
    {
      id: credit.id,
      resetType: credit.reset_type,
      status: credit.status,
      grantedAt: credit.granted_at,
      expiresAt: credit.expires_at ?? null,
      title: credit.title ?? null,
      description: credit.description ?? null
    },
    decoded
  )

/** The list as it came: nothing is filtered or counted again, and the count is the list's own. */
export const resetCreditsFromWire = (response: typeof ResetCreditsResponse.Type): ResetCredits =>
  new ResetCredits({ availableCount: response.available_count, credits: response.credits.map(creditFromWire) }, decoded)

const outcomes: Record<(typeof ConsumeResponse.Type)["code"], ConsumeOutcome> = {
  reset: "reset",
  nothing_to_reset: "nothingToReset",
  no_credit: "noCredit",
  already_redeemed: "alreadyRedeemed"
}

/** The outcome that the answer's `code` stands for. */
export const consumeOutcomeFromWire = (response: typeof ConsumeResponse.Type): ConsumeOutcome => outcomes[response.code]
