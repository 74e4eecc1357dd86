/** The subscription plan. */
import * as Schema from "effect/Schema"
import { namesOf } from "./words.js"

/** What a person calls them. */
const labels = {
  free: "Free",
  go: "Go",
  plus: "Plus",
  pro: "Pro",
  prolite: "Pro Lite",
  promax: "Pro Max",
  team: "Team",
  self_serve_business_prolite: "Business Pro Lite",
  self_serve_business_usage_based: "Business (usage based)",
  business: "Business",
  ent26: "Enterprise",
  enterprise_cbp_automation: "Enterprise (automation)",
  enterprise_cbp_usage_based: "Enterprise (usage based)",
  enterprise: "Enterprise",
  edu: "Edu",
  edu_plus: "Edu Plus",
  edu_pro: "Edu Pro",
  sci: "Science",
  sci_plus: "Science Plus",
  unknown: "Unknown plan"
}

/**
 * The plans that Codex knows by name (codex-cli 0.169.0); every other word is `unknown`.
 * @since 0.1.0
 * @category schemas
 */
export const Plan = namesOf(labels)

/**
 * @since 0.1.0
 * @category models
 */
export type Plan = typeof Plan.Type

const isPlan = Schema.is(Plan)

/** The plan that the usage endpoint names. Case and spaces count: `PRO` is unknown. */
export const planFromUsage = (word: string): Plan => (isPlan(word) ? word : word === "education" ? "edu" : "unknown")

/** The plan that an ID token claims, where `hc` is a word for enterprise. */
export const planFromClaim = (word: string | null): Plan =>
  word === null ? "unknown" : word === "hc" ? "enterprise" : planFromUsage(word)

/**
 * The plan's name for a person.
 * @since 0.1.0
 * @category accessors
 */
export const planLabel = (plan: Plan): string => labels[plan]

const personal: ReadonlySet<Plan> = new Set<Plan>(["free", "go", "plus", "pro", "prolite", "promax", "unknown"])

/**
 * Whether the plan belongs to a workspace, which has an owner.
 * @since 0.1.0
 * @category accessors
 */
export const isWorkspacePlan = (plan: Plan): boolean => !personal.has(plan)
