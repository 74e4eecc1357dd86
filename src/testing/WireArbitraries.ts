/**
 * Generators of the backend's answers as they stand on the wire: JSON that the contract accepts. What may be missing is
 * sometimes null and sometimes missing, words are sometimes new, and there may be unknown fields.
 */
import * as DateTime from "effect/DateTime"
import * as FastCheck from "effect/FastCheck"
import { Plan } from "../domain/Plan.js"
import { ReachedType } from "../domain/UsageSnapshot.js"
import { durationMinutes, orNull, time, untrustedText, usedPercent } from "./Arbitraries.js"
import { wireNoise } from "./FakeReply.js"

export { wireNoise } from "./FakeReply.js"

/**
 * @since 0.1.0
 * @category models
 */
export type Json = Readonly<Record<string, unknown>>

const int32 = FastCheck.integer({ min: -2_147_483_648, max: 2_147_483_647 })

const int64 = FastCheck.oneof(FastCheck.maxSafeInteger(), FastCheck.nat({ max: 10 }))

/** An object whose `optional` fields may be null or missing; with an unknown field now and then. */
const object = (
  required: Record<string, FastCheck.Arbitrary<unknown>>,
  optional: Record<string, FastCheck.Arbitrary<unknown>>
): FastCheck.Arbitrary<Json> => {
  const fields: Record<string, FastCheck.Arbitrary<unknown>> = {
    ...required,
    ...Object.fromEntries(Object.entries(optional).map(([name, value]) => [name, orNull(value)])),
    field_from_the_future: FastCheck.jsonValue()
  }
  return FastCheck.record(fields, { requiredKeys: Object.keys(required) })
}

/** One of the known words, or now and then another. */
const word = (...known: ReadonlyArray<string>) =>
  FastCheck.oneof(
    { weight: 4, arbitrary: FastCheck.constantFrom(...known) },
    { weight: 1, arbitrary: FastCheck.constantFrom("word_from_the_future", "", known.join("").toUpperCase()) }
  )

const fraction = FastCheck.constantFrom("", "", ".5", ".123456789")

const zone = FastCheck.constantFrom("Z", "+00:00", "-00:00")

/** An RFC 3339 time as backends spell it. */
const rfc3339: FastCheck.Arbitrary<string> = FastCheck.tuple(time, fraction, zone).map(
  ([at, fraction, zone]) => DateTime.formatIso(at).replace(/\.\d+Z$/, "") + fraction + zone
)

const window = FastCheck.oneof(
  {
    weight: 4,
    arbitrary: object(
      {
        used_percent: usedPercent,
        limit_window_seconds: durationMinutes.map((minutes) => (minutes === null ? 0 : minutes * 60)),
        reset_after_seconds: FastCheck.integer({ min: -10, max: 604_800 }),
        reset_at: time.map((at) => Math.min(2_147_483_647, at.epochMillis / 1000))
      },
      {}
    )
  },
  {
    weight: 1,
    arbitrary: object(
      { used_percent: int32, limit_window_seconds: int32, reset_after_seconds: int32, reset_at: int32 },
      {}
    )
  }
)

const rateLimit = object(
  { allowed: FastCheck.boolean(), limit_reached: FastCheck.boolean() },
  { primary_window: window, secondary_window: window }
)

