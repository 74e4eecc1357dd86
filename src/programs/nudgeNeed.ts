/** What a workspace limit that stops the account calls for. */
import type { UsageSnapshot } from "../domain/UsageSnapshot.js"
import type { CreditType } from "../domain/WorkspaceRole.js"

/** What is missing. `byOwner`: the backend takes this user for the owner, who can do it without asking. */
export interface NudgeNeed {
  readonly creditType: CreditType
  readonly byOwner: boolean
}

/** Null when no workspace limit is reached. A spend cap is never a matter of credits. */
export const nudgeNeed = ({ reachedType, spendControl }: UsageSnapshot): NudgeNeed | null => {
  const missing = spendControl?.reached === true ? "usage_limit" : "credits"
  switch (reachedType) {
    case "workspace_member_credits_depleted":
      return { creditType: missing, byOwner: false }
    case "workspace_member_usage_limit_reached":
      return { creditType: "usage_limit", byOwner: false }
    case "workspace_owner_credits_depleted":
      return { creditType: missing, byOwner: true }
    case "workspace_owner_usage_limit_reached":
      return { creditType: "usage_limit", byOwner: true }
    default:
      return null
  }
}
