/** Generators of domain values, valid and with the odd ones that a test should meet, and of faults. */
import * as Arbitrary from "effect/Arbitrary"
import * as DateTime from "effect/DateTime"
import * as FastCheck from "effect/FastCheck"
import { AccountId, Identity, UserId } from "../domain/Identity.js"
import { Operation, OperationState } from "../domain/Operation.js"
import { Plan } from "../domain/Plan.js"
import { RateLimitWindow } from "../domain/RateLimitWindow.js"
import { ReferralOffer } from "../domain/ReferralOffer.js"
import { ResetCredit, ResetCredits } from "../domain/ResetCredit.js"
import { AuthMode, Session } from "../domain/Session.js"
import { DailyTokens, TokenActivity } from "../domain/TokenActivity.js"
import {
  Credits,
  IndividualLimit,
  ModelUsage,
  RateLimit,
  ReachedType,
  SpendControl,
  UsageSnapshot
} from "../domain/UsageSnapshot.js"
import { type Verdict, verdict as judge } from "../domain/Verdict.js"
import { WorkspaceMessage, WorkspaceMessageList } from "../domain/WorkspaceMessage.js"
import { claimedRole, liveRole, RoleName, type WorkspaceRole } from "../domain/WorkspaceRole.js"
import { Fault } from "./Fault.js"
import { EndpointName, type FaultPlan, type FaultRule } from "./FaultPlan.js"

/**
 * The value, or now and then null.
 * @since 0.1.0
 * @category arbitraries
 */
export const orNull = <A>(arbitrary: FastCheck.Arbitrary<A>): FastCheck.Arbitrary<A | null> =>
  FastCheck.option(arbitrary, { freq: 3 })

/**
 * Text as a hostile backend might send it: control characters, escape sequences, bidirectional overrides, markup.
 * @since 0.1.0
 * @category arbitraries
 */
export const untrustedText: FastCheck.Arbitrary<string> = FastCheck.oneof(
  FastCheck.string(),
  FastCheck.fullUnicodeString(),
  FastCheck.array(
    FastCheck.constantFrom(
      "\u001b[31m",
      "\u001b]8;;https://evil.example.test\u0007",
      "\u001b]0;title\u001b\\",
      "\u009b2J",
      "\u0000",
      "\r",
      "\n",
      "\u0008",
      "\u202e",
      "\u200b",
      "\u00ad",
      "\u180e",
      "\u3164",
      "\u{e0041}",
      "<b>",
      "plain",
      " "
    ),
    { maxLength: 8 }
  ).map((parts) => parts.join(""))
)

/**
 * A time between 2000 and 2100, in whole seconds.
 * @since 0.1.0
 * @category arbitraries
 */
export const time: FastCheck.Arbitrary<DateTime.Utc> = FastCheck.integer({ min: 946_684_800, max: 4_102_444_800 }).map(
  (seconds) => DateTime.unsafeMake(seconds * 1000)
)

/**
 * A window's length in minutes: mostly the usual ones, some near them, some odd, some missing.
 * @since 0.1.0
 * @category arbitraries
 */
export const durationMinutes: FastCheck.Arbitrary<number | null> = FastCheck.oneof(
  FastCheck.constantFrom(300, 1440, 10_080, 43_200, 525_600),
  FastCheck.constantFrom(299, 301, 315, 316, 60, 90, 2880),
  FastCheck.integer({ min: 1, max: 1_000_000 }),
  FastCheck.constant(null)
)

/**
 * Percent used, sometimes outside 0 to 100 or with a fraction.
 * @since 0.1.0
 * @category arbitraries
 */
export const usedPercent: FastCheck.Arbitrary<number> = FastCheck.oneof(
  { weight: 4, arbitrary: FastCheck.integer({ min: 0, max: 100 }) },
  { weight: 1, arbitrary: FastCheck.constantFrom(-5, 0, 12.5, 99, 99.6, 100, 101, 150) }
)

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const identity: FastCheck.Arbitrary<Identity> = FastCheck.record({
  userId: orNull(Arbitrary.make(UserId)),
  accountId: orNull(Arbitrary.make(AccountId))
}).map((fields) => new Identity(fields))

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const rateLimitWindow: FastCheck.Arbitrary<RateLimitWindow> = FastCheck.record({
  durationMinutes,
  usedPercent,
  resetsAt: orNull(time),
  slot: FastCheck.constantFrom("primary" as const, "secondary" as const)
}).map((fields) => new RateLimitWindow(fields))

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const rateLimit: FastCheck.Arbitrary<RateLimit> = FastCheck.record({
  id: FastCheck.oneof(FastCheck.constantFrom("codex", "codex_review"), untrustedText),
  name: orNull(untrustedText),
  allowed: orNull(FastCheck.boolean()),
  windows: FastCheck.array(rateLimitWindow, { maxLength: 2 }),
  normalModelSlug: orNull(untrustedText)
}).map((fields) => new RateLimit(fields))

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const resetCredit: FastCheck.Arbitrary<ResetCredit> = FastCheck.record({
  id: FastCheck.stringMatching(/^[\u0021-\u007e]{1,256}$/),
  resetType: FastCheck.constantFrom("codex_rate_limits" as const, "unknown" as const),
  status: FastCheck.constantFrom("available" as const, "redeeming" as const, "redeemed" as const, "unknown" as const),
  grantedAt: orNull(time),
  expiresAt: orNull(time),
  title: orNull(untrustedText),
  description: orNull(untrustedText)
}).map((fields) => new ResetCredit(fields))

