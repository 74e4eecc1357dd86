/** When a session is renewed, as a value. */
import * as Duration from "effect/Duration"
import * as Schema from "effect/Schema"
import { brokenRules } from "./CallPolicy.js"
import type { Session } from "./Session.js"

const Fields = Schema.Struct({
  before: Schema.Duration,
  jitter: Schema.Duration,
  maxAge: Schema.Duration
})

const contradiction = ({ before, jitter, maxAge }: typeof Fields.Type): string | undefined =>
  brokenRules("the renewal policy", [
    [Duration.isFinite(before) && Duration.isFinite(jitter), "a session is not always due"],
    [Duration.toMillis(maxAge) > 0, "a new session is not due"]
  ])

/**
 * A token is renewed `before` its expiry, and earlier by a random share of `jitter`: neither with other processes nor at
 * the five minutes of the Codex CLI. One that does not state its expiry is renewed when it is older than `maxAge`.
 * @since 0.1.0
 * @category models
 */
export class RenewalPolicy extends Schema.Class<RenewalPolicy>("RenewalPolicy")(
  Fields.pipe(Schema.filter(contradiction))
) {}

/**
 * Between 10 and 20 minutes before its expiry.
 * @since 0.1.0
 * @category constants
 */
export const defaultRenewal = new RenewalPolicy({
  before: Duration.minutes(10),
  jitter: Duration.minutes(10),
  maxAge: Duration.days(8)
})

/** Why a session is due, in the words of the request. */
export type DueReason = "proactive_expiry" | "scheduled"

/** Why the session is due, or null. `share` is the random one, from 0 to 1. No token is due in the first half of its life. */
export const dueReason = (
  { before, jitter, maxAge }: RenewalPolicy,
  share: number,
  { accessExpiresAt, accessIssuedAt, isRefreshable, lastRefreshAt }: Session,
  nowMillis: number
): DueReason | null => {
  if (!isRefreshable) return null
  if (accessExpiresAt === null) {
    const isOld = lastRefreshAt !== null && lastRefreshAt.epochMillis < nowMillis - Duration.toMillis(maxAge)
    return isOld ? "scheduled" : null
  }
  const expiry = accessExpiresAt.epochMillis
  const life = accessIssuedAt === null ? Number.POSITIVE_INFINITY : Math.max(0, expiry - accessIssuedAt.epochMillis)
  const lead = Duration.toMillis(before) + share * Duration.toMillis(jitter)
  return expiry - Math.min(lead, life / 2) <= nowMillis ? "proactive_expiry" : null
}