const amount = FastCheck.constantFrom("0", "12.50", "18000", "")

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const usage: FastCheck.Arbitrary<Json> = object(
  { plan_type: word(...Plan.literals, "guest", "education") },
  {
    rate_limit: rateLimit,
    credits: object(
      { has_credits: FastCheck.boolean(), unlimited: FastCheck.boolean() },
      { balance: amount, approx_local_messages: FastCheck.array(FastCheck.nat(), { maxLength: 2 }) }
    ),
    spend_control: object(
      { reached: FastCheck.boolean() },
      {
        individual_limit: object(
          {
            limit: amount,
            used: amount,
            remaining: amount,
            used_percent: usedPercent,
            remaining_percent: usedPercent,
            reset_after_seconds: int32,
            reset_at: int32
          },
          { source: FastCheck.jsonValue() }
        )
      }
    ),
    additional_rate_limits: FastCheck.array(
      object(
        { limit_name: untrustedText, metered_feature: FastCheck.constantFrom("codex", "codex_review", "other") },
        { rate_limit: rateLimit, normal_model_slug: untrustedText }
      ),
      { maxLength: 3 }
    ),
    rate_limit_reached_type: object({ type: word(...ReachedType.literals) }, {}),
    rate_limit_reset_credits: object({ available_count: int64 }, {}),
    account_id: FastCheck.string(),
    user_id: FastCheck.string(),
    rate_limit_upsell: FastCheck.jsonValue()
  }
)

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const resetCredits: FastCheck.Arbitrary<Json> = object(
  {
    credits: FastCheck.array(
      object(
        {
          id: FastCheck.string(),
          reset_type: word("codex_rate_limits"),
          status: word("available", "redeeming", "redeemed"),
          granted_at: rfc3339
        },
        { expires_at: rfc3339, title: untrustedText, description: untrustedText, redeemed_at: rfc3339 }
      ),
      { maxLength: 4 }
    ),
    available_count: int64
  },
  {}
)

/**
 * The code is always one of the four: another one is no answer.
 * @since 0.1.0
 * @category arbitraries
 */
export const consume: FastCheck.Arbitrary<Json> = FastCheck.record(
  {
    code: FastCheck.constantFrom("reset", "nothing_to_reset", "no_credit", "already_redeemed"),
    windows_reset: int64,
    credit: FastCheck.jsonValue()
  },
  { requiredKeys: ["code"] }
)

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const eligibility: FastCheck.Arbitrary<Json> = FastCheck.tuple(
  object(
    { should_show: FastCheck.boolean() },
    {
      title: untrustedText,
      description: untrustedText,
      grant_action: FastCheck.jsonValue(),
      grant_amount: FastCheck.jsonValue(),
      ineligible_reason: FastCheck.jsonValue()
    }
  ),
  FastCheck.record({ has_rewards: FastCheck.boolean() }, { requiredKeys: [] })
).map(([body, rewards]) => ({ ...body, ...rewards }))

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const rules: FastCheck.Arbitrary<Json> = FastCheck.record(
  { requires_explicit_confirmation: FastCheck.boolean(), rules: FastCheck.array(untrustedText, { maxLength: 4 }) },
  { requiredKeys: ["requires_explicit_confirmation"] }
)

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const invite: FastCheck.Arbitrary<Json> = object({}, { has_rewards: FastCheck.boolean() })

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const accountsCheck: FastCheck.Arbitrary<Json> = FastCheck.record(
  {
    accounts: FastCheck.dictionary(
      FastCheck.uuid(),
      object({}, { account: object({}, { account_user_role: word("account-owner", "account_admin", "member") }) })
    ),
    account_ordering: FastCheck.array(FastCheck.uuid(), { maxLength: 3 })
  },
  { requiredKeys: [] }
)

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const messages: FastCheck.Arbitrary<Json> = FastCheck.record(
  {
    messages: FastCheck.array(
      object(
        { message_id: FastCheck.string(), message_type: word("headline", "announcement"), message_body: untrustedText },
        { created_at: rfc3339, archived_at: rfc3339 }
      ),
      { maxLength: 3 }
    )
  },
  { requiredKeys: [] }
)

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const profile: FastCheck.Arbitrary<Json> = object(
  {
    stats: object(
      {},
      {
        lifetime_tokens: int64,
        peak_daily_tokens: int64,
        longest_running_turn_sec: int64,
        current_streak_days: int64,
        longest_streak_days: int64,
        daily_usage_buckets: FastCheck.array(
          object({ start_date: FastCheck.oneof(FastCheck.constant("2026-06-14"), untrustedText), tokens: int64 }, {}),
          { maxLength: 10 }
        )
      }
    )
  },
  {}
)

/**
 * Any of these answers as a newer backend might send it.
 * @since 0.1.0
 * @category combinators
 */
export const noisy = <A>(wire: FastCheck.Arbitrary<A>): FastCheck.Arbitrary<unknown> =>
  FastCheck.tuple(wire, FastCheck.stringMatching(/^[a-z_]{1,12}_from_the_future$/)).map(([value, word]) =>
    wireNoise(value, word)
  )