/**
 * The count and the list need not agree.
 * @since 0.1.0
 * @category arbitraries
 */
export const resetCredits: FastCheck.Arbitrary<ResetCredits> = FastCheck.record({
  availableCount: FastCheck.integer({ min: -1, max: 6 }),
  applicableCount: orNull(FastCheck.integer({ min: 0, max: 2 })),
  credits: orNull(FastCheck.uniqueArray(resetCredit, { maxLength: 5, selector: (credit) => credit.id }))
}).map((fields) => new ResetCredits(fields))

const decimal = FastCheck.oneof(
  FastCheck.nat({ max: 1_000_000 }).map((cents) => (cents / 100).toFixed(2)),
  FastCheck.constantFrom("0", "0.00", "-1", "", "many")
)

const modelUsage = FastCheck.record({
  slug: untrustedText,
  available: FastCheck.boolean(),
  availableAt: orNull(time),
  creditsWouldEnable: orNull(FastCheck.boolean())
}).map((fields) => new ModelUsage(fields))

const spendControl = FastCheck.record({
  reached: orNull(FastCheck.boolean()),
  individualLimit: orNull(
    FastCheck.record({
      limit: orNull(decimal),
      used: orNull(decimal),
      remainingPercent: usedPercent,
      resetsAt: orNull(time)
    }).map((fields) => new IndividualLimit(fields))
  )
}).map((fields) => new SpendControl(fields))

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const usageSnapshot: FastCheck.Arbitrary<UsageSnapshot> = FastCheck.record({
  identity,
  fetchedAt: time,
  plan: Arbitrary.make(Plan),
  main: rateLimit,
  additional: FastCheck.array(rateLimit, { maxLength: 2 }),
  codeReview: orNull(rateLimit),
  models: FastCheck.array(modelUsage, { maxLength: 2 }),
  credits: orNull(
    FastCheck.record({
      hasCredits: FastCheck.boolean(),
      unlimited: FastCheck.boolean(),
      overageLimitReached: orNull(FastCheck.boolean()),
      balance: orNull(decimal)
    }).map((fields) => new Credits(fields))
  ),
  spendControl: orNull(spendControl),
  reachedType: orNull(Arbitrary.make(ReachedType)),
  resetCredits: orNull(resetCredits),
  backendAccountId: orNull(FastCheck.string()),
  backendUserId: orNull(FastCheck.string()),
  upsell: FastCheck.jsonValue(),
  unread: FastCheck.oneof(FastCheck.constant([]), FastCheck.array(untrustedText, { maxLength: 2 }))
}).map((fields) => new UsageSnapshot(fields))

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const session: FastCheck.Arbitrary<Session> = FastCheck.record({
  mode: Arbitrary.make(AuthMode),
  identity,
  email: orNull(FastCheck.emailAddress()),
  plan: Arbitrary.make(Plan),
  isOrgOwner: orNull(FastCheck.boolean()),
  isFedramp: FastCheck.boolean(),
  accessExpiresAt: orNull(time),
  lastRefreshAt: orNull(time),
  source: FastCheck.constantFrom("file" as const, "keyring" as const, "ephemeral" as const, "environment" as const),
  renewalInterrupted: FastCheck.boolean()
}).map((fields) => new Session(fields))

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const referralOffer: FastCheck.Arbitrary<ReferralOffer> = FastCheck.record({
  identity,
  description: orNull(untrustedText),
  rules: FastCheck.array(untrustedText, { maxLength: 4 }),
  grantAction: FastCheck.jsonValue().map((value) => JSON.stringify(value)),
  grantAmount: FastCheck.jsonValue().map((value) => JSON.stringify(value)),
  requiresExplicitConfirmation: FastCheck.boolean(),
  loadedAt: time
}).map((fields) => new ReferralOffer(fields))

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const workspaceRole: FastCheck.Arbitrary<WorkspaceRole> = FastCheck.oneof(
  Arbitrary.make(RoleName).map(liveRole),
  orNull(FastCheck.boolean()).map(claimedRole)
)

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const tokenActivity: FastCheck.Arbitrary<TokenActivity> = FastCheck.record({
  identity,
  fetchedAt: time,
  lifetimeTokens: orNull(FastCheck.maxSafeNat()),
  peakDailyTokens: orNull(FastCheck.maxSafeNat()),
  longestRunningTurnSeconds: orNull(FastCheck.nat()),
  currentStreakDays: orNull(FastCheck.nat({ max: 1000 })),
  longestStreakDays: orNull(FastCheck.nat({ max: 1000 })),
  daily: orNull(
    FastCheck.array(
      FastCheck.record({
        startDate: FastCheck.oneof(
          time.map((at) => DateTime.formatIsoDateUtc(at)),
          untrustedText
        ),
        tokens: FastCheck.maxSafeNat()
      }).map((fields) => new DailyTokens(fields)),
      { maxLength: 10 }
    )
  )
}).map((fields) => new TokenActivity(fields))

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const workspaceMessageList: FastCheck.Arbitrary<WorkspaceMessageList> = FastCheck.record({
  featureEnabled: FastCheck.boolean(),
  messages: FastCheck.array(
    FastCheck.record({
      id: FastCheck.string(),
      type: FastCheck.constantFrom("headline" as const, "announcement" as const, "unknown" as const),
      body: untrustedText,
      createdAt: orNull(time),
      archivedAt: orNull(time)
    }).map((fields) => new WorkspaceMessage(fields)),
    { maxLength: 3 }
  )
}).map((fields) => new WorkspaceMessageList(fields))

