/** What to tell a person whose limit is reached. */
import * as DateTime from "effect/DateTime"
import { plainLine } from "./PlainText.js"
import type { Plan } from "./Plan.js"
import type { ReachedType } from "./UsageSnapshot.js"

export const months = ["Jan", "Feb", "Mar", "Apr", "May", "Jun", "Jul", "Aug", "Sep", "Oct", "Nov", "Dec"]

const ordinal = (day: number): string => {
  if (day >= 11 && day <= 13) return `${day}th`
  return `${day}${["th", "st", "nd", "rd"][day % 10] ?? "th"}`
}

/** A time as a person at `now` reads it: `3:05 PM` on the same local day, else `Oct 3rd, 2026 3:05 PM`. */
export const localTime = (time: DateTime.Utc, now: DateTime.Zoned): string => {
  const at = DateTime.toParts(DateTime.setZone(time, now.zone))
  const today = DateTime.toParts(now)
  const half = at.hours < 12 ? "AM" : "PM"
  const clock = `${at.hours % 12 === 0 ? 12 : at.hours % 12}:${String(at.minutes).padStart(2, "0")} ${half}`
  if (at.year === today.year && at.month === today.month && at.day === today.day) return clock
  return `${months[at.month - 1]} ${ordinal(at.day)}, ${at.year} ${clock}`
}

/**
 * Which limit it is, and for whom. `limitName` and `promo` are the backend's text. `retryAt` is null when it is not known.
 */
export interface ReachedLimit {
  readonly limitName: string | null
  readonly reachedType: ReachedType | null
  readonly plan: Plan
  readonly promo?: string | null | undefined
  readonly retryAt: DateTime.Utc | null
}

const byType: Record<Exclude<ReachedType, "rate_limit_reached">, string> = {
  workspace_owner_credits_depleted: "Your workspace has no credits left. Add credits to go on.",
  workspace_member_credits_depleted: "Your workspace has no credits left. Ask its owner to add some.",
  workspace_owner_usage_limit_reached: "Your workspace's spend cap is reached. Raise it to go on.",
  workspace_member_usage_limit_reached:
    "The spend cap that your workspace's owner has set is reached. Ask for a higher one."
}

const askAdmin = "Ask your workspace's admin for more"

const byPlan: Partial<Record<Plan, string>> = {
  free: "Upgrade to Plus",
  go: "Upgrade to Plus",
  plus: "Upgrade to Pro, buy credits",
  pro: "Buy credits",
  prolite: "Buy credits",
  promax: "Buy credits",
  team: askAdmin,
  business: askAdmin,
  self_serve_business_prolite: askAdmin,
  self_serve_business_usage_based: askAdmin,
  ent26: askAdmin,
  enterprise_cbp_automation: askAdmin,
  enterprise_cbp_usage_based: askAdmin
}

// Names of the main limit and of its reserve: they say nothing to a person.
const unnamed: ReadonlySet<string> = new Set(["", "codex", "gpt-reserve"])

const sentence = (advice: string, retry: string): string =>
  advice === "" ? `${retry[0]?.toUpperCase()}${retry.slice(1)}.` : `${advice}, or ${retry}.`

/**
 * The message for a person: by the limit's name, else by the reached type, else the backend's own promotion, else by
 * plan. A workspace's credits and spend cap do not come back by waiting, so those two name no time.
 */
export const limitMessage = (limit: ReachedLimit, now: DateTime.Zoned): string => {
  const { reachedType, retryAt } = limit
  const retry =
    retryAt === null
      ? "try again later"
      : DateTime.greaterThan(retryAt, now)
        ? `try again at ${localTime(retryAt, now)}`
        : "try again now"

  const name = plainLine(limit.limitName ?? "", 80)
  if (!unnamed.has(name.toLowerCase()))
    return `No usage is left for ${name}. ${sentence("Choose another model", retry)}`
  if (reachedType !== null && reachedType !== "rate_limit_reached") return byType[reachedType]
  const promo = plainLine(limit.promo ?? "", 300).replace(/[\s.,;:!]+$/, "")
  return `Your usage limit is reached. ${sentence(promo === "" ? (byPlan[limit.plan] ?? "") : promo, retry)}`
}