/**
 * @since 0.1.0
 * @category arbitraries
 */
export const operation: FastCheck.Arbitrary<Operation> = FastCheck.record({
  key: FastCheck.uuid(),
  act: FastCheck.constantFrom("redeem" as const, "invite" as const, "nudge" as const),
  identity: identity.map((identity) => identity.key),
  target: orNull(FastCheck.string()),
  state: Arbitrary.make(OperationState),
  createdAt: time,
  updatedAt: time
}).map((fields) => new Operation(fields))

/**
 * The verdict on any snapshot, at a time from an hour before it to a month after.
 * @since 0.1.0
 * @category arbitraries
 */
export const verdict: FastCheck.Arbitrary<Verdict> = FastCheck.record({
  snapshot: usageSnapshot,
  minutes: FastCheck.integer({ min: -60, max: 43_200 }),
  role: FastCheck.option(workspaceRole, { nil: undefined }),
  offer: FastCheck.option(referralOffer, { nil: undefined })
}).map(({ minutes, offer, role, snapshot }) =>
  judge(snapshot, { now: DateTime.add(snapshot.fetchedAt, { minutes }), role, offer })
)

/**
 * A fault of one of these kinds, or of any.
 * @since 0.1.0
 * @category arbitraries
 */
export const fault = (kinds?: ReadonlyArray<Fault["_tag"]>): FastCheck.Arbitrary<Fault> => {
  const any = Arbitrary.make(Fault)
  return kinds === undefined ? any : any.filter((fault) => kinds.includes(fault._tag))
}

/**
 * A plan for a set of endpoints, by default all: at most `maxRules` rules (8), each for one of the first `maxCall` calls
 * (6) or for every call.
 * @since 0.1.0
 * @category arbitraries
 */
export const faultPlan = (options?: {
  readonly endpoints?: ReadonlyArray<EndpointName | "*">
  readonly kinds?: ReadonlyArray<Fault["_tag"]>
  readonly maxRules?: number
  readonly maxCall?: number
}): FastCheck.Arbitrary<FaultPlan> => {
  const rule: FastCheck.Arbitrary<FaultRule> = FastCheck.record({
    endpoint: FastCheck.constantFrom(...(options?.endpoints ?? EndpointName.literals)),
    call: FastCheck.oneof(
      { weight: 4, arbitrary: FastCheck.integer({ min: 1, max: options?.maxCall ?? 6 }) },
      { weight: 1, arbitrary: FastCheck.constant("every" as const) }
    ),
    fault: fault(options?.kinds)
  })
  return FastCheck.array(rule, { maxLength: options?.maxRules ?? 8 })
}
